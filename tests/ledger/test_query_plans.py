"""No query of a tick or a page walks through all messages of an organisation to spare the sorting of a few."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from chatledger.ledger import history, message_pages, messages, planner_facts, retries, run_pages
from chatledger.ledger.message_pages import MessageFilter, MessagePosition
from chatledger.ledger.run_pages import RunFilter
from chatledger.models import Reason

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = MessagePosition(NOW, 7)
CODES = [Reason.BACK_OFF, Reason.NO_PHONE]

QUERIES = {
    "open messages": lambda session: messages.open_messages(session, "o", NOW),
    "open messages of chats": lambda session: messages.open_messages(session, "o", NOW, [1, 2]),
    "undecided messages": lambda session: messages.undecided(session, "o", "r", NOW),
    "held chats": lambda session: messages.chats_held(session, "o", [1, 2], CODES),
    "taking up": lambda session: messages.take_up(session, "o", [1, 2], CODES),
    "ending pauses": lambda session: messages.end_pauses(session, "o", [1, 2]),
    "messages of days": lambda session: messages.of_days(session, "o", {1: [NOW.date()]}),
    "incoming": lambda session: messages.chats_with_incoming(session, "o", [1, 2]),
    "totals of a run": lambda session: messages.totals(session, "o", "r"),
    "reasons of a run": lambda session: messages.reasons(session, "o", "r"),
    "what a retry takes": lambda session: retries.held_back(session, "o", CODES),
    "open by reason": lambda session: history.counts(session, "o", ["parked", "pending"]),
    "newest messages": lambda session: message_pages.page(session, "o", MessageFilter(), after=AFTER),
    "messages of days in a range": lambda session: message_pages.page(session, "o", MessageFilter(start=NOW, end=NOW)),
    "messages of chats": lambda session: message_pages.page(session, "o", MessageFilter(chat_ids=(1, 2)), after=AFTER),
    "messages of an outcome": lambda session: message_pages.page(session, "o", MessageFilter(outcome="synced"), after=AFTER),
    "messages of a number": lambda session: message_pages.page(session, "o", MessageFilter(account_ids=("a",)), after=AFTER),
    "messages of a run": lambda session: message_pages.page(session, "o", MessageFilter(run_id="r"), after=AFTER),
}


@pytest.fixture
def plan(opened, tmp_path):
    ledger = opened(f"sqlite:///{tmp_path / 'plans.db'}")

    def steps(query):
        asked = []

        @event.listens_for(ledger._engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, parameters, _context, _many):
            asked.append((statement, parameters))

        with ledger.transaction() as session:
            query(session)
            event.remove(ledger._engine, "before_cursor_execute", note)
            explain = session.connection().exec_driver_sql
            return [row[3] for statement, given in asked for row in explain(f"EXPLAIN QUERY PLAN {statement}", given)]

    return steps


@pytest.mark.parametrize("name", QUERIES)
def test_query_finds_messages_by_more_than_their_organisation(plan, name):
    steps = [step for step in plan(QUERIES[name]) if " message " in step]

    assert steps
    assert not [step for step in steps if step.startswith("SCAN") or step.endswith("(organisation_id=?)")]


@pytest.mark.parametrize("name", ["newest messages", "messages of an outcome", "messages of a number"])
def test_page_is_read_in_the_order_of_an_index(plan, name):
    steps = plan(QUERIES[name])
    walks = [step for step in steps if "timestamp>" in step or "timestamp<" in step]

    assert walks
    assert all("COVERING INDEX" in step for step in walks)


def test_runs_with_news_are_read_from_their_own_index(plan):
    assert "run_with_news" in " ".join(plan(lambda session: run_pages.page(session, "o", RunFilter())))


def test_every_index_of_the_tables_is_described_and_no_other(opened, tmp_path):
    ledger = opened(f"sqlite:///{tmp_path / 'plans.db'}")
    with ledger.reading() as session:
        rows = session.connection().execute(
            text("SELECT m.name, count(*) FROM sqlite_stat1 s JOIN sqlite_master m ON m.name = s.tbl GROUP BY 1")
        )
        told = dict(rows.all())
        missing = session.connection().execute(
            text("SELECT idx FROM sqlite_stat1 WHERE idx NOT IN (SELECT name FROM sqlite_master WHERE type = 'index')")
        )

        assert told == {table: len(indices) for table, indices in planner_facts.FACTS.items()}
        assert missing.all() == []
