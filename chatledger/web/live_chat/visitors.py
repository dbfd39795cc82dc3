"""Who asks, and for which record: a signed-in browser, or a page inside Zoho's frame with its session token."""

import re
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatledger.errors import UsageError
from chatledger.ledger import people
from chatledger.ledger.tables import Person
from chatledger.models import RecordRef
from chatledger.web import csrf
from chatledger.web.live_chat.tokens import read_session
from chatledger.web.parts import WebParts
from chatledger.web.roles import SignInNeeded, may, require

MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
RECORD_ID = re.compile(r"\d{1,25}")
SCHEME = "Bearer "
NO_RECORD = "The live chat is that of a record: open it from one in Zoho, or name it as in /live-chat?module=Leads&record=ID."


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for which record; `framed` says that a token proved it and not the browser's cookie."""

    person: Person
    record: RecordRef
    framed: bool


async def visitor_of(request: Request) -> Visitor:
    """Return who asks.

    Raises SignInNeeded for nobody or a token that is over, HTTPException 403 for too little right or another record than the
    token's, UsageError where no record is named.
    """
    token = request.headers.get("Authorization", "")
    if token.startswith(SCHEME):
        return await _framed(request, token.removeprefix(SCHEME))
    return Visitor(require(request, "seller"), asked_record(request), framed=False)


async def acting_visitor(request: Request) -> Visitor:
    """Return who asks for a change; raises HTTPException 403 where another site made the browser ask."""
    visitor = await visitor_of(request)
    if visitor.framed:
        csrf.check_origin(request)
    else:
        csrf.check_header(request)
    return visitor


def asked_record(request: Request) -> RecordRef:
    """Return the record in the address; raises UsageError without one."""
    module, record_id = request.query_params.get("module", ""), request.query_params.get("record", "")
    if not MODULE.fullmatch(module) or not RECORD_ID.fullmatch(record_id):
        raise UsageError(NO_RECORD)
    return RecordRef(module, record_id)


async def _framed(request: Request, token: str) -> Visitor:
    parts: WebParts = request.app.state.parts
    bound = read_session(parts.ledger, token)
    if bound is None or bound.organisation_id != parts.organisation_id:
        raise SignInNeeded
    person = await run_in_threadpool(_person, parts, bound.session)
    if person is None or person.id != bound.person_id:
        raise SignInNeeded
    if not may(person, "seller"):
        raise HTTPException(403)
    if asked_record(request) != bound.record:
        raise HTTPException(403)
    return Visitor(person, bound.record, framed=True)


def _person(parts: WebParts, session_hash: str) -> Person | None:
    with parts.ledger.reading() as session:
        return people.of_session(session, parts.organisation_id, session_hash)
