"""A verification stays within its period and its costs, and says what it could not check."""

from datetime import timedelta

import pytest

from chatledger.errors import UsageError
from sandbox.timelines.faults import Failure as TimelinesFailure
from sandbox.zoho.faults import Failure
from tests.stage import ANA
from tests.webhook_stage import Webhooks

BRUNO = "+573004445566"
LONG = "una palabra tras otra " * 60


@pytest.fixture
def two_days(stage):
    """Ana wrote yesterday, she and Bruno today; all synced."""
    stage.activate(start=stage.now() - timedelta(days=2))
    uids = [stage.receive("ayer", name="Ana Ruiz"), stage.receive(LONG)]
    stage.advance(24 * 3600)
    uids += [stage.receive("hoy"), stage.receive("buenas", phone=BRUNO, name="Bruno")]
    stage.tick()
    return uids


def test_only_messages_of_the_period_are_counted(stage, two_days, verify):
    middle = stage.message(two_days[2]).timestamp - timedelta(hours=1)

    assert verify(end=middle).standings == {"in_note": 2}
    assert verify(start=middle).standings == {"in_note": 2}
    assert verify().standings == {"in_note": 4}


@pytest.mark.usefixtures("two_days")
def test_period_that_ends_before_it_begins_is_wrong_use(stage, verify):
    with pytest.raises(UsageError, match="--to"):
        verify(start=stage.now(), end=stage.now() - timedelta(days=1))


@pytest.mark.usefixtures("two_days")
def test_notes_cost_a_list_per_record_and_a_read_of_each_long_one(stage, verify):
    stage.advance(600)
    for _ in range(2):
        stage.forget_calls()
        verify()

        assert [len(calls) for calls in note_calls(stage).values()] == [2, 1]


@pytest.mark.usefixtures("two_days")
def test_verification_that_trusts_earlier_reads_reads_a_long_note_only_once(stage, verify):
    stage.advance(600)
    verify(trusts_earlier_reads=True)
    stage.forget_calls()
    verify(trusts_earlier_reads=True)

    assert [len(calls) for calls in note_calls(stage).values()] == [2, 0]


@pytest.mark.usefixtures("two_days")
def test_long_note_that_was_written_just_now_is_read_again(stage, verify):
    verify(trusts_earlier_reads=True)
    stage.forget_calls()
    verify(trusts_earlier_reads=True)

    assert [len(calls) for calls in note_calls(stage).values()] == [2, 1]


@pytest.mark.parametrize("trusts_earlier_reads", [True, False])
def test_long_note_that_was_changed_is_read_again(stage, two_days, verify, trusts_earlier_reads):
    stage.advance(600)
    verify()
    note, text = long_note(stage, two_days)
    stage.zoho.edit_note(note, content=text + "\nal final")

    assert verify(trusts_earlier_reads=trusts_earlier_reads).only("note_edited").note_id == note


@pytest.mark.parametrize(("at", "trusts_earlier_reads"), [("beginning", True), ("beginning", False), ("end", False)])
def test_edit_that_did_not_move_the_time_of_a_note_is_found(stage, two_days, verify, at, trusts_earlier_reads):
    stage.advance(600)
    verify()
    note, text = long_note(stage, two_days)
    first, rest = text.split("\n", 1)
    changed = f"{first}\nañadido\n{rest}" if at == "beginning" else f"{text}\nañadido"
    stage.zoho.edit_note(note, content=changed, moves_time=False)

    assert verify(trusts_earlier_reads=trusts_earlier_reads).only("note_edited").note_id == note


def long_note(stage, two_days):
    note = stage.message(two_days[1]).note_id
    return note, next(row["Note_Content"] for row in stage.notes() if row["id"] == note)


@pytest.mark.usefixtures("two_days")
def test_nothing_but_reads_leaves(stage, verify):
    stage.forget_calls()

    verify()

    assert {request["method"] for request in stage.zoho.requests if "/crm/" in request["path"]} == {"GET"}
    assert {request["method"] for request in stage.timelines.requests} == {"GET"}


def test_chat_that_cannot_be_read_is_unchecked_and_the_others_are_not(stage, two_days, verify):
    chat = stage.message(two_days[3]).chat_id
    stage.timelines.faults.failures = [TimelinesFailure(path=f"/chats/{chat}/messages$", status=400, times=99)]

    found = verify()

    assert (found.row.state, found.standings) == ("incomplete", {"in_note": 3, "unchecked": 1})
    assert found.kinds == {}


def test_record_whose_notes_cannot_be_read_leaves_its_messages_unchecked(stage, two_days, verify):
    record = stage.message(two_days[3]).record_id
    stage.zoho.faults.failures = [
        Failure(path=f"/{record}/Notes$", status=403, code="NO_PERMISSION", times=99),
    ]

    found = verify()

    assert (found.row.state, found.kinds) == ("incomplete", {})
    assert found.standings["unchecked"] >= 1
    assert sum(found.standings.values()) == 4


@pytest.mark.usefixtures("two_days")
@pytest.mark.parametrize("order", ["name", "shuffled"])
def test_every_chat_is_found_in_whatever_order_they_are_listed(stage, verify, order):
    for number in range(120):
        stage.receive("hola", phone=f"+57300555{number:04}")
    stage.timelines.faults.chat_order = order
    stage.tick()
    while stage.run().messages_seen:
        stage.tick()

    assert verify().standings == {"in_note": 124}


def test_message_that_a_list_skips_has_not_vanished(stage, verify):
    stage.activate()
    moment = stage.now().replace(microsecond=0)
    for number in range(60):
        stage.receive(f"mensaje {number}", at=moment.isoformat())
    stage.tick()
    stage.timelines.faults.cursor_skips_same_second = True

    assert verify().kinds == {}


def test_whole_chat_that_is_gone_is_told_message_by_message(stage, two_days, verify):
    chat = stage.message(two_days[3]).chat_id
    stage.timelines.faults.failures = [TimelinesFailure(path=f"/chats/{chat}/messages$", status=404, times=99)]

    assert verify().only("message_vanished").message_uid == two_days[3]


@pytest.mark.usefixtures("two_days")
def test_index_that_lost_a_record_or_has_an_old_number_is_put_right(stage, verify):
    from sqlmodel import select

    from chatledger.ledger.tables import IndexedRecord

    lost = stage.zoho.add_record("Leads", {"Last_Name": "Caro", "Mobile": "+573007778899"})
    outdated = stage.zoho.add_record("Leads", {"Last_Name": "Dario", "Mobile": "+573007770000"})
    stage.advance(1200)
    stage.receive("otra")
    stage.tick()
    with stage.ledger.transaction() as session:
        rows = {row.record_id: row for row in session.exec(select(IndexedRecord))}
        session.delete(rows[lost])
        rows[outdated].phone_key = ANA

    first, second = verify(), verify()

    named = {finding.kind: (finding.record_id, finding.repaired) for finding in first.findings}
    assert named == {"index_missing": (lost, True), "index_outdated": (outdated, True)}
    assert second.kinds == {}


@pytest.mark.usefixtures("two_days")
def test_record_that_the_next_tick_will_read_by_itself_is_no_difference(stage, verify):
    stage.advance(60)
    stage.zoho.add_record("Leads", {"Last_Name": "Caro", "Mobile": "+573007778899"})

    assert verify().kinds == {}


def test_renamed_owner_makes_no_old_note_a_foreign_edit(stage, two_days, verify):
    from sqlmodel import select

    from chatledger.ledger.tables import Account

    assert two_days
    stage.receive("nuestra respuesta", from_me=True)
    stage.tick()
    stage.zoho.faults.notes_as_html = True
    with stage.ledger.transaction() as session:
        for row in session.exec(select(Account)):
            row.owner_name = "Otra Persona"

    assert verify().kinds == {}


def test_messages_that_webhooks_brought_are_what_timelines_holds_and_a_lost_one_is_a_gap(stage, verify):
    stage.activate(start=stage.now())
    webhooks = Webhooks(stage)
    webhooks.switch_on()
    webhooks.receive("llegó sola", name="Ana Ruiz")
    webhooks.receive("con archivo", attachment={"filename": "a.pdf", "size": 10, "mimetype": "application/pdf"})
    stage.advance(2)
    stage.tick()
    clean = verify()
    lost = webhooks.lose("nadie la trajo")
    stage.advance(2)
    webhooks.listen()
    stage.tick()

    found = verify()

    assert (clean.kinds, clean.standings) == ({}, {"in_note": 2})
    assert (found.only("message_not_stored").message_uid, found.row.state) == (lost, "repaired")


def note_calls(stage):
    """Return the calls that listed a record's notes and those that read one note."""
    calls = stage.zoho_calls()
    return {
        "lists": [call for call in calls if call.endswith("/Notes")],
        "reads": [call for call in calls if "/Notes/" in call],
    }
