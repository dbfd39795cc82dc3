"""Errors in words for a person with a chat open: what is the matter and what helps (table `trouble` of the area's words)."""

from dataclasses import dataclass
from typing import Any

from chatledger.errors import (
    ChatledgerError,
    LoginRefused,
    NotFound,
    NotPermitted,
    OutsideError,
    RateLimited,
    Rejected,
    UsageError,
)

QUOTA = "quota_exceeded"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A word of the table `trouble` and whether connecting again helps."""

    word: str
    connect: bool = False


def of_look_up(error: ChatledgerError) -> Trouble:
    """Return what kept a record's chats from being shown."""
    if not isinstance(error, OutsideError):
        return Trouble("not_connected", connect=True) if isinstance(error, UsageError) else Trouble("ledger")
    return _of_timelines(error) if error.system == "TimelinesAI" else _of_zoho(error)


def _of_zoho(error: OutsideError) -> Trouble:
    if isinstance(error, LoginRefused):
        return Trouble("zoho_login", connect=True)
    if isinstance(error, NotFound):
        return Trouble("record_hidden")
    if isinstance(error, NotPermitted):
        return Trouble("record_forbidden")
    return Trouble("record_unknown") if isinstance(error, Rejected) else Trouble("zoho_unavailable")


def of_send(error: ChatledgerError) -> Trouble:
    """Return why a message was not sent."""
    if isinstance(error, OutsideError) and isinstance(error, Rejected):
        reason = error.details.get("reason")
        return Trouble(str(reason) if reason in {"wrong_phone", "number_disconnected"} else "refused")
    return _of_timelines(error) if isinstance(error, OutsideError) else of_look_up(error)


def words(w: dict[str, Any], trouble: Trouble) -> dict[str, str]:
    """Return title and text of a trouble."""
    found: dict[str, str] = w["trouble"][trouble.word]
    return found


def _of_timelines(error: OutsideError) -> Trouble:
    if error.code == QUOTA:
        return Trouble("quota")
    if isinstance(error, LoginRefused):
        return Trouble("timelines_login")
    if isinstance(error, RateLimited):
        return Trouble("busy")
    return Trouble("timelines_forbidden") if isinstance(error, NotPermitted) else Trouble("timelines_unavailable")
