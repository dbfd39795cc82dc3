"""The expectations hold of a healthy ledger, and each one fails of a ledger that breaks it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from chatledger.ledger import audit_rows
from chatledger.ledger.tables import Intent, Message, Note, Run
from chatledger.quality import suites
from tests.stage import ORGANISATION

pytestmark = pytest.mark.slow


def checked(stage, tmp_path):
    from chatledger.quality.checking import check

    since = stage.now() - timedelta(days=7)
    with stage.ledger.reading() as session:
        rows = {
            "messages": list(audit_rows.messages(session, ORGANISATION, since)),
            "notes": list(audit_rows.notes(session, ORGANISATION, since)),
            "invariants": [audit_rows.invariants(session, ORGANISATION, stage.now())],
        }
    return check(rows, tmp_path / "docs")


@pytest.fixture
def healthy(stage):
    stage.activate()
    stage.receive("hola")
    stage.receive("un grupo", jid="120363000000000001@g.us", phone=None)
    stage.receive("adios", phone="+573009998877", from_me=True)
    stage.tick()
    return stage


def spoil(stage, table, **values):
    with stage.ledger.transaction() as session:
        row = session.exec(select(table).where(table.organisation_id == ORGANISATION)).first()
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def test_a_healthy_ledger_meets_every_expectation(healthy, tmp_path):
    done = checked(healthy, tmp_path)
    assert [row.words for row in done.failed] == []
    assert len(done.expectations) == sum(len(suites.expectations(name)) for name in suites.names())


def test_an_empty_ledger_meets_every_expectation(stage, tmp_path):
    stage.activate()
    assert checked(stage, tmp_path).failed == ()


def test_the_data_docs_hold_no_value_of_any_row(healthy, tmp_path):
    docs = checked(healthy, tmp_path).docs.parent
    pages = "".join(page.read_text() for page in docs.rglob("*.html"))
    assert "Every message is stored once" in pages
    assert "3001112233" not in pages
    assert healthy.notes()[0]["id"] not in pages


SPOILED = [
    (Message, {"outcome": "lost"}, "An outcome is one of the four of the sync log."),
    (Message, {"direction": "sideways"}, "Every message goes one way."),
    (Message, {"note_id": None}, "Every synced message names the note it stands in."),
    (Message, {"record_id": None}, "Every synced message names the record it went to."),
    (Message, {"attempts": 5000}, "No message is tried for ever."),
    (Message, {"note_id": "4711"}, "Every synced message stands in a note the ledger knows."),
    (Note, {"title": "x" * 121}, "A title fits into Zoho's 120 characters."),
    (Note, {"title": "Chat de WhatsApp con Ana (01/01/2001)"}, "A title names the day of its note."),
    (Note, {"body_hash": "nonsense"}, "What was last confirmed of a body is known by its hash."),
    (Note, {"part": 0}, "Parts of a day are counted from 1."),
    (Note, {"chat_id": 4711}, "Every note in Zoho shows a message the ledger knows."),
    (Run, {"messages_seen": 99}, "The outcomes of every run add up to the messages it saw."),
]


@pytest.mark.parametrize(("table", "values", "words"), SPOILED, ids=[words for _, _, words in SPOILED])
def test_a_broken_ledger_is_told_in_the_expectations_own_words(healthy, tmp_path, table, values, words):
    spoil(healthy, table, **values)
    failed = {row.words: row.unexpected for row in checked(healthy, tmp_path).failed}
    assert words in failed
    assert failed[words] >= 1


def test_what_waits_for_a_day_is_told(healthy, tmp_path):
    spoil(healthy, Message, outcome="pending", first_seen_at=healthy.now() - timedelta(days=2))
    spoil(healthy, Intent, state="unknown", decided_at=healthy.now() - timedelta(days=2))
    failed = {row.words for row in checked(healthy, tmp_path).failed}
    assert {"No message stays pending for a day.", "No write stays unconfirmed for a day."} <= failed
