"""The parts of the stand-in that every route works with, and how a route becomes an endpoint of the API."""

import inspect
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pydantic
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.control import EscapedJSON, mark
from sandbox.timelines import memory, refusals
from sandbox.timelines.delivery import Deliveries
from sandbox.timelines.downloads import DownloadLinks
from sandbox.timelines.faults import Faults
from sandbox.timelines.shapes import Shapes

API = "/integrations/api"
_Body = TypeVar("_Body", bound=pydantic.BaseModel)


@dataclass
class Service:
    """What the routes share; `lock` is held by whoever reads or changes the memory."""

    workspace: memory.Workspace
    faults: Faults
    clock: Clock
    links: DownloadLinks
    shapes: Shapes
    deliveries: Deliveries
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True)
class Call:
    """One request that passed the login."""

    request: Request
    body: bytes

    @property
    def path(self) -> dict[str, Any]:
        """The parts of the path that were named in the route."""
        return self.request.path_params

    @property
    def query(self) -> QueryParams:
        """The query."""
        return self.request.query_params

    def read(self, model: type[_Body]) -> _Body:
        """Read the JSON body; keys that the model does not know are ignored, as TimelinesAI does.

        Raises Refusal (400) when it is not JSON or does not fit.
        """
        try:
            given = json.loads(self.body or b"{}")
        except ValueError as error:
            raise refusals.invalid(f"Bad JSON format: {error}") from error
        return checked(model, given)

    def costs(self, message_credits: int) -> None:
        """Note in the request log how many message credits this call used."""
        mark(self.request.scope, credits_used=message_credits)


def checked(model: type[_Body], given: Any) -> _Body:
    """Fit values into a model. Raises Refusal (400) that names every field that does not fit."""
    try:
        return model.model_validate(given)
    except pydantic.ValidationError as error:
        refusal = refusals.invalid("Request validation failed")
        details = error.errors(include_url=False, include_input=False)
        refusal.errors = [{"fields": [str(part) for part in one["loc"]], "msg": one["msg"]} for one in details]
        raise refusal from error


Handler = Callable[[Service, Call], Any] | Callable[[Service, Call], Awaitable[Any]]


def api_route(service: Service, method: str, path: str, handle: Handler) -> Route:
    """Make a handler an endpoint: login, counting, the envelope around its data, refusals as answers.

    A handler that gives None is answered with the bare `{"status": "ok"}`. A handler without `async` runs under the lock.
    """

    async def endpoint(request: Request) -> Response:
        if refused := _login(service, request):
            return refused
        call = Call(request, b"" if _is_form(request) else await request.body())
        try:
            if inspect.iscoroutinefunction(handle):
                data = await handle(service, call)
            else:
                with service.lock:
                    data = handle(service, call)
        except refusals.Refusal as refusal:
            return refusal.answer()
        return EscapedJSON({"status": "ok"} if data is None else {"status": "ok", "data": data})

    return Route(API + path, endpoint, methods=[method])


def _login(service: Service, request: Request) -> Response | None:
    service.links.base_url = str(request.base_url).rstrip("/")
    plain = service.faults.plain_text_401
    given = request.headers.get("authorization")
    if not given:
        return refusals.unauthorized("missing_credentials", "Authorization header is missing", plain_text=plain)
    if given != f"Bearer {service.workspace.token}":
        return refusals.unauthorized("invalid_token", "Invalid or expired token", plain_text=plain)
    calls = service.workspace.api_calls
    if calls["used"] >= calls["total"]:
        return refusals.envelope(429, "quota_exceeded", "API calls quota exceeded")
    calls["used"] += 1
    return None


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")
