from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.chat_export import ChatExport, ExportedMessage, read_chat_export

BOGOTA = ZoneInfo("America/Bogota")
NEW_YEARS_EVE = datetime(2024, 12, 31, 22, 15, tzinfo=BOGOTA)

VARIANTS = {
    "Android en-US": "12/31/24, 10:15 PM - Ana: hello",
    "Android en-US with a narrow space": "12/31/24, 10:15\u202fPM - Ana: hello",
    "Android en-IN, lower case": "31/12/24, 10:15 pm - Ana: hello",
    "Android en-GB": "31/12/2024, 22:15 - Ana: hello",
    "Android es-ES": "31/12/24, 22:15 - Ana: hello",
    "Android es-CO": "31/12/24, 10:15 p.\u00a0m. - Ana: hello",
    "Android es-MX": "31/12/2024, 10:15 p.m. - Ana: hello",
    "Android pt-BR, without a comma": "31/12/2024 22:15 - Ana: hello",
    "Android de": "31.12.24, 22:15 - Ana: hello",
    "Android nl": "31-12-2024 22:15 - Ana: hello",
    "Android sv, year first": "2024-12-31 22:15 - Ana: hello",
    "iOS en-US": "[12/31/24, 10:15:00\u202fPM] Ana: hello",
    "iOS es-CO": "[31/12/24, 10:15:00\u202fp.\u00a0m.] Ana: hello",
    "iOS es-ES": "[31/12/24, 22:15:00] Ana: hello",
    "iOS pt-BR": "[31/12/2024, 22:15:00] Ana: hello",
    "iOS pt-PT, without a comma": "[31/12/24 22:15:00] Ana: hello",
    "iOS with marks": "\ufeff\u200e[31/12/24, 22:15:00] ~\u202fAna: \u200ehello",
    "iOS fi, dots": "[31.12.2024 22.15.00] Ana: hello",
}


def texts(export: ChatExport) -> list[str]:
    return [message.text for message in export.messages]


@pytest.mark.parametrize("line", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_reads_as_the_same_message(line):
    assert read_chat_export(line).messages == [ExportedMessage(NEW_YEARS_EVE, "Ana", "hello")]


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("12:05 AM", 0), ("1:05 a. m.", 1), ("12:05 p.m.", 12), ("11:05 PM", 23), ("0:05", 0), ("23:05", 23)],
)
def test_the_half_of_the_day_is_understood(clock, hour):
    (message,) = read_chat_export(f"31/12/24, {clock} - Ana: x").messages
    assert (message.at.hour, message.at.minute) == (hour, 5)


def test_a_number_above_twelve_anywhere_settles_the_order_of_the_whole_file():
    export = read_chat_export("4/3/24, 9:00 AM - Ana: a\n4/13/24, 9:00 AM - Ana: b")
    assert [(message.at.month, message.at.day) for message in export.messages] == [(4, 3), (4, 13)]


def test_without_such_a_number_the_order_that_does_not_run_backwards_is_taken():
    export = read_chat_export("1/2/24, 09:00 - Ana: a\n1/3/24, 09:00 - Ana: b\n2/1/24, 09:00 - Ana: c")
    assert [(message.at.month, message.at.day) for message in export.messages] == [(1, 2), (1, 3), (2, 1)]


@pytest.mark.parametrize(("hint", "month"), [(None, 4), (True, 4), (False, 3)])
def test_where_both_orders_are_possible_the_hint_decides_and_else_the_day_is_first(hint, month):
    (message,) = read_chat_export("3/4/24, 09:00 - Ana: a", day_first=hint).messages
    assert message.at.month == month


def test_the_file_outweighs_the_hint():
    (message,) = read_chat_export("31/12/24, 09:00 - Ana: a", day_first=False).messages
    assert message.at.month == 12


def test_clock_times_are_those_of_the_given_zone():
    (message,) = read_chat_export("31/12/24, 22:15 - Ana: a", zone="Europe/Madrid").messages
    assert message.at == datetime(2024, 12, 31, 22, 15, tzinfo=ZoneInfo("Europe/Madrid"))


def test_a_message_goes_on_until_the_next_header():
    export = read_chat_export(
        "31/12/24, 09:00 - Ana: one\n\nthree: 3\n31/12/24 is a date - not a header\n31/12/24, 09:01 - Yo: b\n"
    )
    assert texts(export) == ["one\n\nthree: 3\n31/12/24 is a date - not a header", "b"]


def test_an_impossible_date_inside_a_message_is_part_of_it():
    assert texts(read_chat_export("31/12/24, 09:00 - Ana: see\n99/99/24, 09:00 - X: y")) == ["see\n99/99/24, 09:00 - X: y"]


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert texts(read_chat_export("\ufeff31/12/24, 09:00 - Ana: one\r\ntwo\r\n31/12/24, 09:01 - Yo: b\r\n")) == [
        "one\ntwo",
        "b",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "IMG-2024.jpg (file attached)",
        "\u200eIMG-2024.jpg (archivo adjunto)",
        "\u200eIMG-2024.jpg (arquivo anexado)",
        "\u200e<attached: IMG-2024.jpg>",
        "\u200e<adjunto: IMG-2024.jpg>",
        "\u200e<anexado: IMG-2024.jpg>",
    ],
)
def test_an_attached_file_is_named(said):
    (message,) = read_chat_export(f"31/12/24, 09:00 - Ana: {said}").messages
    assert (message.text, message.attachment_name) == ("", "IMG-2024.jpg")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("<Media omitted>", "Media omitted"),
        ("<Multimedia omitido>", "Multimedia omitido"),
        ("<Mídia oculta>", "Mídia oculta"),
        ("\u200eimage omitted", "image omitted"),
        ("\u200eimagen omitida", "imagen omitida"),
        ("\u200eáudio ocultado", "áudio ocultado"),
    ],
)
def test_a_file_that_was_left_out_keeps_the_exports_words_as_its_name(said, name):
    (message,) = read_chat_export(f"31/12/24, 09:00 - Ana: {said}").messages
    assert (message.text, message.attachment_name) == ("", name)


def test_a_caption_is_kept_before_or_after_its_file():
    export = read_chat_export(
        "31/12/24, 09:00 - Ana: IMG-1.jpg (file attached)\nlook\n"
        "31/12/24, 09:01 - Ana: look \u200e<attached: 0001-PHOTO.jpg>\n"
        "31/12/24, 09:02 - Ana: <Media omitted>\nlook"
    )
    assert [(message.text, message.attachment_name) for message in export.messages] == [
        ("look", "IMG-1.jpg"),
        ("look", "0001-PHOTO.jpg"),
        ("look", "Media omitted"),
    ]


def test_words_about_files_inside_a_sentence_are_text():
    export = read_chat_export(
        "31/12/24, 09:00 - Ana: see below\nIMG-1.jpg (file attached)\n31/12/24, 09:01 - Ana: image omitted? why"
    )
    assert [(message.text, message.attachment_name) for message in export.messages] == [
        ("see below\nIMG-1.jpg (file attached)", None),
        ("image omitted? why", None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "31/12/24, 09:00 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        "31/12/24, 09:00 - Los mensajes y las llamadas están cifrados de extremo a extremo.",
        "31/12/24, 09:00 - As mensagens e as chamadas são protegidas com a criptografia de ponta a ponta.",
        '31/12/24, 09:00 - Ana changed the subject from "Fair" to "Fair: Monday"',
        "[31/12/24, 09:00:00] Ana: \u200eMessages and calls are end-to-end encrypted.",
        "[31/12/24, 09:00:00] Ana: \u200eMissed voice call, \u200eTap to call back",
        "31/12/24, 09:00 - Ana: This message was deleted",
        "31/12/24, 09:00 - Yo: Eliminaste este mensaje.",
        "[31/12/24, 09:00:00] Ana: \u200eMensagem apagada",
    ],
)
def test_notices_and_deleted_messages_are_dropped_and_counted(line):
    export = read_chat_export(line + "\n31/12/24, 09:01 - Ana: hello")
    assert (texts(export), export.dropped) == (["hello"], 1)


def test_a_person_may_write_about_encryption_and_deleted_messages():
    said = ["¿esto va cifrado de extremo a extremo?", "why: This message was deleted"]
    assert texts(read_chat_export("\n".join(f"31/12/24, 09:00 - Ana: {text}" for text in said))) == said


@pytest.mark.parametrize("mark", ["<This message was edited>", "\u200e<Se editó este mensaje.>", "<Mensagem editada>"])
def test_the_mark_of_an_edited_message_is_taken_off(mark):
    assert texts(read_chat_export(f"31/12/24, 09:00 - Ana: corrected {mark}")) == ["corrected"]


def test_phone_numbers_and_emoji_are_senders_too():
    export = read_chat_export(
        "31/12/24, 09:00 - +57 310 5550101: a\n31/12/24, 09:01 - 🌵 El Ñero 👨‍👩‍👧: b\n31/12/24, 09:02 - Ana:"
    )
    assert export.senders == ["+57 310 5550101", "🌵 El Ñero 👨‍👩‍👧", "Ana"]
    assert texts(export) == ["a", "b", ""]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1"),
        ("\n\nDear diary", "line 3"),
        ("31/12/24, 09:00 - Ana: a\n12/31/24, 09:00 - Ana: b", "line 2"),
        ("31/12/24, 09:00 - Ana: a\n31/02/24, 09:00 - Ana: b", "line 2"),
    ],
)
def test_the_first_line_that_cannot_be_read_is_named_without_its_words(text, line):
    with pytest.raises(ValueError, match=line) as refused:
        read_chat_export(text)
    assert "diary" not in str(refused.value)
