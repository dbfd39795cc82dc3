"""A retry opens what is held back and nothing else; a run then decides it by today's settings, records and owners."""

import asyncio

import pytest

from chatledger.delivery import retrying
from chatledger.delivery import tick as ticks
from chatledger.errors import UsageError
from chatledger.ledger import retries, runs
from sandbox.zoho.faults import Failure
from tests.stage import ANA, ORGANISATION, OTHER_NUMBER, carry_out

NEW = "+573001119999"


async def _retried(stage, wanted):
    timelines, zoho, count = stage.clients()
    tick = ticks.begin(
        stage.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=stage.options, record_url="",
        kind="retry",
    )  # fmt: skip
    opened = await retrying.reopen(tick, wanted)
    state, summary = await carry_out(tick)
    counts = retrying.write_down(tick, opened)
    await timelines.aclose()
    await zoho.aclose()
    return counts, summary | {"state": state}


@pytest.fixture
def retry(stage):
    """Give a function that retries by reason, uid or run, and returns the counts and the run's summary."""

    def retried(**by):
        return asyncio.run(_retried(stage, retrying.wanted(stage.ledger, ORGANISATION, **by)))

    return retried


def outcome(stage, uid):
    row = stage.message(uid)
    return row.outcome, row.reason


def test_parked_message_is_written_as_soon_as_what_was_missing_is_there(stage, retry):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    uid = stage.receive()
    stage.tick()
    assert outcome(stage, uid) == ("parked", "mandatory_field_missing")
    stage.activate(fixed_fields={"Company": "WhatsApp", "Industry": "Coffee"})

    counts, summary = retry(reasons=["mandatory_field_missing"])

    assert outcome(stage, uid) == ("synced", "note_created")
    assert counts == {"messages": 1, "synced": 1}
    assert summary["messages"] == {"seen": 1, "synced": 1, "skipped": 0, "failed": 0, "pending": 0}


def test_retry_that_changes_nothing_parks_again_and_says_so(stage, retry):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    uid = stage.receive()
    stage.tick()

    counts, summary = retry(uids=[uid])

    assert counts == {"messages": 1, "parked": 1}
    assert summary["state"] == "degraded"
    assert stage.message(uid).attempts == 2
    assert stage.leads() == []


def test_retry_by_uid_leaves_other_messages_parked(stage, retry):
    stage.activate(several_matches="hold")
    for phone in (ANA, NEW):
        for name in ("Ana", "Ana Ruiz"):
            stage.zoho.add_record("Leads", {"Last_Name": name, "Mobile": phone})
    uid, other = stage.receive(), stage.receive(phone=NEW)
    stage.tick()
    stage.activate(several_matches="oldest_created")

    retry(uids=[uid])

    assert outcome(stage, uid)[0] == "synced"
    assert outcome(stage, other) == ("parked", "several_matches")


def test_chat_of_a_converted_lead_goes_on_once_it_is_retried(stage, retry):
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    contact = stage.zoho.convert_lead(lead)
    stage.activate(converted="stop")
    uid = stage.receive()
    stage.tick()
    assert outcome(stage, uid) == ("skipped", "converted_stop")
    stage.activate(converted="continue")
    stage.tick()
    assert outcome(stage, uid) == ("skipped", "converted_stop")

    retry(reasons=["converted_stop"])

    assert outcome(stage, uid) == ("synced", "note_created")
    assert stage.message(uid).record_id == contact


def test_chat_in_which_only_we_wrote_gets_its_record_once_settings_allow_it(stage, retry):
    stage.activate(create_on="incoming")
    uid = stage.receive(from_me=True)
    stage.tick()
    stage.activate(create_on="any")

    retry(reasons=["outgoing_only"])

    assert outcome(stage, uid)[0] == "synced"


def test_pause_after_a_refusal_ends_with_a_retry_of_its_run(stage, retry):
    stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Notes$", method="POST", status=400, code="RECORD_LOCKED"))
    uid = stage.receive()
    run_id = stage.tick()["run_id"]
    assert outcome(stage, uid) == ("pending", "back_off")
    assert stage.message(uid).next_try_at is not None

    retry(run=run_id[:8])

    assert outcome(stage, uid)[0] == "synced"


def test_unreadable_message_is_read_anew(stage, retry):
    stage.activate()
    stage.timelines.faults.missing_fields = ["timestamp"]
    uid = stage.receive("por fin", name="Ana Ruiz")
    stage.tick()
    assert outcome(stage, uid) == ("parked", "unreadable")
    stage.timelines.faults.missing_fields = []

    counts, _ = retry(reasons=["unreadable"])

    assert outcome(stage, uid) == ("synced", "note_created")
    assert counts == {"messages": 1, "synced": 1}
    (note,) = stage.notes()
    assert "Ana Ruiz: por fin" in note["Note_Content"]


def test_message_that_is_still_unreadable_stays_parked_and_is_counted(stage, retry):
    stage.activate()
    stage.timelines.faults.missing_fields = ["timestamp"]
    uid = stage.receive()
    stage.tick()

    counts, summary = retry(uids=[uid])

    assert outcome(stage, uid) == ("parked", "unreadable")
    assert counts == {"messages": 1, "parked": 1}
    assert summary["messages"]["failed"] == 1


def test_message_that_is_in_zoho_is_not_touched(stage, retry):
    stage.activate()
    uid = stage.receive()
    run_id = stage.tick()["run_id"]
    stage.forget_calls()

    for by in ({"uids": [uid]}, {"run": run_id}):
        counts, summary = retry(**by)
        assert counts == {"messages": 0}
        assert summary["messages"]["seen"] == 0

    assert stage.zoho_calls() == []


def test_second_retry_repeats_nothing(stage, retry):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive()
    stage.tick()
    stage.activate(fixed_fields={"Company": "WhatsApp", "Industry": "Coffee"})
    retry(reasons=["mandatory_field_missing"])

    counts, _ = retry(reasons=["mandatory_field_missing"])

    assert counts == {"messages": 0}
    assert (len(stage.leads()), len(stage.notes())) == (1, 1)


def test_retry_sees_the_owner_of_today(stage, retry):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive(account=OTHER_NUMBER)
    stage.tick()
    pedro = stage.zoho.add_user("pedro@example.com", "Pedro Paz")
    stage.activate(fixed_fields={"Company": "WhatsApp", "Industry": "Coffee"})

    retry(reasons=["mandatory_field_missing"])

    (lead,) = stage.leads()
    assert lead["Owner"]["id"] == pedro


def test_history_says_what_was_retried_by_whom_and_what_became_of_it(stage, retry):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive()
    stage.tick()

    _, summary = retry(reasons=["mandatory_field_missing"])

    with stage.ledger.reading() as session:
        assert retries.of_run(session, ORGANISATION, summary["run_id"]) == {"messages": 1, "parked": 1}
        (change,) = [row for row in runs.changes(session, ORGANISATION) if row.what == "retried"]
    assert (change.actor, stage.run().kind) == ("person", "retry")


@pytest.mark.parametrize(
    ("by", "named"),
    [
        ({}, "--reason"),
        ({"reasons": ["unreadable"], "run": "x"}, "--run"),
        ({"reasons": ["group_chat"]}, "group_chat"),
        ({"uids": ["nobody-knows"]}, "nobody-knows"),
        ({"run": "nothing"}, "nothing"),
    ],
)
def test_what_cannot_be_retried_is_named(stage, by, named):
    stage.activate()

    with pytest.raises(UsageError, match=named):
        retrying.wanted(stage.ledger, ORGANISATION, **by)


def test_run_whose_process_was_killed_is_crashed_and_repaired_by_the_next(stage):
    stage.activate()
    uid = stage.receive()
    timelines, zoho, count = stage.clients()
    killed = ticks.begin(
        stage.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=stage.options, record_url="",
    )  # fmt: skip
    stage.advance(stage.options.lease + 1)

    stage.tick()

    with stage.ledger.reading() as session:
        assert runs.find(session, killed.run_id).state == "crashed"
    assert outcome(stage, uid)[0] == "synced"
