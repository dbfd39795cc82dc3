"""The words of the pages: the same ones in every language, with the same gaps."""

import re
import tomllib

import pytest

from chatledger.web.wording import LANGUAGES, WORDING

AREAS = sorted({path.name.partition(".")[0] for path in WORDING.glob("*.toml")})
GAP = re.compile(r"\{(\w*)\}")


def flat(table, prefix=""):
    """Every word of a file by its path of keys."""
    return {
        key: word
        for name, value in table.items()
        for key, word in (flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}).items()
    }


def words(area, language):
    return flat(tomllib.loads((WORDING / f"{area}.{language}.toml").read_text("utf-8")))


@pytest.mark.parametrize("area", AREAS)
def test_every_language_has_every_word_with_the_same_gaps(area):
    gaps = {
        language: {key: sorted(GAP.findall(str(word))) for key, word in words(area, language).items()}
        for language in LANGUAGES
    }

    assert gaps["es"] == gaps["en"]
    assert gaps["pt"] == gaps["en"]


@pytest.mark.parametrize("area", AREAS)
def test_no_word_is_empty(area):
    assert [
        (language, key) for language in LANGUAGES for key, word in words(area, language).items() if not str(word).strip()
    ] == []
