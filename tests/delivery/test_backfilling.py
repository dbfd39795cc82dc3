"""History before an activation is brought in slice by slice, once, and without holding up the ticks."""

import asyncio
import re
import shutil
from datetime import timedelta

import pytest

from chatledger.delivery import backfill_requests, backfilling, closing
from chatledger.delivery import tick as ticks
from chatledger.delivery.backfilling import HistoryReader, leaves_enough
from chatledger.errors import NotPermitted, UsageError
from chatledger.ledger import backfills, retries
from chatledger.models import Workspace
from tests.stage import ANA, ORGANISATION, write_open

NEW = "+573001119999"
DAY = 86_400


async def _slice(stage, backfill_id):
    timelines, zoho, count = stage.clients()
    reader = HistoryReader(stage.ledger, timelines, count, ORGANISATION, backfill_id, _at_once)
    try:
        found = await reader.read_slice()
        if found.is_empty:
            return False
        tick = ticks.begin(
            stage.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=stage.options, record_url="",
            kind="backfill",
        )  # fmt: skip
        backfilling.store(tick, backfill_id, found)
        await write_open(tick)
        closing.postpone_rest(tick)
        closing.end(tick)
    finally:
        await timelines.aclose()
        await zoho.aclose()
    return True


async def _at_once():
    """Nobody else is at work."""


@pytest.fixture
def backfill(stage):
    """Give a function that carries out a backfill (of the last days) and returns its progress; `slices` ends it early."""

    def carried_out(days=30, *, until=None, chats=None, slices=1000):
        since = stage.begun - timedelta(days=days)
        wanted = backfill_requests.begin(stage.ledger, ORGANISATION, since, until, chats)
        while slices and asyncio.run(_slice(stage, wanted.id)):
            slices -= 1
        with stage.ledger.reading() as session:
            return backfills.progress(session, wanted.id)

    stage.begun = stage.now()
    return carried_out


def ago(stage, days, seconds=0):
    return stage.now() - timedelta(days=days, seconds=seconds)


def test_messages_from_before_the_activation_get_their_record_and_a_note_for_each_day(stage, backfill):
    for days in (3, 2, 2):
        stage.receive(f"hace {days} días", at=ago(stage, days))
    stage.activate()
    stage.tick()
    assert stage.notes() == []

    progress = backfill()

    assert (progress.backfill.state, progress.chats, progress.done, progress.messages) == ("done", 1, 1, 3)
    assert (len(stage.leads()), len(stage.notes())) == (1, 2)
    assert stage.run().kind == "backfill"


def test_second_backfill_writes_nothing(stage, backfill):
    stage.receive(at=ago(stage, 2))
    stage.activate()
    backfill()
    stage.forget_calls()

    progress = backfill()

    assert progress.messages == 0
    assert stage.zoho_calls() == []
    assert len(stage.notes()) == 1


def test_only_the_days_asked_for_are_brought_in(stage, backfill):
    old, wanted, later = (stage.receive(at=ago(stage, days)) for days in (9, 5, 2))
    stage.activate()

    progress = backfill(6, until=ago(stage, 3))

    assert progress.messages == 1
    assert stage.message(wanted).outcome == "synced"
    with stage.ledger.reading() as session:
        assert retries.unknown_uids(session, ORGANISATION, [old, wanted, later]) == [old, later]


def test_day_of_the_activation_becomes_one_note(stage, backfill):
    stage.receive("antes", at=stage.now() - timedelta(hours=1, seconds=5))
    stage.activate(start=stage.now() - timedelta(hours=1))
    stage.receive("después", at=stage.now() - timedelta(minutes=59, seconds=59))
    stage.tick()
    assert "antes" not in stage.notes()[0]["Note_Content"]

    backfill()

    notes = stage.notes()
    texts = "".join(note["Note_Content"] for note in notes)
    assert texts.count("antes") == texts.count("después") == 1


def test_note_that_another_ledger_wrote_on_such_a_day_is_taken_over(stage, backfill, opened, tmp_path, migrated_file):
    stage.receive("ya anotado", at=ago(stage, 2))
    stage.activate(start=ago(stage, 3))
    stage.tick()
    assert len(stage.notes()) == 1
    shutil.copy(migrated_file, tmp_path / "another.db")
    stage.ledger = opened(f"sqlite:///{tmp_path / 'another.db'}", clock=stage.now)
    stage.activate(start=stage.now())

    backfill()

    assert (len(stage.leads()), len(stage.notes())) == (1, 1)


def test_killed_backfill_goes_on_where_it_was(stage, backfill):
    for number in range(40):
        stage.receive(phone=f"+57300{number:07}", at=ago(stage, 2))
    stage.activate()
    begun = backfill(slices=2)
    assert 0 < begun.done < 40
    stage.forget_calls()

    progress = backfill()

    assert progress.backfill.id == begun.backfill.id
    assert (progress.done, len(stage.leads()), len(stage.notes())) == (40, 40, 40)
    listed = [request for request in stage.timelines.requests if request["path"].endswith("/chats")]
    assert listed == []


def test_long_chat_is_read_over_several_slices_and_each_day_written_once(stage, backfill):
    for day in range(20, 0, -1):
        for number in range(45):
            stage.receive(f"{day} {number}", at=ago(stage, day, 60 * (45 - number)))
    stage.activate()

    progress = backfill()

    assert progress.messages == 900
    assert stage.zoho_calls().count("PUT /crm/v8/Notes") == 0
    assert 20 <= len(stage.notes()) <= 21


def test_messages_that_arrive_meanwhile_belong_to_the_next_tick(stage, backfill):
    stage.receive("antes", at=ago(stage, 2))
    stage.activate()
    stage.receive("ahora")
    backfill()

    summary = stage.tick()

    assert summary["messages"]["synced"] == 1
    assert len(stage.notes()) == 2


def test_chats_named_are_the_only_ones(stage, backfill):
    stage.receive(at=ago(stage, 2))
    other = stage.timelines.receive_message("hola", phone=NEW, at=ago(stage, 2))
    stage.activate()

    progress = backfill(chats=[other["chat_id"]])

    assert progress.chats == 1
    assert [lead["Mobile"] for lead in stage.leads()] == [NEW]


def test_number_is_found_by_its_chats(stage):
    stage.receive(at=ago(stage, 2))
    stage.receive(phone=NEW, at=ago(stage, 2))
    stage.activate()

    async def found(key):
        timelines, zoho, _ = stage.clients()
        try:
            return await backfill_requests.chats_of_phone(stage.ledger, timelines, ORGANISATION, key)
        finally:
            await timelines.aclose()
            await zoho.aclose()

    assert len(asyncio.run(found(ANA))) == 1
    with pytest.raises(UsageError, match="no chat"):
        asyncio.run(found("+573009999999"))


def test_groups_are_left_out_and_counted(stage, backfill):
    stage.receive(at=ago(stage, 2))
    stage.receive(at=ago(stage, 2), phone=None, jid="120363041234567890@g.us")
    stage.activate()

    progress = backfill()

    assert (progress.chats, progress.backfill.groups_left_out) == (1, 1)


@pytest.mark.parametrize(("days", "until", "named"), [(-1, None, "future"), (30, -1, "--to"), (0, None, "every tick")])
def test_range_that_is_none_is_refused(stage, days, until, named):
    stage.activate()
    end = stage.now() - timedelta(days=until) if until else None

    with pytest.raises(UsageError, match=named):
        backfill_requests.begin(stage.ledger, ORGANISATION, ago(stage, days), end)


def test_a_fifth_of_the_months_requests_is_left_to_the_ticks():
    leaves_enough(Workspace("w", "Acme", api_calls_total=1000, api_calls_used=800))
    with pytest.raises(NotPermitted, match="199 of 1000"):
        leaves_enough(Workspace("w", "Acme", api_calls_total=1000, api_calls_used=801))


def test_history_that_was_brought_in_can_be_verified_without_a_tick(stage, backfill, verify):
    for days in (3, 2):
        stage.receive(f"hace {days} días", at=ago(stage, days))
    stage.receive("antes de todo", at=ago(stage, 60))
    stage.activate()
    backfill()
    stage.forget_calls()

    found = verify()

    assert (found.row.state, found.standings) == ("clean", {"in_note": 2})
    assert not [request for request in stage.timelines.requests if re.search(r"/messages/[^/]+$", request["path"])]


def test_message_of_a_history_that_was_brought_in_is_missed(stage, backfill, verify):
    stage.receive("hace días", at=ago(stage, 3))
    stage.activate()
    backfill()
    late = stage.receive("llegó después", at=ago(stage, 2))

    assert verify(repairs=False).only("message_not_stored").message_uid == late
