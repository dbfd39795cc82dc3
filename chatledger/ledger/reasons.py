"""The sync log in words: what an outcome's reason and a link's rule mean, read from `data/sync_log.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chatledger.models import Outcome

# `data/` stands beside `chatledger/`, in the project as well as in an installed wheel
CATALOGUE = Path(__file__).resolve().parents[2] / "data" / "sync_log.toml"


@dataclass(frozen=True, slots=True)
class InWords:
    """A reason as one sentence, and what a person can do about it."""

    outcome: Outcome
    meaning: str
    remedy: str


@cache
def reasons_in_words() -> dict[str, InWords]:
    """Return every reason code with its words."""
    rows = _catalogue()["reasons"].items()
    return {code: InWords(Outcome(row["outcome"]), row["meaning"], row["remedy"]) for code, row in rows}


@cache
def rules_in_words() -> dict[str, str]:
    """Return every matching rule with its sentence."""
    return dict(_catalogue()["rules"])


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
