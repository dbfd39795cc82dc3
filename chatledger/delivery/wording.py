"""Where the words of notes come from: `data/messages/<language>.toml`, table `note`."""

import tomllib
from functools import cache
from pathlib import Path

from chatledger.errors import UsageError
from chatledger.transcript import Wording

# `data/` stands beside `chatledger/`, in the project as well as in an installed wheel
CATALOGUES = Path(__file__).resolve().parents[2] / "data" / "messages"


def languages() -> list[str]:
    """Return the languages that have a catalogue, sorted."""
    return sorted(path.stem for path in CATALOGUES.glob("*.toml"))


@cache
def load_wording(language: str) -> Wording:
    """Return the words of notes in `language`, read once per process; raises UsageError for a language without a catalogue."""
    if language not in languages():
        raise UsageError(f"The setting language must be one of: {', '.join(languages())}.")
    catalogue = tomllib.loads((CATALOGUES / f"{language}.toml").read_text(encoding="utf-8"))
    return Wording(language=language, **catalogue["note"])
