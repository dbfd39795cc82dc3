"""Comparing is pure: what is written where is decided by what each system holds."""

from pathlib import Path

import pytest

from chatledger.delivery.comparing import FindingKind, ShownMessage, Standing, compare_day, plain_lines, shares
from chatledger.ledger.verification_words import findings_in_words, standings_in_words

HEADER = ["Chat en TimelinesAI: https://app.timelines.ai/chat/1/messages/"]


def shown(uid, *lines, due=True):
    return ShownMessage(uid, lines, due)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\n\nb", ["a", "b"]),
        ("a<br>b<div>c</div>d", ["a", "bc", "d"]),
        ("<div>10:01 Ana: hola&nbsp;&nbsp;tú</div><div><br></div>", ["10:01 Ana: hola tú"]),
        ("Tom &amp; Ana &amp;lt;3", ["Tom & Ana <3"]),
        ("", []),
    ],
)
def test_markup_spaces_and_empty_lines_are_nothing(text, lines):
    assert plain_lines(text) == lines


def test_message_without_its_lines_is_missing_and_nothing_else_is_said():
    found = compare_day([shown("1", "a"), shown("2", "b")], HEADER, [*HEADER, "b"], exact=True)

    assert (found.missing, found.edited) == (("1",), False)


@pytest.mark.parametrize("found", [[*HEADER, "a", "extra"], ["a"], [*HEADER, *HEADER, "a"]])
def test_lines_too_many_or_a_header_too_few_are_an_edit(found):
    assert compare_day([shown("1", "a")], HEADER, found, exact=True).edited


def test_changed_message_is_missing_and_its_note_edited():
    found = compare_day([shown("1", "10:01 Ana: sí")], HEADER, [*HEADER, "10:01 Ana: no"], exact=True)

    assert (found.missing, found.edited) == (("1",), True)


def test_message_that_need_not_be_there_may_be():
    told = [shown("1", "a"), shown("2", "b", due=False)]

    assert compare_day(told, HEADER, [*HEADER, "a", "b"], exact=True) == compare_day(told, HEADER, [*HEADER, "a"], exact=True)


def test_two_alike_need_two_lines():
    told = [shown("1", "a"), shown("2", "a")]

    assert len(compare_day(told, HEADER, [*HEADER, "a"], exact=True).missing) == 1
    assert not compare_day(told, HEADER, [*HEADER, "a", "a"], exact=True).missing


def test_other_words_before_a_message_do_not_make_it_missing():
    found = compare_day([shown("1", "hola")], [], ["10:01 Otra Persona: hola"], exact=False)

    assert not found.missing


@pytest.mark.parametrize("numbers", [[1, 1, 1], [2, 2, 2, 1], [484, 21, 0], [1], [999, 1, 1, 1, 1, 1, 1]])
def test_shares_sum_to_a_hundred_per_cent(numbers):
    assert round(sum(shares(numbers)), 6) == 100
    assert all((share > 0) >= (number * 1000 >= sum(numbers)) for share, number in zip(shares(numbers), numbers, strict=True))


def test_shares_of_nothing_are_nothing():
    assert shares([0, 0]) == [0, 0]


def test_every_standing_and_finding_has_its_words():
    assert set(standings_in_words()) == {standing.value for standing in Standing}
    assert set(findings_in_words()) == {kind.value for kind in FindingKind}


def test_page_about_verifying_shows_the_same_words():
    page = (Path(__file__).parents[3] / "docs" / "verify.md").read_text(encoding="utf-8")

    for standing, meaning in standings_in_words().items():
        assert f"| `{standing}` | {meaning} |" in page
    for kind, words in findings_in_words().items():
        assert f"| `{kind}` | {words.meaning} | {words.remedy} |" in page
