"""The edge in front of the API: it waits, limits, blocks and spoils answers as the fault switches say."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator

from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control import PREFIX, EscapedJSON, mark
from sandbox.timelines.faults import Failure
from sandbox.timelines.refusals import blocked_by_edge, envelope
from sandbox.timelines.service import API, Service

_TRUE_ANSWER_KINDS = {"truncated", "cut", "slow"}
_ERROR_CODES = {400: "validation_error", 403: "permission_denied", 404: "not_found", 429: "rate_limit_exceeded"}
_STEPS_OF_A_SLOW_ANSWER = 50
_SERVER_ERROR_PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Bad gateway</body></html>"


class Spoiling:
    """ASGI middleware that lets the faults happen; control routes are spared."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service
        self._answered_at: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of the app, spoil the app's answer, or leave it alone."""
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(self.service.faults.latency_ms / 1000)
        if refused := self._refused_by_edge(scope):
            await refused(scope, receive, send)
        elif failure := self._due_failure(scope):
            mark(scope, fault=f"failure:{failure.body}")
            await self._fail(failure, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refused_by_edge(self, scope: Scope) -> Response | None:
        if not scope["path"].startswith(API):
            return None
        # The edge turns the default agent of Python's own library away before the API sees the request.
        if dict(scope["headers"]).get(b"user-agent", b"").startswith(b"Python-urllib"):
            mark(scope, fault="user_agent")
            return blocked_by_edge()
        wait = self._seconds_until_allowed()
        if wait > 0:
            mark(scope, fault=f"rate_limit:{self.service.faults.rate_limit}")
            return self._limited(wait)
        return None

    def _seconds_until_allowed(self) -> float:
        faults = self.service.faults
        if faults.rate_limit == "off":
            self._answered_at.clear()
            return 0.0
        now = self.service.clock.now().timestamp()
        while self._answered_at and self._answered_at[0] <= now - faults.rate_limit_window_seconds:
            self._answered_at.popleft()
        if len(self._answered_at) >= faults.rate_limit_requests:
            oldest = self._answered_at[0] if self._answered_at else now
            return oldest + faults.rate_limit_window_seconds - now
        self._answered_at.append(now)
        return 0.0

    def _limited(self, wait: float) -> Response:
        kind = self.service.faults.rate_limit
        if kind == "throttle_403":
            return blocked_by_edge()
        if kind == "edge_429":
            words = "Rate limit exceeded. Please retry after a short delay."
            return EscapedJSON({"error": "Too Many Requests", "message": words}, status_code=429)
        answer = envelope(429, "rate_limit_exceeded", "Rate limit exceeded")
        if kind == "envelope_429_retry_after":
            answer.headers["Retry-After"] = str(int(wait) + 1)
        return answer

    def _due_failure(self, scope: Scope) -> Failure | None:
        for failure in self.service.faults.failures:
            if failure.times <= 0 or not re.fullmatch(failure.method, scope["method"]):
                continue
            if not re.search(failure.path, scope["path"]):
                continue
            if failure.skip > 0:
                failure.skip -= 1
                continue
            failure.times -= 1
            return failure
        return None

    async def _fail(self, failure: Failure, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(failure.delay_seconds)
        reads_only = scope["method"] == "GET" and failure.body in _TRUE_ANSWER_KINDS
        true_answer = await self._carried_out(scope, receive) if failure.carry_out or reads_only else b""
        answer = _spoilt(failure, true_answer or b'{"status": "ok", "data": {}}')
        if failure.body == "cut":
            await _send_half(answer, send)
        else:
            await answer(scope, receive, send)

    async def _carried_out(self, scope: Scope, receive: Receive) -> bytes:
        pieces: list[bytes] = []

        async def keep(message: Message) -> None:
            pieces.append(message.get("body", b""))

        await self.app(scope, receive, keep)
        return b"".join(pieces)


def _spoilt(failure: Failure, true_answer: bytes) -> Response:
    if failure.body in _TRUE_ANSWER_KINDS:
        return _spoilt_true_answer(failure, true_answer)
    match failure.body:
        case "html":
            return HTMLResponse(_SERVER_ERROR_PAGE, status_code=failure.status)
        case "plain":
            return PlainTextResponse("Service Unavailable", status_code=failure.status)
        case "empty":
            return Response(b"", status_code=failure.status)
        case "endless":
            return StreamingResponse(_without_end(), status_code=failure.status, media_type="application/json")
    code = _ERROR_CODES.get(failure.status, "internal_error")
    return envelope(failure.status, code, "Something went wrong")


def _spoilt_true_answer(failure: Failure, true_answer: bytes) -> Response:
    if failure.body == "slow":
        dripping = _drip(true_answer, failure.slow_seconds)
        return StreamingResponse(dripping, status_code=failure.status, media_type="application/json")
    kept = true_answer[: len(true_answer) // 2] if failure.body == "truncated" else true_answer
    return Response(kept, status_code=failure.status, media_type="application/json")


async def _send_half(answer: Response, send: Send) -> None:
    """Promise the whole length, send half and stop: the server then breaks the connection."""
    body = bytes(answer.body)
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _drip(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    size = len(body) // _STEPS_OF_A_SLOW_ANSWER + 1
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(seconds / _STEPS_OF_A_SLOW_ANSWER)


async def _without_end() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 1024
        await asyncio.sleep(0.02)
