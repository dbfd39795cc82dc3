"""What is answered when something is wrong: a page, or JSON for programs. Never a traceback or an input."""

import logging
import traceback
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatledger.errors import ChatledgerError, NotFound, UsageError
from chatledger.web.rendering import render
from chatledger.web.roles import SignInNeeded
from chatledger.web.wording import language_of, wording

log = logging.getLogger(__name__)
PAGES_FOR = (400, 403, 404, 405, 413, 429, 500, 503)

FOR_SCRIPTS: set[str] = set()
"""Routes whose answers only a program can use: areas add theirs. Every other one is a page."""


def wants_json(request: Request) -> bool:
    """Say whether a program asks: everything that does not name HTML among what it accepts."""
    return "text/html" not in request.headers.get("Accept", "")


async def sign_in_needed(request: Request, _error: Exception) -> Response:
    """Lead whoever asks for a page to the sign-in page and back afterwards; tell a program."""
    takes = request.headers.get("Accept", "*/*")
    anything = "*/*" in takes and _route(request) not in FOR_SCRIPTS
    if "text/html" not in takes and not anything:
        return JSONResponse({"error": "sign in first"}, 401)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"/sign-in?next={quote(back, safe='')}" if request.method == "GET" else "/sign-in"
    return RedirectResponse(to, 303)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer a refusal with its page."""
    if not isinstance(error, HTTPException):
        return await failed(request, error)
    return _page(request, error.status_code, headers=dict(error.headers or {}))


async def expected(request: Request, error: Exception) -> Response:
    """Answer a failure this software expects with its sentence."""
    status = 400 if isinstance(error, UsageError) else 404 if isinstance(error, NotFound) else 503
    return _page(request, status, said=str(error))


async def failed(request: Request, error: Exception) -> Response:
    """Answer an unexpected failure; the log says where it happened, not with which values, which may be somebody's."""
    steps = [
        f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in traceback.extract_tb(error.__traceback__)[-8:]
    ]
    log.error("%s %s failed with %s at %s", request.method, _route(request), type(error).__name__, " > ".join(steps))
    return await run_in_threadpool(_page, request, 500)


def _page(request: Request, status: int, *, said: str = "", headers: dict[str, str] | None = None) -> Response:
    words = wording("pages", language_of(request))["errors"]
    known = status if status in PAGES_FOR else 400
    text = words[f"e{known}"]
    if wants_json(request):
        response: Response = JSONResponse({"error": said or text["what"]}, status)
    else:
        response = render(request, "error.html", status=status, number=status, text=text, said=said)
    response.headers.update(headers or {})
    return response


def _route(request: Request) -> str:
    """Return the path's pattern; the path itself may hold a secret."""
    route = request.scope.get("route")
    return getattr(route, "path", "a path without route")


class Failsafe:
    """Turns what nobody expected into an answer. Once an answer has begun it can only be broken off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and answer for it when it fails."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # the last layer before the server, which would log every value
            if scope["type"] != "http":
                raise
            answer = await self._answer(Request(scope), error)
            if not begun:
                await answer(scope, receive, send)

    @staticmethod
    async def _answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return await http_error(request, error)
        if isinstance(error, ChatledgerError):
            return await expected(request, error)
        return await failed(request, error)


HANDLERS = {SignInNeeded: sign_in_needed, HTTPException: http_error, ChatledgerError: expected}
