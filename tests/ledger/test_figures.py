"""Figures of a period are those of its local days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chatledger.ledger import figures
from chatledger.ledger.tables import Message, Run

NOON = datetime(2026, 3, 8, 17, tzinfo=UTC)


def message(number, at, reason="note_created", outcome="synced", after=30, account="a"):
    return Message(
        organisation_id="o", uid=f"u{number}", chat_id=1, account_id=account, timestamp=at, first_run_id="r", run_id="r",
        first_seen_at=at, decided_at=at + timedelta(seconds=after), outcome=outcome, reason=reason,
    )  # fmt: skip


@pytest.fixture
def filled(ledger):
    with ledger.transaction() as session:
        session.add(message(1, datetime(2026, 3, 8, 4, 59, tzinfo=UTC)))  # still the 7th in Bogota
        session.add(message(2, datetime(2026, 3, 8, 5, 0, tzinfo=UTC), after=600))
        session.add(message(3, NOON, reason="group_chat", outcome="skipped"))
        session.add(message(4, NOON, account="b"))
        session.add(Message(**(message(5, NOON, reason="unreadable", outcome="parked").model_dump() | {"timestamp": None})))
        session.add(Run(id="r1", organisation_id="o", started_at=NOON, zoho_credits=7, calls_zoho=3, seconds=1.5))
        session.add(Run(id="r2", organisation_id="o", started_at=NOON, state="crashed"))
        session.add(Run(id="r3", organisation_id="other", started_at=NOON, zoho_credits=100))
    return ledger


def test_days_are_those_of_the_zone(filled):
    period = figures.buckets(date(2026, 3, 7), date(2026, 3, 8), "America/Bogota", 1)

    with filled.reading() as session:
        counted = figures.counts(session, "o", period, ["a"])

    assert {(count.bucket, count.reason): count.messages for count in counted} == {
        (0, "note_created"): 1, (1, "note_created"): 1, (1, "group_chat"): 1,
    }  # fmt: skip


def test_every_number_is_counted_for_itself(filled):
    with filled.reading() as session:
        counted = figures.counts(session, "o", figures.buckets(date(2026, 3, 8), date(2026, 3, 8), "UTC", 1), ["a", "b"])

    assert {(count.account_id, count.reason): count.messages for count in counted} == {
        ("a", "note_created"): 2, ("a", "group_chat"): 1, ("b", "note_created"): 1,
    }  # fmt: skip


def test_day_of_the_clock_change_is_as_long_as_it_is():
    (day,) = figures.buckets(date(2026, 3, 8), date(2026, 3, 8), "America/New_York", 1)

    assert (day.end.astimezone(UTC) - day.start.astimezone(UTC)) == timedelta(hours=23)


def test_weeks_end_with_the_period():
    period = figures.buckets(date(2026, 1, 1), date(2026, 1, 10), "UTC", 7)

    assert [(bucket.day.day, bucket.end.day) for bucket in period] == [(1, 8), (8, 11)]


def test_unreadable_messages_are_counted_apart(filled):
    with filled.reading() as session:
        assert figures.unreadable(session, "o") == 1


def test_costs_are_those_of_the_organisations_runs(filled):
    with filled.reading() as session:
        (cost,) = figures.costs(session, "o", figures.buckets(date(2026, 3, 8), date(2026, 3, 8), "UTC", 1))

    assert (cost.runs, cost.failed, cost.credits, cost.calls_zoho, cost.seconds) == (2, 1, 7, 3, 1.5)


def test_lag_is_that_of_what_stands_in_zoho(filled):
    with filled.reading() as session:
        lag = figures.lag(session, "o", NOON - timedelta(days=2), NOON + timedelta(days=1))

    assert (lag.looked_at, lag.median, lag.p95) == (3, 30, 600)
    assert lag.groups == (2, 0, 0, 1, 0, 0, 0, 0)


def test_lag_of_many_messages_is_measured_on_a_sample_of_the_whole_period(ledger):
    with ledger.transaction() as session:
        session.add_all(message(number, NOON + timedelta(seconds=number), after=number // 100) for number in range(6_000))

    with ledger.reading() as session:
        lag = figures.lag(session, "o", NOON, NOON + timedelta(days=1))

    assert figures.SAMPLE * 0.9 <= lag.looked_at <= figures.SAMPLE + 1
    assert lag.p95 is not None


def test_empty_period_has_no_lag(ledger):
    with ledger.reading() as session:
        lag = figures.lag(session, "o", NOON, NOON + timedelta(days=1))

    assert (lag.looked_at, lag.median) == (0, None)
