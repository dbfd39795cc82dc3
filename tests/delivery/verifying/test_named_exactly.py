"""A verification names exactly what is amiss: a loss, a foreign edit, a duplicate, a gap; and nothing in a clean world."""

import asyncio

import pytest
from sqlmodel import delete, select

from chatledger.delivery import erasing
from chatledger.errors import UsageError
from chatledger.ledger.tables import Chat, Message, MessageAttachment, Note
from chatledger.transcript import body_hash
from sandbox.zoho.faults import Failure
from tests.stage import ANA, LAURA, ORGANISATION

BRUNO = "+573004445566"
LONG = "una palabra tras otra " * 60


@pytest.fixture
def three_chats(stage):
    """Two people with several messages, a group, a call and a message of 1,300 characters, all synced."""
    stage.activate()
    uids = [stage.receive(text, name="Ana Ruiz") for text in ("hola", "¿siguen <ahí>?", "hola", LONG)]
    uids += [stage.receive("buenas", phone=BRUNO, name="Bruno"), stage.receive("línea 1\nlínea 2 & más", phone=BRUNO)]
    stage.receive("en grupo", phone=None, jid="120363000000000001@g.us")
    stage.tick()
    return uids


def content(note):
    return note["Note_Content"]


def note_of(stage, uid):
    return next(note for note in stage.notes() if note["id"] == stage.message(uid).note_id)


@pytest.mark.usefixtures("three_chats")
@pytest.mark.parametrize("as_html", [False, True])
def test_clean_world_gives_every_message_its_place_and_nothing_else(stage, verify, as_html):
    stage.zoho.faults.notes_as_html = as_html

    found = verify()

    assert found.row.state == "clean"
    assert found.kinds == {}
    assert found.standings == {"in_note": 6, "skipped": 1}
    assert found.row.messages == 7


def test_message_lost_in_the_crm_is_named_with_note_record_chat_and_day(stage, three_chats, verify):
    note = note_of(stage, three_chats[1])
    lines = content(note).split("\n")
    kept = "\n".join(line for line in lines if "siguen" not in line)
    stage.zoho.edit_note(note["id"], content=kept)

    found = verify()

    finding, row = found.only("message_not_in_note"), stage.message(three_chats[1])
    assert finding.message_uid == three_chats[1]
    assert (finding.note_id, finding.record_id) == (note["id"], row.record_id)
    assert (finding.chat_id, finding.local_date) == (row.chat_id, row.local_date)
    assert (finding.expected_hash, finding.found_hash) == (body_hash(content(note)), body_hash(kept))
    assert (found.row.state, found.standings) == ("findings", {"in_note": 5, "not_in_note": 1, "skipped": 1})


def test_one_of_two_messages_alike_is_missed(stage, three_chats, verify):
    note = note_of(stage, three_chats[2])
    lines = content(note).split("\n")
    lines.remove(next(line for line in lines if line.endswith(": hola")))
    stage.zoho.edit_note(note["id"], content="\n".join(lines))

    assert verify().only("message_not_in_note").message_uid in (three_chats[0], three_chats[2])


def test_foreign_edit_is_named_by_hash_and_left_alone(stage, three_chats, verify):
    note = note_of(stage, three_chats[4])
    edited = content(note) + "\nLlamar el lunes"
    stage.zoho.edit_note(note["id"], content=edited)

    found = verify()

    finding = found.only("note_edited")
    assert (finding.note_id, finding.repaired) == (note["id"], False)
    assert (finding.expected_hash, finding.found_hash) == (body_hash(content(note)), body_hash(edited))
    assert found.standings == {"in_note": 6, "skipped": 1}
    assert content(note_of(stage, three_chats[4])) == edited


def test_duplicate_note_is_named_with_the_one_it_repeats(stage, three_chats, verify):
    note = note_of(stage, three_chats[0])
    twin = stage.zoho.add_note("Leads", note["parent"]["id"], note["Note_Title"], content(note))

    finding = verify().only("note_duplicate")

    assert (finding.note_id, finding.others) == (twin, [note["id"]])
    assert finding.record_id == note["parent"]["id"]


def test_foreign_note_on_the_same_record_is_nobodys_duplicate(stage, three_chats, verify):
    note = note_of(stage, three_chats[0])
    stage.zoho.add_note("Leads", note["parent"]["id"], "Llamada", "Habló de precios")

    assert verify().kinds == {}


def test_loss_edit_and_duplicate_together_are_three_findings(stage, three_chats, verify):
    of_ana, of_bruno = note_of(stage, three_chats[0]), note_of(stage, three_chats[4])
    lines = content(of_ana).split("\n")
    stage.zoho.edit_note(of_ana["id"], content="\n".join(line for line in lines if "siguen" not in line))
    stage.zoho.edit_note(of_bruno["id"], content=content(of_bruno).replace("Chat en", "Chat (cliente VIP) en"))
    twin = stage.zoho.add_note("Leads", of_bruno["parent"]["id"], of_bruno["Note_Title"], content(of_bruno))

    found = verify()

    named = {finding.kind: (finding.message_uid, finding.note_id) for finding in found.findings}
    assert named == {
        "message_not_in_note": (three_chats[1], of_ana["id"]),
        "note_edited": (None, of_bruno["id"]),
        "note_duplicate": (None, twin),
    }


def test_deleted_note_is_named_and_not_remade_before_the_next_message(stage, three_chats, verify):
    note = note_of(stage, three_chats[4])
    stage.zoho.delete_note(note["id"])

    found = verify()
    stage.tick()

    finding = found.only("note_deleted")
    assert (finding.note_id, finding.record_id) == (note["id"], note["parent"]["id"])
    assert found.standings == {"in_note": 4, "note_deleted": 2, "skipped": 1}
    assert len(stage.notes()) == 1


def test_deleted_record_is_named_once_and_the_index_learns_of_it(stage, three_chats, verify):
    record = stage.message(three_chats[4]).record_id
    stage.zoho.delete_record("Leads", record)

    found = verify()

    assert found.kinds == {"index_gone": 1, "record_deleted": 1}
    assert {finding.record_id for finding in found.findings} == {record}
    assert {finding.kind: finding.repaired for finding in found.findings} == {"index_gone": True, "record_deleted": False}
    assert found.standings == {"in_note": 4, "record_deleted": 2, "skipped": 1}


@pytest.mark.parametrize("repairs", [True, False])
def test_deleted_record_is_told_from_a_deleted_note_with_and_without_repairs(stage, three_chats, verify, repairs):
    stage.zoho.delete_record("Leads", stage.message(three_chats[4]).record_id)

    assert verify(repairs=repairs).standings["record_deleted"] == 2


def test_notes_taken_along_by_a_conversion_are_where_they_should_be(stage, three_chats, verify):
    stage.zoho.convert_lead(stage.message(three_chats[0]).record_id)

    found = verify()

    assert (found.kinds, found.standings) == ({}, {"in_note": 6, "skipped": 1})


def test_message_deleted_in_whatsapp_is_named(stage, three_chats, verify):
    stage.timelines.delete_message(three_chats[4])

    found = verify()

    assert found.only("message_vanished").message_uid == three_chats[4]
    assert found.standings == {"in_note": 5, "skipped": 1, "vanished": 1}


def test_message_the_ledger_lacks_is_pulled_and_written_by_the_next_tick(stage, three_chats, verify):
    gap = forget_message(stage, three_chats[1])

    found = verify()
    after = stage.tick()

    finding = found.only("message_not_stored")
    assert (finding.message_uid, finding.repaired) == (gap, True)
    assert (found.row.state, found.standings["not_stored"]) == ("repaired", 1)
    assert after["messages"]["synced"] >= 1
    assert stage.message(gap).outcome == "synced"
    assert verify().kinds == {}


def test_without_repairs_nothing_is_pulled(stage, three_chats, verify):
    gap = forget_message(stage, three_chats[1])

    found = verify(repairs=False)

    assert found.row.state == "findings"
    assert not found.only("message_not_stored").repaired
    assert verify(repairs=False).only("message_not_stored").message_uid == gap


def test_chat_the_ledger_never_saw_is_taken_in(stage, three_chats, verify):
    forget_chat(stage, stage.message(three_chats[4]).chat_id)

    found = verify()
    stage.tick()

    assert found.kinds == {"message_not_stored": 2}
    assert all(finding.repaired for finding in found.findings)
    assert {stage.message(uid).outcome for uid in three_chats} == {"synced"}


def test_message_edited_in_whatsapp_is_read_again_and_written(stage, three_chats, verify):
    stage.timelines.change_text(three_chats[4], "buenas tardes")

    found = verify()
    stage.tick()

    assert found.only("message_changed").message_uid == three_chats[4]
    assert found.row.state == "repaired"
    assert "buenas tardes" in content(note_of(stage, three_chats[4]))
    assert verify().kinds == {}


@pytest.mark.usefixtures("three_chats")
def test_message_that_came_after_the_last_tick_is_new_and_no_gap(stage, verify):
    stage.advance(5)
    stage.receive("recién llegado")

    found = verify()

    assert (found.kinds, found.standings["new"]) == ({}, 1)


def test_second_record_with_a_number_we_created_one_for_is_named(stage, three_chats, verify):
    ours = stage.message(three_chats[0]).record_id
    other = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA}, LAURA)
    stage.advance(90)
    stage.receive("una más")
    stage.tick()

    finding = verify().only("record_duplicate")

    assert (finding.record_id, finding.others) == (ours, [other])


@pytest.mark.usefixtures("three_chats")
def test_waiting_writes_are_pending_and_no_foreign_edit(stage, verify):
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="PUT", after_commit="reset")]
    stage.receive("otra")
    stage.tick()

    found = verify()

    assert found.kinds == {}
    assert found.standings["pending"] == 1


def test_nothing_is_verified_before_the_first_tick(stage, verify):
    stage.activate()

    with pytest.raises(UsageError, match="chatledger sync"):
        verify()


def forget_message(stage, uid):
    """Lose a message in the ledger and in the note, as a defect of ours would."""
    row = stage.message(uid)
    note = note_of(stage, uid)
    kept = "\n".join(line for line in content(note).split("\n") if row.text.split()[0].strip("¿") not in line)
    stage.zoho.edit_note(note["id"], content=kept)
    with stage.ledger.transaction() as session:
        session.exec(delete(MessageAttachment).where(MessageAttachment.message_uid == uid))
        session.exec(delete(Message).where(Message.uid == uid))
        session.exec(select(Note).where(Note.zoho_id == note["id"])).one().body_hash = body_hash(kept)
    return uid


def forget_chat(stage, chat_id):
    """Lose a chat with its messages and notes in the ledger, and its notes in the CRM."""
    with stage.ledger.transaction() as session:
        for table, column in ((Message, Message.chat_id), (Note, Note.chat_id), (Chat, Chat.id)):
            session.exec(delete(table).where(column == chat_id))
    for note in stage.notes():
        if f"/{chat_id}/" in content(note):
            stage.zoho.delete_note(note["id"])


@pytest.mark.usefixtures("three_chats")
def test_person_who_was_erased_is_neither_a_gap_nor_anything_else(stage, verify):
    async def forget():
        timelines, zoho, _ = stage.clients()
        try:
            key = erasing.key_of(stage.ledger, ORGANISATION, BRUNO)
            await erasing.erase(stage.ledger, ORGANISATION, key, zoho=zoho, actor="test", wait=0.0)
        finally:
            await timelines.aclose()
            await zoho.aclose()

    asyncio.run(forget())
    stage.receive("sigo aquí", phone=BRUNO)
    stage.advance(5)
    stage.tick()

    found = verify()

    assert found.kinds == {}
    assert found.standings == {"in_note": 4, "skipped": 4}


@pytest.mark.usefixtures("three_chats")
def test_records_that_vanish_in_a_mass_are_told_and_not_forgotten(stage, verify):
    people = [f"+57300777{number:04}" for number in range(30)]
    for phone in people:
        stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": phone})
    stage.advance(60)
    stage.receive("hola", phone=people[0])
    stage.tick()
    stage.zoho.faults.failures = [Failure(path="/v8/Leads$", method="GET", status=204, times=99)]

    found = verify()

    stage.zoho.faults.failures = []
    assert found.kinds["index_gone"] >= len(people)
    assert not any(finding.repaired for finding in found.findings)
    assert found.row.state == "findings"
    before = len(stage.leads())
    stage.receive("hola", phone=people[1])
    stage.tick()
    assert len(stage.leads()) == before
