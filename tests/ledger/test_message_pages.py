"""Lists of messages in pages: newest first, complete, without repeats, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from chatledger.ledger import message_pages
from chatledger.ledger.message_pages import MessageFilter
from chatledger.ledger.tables import Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OUTCOMES = ("note_created", "note_updated", "group_chat", "back_off")
OUTCOME = {"note_created": "synced", "note_updated": "synced", "group_chat": "skipped", "back_off": "pending"}


def message(number, **more):
    reason = OUTCOMES[number % len(OUTCOMES)]
    values = {
        "organisation_id": "o", "uid": f"u{number}", "chat_id": number % 5, "account_id": f"a{number % 3}",
        "timestamp": NOON + timedelta(minutes=number // 3), "first_run_id": "r", "run_id": f"r{number % 7}",
        "first_seen_at": NOON + timedelta(minutes=number), "decided_at": NOON, "outcome": OUTCOME[reason], "reason": reason,
        "detail": "RECORD_LOCKED 100%" if reason == "back_off" else "",
    }  # fmt: skip
    return Message(**(values | more))


@pytest.fixture
def filled(ledger):
    """Sixty messages, three at each moment, one of them unreadable, and one of another organisation."""
    with ledger.transaction() as session:
        session.add_all(message(number) for number in range(59))
        arrived = NOON + timedelta(minutes=5)
        session.add(message(59, reason="unreadable", outcome="parked", detail="", timestamp=None, first_seen_at=arrived))
        session.add(message(60, organisation_id="other"))
    return ledger


def pages(ledger, chosen, limit=7):
    found, after = [], None
    with ledger.reading() as session:
        while rows := message_pages.page(session, "o", chosen, after=after, limit=limit):
            found.append(rows)
            after = message_pages.position(rows[-1])
    return [row for rows in found for row in rows]


CHOICES = {
    "all": (MessageFilter(), lambda _row: True),
    "outcome": (MessageFilter(outcome="synced"), lambda row: row.outcome == "synced"),
    "parked": (MessageFilter(outcome="parked"), lambda row: row.outcome == "parked"),
    "reason": (MessageFilter(reasons=("back_off",)), lambda row: row.reason == "back_off"),
    "reasons": (MessageFilter(reasons=("back_off", "unreadable")), lambda row: row.reason in ("back_off", "unreadable")),
    "reason of another outcome": (MessageFilter(outcome="synced", reasons=("back_off",)), lambda _row: False),
    "numbers": (MessageFilter(account_ids=("a0", "a1")), lambda row: row.account_id in ("a0", "a1")),
    "number and outcome": (
        MessageFilter(account_ids=("a2",), outcome="skipped"), lambda row: (row.account_id, row.outcome) == ("a2", "skipped"),
    ),
    "no number": (MessageFilter(account_ids=()), lambda _row: False),
    "chats": (MessageFilter(chat_ids=(1, 4)), lambda row: row.chat_id in (1, 4)),
    "chat and reason": (
        MessageFilter(chat_ids=(4,), reasons=("unreadable",)), lambda row: (row.chat_id, row.reason) == (4, "unreadable"),
    ),
    "no chat": (MessageFilter(chat_ids=()), lambda _row: False),
    "run": (MessageFilter(run_id="r3"), lambda row: row.run_id == "r3"),
    "run and outcome": (
        MessageFilter(run_id="r3", outcome="synced"), lambda row: (row.run_id, row.outcome) == ("r3", "synced"),
    ),
    "detail": (MessageFilter(detail="locked 100%"), lambda row: row.reason == "back_off"),
    "detail is no pattern": (MessageFilter(detail="locked_100"), lambda _row: False),
    "range": (
        MessageFilter(start=NOON + timedelta(minutes=5), end=NOON + timedelta(minutes=10)),
        lambda row: NOON + timedelta(minutes=5) <= (row.timestamp or row.first_seen_at) < NOON + timedelta(minutes=10),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_pages_hold_what_was_chosen_once_and_newest_first(filled, name):
    chosen, fits = CHOICES[name]
    with filled.reading() as session:
        everything = message_pages.page(session, "o", MessageFilter(), limit=100)

    found = pages(filled, chosen)

    expected = sorted(
        (row for row in everything if fits(row)), key=lambda row: (row.timestamp or row.first_seen_at, row.id), reverse=True
    )
    assert [row.uid for row in found] == [row.uid for row in expected]


def test_every_message_of_the_organisation_is_listed(filled):
    assert {row.uid for row in pages(filled, MessageFilter())} == {f"u{number}" for number in range(60)}


@pytest.mark.parametrize("limit", [1, 2, 59, 60, 61])
def test_size_of_a_page_does_not_matter(filled, limit):
    assert len(pages(filled, MessageFilter(), limit)) == 60
