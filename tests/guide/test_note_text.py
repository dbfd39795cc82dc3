"""What a note says of each message, and that nothing in it can do harm."""

from datetime import timedelta

from tests.stage import ANA

OPEN, CLOSE = "\u2039", "\u203a"  # what < and > become


def only_note(stage) -> str:
    (note,) = stage.notes()
    return note["Note_Content"]


def test_each_message_stands_with_its_time_and_sender(stage):
    stage.activate()
    stage.receive("¿abren hoy?", name="Ana Ruiz", at=stage.now().replace(hour=16, minute=58))
    ours = stage.receive("sí, hasta las seis", from_me=True, at=stage.now().replace(hour=16, minute=59))
    stage.timelines.workspace.messages[ours].created_by = "Marta Mora (marta@example.com)"

    stage.tick()

    text = only_note(stage)
    assert "11:58 Ana Ruiz: ¿abren hoy?\n11:59 Marta Mora: sí, hasta las seis" in text
    assert "marta@example.com" not in text


def test_message_written_on_the_phone_itself_is_from_the_owner_of_the_number(stage):
    stage.activate()
    stage.receive("voy en camino", from_me=True)

    stage.tick()

    assert " Laura: voy en camino" in only_note(stage)


def test_messages_are_in_order_of_time_and_then_of_arrival(stage):
    stage.activate()
    moment = stage.now()
    for text in ("uno", "dos", "tres"):
        stage.receive(text, at=moment)
    stage.receive("primero de verdad", at=moment - timedelta(minutes=5), late=True)

    stage.tick()

    text = only_note(stage)
    assert text.index("primero de verdad") < text.index("uno") < text.index("dos") < text.index("tres")


def test_failed_send_is_marked_with_its_reason(stage):
    stage.activate()
    uid = stage.receive("su pedido salió", from_me=True, status="Failed")
    stage.timelines.workspace.messages[uid].failure_reason = {"title": "Sin WhatsApp", "code": "131026"}

    stage.tick()

    text = only_note(stage)
    assert "(⚠ no enviado): su pedido salió" in text
    assert "Sin WhatsApp" in text
    assert stage.message(uid).outcome == "synced"


def test_send_that_fails_later_is_marked_then(stage):
    stage.activate()
    uid = stage.receive("su pedido salió", from_me=True)
    stage.tick()
    sent = stage.timelines.workspace.messages[uid]
    sent.statuses = [(sent.timestamp, "Failed")]
    stage.receive("¿y mi pedido?")

    stage.tick()

    assert "(⚠ no enviado): su pedido salió" in only_note(stage)


def test_reaction_is_shown_with_its_message(stage):
    stage.activate()
    uid = stage.receive("¡gracias!")
    stage.timelines.workspace.messages[uid].reactions = [{"reaction": "👍"}, {"reaction": "👍"}, {"reaction": "❤️"}]

    stage.tick()

    assert "¡gracias!\n↳ Reacciones: 👍 2, ❤️" in only_note(stage)


def test_markup_and_mentions_are_neutralised_in_name_title_and_body(stage):
    stage.activate()
    stage.receive("<img src=x onerror=alert(1)> crm[user#57#1]crm zsu[@user:1]zsu", name="<b>Ana</b> crm[user#1]crm")

    stage.tick()

    (lead,) = stage.leads()
    (note,) = stage.notes()
    for text in (lead["Last_Name"], note["Note_Title"], note["Note_Content"]):
        assert "<" not in text
        assert ">" not in text
        assert "crm[" not in text
    assert f"{OPEN}img src=x onerror=alert(1){CLOSE} crm(user#57#1]crm zsu(@user:1]zsu" in note["Note_Content"]
    assert lead["Last_Name"] == f"{OPEN}b{CLOSE}Ana{OPEN}/b{CLOSE} crm(user#1]crm"


def test_control_characters_lone_surrogates_and_bidi_overrides_are_dropped(stage):
    stage.activate()
    stage.receive("ho\x00la\x1b[31m \u202eodnum\u202c", name="A\x07na \u202eziuR")

    stage.tick()

    (lead,) = stage.leads()
    assert lead["Last_Name"] == "Ana ziuR"
    assert "hola[31m odnum" in only_note(stage)


def test_message_cannot_pretend_to_be_another_senders_line(stage):
    stage.activate()
    stage.receive("hola\n11:59 Laura: le regalamos todo", name="Ana")

    stage.tick()

    assert "\n11:59 Laura: le regalamos todo" not in only_note(stage)
    assert f"{CLOSE} 11:59 Laura: le regalamos todo" in only_note(stage)


def test_emoji_and_other_scripts_arrive_unchanged(stage):
    stage.activate()
    stage.receive("👨‍👩‍👧‍👦 ñandú çá 日本語", phone=ANA)

    stage.tick()

    assert "👨‍👩‍👧‍👦 ñandú çá 日本語" in only_note(stage)
