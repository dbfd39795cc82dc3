from datetime import UTC, datetime, timedelta

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chatledger.delivery.wording import load_wording
from chatledger.models import Direction, Message
from chatledger.transcript import Part, clean, day_parts, note_parts, units

FAMILY = "👨‍👩‍👧‍👦"
HEADER = "Chat en TimelinesAI: https://app.timelines.ai/chat/1\n\n"
START = regex.compile(r"(?m)^\d\d:\d\d Ana( \(continuación\))?: ")
LETTERS = st.characters(exclude_categories=["Cs"])
CHUNKS = st.one_of(st.text(LETTERS), st.sampled_from(["\n", "\n9:41 Ana: ", FAMILY, "\u200d", "\u0301", "crm[", "🇨🇴", "א"]))
TEXTS = st.builds("".join, st.lists(CHUNKS, max_size=8))
DAYS = st.lists(st.one_of(TEXTS, st.builds(lambda text, times: text * times, TEXTS, st.integers(1, 60))), max_size=12)


def messages(texts: list[str]) -> list[Message]:
    midnight = datetime(2026, 3, 12, 5, tzinfo=UTC)
    return [
        Message(f"uid-{n}", 1, midnight + timedelta(minutes=n), "whatsapp", Direction.INCOMING, text)
        for n, text in enumerate(texts)
    ]


def bodies(said: list[Message], limit: int = 65_535) -> list[str]:
    return day_parts(
        load_wording("es"),
        said,
        chat_url="https://app.timelines.ai/chat/1",
        contact="Ana",
        owner="",
        zone="America/Bogota",
        limit=limit,
    )


def pieces(parts: list[str]) -> str:
    """What the parts say, with headers, starts of continued pieces and isolates taken away."""
    told = "\n".join(part.removeprefix(HEADER) for part in parts)
    joined = regex.sub(r"\n\d\d:\d\d Ana \(continuación\): ", "", told)
    return joined.replace("\u2068", "").replace("\u2069", "")


@given(DAYS, st.integers(150, 400))
def test_every_part_fits_is_clean_and_names_the_chat(texts, limit):
    for body in bodies(messages(texts), limit):
        assert units(body) <= limit
        assert body.startswith(HEADER)
        assert clean(body) == body.replace("\u2068", "").replace("\u2069", "")


@given(DAYS, st.integers(150, 400))
def test_no_character_of_a_message_is_lost_by_splitting(texts, limit):
    said = messages(texts)

    assert pieces(bodies(said, limit)) == pieces(bodies(said))
    assert len(bodies(said)) == bool(texts)


@given(TEXTS.filter(lambda text: ":" not in text))
def test_a_text_stands_in_the_note_as_it_was_cleaned(text):
    assert clean(f"¡{text}!") in pieces(bodies(messages([f"¡{text}!"])))


@given(DAYS, st.integers(150, 400))
def test_the_same_messages_give_the_same_parts(texts, limit):
    assert bodies(messages(texts), limit) == bodies(messages(texts), limit)


@given(DAYS.filter(bool), st.integers(150, 400))
def test_a_newer_message_leaves_the_complete_parts_as_they_were(texts, limit):
    before, after = bodies(messages(texts[:-1]), limit), bodies(messages(texts), limit)

    assert len(after) >= len(before)
    assert all(new == old for new, old in zip(after, before[:-1], strict=False))
    assert all(new.startswith(old) for new, old in zip(after, before, strict=False))


def test_a_day_of_seventy_thousand_characters_takes_two_parts():
    said = messages(["x" * 698] * 100)

    first, second = bodies(said)

    assert units(first) <= 65_535 < units(first) + 698 + len("\n00:00 Ana: ")
    assert first.endswith("x" * 698)
    assert len(START.findall(first)) + len(START.findall(second)) == 100
    assert "continuación" not in first + second


def test_a_message_of_seventy_thousand_characters_continues_in_the_next_part():
    first, second = bodies(messages(["a" * 70_000, "y después"]))

    assert first.startswith(f"{HEADER}00:00 Ana: aaa")
    assert second.startswith(f"{HEADER}00:00 Ana (continuación): aaa")
    assert second.endswith("a\n00:01 Ana: y después")
    assert first.count("a") + second.count("a") == 70_000 + (HEADER + HEADER + "Ana Ana continuación Ana").count("a")


def test_lengths_are_counted_in_utf_16_units():
    parts = bodies(messages(["👍" * 40_000]))

    assert len(parts) == 2
    assert all(len(part) < units(part) <= 65_535 for part in parts)


@pytest.mark.parametrize("cluster", [FAMILY, "🇨🇴", "👍🏽", "e\u0301", "❤️", "🇨🇴\u200d", "한", "क्षि"])
def test_a_grapheme_is_never_cut(cluster):
    parts = bodies(messages([cluster * 9_000]), limit=2_000)
    told = [START.sub("", part.removeprefix(HEADER)) for part in parts]

    assert len(parts) > 4
    assert "".join(told) == cluster * 9_000
    assert {piece.replace(cluster, "") for piece in told} == {""}


def test_a_grapheme_longer_than_a_note_is_cut_all_the_same():
    parts = bodies(messages(["e" + "\u0301" * 3_000]), limit=1_000)

    assert all(units(part) <= 1_000 for part in parts)
    assert sum(part.count("\u0301") for part in parts) == 3_000


def test_a_message_that_fits_exactly_stays_in_the_part():
    room = 300 - len(HEADER) - len("00:00 Ana: ")
    assert [units(body) for body in bodies(messages(["x" * room]), limit=300)] == [300]
    assert len(bodies(messages(["x" * (room + 1)]), limit=300)) == 2


def test_a_limit_without_room_for_a_message_is_refused():
    with pytest.raises(ValueError, match="holds no message"):
        bodies(messages(["x" * 100]), limit=80)


def test_a_part_names_the_messages_it_shows_and_a_cut_one_in_each_part():
    said = messages(["first", "a" * 400, "last"])
    stated = {
        "chat_url": "https://app.timelines.ai/chat/1",
        "contact": "Ana",
        "owner": "",
        "zone": "America/Bogota",
        "limit": 350,
    }

    parts = note_parts(load_wording("es"), [said[2], said[0], said[1]], **stated)

    assert [part.uids for part in parts] == [("uid-0",), ("uid-1",), ("uid-1", "uid-2")]
    assert parts == [Part(body, part.uids) for body, part in zip(bodies(said, 350), parts, strict=True)]
