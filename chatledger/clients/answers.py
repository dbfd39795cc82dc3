"""What came back from an outside system, and the first reading of it that is the same for every vendor. No I/O."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from chatledger.errors import System

BAD_SURROGATE = re.compile("[\ud800-\udfff]")
CODE = re.compile(r"[A-Za-z][A-Za-z_]{1,59}")
LONGEST_RETRY_AFTER = 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom, in words for a person; `write` says that asking twice could do it twice."""

    system: System
    what: str
    write: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. Headers are asked for in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Say whether the status is one of 200 to 299, which alone proves nothing."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_client_error(self) -> bool:
        """Say whether the status is one of 400 to 499."""
        return HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR


class NotJson(ValueError):
    """The body is empty, a web page, plain text or was cut."""


def read_json(body: bytes) -> Any:
    """Return the JSON value of `body`, without NUL and lone surrogates, which no database or later encoding survives.

    Raise `NotJson` for everything else.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        value = json.loads(text, strict=False)
        return without_bad_characters(value) if "\\u" in text or "\x00" in text else value
    except (ValueError, RecursionError):
        raise NotJson from None


def without_bad_characters(value: Any) -> Any:
    """Return `value` with NUL dropped and lone surrogates replaced in every string, keys included."""
    if isinstance(value, str):
        return BAD_SURROGATE.sub("\ufffd", value.replace("\x00", ""))
    if isinstance(value, Mapping):
        return {without_bad_characters(key): without_bad_characters(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_bad_characters(item) for item in value]
    return value


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds of a Retry-After header in either of its forms; None where it is missing or makes no sense."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, now)
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _seconds_until(text: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return math.nan


def vendor_code(value: Any) -> str | None:
    """Return a vendor's error code if it looks like one: a word, never a sentence that could quote our input."""
    return value if isinstance(value, str) and CODE.fullmatch(value) else None


def whole_number(value: Any) -> int | None:
    """Return a number given as JSON number or digits; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None
