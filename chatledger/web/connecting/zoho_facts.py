"""Whom a consent belongs to: the organisation, the user, and whether that user sees everything. No I/O."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ZohoFacts:
    """What a consent gave. `sees_everything` is None where Zoho names no profile."""

    zgid: str
    organisation: str
    user_id: str
    user_name: str
    user_email: str
    active: bool
    scopes: tuple[str, ...]
    sees_everything: bool | None

    def as_facts(self) -> dict[str, Any]:
        """Return the facts as they are stored beside the credentials."""
        return asdict(self) | {"scopes": list(self.scopes)}
