"""The nightly audit as Prefect runs it: end states, artifacts without personal data, and what is repaired."""

import pytest

from chatledger.ledger import verifications
from tests.stage import ORGANISATION


@pytest.fixture
def audit(surroundings):
    """Give a function that runs the flow once and returns its final state."""
    from flows.audit_ledger import audit_ledger

    def audited(**parameters):
        return audit_ledger(ORGANISATION, return_state=True, **parameters)

    return audited


def latest(stage):
    with stage.ledger.reading() as session:
        [row, *_] = verifications.latest(session, ORGANISATION)
        return row, verifications.findings(session, ORGANISATION, row.id)


def flow_run_of(state):
    return str(state.state_details.flow_run_id)


@pytest.mark.slow
def test_clean_world_completes_and_publishes_counts_alone(stage, prefect, audit):
    from prefect.client.orchestration import get_client

    stage.activate()
    stage.receive("un secreto", name="Ana Ruiz")
    stage.tick()

    state = audit()

    row, findings = latest(stage)
    assert (state.name, row.state, findings) == ("Completed", "clean", [])
    assert row.flow_run_id == flow_run_of(state)
    wanted = {"artifacts": {"flow_run_id": {"any_": [flow_run_of(state)]}}}
    with get_client(sync_client=True) as client:
        [artifact] = client.request("POST", "/artifacts/filter", json=wanted).json()
    assert "messages in_note" in artifact["data"]
    assert b"un secreto" not in prefect.stored()


@pytest.mark.slow
def test_gap_is_pulled_and_a_foreign_edit_is_left_which_degrades_the_run(stage, audit):
    from sqlmodel import delete

    from chatledger.ledger.tables import Message

    stage.activate()
    uid = stage.receive("hola", name="Ana Ruiz")
    stage.receive("buenas", phone="+573004445566")
    stage.tick()
    edited = stage.message(uid).note_id
    with stage.ledger.transaction() as session:
        session.exec(delete(Message).where(Message.uid != uid))
    stage.zoho.edit_note(edited, content="otra cosa")

    state = audit()

    row, findings = latest(stage)
    assert state.name == "Degraded"
    assert {finding.kind: finding.repaired for finding in findings} == {
        "message_not_stored": True,
        "message_not_in_note": False,
        "note_edited": False,
    }
    assert (row.state, row.found, row.repaired) == ("findings", 3, 1)
    assert stage.run().kind == "repair"


@pytest.mark.slow
def test_audit_that_breaks_off_is_failed_and_says_so_in_the_ledger(stage, audit, monkeypatch):
    from chatledger.delivery import verifying

    async def broken(_verification):
        raise RuntimeError("a defect")

    stage.activate()
    stage.receive()
    stage.tick()
    monkeypatch.setattr(verifying, "find_chats", broken)

    state = audit()

    row, _ = latest(stage)
    assert state.is_failed()
    assert row.state == "failed"
    assert "RuntimeError" in row.problem
