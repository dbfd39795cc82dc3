"""What a person should learn of at once, as far as a tick knows it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from chatledger.delivery.tick import Tick
from chatledger.errors import LoginRefused, NotPermitted
from chatledger.ledger import chats, history

Kind = Literal["refused", "at_risk", "number_disconnected", "quota_low", "parked_growing"]

CREDITS_RESERVE = 1_000
"""A fifth of a day of Zoho's smallest edition; Zoho says what is left only once half of it is used."""

PARKED_IN_AN_HOUR = 10
"""So many parked messages in one hour are no single oddities any more."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One condition: the system it concerns and its figures, nothing personal."""

    kind: Kind
    system: str
    figures: dict[str, int] = field(default_factory=dict)


def alarms(tick: Tick) -> list[Alarm]:
    """Return what is wrong at the end of a tick."""
    return [*_refused(tick), *_disconnected(tick), *_credits(tick), *_parked(tick)]


def _refused(tick: Tick) -> list[Alarm]:
    systems = {error.system for error in tick.problems if isinstance(error, LoginRefused | NotPermitted)}
    return [Alarm("refused", system) for system in sorted(systems)]


def _disconnected(tick: Tick) -> list[Alarm]:
    with tick.ledger.reading() as session:
        numbers = chats.accounts(session, tick.organisation_id).values()
    lost = sum(not number.connected for number in numbers)
    return [Alarm("number_disconnected", "TimelinesAI", {"numbers": lost})] if lost else []


def _credits(tick: Tick) -> list[Alarm]:
    left = tick.zoho.credits_remaining
    return [Alarm("quota_low", "Zoho CRM", {"left": left})] if left is not None and left < CREDITS_RESERVE else []


def _parked(tick: Tick) -> list[Alarm]:
    since = tick.ledger.now() - timedelta(hours=1)
    with tick.ledger.reading() as session:
        parked = history.parked_since(session, tick.organisation_id, since)
    return [Alarm("parked_growing", "chatledger", {"in_an_hour": parked})] if parked >= PARKED_IN_AN_HOUR else []
