"""The pages a person can go to from everywhere."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import Match

from chatledger.ledger.tables import Person
from chatledger.web.roles import Role, may


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: its word in `pages`, its path and who sees it."""

    word: str
    path: str
    role: Role


PLACES = (
    Place("sync_log", "/sync-log", "viewer"),
    Place("connections", "/connect", "seller"),
    Place("people", "/connect/people", "admin"),
)


def places(request: Request, person: Person | None) -> list[Place]:
    """Return what this person may see and what this process serves."""
    return [place for place in PLACES if may(person, place.role) and _is_served(request, place.path)]


def place_of(path: str, among: list[Place]) -> Place | None:
    """Return the place a page belongs to: the longest one its path begins with."""
    fitting = [place for place in among if f"{path}/".startswith(f"{place.path}/")]
    return max(fitting, key=lambda place: len(place.path), default=None)


def _is_served(request: Request, path: str) -> bool:
    scope = {"type": "http", "path": path, "method": "GET", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
