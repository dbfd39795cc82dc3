"""Conditions that Prefect cannot see by itself, told to it as events, which its automations can wait for.

Events hold counts, names of systems and the organisation's id: nothing personal.
"""

from collections.abc import Mapping

from prefect.events import emit_event

from chatledger.delivery.alarms import Alarm

GOOD_TICK = "chatledger.tick.good"
SWITCHED_ON, SWITCHED_OFF = "chatledger.sync.switched-on", "chatledger.sync.switched-off"
REFUSED, AT_RISK = "chatledger.connection.refused", "chatledger.connection.at-risk"
NUMBER_DISCONNECTED = "chatledger.number.disconnected"
QUOTA_LOW = "chatledger.quota.low"
PARKED_GROWING = "chatledger.parked.growing"

_NAMES = {
    "refused": REFUSED,
    "at_risk": AT_RISK,
    "number_disconnected": NUMBER_DISCONNECTED,
    "quota_low": QUOTA_LOW,
    "parked_growing": PARKED_GROWING,
}


def tell(organisation: str, event: str, *, system: str = "chatledger", figures: Mapping[str, int] | None = None) -> None:
    """Emit one event about an organisation; `system` is whom it concerns."""
    resource = {
        "prefect.resource.id": f"chatledger.organisation.{organisation}",
        "prefect.resource.name": organisation,
        "chatledger.system": system,
    }
    emit_event(event=event, resource=resource, payload=dict(figures or {}))


def tell_of_tick(organisation: str, state: str, alarms: list[Alarm]) -> None:
    """Emit what a tick's end means: that it was a good one, and whatever a person should know."""
    if state in ("completed", "degraded"):
        tell(organisation, GOOD_TICK)
    for alarm in alarms:
        tell(organisation, _NAMES[alarm.kind], system=alarm.system, figures=alarm.figures)
