"""Who may do what: admin > operator > viewer > seller.

An admin connects and invites people; an operator retries and pins; a viewer reads the sync log; a seller
uses the live chat and nothing else.
"""

from typing import Literal, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatledger.ledger.tables import Person
from chatledger.web.sessions import person_of

Role = Literal["admin", "operator", "viewer", "seller"]
ROLES: tuple[Role, ...] = ("seller", "viewer", "operator", "admin")
"""From the least to the most."""


class SignInNeeded(Exception):
    """Nobody is signed in; answered with the sign-in page or, for a program, with status 401."""


def require(request: Request, role: Role) -> Person:
    """Return who is signed in, with at least this role; raises SignInNeeded for nobody, HTTPException 403 for too little."""
    person = person_of(request)
    if person is None:
        raise SignInNeeded
    if not may(person, role):
        _refuse()
    return person


def may(person: Person | None, role: Role) -> bool:
    """Say whether a person has at least this role; a role that is none may nothing."""
    held = person.role if person else ""
    return held in ROLES and ROLES.index(held) >= ROLES.index(role)


def _refuse() -> NoReturn:
    raise HTTPException(403)
