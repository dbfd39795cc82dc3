"""Configure and Activate, answered through Prefect's REST API as its page does."""

import json
import threading
import time
from datetime import timedelta

import pytest

from chatledger.ledger import organisations
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.slow
WAIT_SECONDS = 150
ANSWERS = {
    "target_module": "Leads", "phone_field": "Mobile", "name_field": "Last_Name", "chat_link_field": "WhatsApp_Chat",
    "lead_source_field": "Lead_Source", "converted": "continue", "converted_phone_field": "Phone", "create_on": "any",
    "several_matches": "hold", "run_automations": False, "language": "pt", "timezone": "America/Bogota",
    "default_region": "CO", "Company": "WhatsApp", "decision": "Activate", "messages": "from now on",
}  # fmt: skip


class Person:
    """Answers every form of a flow run through the REST API, and remembers what each one offered."""

    def __init__(self, answers):
        self.answers = answers
        self.headings, self.offered, self.names = [], {}, []
        self.state = None

    def answer_all(self, flow):
        """Run the flow in a thread and answer until it ends; return its state."""
        thread = threading.Thread(target=self._run, args=(flow,))
        thread.start()
        deadline, answered = time.monotonic() + WAIT_SECONDS, set()
        while thread.is_alive():
            assert time.monotonic() < deadline, "the flow waits for something else"
            self._answer_next(answered)
            time.sleep(0.2)
        thread.join()
        return self.state

    def _run(self, flow):
        self.state = flow(ORGANISATION, return_state=True)

    def _answer_next(self, answered):
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.sorting import FlowRunSort

        with get_client(sync_client=True) as client:
            for flow_run in client.read_flow_runs(limit=5, sort=FlowRunSort.ID_DESC):
                keyset = flow_run.state.state_details.run_input_keyset if flow_run.state.is_paused() else None
                if keyset and (flow_run.id, keyset["schema"]) not in answered:
                    answered.add((flow_run.id, keyset["schema"]))
                    schema, heading = (_read(client, flow_run.id, keyset[name]) for name in ("schema", "description"))
                    self.headings.append(heading)
                    fields = schema["properties"]
                    self.names += list(fields)
                    self.offered |= {name: field.get("enum") for name, field in fields.items()}
                    given = {name: self._value(name) for name in fields}
                    result = client.resume_flow_run(flow_run.id, run_input=given)
                    assert result.status.value == "ACCEPT", result.details

    def _value(self, name):
        value = self.answers[name]
        return value.pop(0) if isinstance(value, list) else value


def _read(client, flow_run_id, key):
    value = client._client.get(f"/flow_runs/{flow_run_id}/input/{key}").content.decode()
    return json.loads(json.loads(value) if value.startswith('"') else value) if "{" in value else json.loads(value)


@pytest.fixture
def person(surroundings, monkeypatch):
    """Give a function that answers Configure and Activate with these answers changed."""

    monkeypatch.setattr("tasks.forms.POLL_SECONDS", 0.2)

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
