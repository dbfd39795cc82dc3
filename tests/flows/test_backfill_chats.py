"""The backfill as Prefect runs it: its progress artifact, its parameters, and ticks that come first."""

import threading
import time
from datetime import timedelta

import pytest
from sqlmodel import select

from chatledger.delivery import backfill_requests
from chatledger.ledger import backfills, lease, organisations
from chatledger.ledger.tables import Backfill
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def history(stage):
    """Twenty chats with a message of two days ago each, before an activation of today; returns where it begins."""
    for number in range(20):
        stage.receive("hace dos días", phone=f"+57300{number:07}", at=stage.now() - timedelta(days=2))
    stage.receive("secreto canario-99", phone=ANA, name="Canaria Quintero", at=stage.now() - timedelta(days=2))
    stage.activate()
    return stage.now() - timedelta(days=30)


def flow(*arguments, **parameters):
    from flows.backfill_chats import backfill_chats

    return backfill_chats(*arguments, **parameters, return_state=True)


def test_history_is_brought_in_and_its_progress_published_without_personal_data(stage, history, prefect):
    from prefect.client.orchestration import get_client

    state = flow("main", history)

    assert (state.name, state.message) == ("Completed", "21 of 21 chats, 21 messages brought in.")
    assert len(stage.notes()) == 21
    with stage.ledger.reading() as session:
        backfill = session.exec(select(Backfill)).one()
    with get_client(sync_client=True) as client:
        wanted = {"artifacts": {"key": {"any_": [f"backfill-{backfill.id}"]}}}
        (artifact,) = client._client.post("/artifacts/filter", json=wanted).json()
    assert (artifact["type"], artifact["data"]) == ("progress", 100)
    time.sleep(2)  # logs are sent every other second
    stored = prefect.stored().lower()
    assert b"21 of 21 chats" in stored
    assert [word for word in ("canari", "quintero", ANA[1:]) if word.encode() in stored] == []


def test_backfill_goes_on_by_its_id_alone(stage, history):
    wanted = backfill_requests.begin(stage.ledger, ORGANISATION, history, None)

    assert flow("main", backfill=wanted.id).name == "Completed"

    with stage.ledger.reading() as session:
        assert backfills.progress(session, wanted.id).backfill.state == "done"


def test_trouble_outside_stops_it_where_it_is_and_the_next_one_goes_on(stage, history):
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)

    stopped = flow("main", history)

    assert stopped.type.value == "FAILED"
    assert "to go on when started again" in stopped.message
    stage.zoho.faults.refresh_token_revoked = False
    stage.advance(3600)
    assert flow("main", history).name == "Completed"
    stage.tick()
    assert len(stage.notes()) == 21


def test_deactivated_organisation_is_left_alone(stage, history):
    wanted = backfill_requests.begin(stage.ledger, ORGANISATION, history, None)
    with stage.ledger.transaction() as session:
        organisations.get(session, ORGANISATION).active = False

    assert flow("main", backfill=wanted.id).type.value == "FAILED"
    assert stage.notes() == []


def test_tick_waits_for_a_slice_instead_of_leaving_live_messages(stage, run):
    from chatledger.ledger import runs
    from chatledger.ledger.tables import Run

    stage.activate()
    uid = stage.receive()
    fence = lease.acquire(stage.ledger, ORGANISATION, 60)
    with stage.ledger.transaction() as session:
        now = stage.now()
        runs.start(session, Run(id="slice", organisation_id=ORGANISATION, kind="backfill", started_at=now, fence=fence))
    ending = threading.Timer(1.5, lease.release, (stage.ledger, ORGANISATION, fence))
    ending.start()

    assert run().name == "Completed"

    ending.join()
    assert stage.message(uid).outcome == "synced"


@pytest.mark.parametrize("parameters", [{}, {"backfill": "nothing"}])
def test_what_asks_for_nothing_fails_with_a_sentence(stage, parameters):
    stage.activate()

    state = flow("main", **parameters)

    assert state.type.value == "FAILED"
    assert "backfill" in str(state.result(raise_on_failure=False))
