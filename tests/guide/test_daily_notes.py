"""One note per chat and day: its title, its day, its link."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.stage import ANA, NUMBER, OTHER_NUMBER

DAY = 86_400


def test_all_messages_of_a_chats_day_share_one_note(stage):
    stage.activate()
    for number in range(5):
        stage.receive(f"mensaje {number}", from_me=number % 2 == 1)
        stage.advance(600)
        stage.tick()

    (note,) = stage.notes()
    places = [note["Note_Content"].index(f"mensaje {number}") for number in range(5)]
    assert places == sorted(places)


def test_conversation_that_goes_on_another_day_gets_another_note(stage, today):
    stage.activate()
    stage.receive("el lunes")
    stage.tick()
    stage.advance(DAY)
    stage.receive("el martes")

    summary = stage.tick()

    monday, tuesday = stage.notes(stage.leads()[0]["id"])
    assert monday["Note_Title"].endswith(f"({today(1)})")
    assert tuesday["Note_Title"].endswith(f"({today()})")
    assert "el martes" not in monday["Note_Content"]
    assert "el lunes" not in tuesday["Note_Content"]
    assert summary["notes"] == {"created": 1, "updated": 0, "unchanged": 0}


def test_messages_around_midnight_belong_to_the_day_of_the_configured_time_zone(stage):
    stage.activate(start=datetime(2026, 3, 1, tzinfo=UTC), timezone="America/Bogota")
    chat = stage.timelines.receive_message("antes", phone=ANA, at="2026-03-11T04:59:59+00:00")["chat_id"]
    stage.timelines.receive_message("después", chat_id=chat, at="2026-03-11T05:00:00+00:00")

    stage.tick()

    assert [(note["Note_Title"][-12:], "antes" in note["Note_Content"]) for note in stage.notes()] == [
        ("(10/03/2026)", True),
        ("(11/03/2026)", False),
    ]


def test_day_on_which_the_clocks_change_has_25_hours_and_one_note(stage):
    stage.activate(start=datetime(2025, 11, 1, tzinfo=UTC), timezone="America/New_York")
    first = datetime(2025, 11, 2, 4, 5, tzinfo=UTC)  # 00:05 in summer time
    chat = stage.timelines.receive_message("primero", phone=ANA, at=first)["chat_id"]
    stage.timelines.receive_message("último", chat_id=chat, at=first + timedelta(hours=24))
    stage.timelines.receive_message("el día siguiente", chat_id=chat, at=first + timedelta(hours=25))

    stage.tick()

    sunday, monday = stage.notes()
    assert sunday["Note_Title"].endswith("(02/11/2025)")
    assert monday["Note_Title"].endswith("(03/11/2025)")
    assert "00:05" in sunday["Note_Content"]
    assert "23:05" in sunday["Note_Content"]
    assert "el día siguiente" not in sunday["Note_Content"]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("es", "Chat de WhatsApp con Ana Ruiz ({date})"),
        ("en", "WhatsApp chat with Ana Ruiz ({date})"),
        ("pt", "Chat do WhatsApp com Ana Ruiz ({date})"),
    ],
)
def test_title_names_contact_and_date_in_the_chosen_language(stage, today, language, title):
    stage.activate(language=language)
    stage.receive(name="  Ana \n Ruiz ")

    stage.tick()

    (note,) = stage.notes()
    assert note["Note_Title"] == title.format(date=today())


def test_title_names_the_number_of_a_contact_without_a_name(stage, today):
    stage.activate()
    stage.receive(name=" ")

    stage.tick()

    assert stage.notes()[0]["Note_Title"] == f"Chat de WhatsApp con {ANA} ({today()})"


def test_title_that_is_too_long_loses_part_of_the_name_and_never_the_date(stage, today):
    stage.activate()
    stage.receive(name="Compañía de Repuestos y Accesorios " * 10)

    stage.tick()

    title = stage.notes()[0]["Note_Title"]
    assert len(title) <= 120
    assert title.startswith("Chat de WhatsApp con Compañía de Repuestos y Accesorios")
    assert title.endswith(f"… ({today()})")


def test_note_is_never_retitled_and_the_next_day_takes_the_new_name(stage):
    stage.activate()
    chat = stage.timelines.receive_message("hola", phone=ANA, name="Ana")["chat_id"]
    stage.tick()
    stage.timelines.edit_chat(chat, name="Ana Ruiz de Gil")
    stage.receive("sigo aquí")
    stage.tick()
    stage.advance(DAY)
    stage.receive("buenos días")

    stage.tick()

    first, second = [note["Note_Title"] for note in stage.notes()]
    assert first.startswith("Chat de WhatsApp con Ana (")
    assert second.startswith("Chat de WhatsApp con Ana Ruiz de Gil (")


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_note_holds_the_absolute_link_to_its_own_chat(stage, form):
    stage.timelines.faults.chat_url = form
    stage.activate()
    ids = [stage.timelines.receive_message("hola", phone=ANA, account=each)["chat_id"] for each in (NUMBER, OTHER_NUMBER)]

    stage.tick()

    first_lines = {note["Note_Content"].split("\n")[0] for note in stage.notes()}
    assert first_lines == {f"Chat en TimelinesAI: {stage.timelines_url}/chat/{chat}/messages/" for chat in ids}


def test_day_that_outgrows_a_note_continues_in_a_second_one(stage):
    stage.activate()
    for number in range(10):
        stage.receive(f"[{number}] " + "x" * 6_990 + f" fin{number}")

    stage.tick()

    first, second = stage.notes(stage.leads()[0]["id"])
    assert second["Note_Title"] == f"{first['Note_Title']} · 2"
    assert all(len(note["Note_Content"]) <= 65_535 for note in (first, second))
    for number in range(10):  # every message stands whole in exactly one of the two
        holders = [note for note in (first, second) if f"[{number}] " in note["Note_Content"]]
        assert [f"fin{number}" in note["Note_Content"] for note in holders] == [True]


def test_single_message_longer_than_a_note_is_cut_between_whole_characters(stage):
    stage.activate()
    stage.receive("👩‍👩‍👧" * 10_000)  # 80,000 units of UTF-16

    stage.tick()

    first, second = stage.notes()
    assert first["Note_Content"].count("👩‍👩‍👧") + second["Note_Content"].count("👩‍👩‍👧") == 10_000
    assert first["Note_Content"].endswith("👩‍👩‍👧")
    assert "(continuación): 👩‍👩‍👧" in second["Note_Content"]


def test_further_message_of_a_long_day_changes_only_the_last_part(stage):
    stage.activate()
    stage.receive("x" * 60_000)
    stage.receive("y" * 10_000)
    stage.tick()
    stage.receive("z")

    summary = stage.tick()

    assert summary["notes"] == {"created": 0, "updated": 1, "unchanged": 1}
    assert stage.notes()[1]["Note_Content"].endswith("z")
