"""Failures on the wire: errors instead of answers, answers spoilt after the work was done, silence and broken connections."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control import mark
from sandbox.zoho.calls import Crm
from sandbox.zoho.faults import Failure
from sandbox.zoho.list_faults import answer_list

TRANSPORT = "sandbox.transport"
"""Where the scope holds the connection, so that it can be broken."""
DEFER = "sandbox.defer"
"""Where the scope says in how many seconds the request is to be carried out."""

_CODES = {
    401: ("INVALID_TOKEN", "invalid oauth token"),
    403: ("NO_PERMISSION", "permission denied"),
    429: ("TOO_MANY_REQUESTS", "too many requests"),
    503: ("SERVICE_UNAVAILABLE", "the service is not available"),
}
_PAGE = (
    "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>The server is temporarily unable to answer.</p></body></html>"
)


@dataclass(slots=True)
class _Answer:
    """An answer that was held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class FaultLayer:
    """ASGI middleware that decides, before and after the CRM did its work, what the client gets to see."""

    def __init__(self, app: ASGIApp, crm: Crm) -> None:
        self.app = app
        self.crm = crm
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, rightly or wrongly."""
        self.crm.settle()
        limit = self.crm.faults.concurrency_limit
        if limit is not None and self.in_flight >= limit:
            mark(scope, fault="concurrency limit")
            await _error(Failure(status=429))(scope, receive, send)
            return
        self.in_flight += 1
        try:
            if self.crm.faults.latency_ms:
                await asyncio.sleep(self.crm.faults.latency_ms / 1000)
            await self._answer(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        failure = self._next_failure(scope)
        if failure is None:
            await self._rightly(scope, receive, send)
            return
        mark(scope, fault=_name(failure))
        if failure.commit_after_seconds is not None:
            scope[DEFER] = failure.commit_after_seconds
            await self._carried_out(scope, receive)
        if not failure.after_commit:
            await _error(failure)(scope, receive, send)
            return
        answer = await self._carried_out(scope, receive) if DEFER not in scope else _Answer()
        await _spoilt(failure, answer, scope, receive, send)

    async def _rightly(self, scope: Scope, receive: Receive, send: Send) -> None:
        faults = self.crm.faults
        if scope["method"] == "GET" and (faults.same_page_forever or faults.empty_pages):
            await answer_list(self.app, faults, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _next_failure(self, scope: Scope) -> Failure | None:
        for failure in self.crm.faults.failures:
            if failure.times < 1 or failure.method.upper() not in {"", scope["method"]}:
                continue
            if not re.search(failure.path, scope["path"]):
                continue
            if failure.skip > 0:
                failure.skip -= 1
                continue
            failure.times -= 1
            return failure
        return None

    async def _carried_out(self, scope: Scope, receive: Receive) -> _Answer:
        answer = _Answer()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, hold)
        return answer


def _name(failure: Failure) -> str:
    if failure.after_commit:
        return f"{failure.after_commit} after commit"
    return f"{failure.status} {failure.body}" + (" before commit" if failure.commit_after_seconds is not None else "")


def _error(failure: Failure) -> Response:
    code, message = _CODES.get(failure.status, ("INTERNAL_ERROR", "Internal Server Error"))
    text = json.dumps({"code": failure.code or code, "details": {}, "message": message, "status": "error"})
    if failure.body == "empty":
        return Response(status_code=failure.status)
    if failure.body == "html":
        return Response(_PAGE.format(failure.status), failure.status, media_type="text/html")
    if failure.body == "plain":
        return Response(message, failure.status, media_type="text/plain")
    return Response(text[: len(text) // 2] if failure.body == "cut" else text, failure.status, media_type="application/json")


async def _spoilt(failure: Failure, answer: _Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if failure.after_commit in {"reset", "timeout"}:
        if failure.after_commit == "timeout":
            await _silence(receive, failure.timeout_seconds)
        await _break(scope)
    elif failure.after_commit == "bad_gateway":
        await _error(Failure(status=502, body="html"))(scope, receive, send)
    elif failure.after_commit == "cut":
        await _plain(answer, answer.body[: len(answer.body) // 2])(scope, receive, send)
    else:
        await _plain(answer, _other_length(answer.body, shorter=failure.after_commit == "short"))(scope, receive, send)


def _plain(answer: _Answer, body: bytes) -> Response:
    return Response(body, answer.status, media_type="application/json;charset=UTF-8")


def _other_length(body: bytes, *, shorter: bool) -> bytes:
    content: Any = json.loads(body) if body else None
    if not isinstance(content, dict):
        return body  # there are no rows to spoil
    rows = next((value for value in content.values() if isinstance(value, list)), [])
    if shorter:
        del rows[-1:]
    else:
        rows += rows[-1:]
    return json.dumps(content).encode()


async def _silence(receive: Receive, seconds: float) -> None:
    """Say nothing until the time is over or the client hangs up."""

    async def hung_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(hung_up(), seconds)
    except TimeoutError:
        return


async def _break(scope: Scope) -> None:
    transport = scope.get(TRANSPORT)
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)  # lets the server notice, so that it does not complain about an answer never given
