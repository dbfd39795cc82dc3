"""The audit trail names acts and people who did them, and never the contact."""

from datetime import UTC, datetime, timedelta

import pytest

from chatledger.ledger import audit_trail
from chatledger.ledger.audit_trail import Act

ANA = "+573001112233"


@pytest.fixture
def clock():
    class Clock:
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def ledger(opened, ledger_url, clock):
    return opened(ledger_url, clock=clock)


def entries(ledger, **chosen):
    with ledger.reading() as session:
        return audit_trail.page(session, "o", **chosen)


def test_acts_of_one_number_are_found_by_it_and_hold_it_nowhere(ledger):
    audit_trail.write(ledger, "o", Act("laura@example.com", "pinned", "record", "Leads/1", ANA))
    audit_trail.write(ledger, "o", Act("laura@example.com", "exported", "messages", details={"rows": 3}))

    (entry,) = entries(ledger, person=audit_trail.person_hash(ledger, ANA))
    assert (entry.act, entry.subject) == ("pinned", "Leads/1")
    assert "3001112233" not in str([each.model_dump() for each in entries(ledger)])


def test_look_counts_once_in_ten_minutes_for_each_person_and_subject(ledger, clock):
    for minutes, actor, subject in (
        (0, "laura", "7"),
        (9, "laura", "7"),
        (9, "pedro", "7"),
        (9, "laura", "8"),
        (11, "laura", "7"),
    ):
        clock.now = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        audit_trail.write(ledger, "o", Act(actor, "looked", "chat", subject, ANA))

    assert [(entry.actor, entry.subject) for entry in reversed(entries(ledger))] == [
        ("laura", "7"), ("pedro", "7"), ("laura", "8"), ("laura", "7"),
    ]  # fmt: skip


def test_every_decision_counts(ledger):
    for _ in range(3):
        audit_trail.write(ledger, "o", Act("laura", "retried", "reason", "back_off"))

    assert len(entries(ledger)) == 3


def test_pages_follow_one_another(ledger):
    for number in range(5):
        audit_trail.write(ledger, "o", Act("laura", "retried", "message", str(number)))

    first = entries(ledger, limit=3)
    second = entries(ledger, limit=3, before=first[-1].id)

    assert [entry.subject for entry in (*first, *second)] == ["4", "3", "2", "1", "0"]


def test_organisations_do_not_see_each_other(ledger):
    audit_trail.write(ledger, "other", Act("laura", "retried"))

    assert entries(ledger) == []
