# ruff: noqa: RUF001 - look-alike characters are what is tested
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chatledger.delivery.wording import load_wording
from chatledger.models import Attachment
from chatledger.transcript import day_parts

CHAT_URL = "https://app.timelines.ai/chat/27616435/messages/"


def test_a_note_starts_with_the_chat_and_lists_time_sender_and_text(parts, written):
    said = [written("Hola"), written("Buenos días", minute=5, outgoing=True, agent="Lucía Gómez (lucia@acme.co)")]

    assert parts(said) == [
        "Chat en TimelinesAI: https://app.timelines.ai/chat/27616435/messages/\n"
        "\n"
        "09:00 Ana Pérez: Hola\n"
        "09:05 Lucía Gómez: Buenos días",
    ]


def test_without_messages_there_is_no_note(parts):
    assert parts([]) == []


@pytest.mark.parametrize(
    ("agent", "owner", "expected"),
    [
        ("Lucía (lucia@acme.co)", "Laura", "Lucía"),
        ("Lucía (ventas)", "Laura", "Lucía (ventas)"),
        ("lucia@acme.co", "Laura", "lucia@acme.co"),
        ("  ", "Laura", "Laura"),
        ("", "", "Nosotros"),
    ],
)
def test_an_outgoing_message_names_the_agent_then_the_owner_then_us(lines, written, agent, owner, expected):
    assert lines(written("Hola", outgoing=True, agent=agent), owner=owner) == [f"09:00 {expected}: Hola"]


@pytest.mark.parametrize(
    ("contact", "sender_name", "expected"),
    [("Ana", "Anita", "Ana"), (" \u200b", "Anita", "Anita"), ("", "", "Contacto")],
)
def test_an_incoming_message_never_names_an_agent(lines, written, contact, sender_name, expected):
    said = written("Hola", agent="Lucía (lucia@acme.co)", sender_name=sender_name)

    assert lines(said, contact=contact) == [f"09:00 {expected}: Hola"]


def test_messages_stand_in_order_of_timestamp_then_of_arrival(lines, written):
    arrived = [written("tres", minute=9), written("uno", minute=1), written("dos a", minute=4), written("dos b", minute=4)]

    assert [line.partition(": ")[2] for line in lines(*arrived)] == ["uno", "dos a", "dos b", "tres"]


def test_the_hour_that_comes_twice_is_ordered_by_instant(lines, written):
    new_york = ZoneInfo("America/New_York")
    before = datetime(2026, 11, 1, 1, 50, fold=0, tzinfo=new_york)
    after = datetime(2026, 11, 1, 1, 10, fold=1, tzinfo=new_york)
    said = (written("después", timestamp=after), written("antes", timestamp=before))

    assert lines(*said, zone="America/New_York") == ["01:50 Ana Pérez: antes", "01:10 Ana Pérez: después"]


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("Europe/Madrid", datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "01:59"),
        ("Europe/Madrid", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "03:00"),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, 0, tzinfo=UTC), "01:00"),
        ("America/New_York", datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "23:59"),
    ],
)
def test_the_time_is_the_wall_clock_of_the_zone(lines, written, zone, instant, expected):
    assert lines(written("Hola", timestamp=instant), zone=zone) == [f"{expected} Ana Pérez: Hola"]


def test_a_text_keeps_its_lines(lines, written):
    assert lines(written("Quiero:\n- uno\n\n  - dos")) == ["09:00 Ana Pérez: Quiero:", "- uno", "", "  - dos"]


@pytest.mark.parametrize("pretended", ["09:01 Laura: acepto", " \u200b9:01 Laura: sí", "📎 Archivo: a.pdf", "⚠ x", "↳ x"])
def test_a_line_of_a_text_never_looks_like_one_of_ours(lines, written, pretended):
    assert lines(written(f"Hola\n{pretended}")) == ["09:00 Ana Pérez: Hola", f"› {pretended}"]


def test_markup_and_mentions_arrive_as_text_wherever_they_come_from(lines, written):
    nasty = "<b>crm[user#1]crm"
    said = written(nasty, attachments=(Attachment(filename=nasty),), outgoing=True, agent=nasty, reactions={nasty: 1})

    assert lines(said) == [
        "09:00 ‹b›crm(user#1]crm: ‹b›crm(user#1]crm",
        "📎 Archivo: ‹b›crm(user#1]crm",
        "↳ Reacciones: ‹b›crm(user#1]crm",
    ]


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (Attachment("factura.pdf", size=123_456, mimetype="application/pdf"), "📎 Archivo: factura.pdf (120,6 KB)"),
        (Attachment("foto.jpg", size=2_621_440, mimetype="image/jpeg"), "📎 Imagen: foto.jpg (2,5 MB)"),
        (Attachment("v.mp4", size=0, mimetype="video/mp4"), "📎 Video: v.mp4 (0 B)"),
        (Attachment("ptt.ogg", mimetype="audio/ogg; codecs=opus"), "📎 Mensaje de voz: ptt.ogg"),
        (Attachment("song.mp3", mimetype="AUDIO/MPEG"), "📎 Audio: song.mp3"),
        (Attachment(" \n"), "📎 Archivo: sin nombre"),
        (Attachment("dos\nlíneas.txt"), "📎 Archivo: dos líneas.txt"),
    ],
)
def test_an_attachment_is_named_at_its_message(lines, written, attachment, expected):
    assert lines(written("Mira", attachments=(attachment,))) == ["09:00 Ana Pérez: Mira", expected]
    assert lines(written("", attachments=(attachment,))) == [f"09:00 Ana Pérez: {expected}"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("too_big", "no adjuntado: pesa más de 20 MB"), ("never heard of", "no adjuntado")],
)
def test_an_attachment_that_was_not_uploaded_says_why(lines, written, reason, expected):
    said = written("", attachments=(Attachment("a.zip"), Attachment("b.zip")))

    assert lines(said, remarks={(said.uid, "b.zip"): reason}) == [
        "09:00 Ana Pérez: 📎 Archivo: a.zip",
        f"📎 Archivo: b.zip; {expected}",
    ]


def test_a_failed_send_is_marked_with_its_reason(lines, written):
    said = written("Hola", outgoing=True, status="Failed", failure="131026\nMessage undeliverable")

    assert lines(said) == ["09:00 Laura (⚠ no enviado): Hola", "⚠ Motivo: 131026 Message undeliverable"]


def test_a_failed_send_without_a_reason_is_marked_all_the_same(lines, written):
    assert lines(written("Hola", outgoing=True, status="failed")) == ["09:00 Laura (⚠ no enviado): Hola"]


@pytest.mark.parametrize("details", [{"status": "Failed"}, {"outgoing": True, "status": "Delivered"}])
def test_only_an_outgoing_failed_message_is_marked(lines, written, details):
    assert "⚠" not in "\n".join(lines(written("Hola", failure="whatever", **details)))


def test_reactions_are_listed_alike_in_whatever_order_they_are_reported(lines, written):
    counted = {"👍": 1, "❤️": 2, "😮": 0, "": 3}
    expected = ["09:00 Ana Pérez: Hola", "↳ Reacciones: ❤️ 2, 👍"]

    assert lines(written("Hola", reactions=counted)) == expected
    assert lines(written("Hola", reactions=dict(reversed(counted.items())))) == expected


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "\u200b"])
def test_a_message_without_visible_content_says_so(lines, written, text):
    assert lines(written(text)) == ["09:00 Ana Pérez: (sin contenido visible)"]


def test_right_to_left_lines_are_isolated_each_for_itself(lines, written):
    assert lines(written("שלום\nhola\nمرحبا 123"), contact="דנה") == [
        "09:00 \u2068דנה\u2069: \u2068שלום\u2069",
        "hola",
        "\u2068مرحبا 123\u2069",
    ]


def test_the_right_to_left_override_of_a_file_name_is_dropped(lines, written):
    assert lines(written("", attachments=(Attachment("factura\u202efdp.exe"),))) == [
        "09:00 Ana Pérez: 📎 Archivo: facturafdp.exe",
    ]


def test_a_very_long_sender_is_shortened(lines, written):
    (line,) = lines(written("Hola"), contact="A" * 70_000)

    assert line == f"09:00 {'A' * 79}…: Hola"


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_the_chat_stands_in_the_first_two_hundred_characters_in_each_language(written, language):
    bodies = day_parts(
        load_wording(language),
        [
            written("x" * 400, minute=minute, timestamp=datetime(2026, 3, 12, tzinfo=UTC) + timedelta(minutes=minute))
            for minute in range(9)
        ],
        chat_url=CHAT_URL,
        contact="Ana",
        owner="",
        zone="America/Bogota",
        limit=1_000,
    )

    assert len(bodies) > 3
    assert all(CHAT_URL in body[:200] for body in bodies)
