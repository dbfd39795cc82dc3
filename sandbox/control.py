"""What both stand-ins offer to whoever drives them: a request log, fault switches, a clock and a view of their memory.

None of these routes asks for a login and none of them appears in the request log.
"""

import dataclasses
import json
from collections.abc import MutableMapping
from typing import Any, Protocol, TypedDict

import pydantic
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock

PREFIX = "/_sandbox"
_ENTRY = "sandbox.request_log_entry"


class EscapedJSON(JSONResponse):
    """JSON in pure ASCII: a text that holds half of a surrogate pair is escaped instead of breaking the answer."""

    def render(self, content: Any) -> bytes:
        """Write the JSON."""
        return json.dumps(content, separators=(",", ":")).encode()


class LoggedRequest(TypedDict):
    """One request as the stand-in saw it; `status` stays None while (or if) no answer was begun."""

    n: int
    at: str
    method: str
    path: str
    query: str
    status: int | None
    credits: int
    fault: str | None


class Controlled(Protocol):
    """What the control routes need of a stand-in; `faults` is an instance of a dataclass of switches."""

    clock: Clock
    requests: list[LoggedRequest]

    @property
    def faults(self) -> Any:
        """The fault switches as they stand."""

    def state(self) -> dict[str, Any]:
        """Everything stored, as JSON-able values."""


def mark(scope: MutableMapping[str, Any], *, credits_used: int | None = None, fault: str | None = None) -> None:
    """Note in the log entry of this request what it cost and which fault it met."""
    entry = scope.get(_ENTRY)
    if entry is None:
        return
    if credits_used is not None:
        entry["credits"] = credits_used
    if fault is not None:
        entry["fault"] = fault


class RequestLog:
    """ASGI middleware that appends every request outside the control routes to the log of the stand-in.

    The entry is written when the request arrives, so that one which is never answered shows as well.
    """

    def __init__(self, app: ASGIApp, stand_in: Controlled) -> None:
        self.app = app
        self.stand_in = stand_in
        self._arrived = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and keep its log entry up to date."""
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        entry = self._entry(scope)
        scope[_ENTRY] = entry
        self.stand_in.requests.append(entry)

        async def send_noting_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        await self.app(scope, receive, send_noting_status)

    def _entry(self, scope: Scope) -> LoggedRequest:
        self._arrived += 1
        return LoggedRequest(
            n=self._arrived,
            at=self.stand_in.clock.now().isoformat(),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            status=None,
            credits=0,
            fault=None,
        )


def set_switches(faults: Any, given: dict[str, Any]) -> None:
    """Set the named switches of the dataclass instance in place; the others keep their position.

    Raises ValueError, with a sentence for the person, for a name or a value that does not exist; then nothing was set.
    """
    names = {field.name for field in dataclasses.fields(faults)}
    if unknown := sorted(set(given) - names):
        raise ValueError(f"there is no fault switch named {', '.join(unknown)}")
    try:
        checked = pydantic.TypeAdapter(type(faults)).validate_python({**dataclasses.asdict(faults), **given})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"fault switch {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    for name in given:
        setattr(faults, name, getattr(checked, name))


def reset_switches(faults: Any) -> None:
    """Put every switch back to its harmless default."""
    harmless = type(faults)()
    for field in dataclasses.fields(faults):
        setattr(faults, field.name, getattr(harmless, field.name))


def control_routes(stand_in: Controlled) -> list[Route]:
    """Build the routes under `/_sandbox` that every stand-in has.

    GET/DELETE requests; GET/PUT/DELETE faults (PUT sets the named switches, DELETE puts all back); GET state;
    GET clock, POST clock `{"advance_seconds": n}`.
    """
    return [
        Route(f"{PREFIX}/requests", _requests(stand_in), methods=["GET", "DELETE"]),
        Route(f"{PREFIX}/faults", _faults(stand_in), methods=["GET", "PUT", "DELETE"]),
        Route(f"{PREFIX}/state", _state(stand_in), methods=["GET"]),
        Route(f"{PREFIX}/clock", _clock(stand_in), methods=["GET", "POST"]),
    ]


def wrong_use(sentence: str) -> JSONResponse:
    """Answer a control request that makes no sense."""
    return JSONResponse({"error": sentence}, status_code=400)


async def json_object(request: Request) -> dict[str, Any]:
    """Read the JSON object in the body of a control request, `{}` for an empty body. Raises ValueError for anything else."""
    body = await request.json() if await request.body() else {}
    if not isinstance(body, dict):
        raise ValueError("the body has to be a JSON object")  # noqa: TRY004  one kind of complaint for all wrong bodies
    return body


def _requests(stand_in: Controlled) -> Any:
    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            stand_in.requests.clear()
        return EscapedJSON(list(stand_in.requests))

    return requests


def _faults(stand_in: Controlled) -> Any:
    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            reset_switches(stand_in.faults)
        elif request.method == "PUT":
            try:
                set_switches(stand_in.faults, await json_object(request))
            except ValueError as error:
                return wrong_use(str(error))
        return JSONResponse(dataclasses.asdict(stand_in.faults))

    return faults


def _state(stand_in: Controlled) -> Any:
    async def state(_request: Request) -> Response:
        return EscapedJSON(stand_in.state())

    return state


def _clock(stand_in: Controlled) -> Any:
    async def clock(request: Request) -> Response:
        if request.method == "POST":
            try:
                stand_in.clock.advance(float((await json_object(request))["advance_seconds"]))
            except (KeyError, TypeError, ValueError):
                return wrong_use('the body has to be {"advance_seconds": NUMBER}')
        return JSONResponse({"now": stand_in.clock.now().isoformat(), "offset_seconds": stand_in.clock.offset_seconds})

    return clock
