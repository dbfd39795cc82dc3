"""What is never written to the CRM: groups, chats without a number, and what is no WhatsApp message."""

import pytest

from tests.stage import ANA

GROUPS = {"group": "120363025246125486@g.us", "broadcast": "status@broadcast", "channel": "120363144038483540@newsletter"}
HIDDEN = {"LID": "213456789012345@lid", "system chat": "0@s.whatsapp.net", "too short": "57300@s.whatsapp.net"}


@pytest.mark.parametrize("jid", GROUPS.values(), ids=GROUPS)
def test_groups_broadcasts_and_channels_are_skipped(stage, jid):
    stage.activate()
    uid = stage.receive("hola a todos", phone=None, jid=jid, name="Grupo")

    summary = stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert (stage.message(uid).outcome, stage.message(uid).reason) == ("skipped", "group_chat")
    assert summary["messages"]["skipped"] == 1


@pytest.mark.parametrize("jid", HIDDEN.values(), ids=HIDDEN)
def test_chat_without_a_real_number_never_becomes_a_record(stage, jid):
    stage.activate()
    uid = stage.receive("hola", phone=None, jid=jid, name="Ana")

    stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert (stage.message(uid).outcome, stage.message(uid).reason) == ("skipped", "no_phone")


def test_chat_without_a_number_is_taken_up_by_itself_when_the_number_appears(stage):
    stage.activate()
    chat_id = stage.timelines.receive_message("hola", jid=HIDDEN["LID"], name="Ana Ruiz")["chat_id"]
    stage.tick()
    stage.timelines.edit_chat(chat_id, jid=f"{ANA[1:]}@s.whatsapp.net", phone=ANA)

    stage.tick()

    (lead,) = stage.leads()
    assert lead["Mobile"] == ANA
    (note,) = stage.notes(lead["id"])
    assert "hola" in note["Note_Content"]


def test_number_comes_from_the_jid_and_not_from_what_the_phone_field_says(stage):
    stage.activate()
    chat_id = stage.timelines.receive_message("hola", phone=ANA)["chat_id"]
    stage.timelines.edit_chat(chat_id, phone="+573009998877")

    stage.tick()

    assert [lead["Mobile"] for lead in stage.leads()] == [ANA]


@pytest.mark.parametrize("kind", ["whatsapp_call", "note", "email", "summary"])
def test_what_is_no_whatsapp_message_is_skipped_and_alone_never_creates_a_record(stage, kind):
    stage.activate()
    uid = stage.receive("sólo para nosotros", message_type=kind)

    stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert (stage.message(uid).outcome, stage.message(uid).reason) == ("skipped", "kind_not_synced")


def test_private_note_stays_out_of_the_notes_of_a_chat_that_is_synced(stage):
    stage.activate()
    stage.receive("¿cuánto cuesta?")
    stage.receive("no bajar de 100", message_type="note", from_me=True)

    stage.tick()

    (note,) = stage.notes()
    assert "¿cuánto cuesta?" in note["Note_Content"]
    assert "no bajar de 100" not in note["Note_Content"]


def test_call_from_the_contact_is_not_yet_a_message_that_may_create_a_record(stage):
    stage.activate(create_on="incoming")
    stage.receive("le llamé", from_me=True)
    stage.receive("llamada perdida", message_type="whatsapp_call")

    stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])


def test_message_without_text_and_file_is_skipped(stage):
    stage.activate()
    uid = stage.receive(" \u200b\n")

    stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert stage.message(uid).reason == "empty_message"
