"""Configure and Activate, answered through Prefect's REST API as its page does."""

import asyncio
import importlib
from datetime import timedelta

import pytest

from chatledger.ledger import openings, organisations, people
from chatledger.web.acts import NotStarted
from tests.flows.answering import ANSWERS, WAIT_SECONDS, Person
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.slow


@pytest.fixture
def person(surroundings, monkeypatch):
    """Give a function that answers Configure and Activate with these answers changed."""

    monkeypatch.setattr("tasks.forms.POLL_SECONDS", 0.2)
    monkeypatch.setattr("tasks.forms.PATIENCE_SECONDS", WAIT_SECONDS)

    def answering(**changed):
        from flows.configure_sync import configure_sync

        someone = Person(ANSWERS | changed)
        someone.answer_all(configure_sync)
        return someone

    return answering


def settings(stage):
    with stage.ledger.reading() as session:
        return organisations.current_settings(session, ORGANISATION)


def test_forms_offer_only_what_would_work_and_activate_what_was_chosen(stage, person):
    stage.receive("secreto canario-99", name="Canaria Quintero", at=stage.now() - timedelta(hours=2))

    someone = person()

    assert someone.state.name == "Completed"
    assert "Notes" not in someone.offered["target_module"]
    assert {"Leads", "Contacts"} <= set(someone.offered["target_module"])
    assert "Mobile" in someone.offered["phone_field"]
    assert "Last_Name" not in someone.offered["phone_field"]
    assert "Mobile" not in someone.offered["chat_link_field"]
    chosen = settings(stage)
    assert (chosen.chat_link_field, chosen.lead_source_field, chosen.language) == ("WhatsApp_Chat", "Lead_Source", "pt")
    assert (chosen.several_matches, chosen.run_automations, chosen.fixed_fields) == ("hold", False, {"Company": "WhatsApp"})
    dry_run = someone.headings[-1]
    assert "| 1 | would become new records of Leads |" in dry_run
    assert [word for word in ("Canaria", "canario", ANA[1:]) if word in "".join(someone.headings)] == []
    assert stage.leads() == []


def test_messages_of_the_last_day_count_when_they_were_asked_for(stage, person, run):
    uid = stage.receive(at=stage.now() - timedelta(hours=2))

    person(messages="the last 24 hours too")
    run()

    assert stage.message(uid).outcome == "synced"


def test_nothing_changes_unless_it_is_activated(stage, person):
    someone = person(decision="Leave everything as it is")

    assert someone.state.name == "Unchanged"
    with stage.ledger.reading() as session:
        assert organisations.find(session, ORGANISATION) is None


def test_settings_that_do_not_work_are_explained_and_can_be_changed(stage, person):
    stage.zoho.add_field("Leads", {"api_name": "Remark", "field_label": "Remark", "data_type": "text", "length": 200})

    someone = person(
        chat_link_field=["Remark", "WhatsApp_Chat"], lead_source_field=["Remark", "Lead_Source"],
        decision=["Change the settings", "Activate"],
    )  # fmt: skip

    assert any("cannot take both" in heading for heading in someone.headings)
    assert settings(stage).lead_source_field == "Lead_Source"


def test_module_without_conversions_is_not_asked_about_them(stage, person):
    someone = person(target_module="Contacts", chat_link_field="(none)")

    assert "converted" not in someone.names
    assert settings(stage).target_module == "Contacts"


def test_second_configuration_starts_from_the_first_and_keeps_the_start(stage, person):
    stage.activate()
    with stage.ledger.reading() as session:
        start = organisations.get(session, ORGANISATION).starts_at

    someone = person(language="en")

    assert "messages" not in someone.names
    assert settings(stage).language == "en"
    with stage.ledger.reading() as session:
        assert organisations.get(session, ORGANISATION).starts_at == start


@pytest.mark.usefixtures("surroundings")
def test_deactivation_switches_off_and_keeps_everything(stage, run):
    from flows.deactivate_sync import deactivate_sync

    stage.activate()
    stage.receive()
    run()

    assert deactivate_sync(return_state=True).name == "Completed"

    with stage.ledger.reading() as session:
        assert not organisations.get(session, ORGANISATION).active
    assert run().type.value == "FAILED"
    assert len(stage.notes()) == 1


@pytest.mark.usefixtures("stage")
def test_schedule_of_a_deployment_follows(person):
    from prefect.client.orchestration import get_client

    from flows.deactivate_sync import deactivate_sync
    from flows.sync_chats import sync_chats

    deployment = sync_chats.to_deployment(ORGANISATION, interval=60, paused=True, parameters={"organisation": ORGANISATION})
    deployment_id = deployment.apply()

    def paused():
        with get_client(sync_client=True) as client:
            return client.read_deployment(deployment_id).paused

    assert paused()
    person()
    assert not paused()
    deactivate_sync()
    assert paused()


def add(stage, email, role):
    with stage.ledger.transaction() as session:
        people.add(session, ORGANISATION, email, role, "tests")


def opened(stage, flow, email):
    """Deploy a flow, open a run of it as the pages do, and return a function that runs it."""
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow

    from deployments.run_requests import open_run

    def known(flow_run_id):
        with get_client(sync_client=True) as client:
            assert client.read_flow_run(flow_run_id).state.is_pending()
        openings.write_down(stage.ledger, ORGANISATION, flow_run_id, flow=flow.name, by=email)

    flow.to_deployment(ORGANISATION).apply()
    address = asyncio.run(open_run(ORGANISATION, flow.name, known))
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(address.rpartition("/")[2])
    assert flow_run.state.is_scheduled()
    return lambda organisation, **_: run_flow(
        flow, flow_run=flow_run, parameters={"organisation": organisation}, return_type="state"
    )


@pytest.mark.parametrize("name", ["configure_sync", "deactivate_sync"])
@pytest.mark.usefixtures("surroundings")
def test_run_that_no_admin_opened_ends_at_once_and_says_where_one_does(stage, monkeypatch, name):
    flow = getattr(importlib.import_module(f"flows.{name}"), name)
    stage.activate()
    add(stage, "ada@example.com", "admin")
    monkeypatch.setenv("CHATLEDGER_PUBLIC_URL", "https://ledger.example.com")

    ended = flow(return_state=True)

    assert ended.type.value == "FAILED"
    assert "https://ledger.example.com/connect" in ended.message
    assert f"chatledger {name.partition('_')[0].replace('configure', 'activate')}" in ended.message
    with stage.ledger.reading() as session:
        assert organisations.get(session, ORGANISATION).active


@pytest.mark.usefixtures("person")
def test_run_that_an_admin_opened_asks_and_activates(stage):
    from flows.configure_sync import configure_sync

    add(stage, "ada@example.com", "admin")

    someone = Person(dict(ANSWERS))
    someone.answer_all(opened(stage, configure_sync, "ada@example.com"))

    assert someone.state.name == "Completed"
    assert settings(stage).language == "pt"


@pytest.mark.usefixtures("surroundings")
def test_run_that_an_admin_opened_switches_off(stage):
    from flows.deactivate_sync import deactivate_sync

    stage.activate()
    add(stage, "ada@example.com", "admin")

    assert opened(stage, deactivate_sync, "ada@example.com")(ORGANISATION).name == "Completed"
    with stage.ledger.reading() as session:
        assert not organisations.get(session, ORGANISATION).active


@pytest.mark.usefixtures("surroundings")
def test_run_that_somebody_else_opened_is_refused(stage):
    from flows.deactivate_sync import deactivate_sync

    stage.activate()
    add(stage, "ada@example.com", "admin")
    add(stage, "olga@example.com", "operator")

    assert opened(stage, deactivate_sync, "olga@example.com")(ORGANISATION).type.value == "FAILED"


@pytest.mark.usefixtures("surroundings")
def test_flow_that_nothing_carries_out_or_prefect_away_names_the_command():
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from deployments.run_requests import open_run

    with pytest.raises(NotStarted, match=r"Nothing carries this out here: .*`chatledger activate`"):
        asyncio.run(open_run("nobody", "configure-sync", pytest.fail))
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(NotStarted, match=r"Prefect could not be asked .*`chatledger deactivate`"),
    ):
        asyncio.run(open_run(ORGANISATION, "deactivate-sync", pytest.fail))
