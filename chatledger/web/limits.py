"""How often and how much: requests per minute for what can be guessed or flooded, bytes for every body."""

import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024
LARGER_BODIES: dict[str, int] = {}
"""By the beginning of the path, for areas that receive files: bytes."""

MOST = {
    "sign-in": parse("20/minute"),
    "consent": parse("120/minute"),  # a whole office may come in at nine by one address
    "webhook": parse("30000/minute"),
    "webhook with a wrong secret": parse("60/minute"),
}
"""Attempts of one client address, by what is attempted; areas add theirs."""

EVERYBODY = {"sign-in": parse("300/minute")}
"""Attempts of all addresses together: an attacker has many."""


class RateLimits:
    """Counts attempts in this process. The count starts anew with it."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, request: Request, what: str) -> None:
        """Count an attempt; raises HTTPException 429 with Retry-After when there were too many."""
        client = request.client.host if request.client else "unknown"
        self._hit(MOST[what], what, client)
        if what in EVERYBODY:
            self._hit(EVERYBODY[what], what, "everybody")

    def _hit(self, most: RateLimitItem, *key: str) -> None:
        if not self._limiter.hit(most, *key):
            again = self._limiter.get_window_stats(most, *key).reset_time
            wait = max(1, math.ceil(again - time.time()))
            raise HTTPException(429, headers={"Retry-After": str(wait)})


def limit(request: Request, what: str) -> None:
    """Count an attempt at `what` (a key of MOST); raises HTTPException 429 when there were too many."""
    counted: RateLimits = request.app.state.rate_limits
    counted.check(request, what)


class BodyLimit:
    """Refuses bodies that are larger than what their path may receive, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that ends in an error beyond the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = next((size for start, size in LARGER_BODIES.items() if scope["path"].startswith(start)), LARGEST_BODY)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            await PlainTextResponse("The request is too large.", 413)(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413)
            return message

        await self._app(scope, limited, send)
