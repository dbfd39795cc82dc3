# ruff: noqa: RUF001 - look-alike characters are what is tested
from datetime import UTC, date, datetime

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chatledger.delivery.wording import load_wording
from chatledger.transcript import clean, local_date, note_title, units

DAY = date(2026, 3, 7)
FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", "Chat de WhatsApp con Ana Pérez (07/03/2026)"),
        ("en", "WhatsApp chat with Ana Pérez (07/03/2026)"),
        ("pt", "Chat do WhatsApp com Ana Pérez (07/03/2026)"),
    ],
)
def test_the_title_names_contact_and_day_in_each_language(language, expected):
    assert note_title(load_wording(language), "Ana Pérez", "+573001112233", DAY, 1) == expected
    assert note_title(load_wording(language), "Ana Pérez", "+573001112233", DAY, 3) == f"{expected} · 3"


def test_white_space_in_the_name_is_collapsed(es):
    assert note_title(es, "  Ana \n\t Pérez\u00a0 ", "+57300", DAY, 1) == "Chat de WhatsApp con Ana Pérez (07/03/2026)"


@pytest.mark.parametrize("name", ["", "   ", "\n\t", "\u00a0\u3000", "\u200b\u200e", "\u3164", "\x00"])
def test_a_name_of_which_nothing_is_visible_gives_way_to_the_phone(es, name):
    assert note_title(es, name, "+573001112233", DAY, 1) == "Chat de WhatsApp con +573001112233 (07/03/2026)"


def test_without_name_and_phone_a_word_stands_in(es):
    assert note_title(es, " ", "", DAY, 1) == "Chat de WhatsApp con Contacto (07/03/2026)"


def test_braces_and_markup_in_a_name_stay_text(es):
    assert note_title(es, "{date} <b> crm[user#1]crm", "", DAY, 1) == (
        "Chat de WhatsApp con {date} ‹b› crm(user#1]crm (07/03/2026)"
    )


@pytest.mark.parametrize("part", [1, 2, 137])
def test_a_long_name_is_shortened_between_graphemes_and_date_and_part_stay(es, part):
    title = note_title(es, FAMILY * 40, "", DAY, part)
    name = title.removeprefix("Chat de WhatsApp con ").partition(" (")[0]

    assert units(title) <= 120
    assert title.endswith("(07/03/2026)" + (f" · {part}" if part > 1 else ""))
    assert set(regex.findall(r"\X", name)) == {FAMILY, "…"}


def test_a_name_that_just_fits_is_not_shortened(es):
    frame = units(note_title(es, "A", "", DAY, 1)) - 1

    assert "A" * (120 - frame) in note_title(es, "A" * (120 - frame), "", DAY, 1)
    assert units(note_title(es, "A" * (121 - frame), "", DAY, 1)) == 120


@given(st.text(st.characters()), st.sampled_from(["es", "en", "pt"]), st.integers(1, 9999), st.dates())
def test_every_title_fits_is_clean_and_keeps_its_date(name, language, part, day):
    title = note_title(load_wording(language), name, "+57300", day, part)

    assert units(title) <= 120
    assert clean(title) == title
    assert "\n" not in title
    assert title.endswith(f"({day.day:02d}/{day.month:02d}/{day.year:04d})" + (f" · {part}" if part > 1 else ""))


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("America/Bogota", datetime(2026, 3, 8, 4, 59, 59, tzinfo=UTC), date(2026, 3, 7)),
        ("America/Bogota", datetime(2026, 3, 8, 5, 0, tzinfo=UTC), date(2026, 3, 8)),
        # spring forward at midnight: the day began at 01:00
        ("America/Sao_Paulo", datetime(2018, 11, 4, 2, 59, 59, tzinfo=UTC), date(2018, 11, 3)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, 0, tzinfo=UTC), date(2018, 11, 4)),
        ("America/Sao_Paulo", datetime(2018, 11, 5, 1, 59, 59, tzinfo=UTC), date(2018, 11, 4)),
        # fall back at midnight: the last hour of the day came twice
        ("America/Sao_Paulo", datetime(2019, 2, 17, 2, 59, 59, tzinfo=UTC), date(2019, 2, 16)),
        ("America/Sao_Paulo", datetime(2019, 2, 17, 3, 0, tzinfo=UTC), date(2019, 2, 17)),
        # no daylight saving in Brazil any more
        ("America/Sao_Paulo", datetime(2026, 1, 1, 2, 59, 59, tzinfo=UTC), date(2025, 12, 31)),
        ("Europe/Madrid", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Madrid", datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Madrid", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        ("Europe/Madrid", datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), date(2026, 10, 25)),
        ("America/New_York", datetime(2026, 3, 9, 3, 59, 59, tzinfo=UTC), date(2026, 3, 8)),
        ("America/New_York", datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC), date(2026, 11, 1)),
        ("America/New_York", datetime(2026, 11, 2, 5, 0, tzinfo=UTC), date(2026, 11, 2)),
    ],
)
def test_the_day_is_the_calendar_day_of_the_zone(zone, instant, expected):
    assert local_date(instant, zone) == expected
