"""How a page inside Zoho's frame learns who sits before it, although browsers keep it apart from the sign-in.

1. The framed page makes a secret and opens a window of ours with the secret's hash. 2. The window is at top level, so the
ordinary sign-in counts there; it hands a one-time code to the page that opened it, which only a page of our own origin can be.
3. The framed page turns code and secret into a session of its own: a cookie that browsers keep for this frame only
(Partitioned) and a token of 5 minutes, bound to person, organisation and record, which it sends in a header and has renewed.
"""

import json
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chatledger.ledger import people
from chatledger.ledger.tables import Person
from chatledger.models import RecordRef
from chatledger.web import csrf
from chatledger.web.limits import limit
from chatledger.web.live_chat.desk import Desk
from chatledger.web.live_chat.tokens import SESSION_SECONDS, Bound, session_token
from chatledger.web.live_chat.visitors import asked_record
from chatledger.web.rendering import render
from chatledger.web.roles import SignInNeeded, may, require
from chatledger.web.sessions import browser_of
from chatledger.web.signing import read_signed, sign

COOKIE = "chatledger_frame"
PURPOSE = "live chat frame"
PATH = "/live-chat/session"
CHALLENGE = re.compile(r"[0-9a-f]{64}")
SIGNED_IN_BY = "Zoho frame"
LONGEST_CODE = 2000


class Handshake:
    """The sign-in of framed pages at one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def window(self, request: Request) -> Response:
        """Show the window that is signed in and hand its code to the page that opened it."""
        person, record = require(request, "seller"), asked_record(request)
        challenge = request.query_params.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            raise HTTPException(400)
        bound = Bound(self.desk.parts.organisation_id, person.id, record)
        response = render(request, "live_chat/handshake.html", code=self.desk.handshakes.code(bound, challenge))
        # The window has to keep its link to the frame that opened it; the code goes to our own origin only.
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
        return response

    async def session(self, request: Request) -> Response:
        """Give a framed page a fresh session token, for its one-time code or for the cookie of its frame."""
        csrf.check_origin(request)
        limit(request, "live chat session")
        record, given = asked_record(request), await _given(request)
        if given.get("code"):
            return await self._begun(record, given)
        person, secret = await run_in_threadpool(self._known, request.cookies.get(COOKIE))
        if person is None and (signed_in := browser_of(request)).person:
            # A frame on the same site, as on one machine, is not kept apart from the sign-in.
            person, secret = signed_in.person, signed_in.secret
        return self._answer(person, secret, record)

    async def _begun(self, record: RecordRef, given: dict[str, Any]) -> Response:
        bound = self.desk.handshakes.use(str(given["code"])[:LONGEST_CODE], str(given.get("secret", "")))
        if bound is None or bound.record != record or bound.organisation_id != self.desk.parts.organisation_id:
            raise SignInNeeded
        person, secret = await run_in_threadpool(self._signed_in, bound.person_id)
        response = self._answer(person, secret, record)
        life = int(people.SESSION_LIFE.total_seconds())
        value = sign(self.desk.parts.ledger, PURPOSE, secret)
        # Secure is kept without https as well: browsers count this machine's own addresses as secure.
        cookie = f"{COOKIE}={value}; Path={PATH}; Max-Age={life}; HttpOnly; Secure; SameSite=None; Partitioned"
        response.headers.append("Set-Cookie", cookie)
        return response

    def _answer(self, person: Person | None, secret: str, record: RecordRef) -> Response:
        if person is None or not may(person, "seller"):
            raise SignInNeeded
        parts = self.desk.parts
        bound = Bound(parts.organisation_id, person.id, record, people.hash_of(secret))
        token = session_token(parts.ledger, bound)
        return JSONResponse({"token": token, "seconds": SESSION_SECONDS})

    def _signed_in(self, person_id: str) -> tuple[Person | None, str]:
        parts = self.desk.parts
        with parts.ledger.transaction() as session:
            person = people.find(session, parts.organisation_id, person_id)
            return person, people.start_session(session, person, SIGNED_IN_BY) if person else ""

    def _known(self, cookie: str | None) -> tuple[Person | None, str]:
        parts = self.desk.parts
        life = people.SESSION_LIFE.total_seconds()
        secret = read_signed(parts.ledger, PURPOSE, cookie, seconds=life) if cookie else None
        if not isinstance(secret, str):
            return None, ""
        with parts.ledger.reading() as session:
            return people.signed_in(session, parts.organisation_id, secret), secret


async def _given(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; 400 for anything else."""
    try:
        given = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):  # the latter for an object that is nested thousands of times
        raise HTTPException(400) from None
    if not isinstance(given, dict):
        raise HTTPException(400)
    return given
