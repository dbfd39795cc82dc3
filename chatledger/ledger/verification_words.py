"""A verification in words, read from `data/verification.toml`: where messages stand, what findings mean and what helps."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from chatledger.ledger.reasons import CATALOGUE as SYNC_LOG

CATALOGUE = SYNC_LOG.with_name("verification.toml")


@dataclass(frozen=True, slots=True)
class FindingInWords:
    """A kind of finding as one sentence, and what a person can do about it."""

    meaning: str
    remedy: str


@cache
def standings_in_words() -> dict[str, str]:
    """Return where messages can stand, each as a sentence about them."""
    return dict(_catalogue()["standings"])


@cache
def findings_in_words() -> dict[str, FindingInWords]:
    """Return every kind of finding with its words."""
    return {kind: FindingInWords(row["meaning"], row["remedy"]) for kind, row in _catalogue()["findings"].items()}


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
