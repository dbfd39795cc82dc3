"""Trying again: a flow run retried through Prefect's API, and messages retried by a flow with parameters."""

import time

import pytest

from chatledger.ledger import organisations, retries, runs
from tests.stage import ANA, LAURA, ORGANISATION, OTHER_NUMBER

NEW = "+573001119999"


@pytest.fixture
def again(prefect, surroundings):
    """Give a function that retries a flow run as Prefect's page does: scheduled anew by the API, then carried out."""
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow
    from prefect.states import AwaitingRetry

    from flows.sync_chats import sync_chats

    def retried(state):
        flow_run_id = state.state_details.flow_run_id
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(flow_run_id, AwaitingRetry(), force=True)
            flow_run = client.read_flow_run(flow_run_id)
            run_flow(sync_chats, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
            return client.read_flow_run(flow_run_id).state

    return retried


def test_failed_run_retried_through_the_api_finishes_what_is_missing(stage, run, again):
    stage.activate()
    uid = stage.receive()
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)
    first = run()
    assert first.type.value == "FAILED"
    stage.zoho.faults.refresh_token_revoked = False
    stage.advance(3600)

    second = again(first)

    assert (second.type.value, second.name) == ("COMPLETED", "Completed")
    assert stage.message(uid).outcome == "synced"
    assert (len(stage.leads()), len(stage.notes())) == (1, 1)
    with stage.ledger.reading() as session:
        flow_run_id = str(first.state_details.flow_run_id)
        assert runs.of_flow_run(session, ORGANISATION, flow_run_id).state == "completed"
        assert sorted(row.state for row in runs.latest(session, ORGANISATION, 5)) == ["completed", "failed"]


def test_good_run_retried_through_the_api_repeats_nothing(stage, run, again):
    stage.activate()
    stage.receive()
    first = run()
    stage.forget_calls()

    assert again(first).name == "Completed"

    assert stage.zoho_calls() == []
    assert (len(stage.leads()), len(stage.notes())) == (1, 1)


def test_retried_run_sees_the_records_and_owners_of_today(stage, run, again):
    stage.activate()
    stage.receive()
    stage.receive(phone=NEW, account=OTHER_NUMBER)
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)
    first = run()
    assert stage.leads() == []
    stage.zoho.faults.refresh_token_revoked = False
    stage.advance(3600)
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA}, LAURA)
    pedro = stage.zoho.add_user("pedro@example.com", "Pedro Paz")
    with stage.ledger.transaction() as session:
        organisations.get(session, ORGANISATION).metadata_read_at = None

    assert again(first).name == "Completed"

    owner_of = {row["Mobile"]: row["Owner"]["id"] for row in stage.leads()}
    assert owner_of == {ANA: LAURA, NEW: pedro}
    assert len(stage.notes(lead)) == 1


def test_messages_are_retried_by_reason_and_counted_without_personal_data(stage, run, prefect):
    from prefect.client.orchestration import get_client

    from chatledger.delivery.retrying import RetriedReason
    from flows.retry_messages import retry_messages

    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    uid = stage.receive("secreto canario-99", name="Canaria Quintero")
    run()
    stage.activate(fixed_fields={"Company": "WhatsApp", "Industry": "Coffee"})

    state = retry_messages("main", [RetriedReason.MANDATORY_FIELD_MISSING], return_state=True)

    assert state.name == "Completed"
    assert stage.message(uid).outcome == "synced"
    with stage.ledger.reading() as session:
        assert retries.of_run(session, ORGANISATION, stage.run().id) == {"messages": 1, "synced": 1}
    with get_client(sync_client=True) as client:
        parameters = client.read_flow_run(state.state_details.flow_run_id).parameters
    assert parameters["reasons"] == ["mandatory_field_missing"]
    time.sleep(2)  # logs are sent every other second
    stored = prefect.stored().lower()
    assert b"retry-messages" in stored
    assert [word for word in ("canari", "quintero", ANA[1:]) if word.encode() in stored] == []


@pytest.mark.usefixtures("surroundings")
def test_retry_that_asks_for_nothing_fails_with_a_sentence_and_gives_the_lease_back(stage, run):
    from flows.retry_messages import retry_messages

    stage.activate()

    state = retry_messages("main", return_state=True)

    assert state.type.value == "FAILED"
    assert "--reason" in str(state.result(raise_on_failure=False))
    assert run().name == "Completed"
