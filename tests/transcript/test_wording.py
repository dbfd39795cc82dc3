import tomllib

import pytest

from chatledger.delivery.wording import CATALOGUES, languages, load_wording
from chatledger.errors import UsageError


def keys(table: dict, above: str = "") -> set[str]:
    nested = (keys(value, f"{above}{key}.") if isinstance(value, dict) else {above + key} for key, value in table.items())
    return set().union(*nested)


def catalogue(language: str) -> dict:
    return tomllib.loads((CATALOGUES / f"{language}.toml").read_text(encoding="utf-8"))


def test_there_are_words_in_spanish_english_and_portuguese():
    assert {"en", "es", "pt"} <= set(languages())


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_catalogue_has_the_same_keys_and_no_empty_word(language):
    wording = load_wording(language)

    assert keys(catalogue(language)) == keys(catalogue("es"))
    assert all(keys_of_words(wording.model_dump()))
    assert wording.language == language
    assert "other" in wording.attachment_kinds.keys() & wording.not_uploaded.keys()


def keys_of_words(words: dict) -> list[str]:
    return [word for value in words.values() for word in (value.values() if isinstance(value, dict) else [value])]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("es", "Chat de WhatsApp con {name} ({date})"),
        ("en", "WhatsApp chat with {name} ({date})"),
        ("pt", "Chat do WhatsApp com {name} ({date})"),
    ],
)
def test_titles_are_worded_as_the_product_words_them(language, expected):
    assert load_wording(language).note_title == expected
    assert load_wording(language).part_suffix == " · {part}"


def test_a_catalogue_is_read_once():
    assert load_wording("es") is load_wording("es")


@pytest.mark.parametrize("language", ["fr", "", "../messages/es"])
def test_a_language_without_a_catalogue_is_refused_with_those_there_are(language):
    with pytest.raises(UsageError, match="en, es, pt"):
        load_wording(language)
