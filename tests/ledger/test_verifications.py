"""What verifications are compared by and kept in, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chatledger.ledger import verifications
from chatledger.ledger.tables import Change, Finding, IndexedRecord, Message, Note, Run, Verification, VerifiedNote
from chatledger.ledger.verifications import FoundCount

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORGANISATION = "main"


def verification(number, started_at=NOW, **more):
    return Verification(
        id=f"v{number}", organisation_id=ORGANISATION, started_at=started_at, period_from=NOW - timedelta(days=7), **more
    )


def message(uid, timestamp, chat_id=1, **more):
    times = {"first_seen_at": NOW, "decided_at": NOW}
    return Message(
        organisation_id=ORGANISATION, uid=uid, chat_id=chat_id, timestamp=timestamp, first_run_id="r", run_id="r",
        outcome="synced", reason="note_created", **times, **more,
    )  # fmt: skip


def run(number, kind, state, started_at):
    return Run(id=f"r{number}", organisation_id=ORGANISATION, kind=kind, state=state, started_at=started_at)


@pytest.fixture
def add(ledger):
    """Give a function that stores rows."""

    def added(*rows):
        with ledger.transaction() as session:
            session.add_all(rows)

    return added


def test_findings_are_counted_by_kind_and_read_back_in_order(ledger, add):
    with ledger.transaction() as session:
        verifications.start(session, verification(1))
    found = [("note_edited", False), ("message_changed", True), ("note_edited", False)]
    add(
        *(
            Finding(organisation_id=ORGANISATION, verification_id="v1", kind=kind, at=NOW, repaired=repaired, others=["1"])
            for kind, repaired in found
        )
    )

    with ledger.reading() as session:
        counted = verifications.found_by_kind(session, "v1")
        kinds = [row.kind for row in verifications.findings(session, ORGANISATION, "v1")]
        edited = verifications.findings(session, ORGANISATION, "v1", kind="note_edited", limit=1)
        foreign = verifications.find(session, "another", "v1")

    assert counted == {"note_edited": FoundCount(2, 0), "message_changed": FoundCount(1, 1)}
    assert kinds == ["message_changed", "note_edited", "note_edited"]
    assert [row.others for row in edited] == [["1"]]
    assert foreign is None


def test_newest_comes_first_and_one_that_was_abandoned_a_day_ago_has_failed(ledger):
    with ledger.transaction() as session:
        verifications.start(session, verification(1, NOW - timedelta(days=2)))
        verifications.start(session, verification(2, NOW - timedelta(hours=1), flow_run_id="f"))
        verifications.start(session, verification(3))

    with ledger.reading() as session:
        states = [(row.id, row.state) for row in verifications.latest(session, ORGANISATION)]
        of_flow = verifications.of_flow_run(session, ORGANISATION, "f")

    assert states == [("v3", "running"), ("v2", "running"), ("v1", "failed")]
    assert of_flow.id == "v2"


def test_last_pull_is_the_newest_tick_that_did_its_job(ledger, add):
    add(
        run(1, "tick", "completed", NOW - timedelta(hours=3)),
        run(2, "tick", "degraded", NOW - timedelta(hours=2)),
        run(3, "tick", "failed", NOW - timedelta(hours=1)),
        run(4, "repair", "completed", NOW),
    )

    with ledger.reading() as session:
        assert verifications.last_pull(session, ORGANISATION) == NOW - timedelta(hours=2)
        assert verifications.last_pull(session, "another") is None


def test_messages_of_a_period_are_those_within_those_unreadable_and_those_named(ledger, add):
    start, end = NOW - timedelta(days=1), NOW
    add(
        message("before", start - timedelta(seconds=1)),
        message("first", start),
        message("last", end),
        message("after", end + timedelta(seconds=1)),
        message("unreadable", None),
        message("other chat", NOW, chat_id=2),
    )

    with ledger.reading() as session:
        of_chat = verifications.messages_of(session, ORGANISATION, 1, start, end, ["first", "after"])
        open_end = verifications.messages_of(session, ORGANISATION, 1, start, None, [])
        chats = verifications.chats_with_messages(session, ORGANISATION, start, end)
        later = verifications.chats_with_messages(session, ORGANISATION, end + timedelta(seconds=1), None)

    assert {row.uid for row in of_chat} == {"first", "last", "unreadable", "after"}
    assert {row.uid for row in open_end} == {"first", "last", "after", "unreadable"}
    assert (chats, later) == ({1, 2}, {1})


def test_verified_note_is_kept_in_its_newest_state(ledger):
    for digest in ("old", "new"):
        with ledger.transaction() as session:
            row = VerifiedNote(organisation_id=ORGANISATION, note_id="7", body_hash=digest, modified_at=NOW, listed_hash="l")
            verifications.keep_verified(session, [row])

    with ledger.reading() as session:
        kept = verifications.verified_notes(session, ORGANISATION, ["7", "8"])

    assert {note_id: row.body_hash for note_id, row in kept.items()} == {"7": "new"}


def test_records_made_notes_known_and_index_rows_are_found(ledger, add):
    def made(record_id):
        return Change(
            organisation_id=ORGANISATION,
            at=NOW,
            what="record_created",
            phone_key="+57300",
            module="Leads",
            record_id=record_id,
        )

    def index_row(record_id, read_at, *, alive=True):
        return IndexedRecord(organisation_id=ORGANISATION, module="Leads", record_id=record_id, alive=alive, read_at=read_at)

    note = {"chat_id": 1, "local_date": date(2026, 11, 22), "part": 1, "chat_name": "", "title": ""}
    add(made("2"), made("1"), made("2"), Note(organisation_id=ORGANISATION, zoho_id="9", **note))
    add(index_row("1", NOW), index_row("2", NOW - timedelta(hours=1)), index_row("3", None, alive=False))

    with ledger.reading() as session:
        assert verifications.records_made(session, ORGANISATION, "Leads", ["+57300", "+57301"]) == {"+57300": ["2", "1"]}
        assert verifications.notes_known(session, ORGANISATION, ["9", "10"]) == {"9"}
        assert verifications.indexed_ids(session, ORGANISATION, "Leads", NOW) == {"2"}
        assert verifications.read_since(session, ORGANISATION, "Leads", ["1", "2"], NOW) == {"1"}
