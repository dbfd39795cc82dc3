"""What is removed by age is gone, and nothing that is removed makes a note in Zoho lose its text."""

from datetime import timedelta

import pytest
from sqlmodel import update

from chatledger.ledger import retention, runs
from chatledger.ledger.retention import Kept
from chatledger.ledger.tables import Chat
from tests.stage import ANA, ORGANISATION

DAYS = timedelta(days=30)


def remove(stage, **kept):
    with stage.ledger.transaction() as session:
        return retention.apply(session, ORGANISATION, Kept(**kept), stage.now())


@pytest.fixture
def old(stage):
    """A synced message of forty days ago and one of today, both of one chat."""
    stage.activate(start=stage.now() - timedelta(days=50))
    stage.uid = stage.receive("de hace mucho", at=(stage.now() - timedelta(days=40)).isoformat())
    stage.tick()
    stage.receive("de hoy")
    stage.tick()
    return stage


def test_old_texts_are_removed_and_new_ones_stay(old):
    assert remove(old, texts=DAYS) == {"texts": 1, "payloads": 0, "runs": 0}
    assert old.message(old.uid).text == ""
    assert old.message(old.uid).outcome == "synced"


def test_nothing_is_removed_unless_a_number_of_days_is_set(old):
    assert remove(old) == {"texts": 0, "payloads": 0, "runs": 0}


def test_a_second_time_removes_nothing_more(old):
    remove(old, texts=DAYS)
    assert remove(old, texts=DAYS)["texts"] == 0


def test_a_late_message_of_a_closed_day_is_skipped_and_the_note_keeps_its_text(old):
    remove(old, texts=DAYS)
    before = {note["Note_Content"] for note in old.notes()}
    uid = old.receive("muy tarde", at=(old.now() - timedelta(days=40)).isoformat(), late=True)
    with old.ledger.transaction() as session:
        session.exec(update(Chat).values(to_read=True, read_until=None))
    old.tick()
    assert (old.message(uid).outcome, old.message(uid).reason) == ("skipped", "day_closed")
    assert {note["Note_Content"] for note in old.notes()} == before


def test_a_parked_message_keeps_its_text_until_it_is_decided(stage):
    stage.activate(start=stage.now() - timedelta(days=50), several_matches="hold")
    for name in ("Uno", "Dos"):
        stage.zoho.add_record("Leads", {"Last_Name": name, "Mobile": ANA})
    stage.advance(700)
    uid = stage.receive("hola", at=(stage.now() - timedelta(days=40)).isoformat())
    stage.tick()
    assert stage.message(uid).reason == "several_matches"
    remove(stage, texts=DAYS)
    assert stage.message(uid).text == "hola"


def test_old_runs_are_removed_with_their_history_and_messages_stay(old):
    old.advance(10 * 24 * 3600)
    assert remove(old, runs=timedelta(days=5))["runs"] == 2
    with old.ledger.reading() as session:
        assert runs.latest(session, ORGANISATION, 5) == []
    assert old.message(old.uid).outcome == "synced"
