# ruff: noqa: RUF001 - look-alike characters are what is tested
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatledger.transcript import body_hash, clean, units

FORBIDDEN_ISOLATES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HARD = st.text(st.sampled_from("crmzsuCRMZSU[]<>(){}#@1\x00\x07\t\r\n\u202e\u2066\ud83d\udc69\u200d👩💥אب\u0301\ufffe"))
ANY_TEXT = st.one_of(st.text(st.characters()), HARD)


def forbidden_in(text: str) -> list[str]:
    single = [c for c in text if c in "<>\u2028\u2029" or (c != "\n" and unicodedata.category(c) in {"Cc", "Cs"})]
    return single + [c for c in text if c in FORBIDDEN_ISOLATES] + re.findall(r"(?i)(?:crm|zsu)\[", text)


@given(ANY_TEXT)
@example("crm\x00[user#1]crm")
@example("cr\u202em\ud800[user#1]crm")
@example("crmcrm[[zsu[@user:1]zsu")
def test_nothing_forbidden_remains(text):
    assert forbidden_in(clean(text)) == []


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_a_cleaned_text_can_be_sent_and_hashed(text):
    assert clean(text).encode("utf-8").decode("utf-8") == clean(text)
    assert len(body_hash(clean(text))) == 64
    assert len(clean(text)) <= units(clean(text)) == len(clean(text).encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uno\r\ndos\rtres\u2028cuatro\u2029cinco\x85seis\vsiete\focho", "uno\ndos\ntres\ncuatro\ncinco\nseis\nsiete\nocho"),
        ("pan\t2.500", "pan 2.500"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("<b>hola</b> & 3 < 4", "‹b›hola‹/b› & 3 ‹ 4"),
        ("crm[user#1#2]crm CRM[role#3]crm Zsu[@user:4]zsu", "crm(user#1#2]crm CRM(role#3]crm Zsu(@user:4]zsu"),
        ("lista [1] y crm [2]", "lista [1] y crm [2]"),
        ("abc\u202edcba\u202c", "abcdcba"),
        ("mitad \ud83d de emoji", "mitad  de emoji"),
        ("familia 👨‍👩‍👧‍👦, ❤️, 🇨🇴", "familia 👨‍👩‍👧‍👦, ❤️, 🇨🇴"),
        ("שלום\u200f!", "שלום\u200f!"),
    ],
)
def test_what_becomes_of_a_text(text, expected):
    assert clean(text) == expected
