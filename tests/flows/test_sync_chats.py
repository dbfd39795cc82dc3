"""The flow as Prefect runs it: end states, task runs, and what is left behind in Prefect's files."""

import sys
import tempfile
import time
from math import ceil
from pathlib import Path

import pytest

from chatledger.ledger import lease
from tests.stage import ANA, LAURA, ORGANISATION

PROJECT = Path(__file__).parents[2]
NAME = "Canaria Quintero"
TEXT = "mi clave es canario-4711"
NEW = "+573001119999"


def test_tick_completes(stage, run):
    stage.activate()
    uid = stage.receive()

    state = run()

    assert (state.type.value, state.name) == ("COMPLETED", "Completed")
    assert state.message == "All good: 1 seen, 1 synced, 0 skipped, 0 failed, 0 pending."
    assert stage.message(uid).outcome == "synced"
    assert len(stage.notes()) == 1
    assert stage.run().flow_run_id == str(state.state_details.flow_run_id)


def test_idle_tick_completes(stage, run):
    stage.activate()

    assert run().name == "Completed"


def test_parked_message_degrades_the_end_state(stage, run):
    stage.activate()
    stage.receive()
    stage.timelines.faults.missing_fields = ["timestamp"]

    state = run()

    assert (state.type.value, state.name) == ("COMPLETED", "Degraded")


def test_refused_login_fails_the_run_and_a_later_one_writes_everything(stage, run):
    stage.activate()
    stage.receive()
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)  # the access token that is stored ends

    assert run().type.value == "FAILED"
    assert (stage.run().state, stage.run().trouble_outside) == ("failed", True)
    stage.zoho.faults.refresh_token_revoked = False
    stage.advance(3600)
    assert stage.tick()["state"] == "completed"
    assert len(stage.notes()) == 1


def test_run_beside_another_one_is_busy_and_does_nothing(stage, run):
    stage.activate()
    stage.receive()
    fence = lease.acquire(stage.ledger, ORGANISATION, 60)

    state = run()

    assert (state.type.value, state.name) == ("COMPLETED", "Busy")
    assert stage.notes() == []
    lease.release(stage.ledger, ORGANISATION, fence)
    assert run().name == "Completed"
    assert len(stage.notes()) == 1


def test_bug_fails_the_run_and_gives_the_lease_back(stage, run, monkeypatch):
    stage.activate()
    stage.receive()
    with monkeypatch.context() as patch:
        patch.setattr("chatledger.delivery.resolving.triage", lambda _tick: 1 / 0)
        state = run()

    assert state.type.value == "FAILED"
    assert "ZeroDivisionError" in stage.run().problem
    assert run().name == "Completed"


@pytest.mark.parametrize("chats", [1, 230])
def test_tick_has_about_four_task_runs_and_three_for_each_started_hundred_chats(stage, run, prefect, chats):
    stage.activate()
    for number in range(chats):
        stage.receive(phone=f"+57300{number:07}")

    names = prefect.task_runs(run().state_details.flow_run_id)

    hundreds = ceil(chats / 100)
    each = ["match-chats", "create-records", "write-notes"]
    assert names == sorted(["pull-messages", "read-index-changes", "look-up-owners", "close-run", *each * hundreds])


def test_idle_tick_has_two_task_runs(stage, run, prefect):
    stage.activate()

    assert prefect.task_runs(run().state_details.flow_run_id) == ["close-run", "pull-messages"]


def test_record_of_a_second_round_has_its_owner_too(stage, run):
    stage.activate()
    stage.receive()
    run()
    (lead,) = stage.leads()
    stage.zoho.delete_record("Leads", lead["id"])
    stage.receive("otra vez")
    stage.receive("hola", phone=NEW)

    assert run().name == "Completed"

    assert {lead["Mobile"]: lead["Owner"]["id"] for lead in stage.leads()} == {ANA: LAURA, NEW: LAURA}


@pytest.mark.usefixtures("prefect")
def test_owners_are_remembered_for_one_attempt_of_one_run_only():
    from tasks.zoho import look_up_owners

    class Context:
        class task_run:  # noqa: N801 - as Prefect calls it
            flow_run_id = "one-flow-run"

    key = look_up_owners.cache_key_fn
    first = key(Context, {"tick_id": "attempt-1", "batches": [[1, 2]]})
    assert first == key(Context, {"tick_id": "attempt-1", "batches": [[1, 2]]})
    assert first != key(Context, {"tick_id": "attempt-2", "batches": [[1, 2]]})
    assert first != key(Context, {"tick_id": "attempt-1", "batches": [[3]]})


def test_results_end_with_their_run(stage, run, prefect, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = prefect.results()
    stage.activate()
    stage.receive()

    assert run().name == "Completed"

    assert list(tmp_path.glob("chatledger-results-*")) == []
    assert prefect.results() == before


def test_prefect_keeps_nothing_personal(stage, run, prefect):
    from prefect.client.orchestration import get_client

    stage.activate()
    stage.receive(TEXT, name=NAME)
    stage.receive(
        TEXT, phone=NEW, name=NAME, attachment={"filename": "canario.pdf", "size": 10, "mimetype": "application/pdf"}
    )
    stage.zoho.add_record("Leads", {"Last_Name": NAME, "Mobile": NEW})
    good = run()
    stage.receive(TEXT, name=NAME)
    stage.zoho.faults.denied = ["Notes.update"]
    bad = run()

    assert (good.name, bad.name) != ("Completed", "Completed")
    with get_client(sync_client=True) as client:
        for state in (good, bad):
            prefect.task_runs(state.state_details.flow_run_id)
            assert client.read_flow_run(state.state_details.flow_run_id).parameters == {"organisation": "main"}
    time.sleep(2)  # logs are sent every other second
    stored = prefect.stored().lower()
    assert b"sync-chats" in stored
    private = [TEXT, "canario", NAME, ANA[1:], NEW[1:], "laura@example.com", "Laura Gil", "tl-token", "1000.r"]
    assert [word for word in private if word.lower().encode() in stored] == []


@pytest.mark.usefixtures("surroundings")
def test_flow_runs_from_its_entrypoint(stage, monkeypatch):
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(sys, "path", list(sys.path))
    stage.activate()
    stage.receive()

    flow = load_flow_from_entrypoint("flows/sync_chats.py:sync_chats", use_placeholder_flow=False)

    assert flow("main", return_state=True).name == "Completed"
    assert len(stage.notes()) == 1
