"""The words of the pages: `data/web/<area>.<language>.toml`, one file per area and language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

WORDING = Path(__file__).resolve().parents[2] / "data" / "web"
LANGUAGES = {"es": "Español", "en": "English", "pt": "Português"}
FALLBACK = "en"
LANGUAGE_COOKIE = "chatledger_language"


@cache
def wording(area: str, language: str) -> dict[str, Any]:
    """Return the words of an area; raises FileNotFoundError for an area without a file."""
    return tomllib.loads((WORDING / f"{area}.{language}.toml").read_text(encoding="utf-8"))


def language_of(request: Request) -> str:
    """Return the language to answer in: the one just chosen, the one chosen before, or the browser's first that we know."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    for preferred in _preferred(request.headers.get("Accept-Language", "")):
        if preferred in LANGUAGES:
            return preferred
    return FALLBACK


def _preferred(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, the dearest first, without their regions."""
    weighed = []
    for position, part in enumerate(header[:500].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        weighed.append((-quality, position, name.partition("-")[0].lower()))
    return [name for _, _, name in sorted(weighed)]
