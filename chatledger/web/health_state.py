"""The state of an installation as its health page tells it, and what counts as well."""

from dataclasses import asdict, dataclass
from typing import Any

NO_GOOD_TICK_SECONDS = 300
LEAST_DISK_BYTES = 200_000_000
"""A ledger that cannot write loses nothing, but it also does nothing."""


@dataclass(frozen=True, slots=True)
class OrganisationHealth:
    """One organisation.

    `seconds_since_good_tick` is None before its first, `seconds_without_good_tick` counts from its activation then; `at_work`
    says that a run holds the lease; `problem` is why an outside system refused the newest tick.
    `webhooks_relied_on` is None where none are registered; while it is False every tick asks TimelinesAI for news.
    """

    id: str
    active: bool
    seconds_since_good_tick: float | None
    seconds_without_good_tick: float
    state_of_newest_tick: str | None
    at_work: bool
    pending: int
    parked: int
    problem: str | None
    webhooks_relied_on: bool | None = None

    @property
    def well(self) -> bool:
        """Whether its messages arrive; one that is switched off is well."""
        return not self.active or self.seconds_without_good_tick <= NO_GOOD_TICK_SECONDS


@dataclass(frozen=True, slots=True)
class Health:
    """The state of this installation."""

    ledger_reachable: bool
    prefect_reachable: bool
    disk_free_bytes: int
    organisations: tuple[OrganisationHealth, ...]

    @property
    def disk_suffices(self) -> bool:
        """Whether there is room for what the next hours write."""
        return self.disk_free_bytes >= LEAST_DISK_BYTES

    @property
    def well(self) -> bool:
        """Whether everything that must work does."""
        here = self.ledger_reachable and self.prefect_reachable and self.disk_suffices
        return here and all(organisation.well for organisation in self.organisations)

    def as_json(self) -> dict[str, Any]:
        """Return it for monitors; ages in whole seconds."""
        return {
            "status": "ok" if self.well else "failing",
            "ledger_reachable": self.ledger_reachable,
            "prefect_reachable": self.prefect_reachable,
            "disk_free_bytes": self.disk_free_bytes,
            "organisations": [_organisation_as_json(each) for each in self.organisations],
        }


def _organisation_as_json(organisation: OrganisationHealth) -> dict[str, Any]:
    age = organisation.seconds_since_good_tick
    values = asdict(organisation) | {"seconds_since_good_tick": None if age is None else round(age)}
    del values["seconds_without_good_tick"]
    return values | {"status": "ok" if organisation.well else "failing"}
