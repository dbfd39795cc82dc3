"""A finding: one thing that was checked, how it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: a problem keeps messages from Zoho, a warning may do so or costs something."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in a sentence; `remedy` is empty where the sentence says it or nothing is to be done."""

    check: str
    level: Level
    said: str
    remedy: str = ""


def ok(check: str, said: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(check, Level.OK, said)


def warning(check: str, said: str, remedy: str = "") -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(check, Level.WARNING, said, remedy)


def problem(check: str, said: str, remedy: str = "") -> Finding:
    """Return a finding that keeps messages from Zoho until somebody acts."""
    return Finding(check, Level.PROBLEM, said, remedy)
