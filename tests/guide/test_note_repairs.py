"""When a note is written again, and when it is not."""

from datetime import timedelta

import pytest

DAY = 86_400


def test_second_tick_writes_nothing(stage):
    stage.activate()
    stage.receive()
    stage.receive("adiós", phone="+573004445566")
    stage.tick()
    stage.forget_calls()

    stage.tick()

    assert stage.zoho_calls() == []
    assert (len(stage.leads()), len(stage.notes())) == (2, 2)


def test_chat_that_is_read_again_unchanged_is_not_written_again(stage, crm_writes):
    stage.activate()
    stage.receive()
    stage.tick()
    stage.advance(DAY + 60)
    stage.forget_calls()

    stage.tick()

    assert crm_writes() == []
    assert any("/messages" in call["path"] for call in stage.timelines.requests)
    assert len(stage.notes()) == 1


def test_only_the_notes_whose_body_changed_are_written(stage):
    stage.activate()
    for number in range(3):
        stage.receive(phone=f"+57300444556{number}")
    stage.tick()
    stage.forget_calls()
    stage.receive("algo más", phone="+573004445561")

    summary = stage.tick()

    assert summary["notes"] == {"created": 0, "updated": 1, "unchanged": 0}
    assert ["algo más" in note["Note_Content"] for note in stage.notes()] == [False, True, False]


def test_delivery_receipt_alone_does_not_write_a_note(stage, crm_writes):
    stage.activate()
    uid = stage.receive("le escribimos", from_me=True, status="Sent")
    stage.tick()
    sent = stage.timelines.workspace.messages[uid]
    sent.statuses = [(sent.timestamp, "Read")]
    stage.advance(DAY + 60)
    stage.forget_calls()

    stage.tick()

    assert crm_writes() == []
    assert len(stage.notes()) == 1


def test_edited_message_is_corrected_in_its_note(stage):
    stage.activate()
    uid = stage.receive("son 100 pesos")
    stage.tick()
    stage.timelines.change_text(uid, "son 1000 pesos")
    stage.receive("corregido")

    stage.tick()

    (note,) = stage.notes()
    assert "son 1000 pesos" in note["Note_Content"]
    assert "son 100 pesos" not in note["Note_Content"]


def test_edited_message_of_a_quiet_chat_is_corrected_by_the_nightly_reading(stage):
    stage.activate()
    uid = stage.receive("son 100 pesos")
    stage.tick()
    stage.timelines.change_text(uid, "son 1000 pesos")
    stage.advance(DAY + 60)

    stage.tick()

    (note,) = stage.notes()
    assert "son 1000 pesos" in note["Note_Content"]


@pytest.mark.parametrize("quiet", [False, True], ids=["chat goes on", "chat stays quiet"])
def test_late_message_of_yesterday_repairs_yesterdays_note(stage, quiet):
    stage.activate()
    stage.receive("ayer")
    stage.tick()
    yesterday = stage.now()
    stage.advance(DAY)
    stage.receive("hoy")
    stage.tick()
    stage.receive("ayer, llegado tarde", at=yesterday, late=True)
    if quiet:
        stage.advance(DAY)
    else:
        stage.receive("hoy otra vez")

    stage.tick()

    first, second = stage.notes()
    assert first["Note_Content"].index("ayer\n") < first["Note_Content"].index("ayer, llegado tarde")
    assert "llegado tarde" not in second["Note_Content"]


def test_note_that_a_person_deleted_is_not_remade_before_the_next_message(stage, crm_writes):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.delete_note(stage.notes()[0]["id"])
    stage.advance(DAY + 60)
    stage.forget_calls()

    stage.tick()

    assert crm_writes() == []
    assert stage.notes() == []


def test_note_that_a_person_deleted_is_remade_in_full_with_the_next_message_of_its_day(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.delete_note(stage.notes()[0]["id"])
    uid = stage.receive("dos")

    summary = stage.tick()

    (note,) = stage.notes(stage.leads()[0]["id"])
    assert "uno" in note["Note_Content"]
    assert "dos" in note["Note_Content"]
    assert (stage.message(uid).note_id, summary["state"]) == (note["id"], "completed")


def test_note_of_the_past_that_a_person_deleted_stays_deleted(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.delete_note(stage.notes()[0]["id"])
    stage.advance(DAY)
    stage.receive("dos")

    stage.tick()

    (note,) = stage.notes()
    assert "uno" not in note["Note_Content"]


def test_words_a_person_added_to_a_note_stay_until_the_day_goes_on(stage, crm_writes):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    (note,) = stage.notes()
    stage.zoho.edit_note(note["id"], content=f"{note['Note_Content']}\nllamarla mañana")
    stage.advance(DAY + 60)
    stage.forget_calls()

    stage.tick()

    assert crm_writes() == []
    assert "llamarla mañana" in stage.notes()[0]["Note_Content"]


def test_messages_before_the_start_are_not_synced(stage):
    chat = stage.timelines.receive_message("la semana pasada", phone="+573004445566")["chat_id"]
    stage.advance(7 * DAY)
    stage.activate(start=stage.now().replace(microsecond=0))
    stage.receive("historia de otro", phone="+573001110000", at=stage.now().replace(hour=0))
    stage.tick()
    assert (stage.leads(), stage.notes()) == ([], [])
    stage.timelines.receive_message("hoy", chat_id=chat)

    stage.tick()

    (note,) = stage.notes()
    assert "hoy" in note["Note_Content"]
    assert "la semana pasada" not in note["Note_Content"]


def test_messages_since_a_start_in_the_past_are_synced(stage, today):
    stage.receive("hace tres días", at=stage.now() - timedelta(days=3))
    stage.receive("anteayer", at=stage.now() - timedelta(days=2))
    stage.receive("ayer", at=stage.now() - timedelta(days=1))
    stage.activate(start=stage.now() - timedelta(days=2, hours=1))

    stage.tick()

    before, yesterday = stage.notes(stage.leads()[0]["id"])
    assert (before["Note_Title"][-11:-1], yesterday["Note_Title"][-11:-1]) == (today(2), today(1))
    assert "hace tres días" not in before["Note_Content"]
