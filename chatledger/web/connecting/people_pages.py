"""Who may use the pages: an admin invites, changes roles and removes."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.ledger import audit_trail, people
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.tables import Person
from chatledger.web.connecting import establishing
from chatledger.web.connecting.shown import Connections, read_connections, settings_of
from chatledger.web.csrf import posted_form
from chatledger.web.hosts import own_address
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import ROLES, require
from chatledger.web.wording import language_of, wording

LONGEST_EMAIL = 254
EMAIL = re.compile(r"[^@\s<>\"'(),:;\\\[\]{}|^`\x00-\x1f\x7f]+@[\w-]+(\.[\w-]+)+")


async def everybody(request: Request) -> Response:
    """Show everybody with role and connection."""
    require(request, "admin")
    return await _page(request)


async def invite(request: Request) -> Response:
    """Add a person where needed and show the link, this once."""
    admin = require(request, "admin")
    form = await posted_form(request)
    email, role = str(form.get("email", "")).strip(), str(form.get("role", ""))
    if not is_email(email) or role not in ROLES:
        return await _page(request, problem="email_wrong")
    parts: WebParts = request.app.state.parts
    secret = await run_in_threadpool(_invite, parts, email, role, admin.email)
    if secret is None:
        return await _page(request, problem="last_admin")
    return await _page(request, link=f"{own_address(request)}/invitation/{secret}", invited=email)


async def change_role(request: Request) -> Response:
    """Give a person another role."""
    admin = require(request, "admin")
    form = await posted_form(request)
    role = str(form.get("role", ""))
    if role not in ROLES:
        raise HTTPException(400)
    changed = await run_in_threadpool(_change, request.app.state.parts, str(form.get("person", "")), role, admin.email)
    return RedirectResponse("/connect/people", 303) if changed else await _page(request, problem="last_admin")


async def remove(request: Request) -> Response:
    """Remove a person: sessions, invitations and the personal connection end with it."""
    admin = require(request, "admin")
    person_id = str((await posted_form(request)).get("person", ""))
    parts: WebParts = request.app.state.parts
    if await run_in_threadpool(_is_last_admin, parts, person_id):
        return await _page(request, problem="last_admin")
    await establishing.remove_person(
        parts.ledger, parts.organisation_id, person_id, parts.http_timeout_seconds, by=admin.email
    )
    return RedirectResponse("/connect/people", 303)


def is_email(text: str) -> bool:
    """Say whether a text is one plain e-mail address."""
    return len(text) <= LONGEST_EMAIL and text.isprintable() and EMAIL.fullmatch(text) is not None


async def _page(request: Request, *, link: str = "", invited: str = "", problem: str = "") -> Response:
    parts: WebParts = request.app.state.parts
    known, connections, zone = await run_in_threadpool(_known, parts)
    words = wording("connecting", language_of(request))
    return render(
        request,
        "connecting/people.html",
        status=400 if problem else 200,
        people=known,
        connections=connections,
        zone=zone,
        roles=tuple(reversed(ROLES)),
        link=link,
        invited=invited,
        problem=words["problems"].get(problem, ""),
    )


def _known(parts: WebParts) -> tuple[list[Person], Connections, str]:
    with parts.ledger.reading() as session:
        known = people.everybody(session, parts.organisation_id)
    return (
        known,
        read_connections(parts.ledger, parts.organisation_id),
        settings_of(parts.ledger, parts.organisation_id).timezone,
    )


def _invite(parts: WebParts, email: str, role: str, by: str) -> str | None:
    known = _find_by_email(parts, email)
    if known and role != "admin" and _is_last_admin(parts, known.id):
        return None
    with parts.ledger.transaction() as session:
        person = people.add(session, parts.organisation_id, email, role, by)
        secret = people.invite(session, person)
    _note(parts, Act(by, "invited", "person", person.id, details={"role": role}))
    return secret


def _change(parts: WebParts, person_id: str, role: str, by: str) -> bool:
    if role != "admin" and _is_last_admin(parts, person_id):
        return False
    with parts.ledger.transaction() as session:
        person = people.find(session, parts.organisation_id, person_id)
        if person:
            person.role = role
            session.add(person)
    if person:
        _note(parts, Act(by, "changed_role", "person", person.id, details={"role": role}))
    return True


def _note(parts: WebParts, act: Act) -> None:
    audit_trail.write(parts.ledger, parts.organisation_id, act)


def _find_by_email(parts: WebParts, email: str) -> Person | None:
    with parts.ledger.reading() as session:
        return people.find_by_email(session, parts.organisation_id, email)


def _is_last_admin(parts: WebParts, person_id: str) -> bool:
    with parts.ledger.reading() as session:
        admins = [person.id for person in people.admins(session, parts.organisation_id)]
    return admins == [person_id]
