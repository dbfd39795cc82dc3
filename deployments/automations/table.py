"""The alerts: what each one watches, and what a person should do about it."""

from dataclasses import dataclass
from datetime import timedelta

from prefect.events.schemas.automations import EventTrigger, Posture

from tasks.alarms import (
    AT_RISK,
    GOOD_TICK,
    NUMBER_DISCONNECTED,
    PARKED_GROWING,
    QUOTA_LOW,
    REFUSED,
    SWITCHED_OFF,
    SWITCHED_ON,
)

PREFIX = "chatledger: "
TICKS = {"prefect.resource.role": "flow", "prefect.resource.name": "sync-chats"}
ORGANISATIONS = {"prefect.resource.id": "chatledger.organisation.*"}
FAILED_TICKS, FAILED_WITHIN = 3, timedelta(minutes=10)
DEGRADED_TICKS, DEGRADED_WITHIN = 10, timedelta(minutes=15)
NO_GOOD_TICK = timedelta(minutes=5)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `what` is its name without the prefix, `remedy` is told with it."""

    what: str
    remedy: str
    trigger: EventTrigger

    @property
    def name(self) -> str:
        """Its name in Prefect, by which it is found again."""
        return f"{PREFIX}{self.what}"


def _ticks(names: set[str], threshold: int, within: timedelta) -> EventTrigger:
    return EventTrigger(
        expect=names,
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=TICKS,
        for_each={"related:deployment:prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=threshold,
        within=within,
    )


def _of(event: str, silence: timedelta) -> EventTrigger:
    """Go off at the first such event of an organisation and system, and not again for as long as `silence`."""
    return EventTrigger(
        expect={event},
        match=ORGANISATIONS,
        for_each={"prefect.resource.id", "chatledger.system"},
        posture=Posture.Reactive,
        threshold=1,
        within=silence,
    )


def _missing(after: set[str], expect: set[str], within: timedelta) -> EventTrigger:
    return EventTrigger(
        after=after,
        expect=expect,
        match=ORGANISATIONS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:.0f} minutes"


ALERTS: tuple[Alert, ...] = (
    Alert(
        f"{FAILED_TICKS} ticks failed within {_minutes(FAILED_WITHIN)}",
        "Run `chatledger doctor`; the next tick that works takes up everything that was left.",
        _ticks({"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}, FAILED_TICKS, FAILED_WITHIN),
    ),
    Alert(
        f"{DEGRADED_TICKS} ticks were degraded within {_minutes(DEGRADED_WITHIN)}",
        "Run `chatledger log`: it names the messages that wait or are parked, with reasons.",
        _ticks({"prefect.flow-run.Degraded"}, DEGRADED_TICKS, DEGRADED_WITHIN),
    ),
    Alert(
        f"no good tick for {_minutes(NO_GOOD_TICK)}",
        "See that `chatledger serve` or the workers run, then run `chatledger doctor`.",
        _missing({GOOD_TICK, SWITCHED_ON}, {GOOD_TICK, SWITCHED_OFF}, NO_GOOD_TICK),
    ),
    Alert(
        "a connection is refused",
        "Connect again on the page /connect; `chatledger doctor` says which.",
        _of(REFUSED, HOUR),
    ),
    Alert(
        "a connection is about to be refused",
        "A scope is missing or the user who connected is inactive: `chatledger doctor` says which.",
        _of(AT_RISK, 6 * HOUR),
    ),
    Alert(
        "a WhatsApp number is disconnected",
        "Connect it again in TimelinesAI: its new messages do not arrive until then.",
        _of(NUMBER_DISCONNECTED, 6 * HOUR),
    ),
    Alert(
        "credits or calls run low",
        "`chatledger doctor` says what is left; let runs start less often, or other programs ask less.",
        _of(QUOTA_LOW, 6 * HOUR),
    ),
    Alert(
        "parked messages grow",
        "`chatledger log` lists them by reason; `chatledger retry --reason …` tries them again once that is cured.",
        _of(PARKED_GROWING, HOUR),
    ),
)
