"""The Zoho stand-in: accounts server, CRM v8, control routes and pages in one app."""

import asyncio
import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.control import PREFIX, LoggedRequest, RequestLog, control_routes, json_object, wrong_use
from sandbox.zoho.accounts import Accounts
from sandbox.zoho.calls import Crm
from sandbox.zoho.door import Door
from sandbox.zoho.envelopes import json_answer
from sandbox.zoho.fault_layer import TRANSPORT, FaultLayer
from sandbox.zoho.faults import Faults
from sandbox.zoho.pages import pages
from sandbox.zoho.people import ACTIONS, People
from sandbox.zoho.snapshot import snapshot
from sandbox.zoho.watch import CallbackSender
from sandbox.zoho.world import settle_in

_API = re.compile(r"/oauth/|/crm/(v\d|bulk/)")


class ZohoStandIn(People):
    """One Zoho organisation to talk to over HTTP (`app`) and to act in as its people do (the methods)."""

    def __init__(self, world: dict[str, Any], faults: Faults | None = None) -> None:
        self.clock = Clock()
        self.requests: list[LoggedRequest] = []
        self.crm = Crm(world, self.clock, faults or Faults())
        settle_in(self.crm, world)
        self.accounts = Accounts(self.crm, world["client"])
        self.callbacks = CallbackSender(self.crm)
        super().__init__(self.crm, self.accounts)
        self.app: ASGIApp = _Wire(self)

    @property
    def faults(self) -> Faults:
        """The fault switches as they stand."""
        return self.crm.faults

    @property
    def workflow(self) -> list[dict[str, Any]]:
        """The automations that ran: module, id, operation and which kinds."""
        return self.crm.workflow

    @property
    def credits_used(self) -> int:
        """API credits used since the start."""
        return self.crm.credits.total

    def state(self) -> dict[str, Any]:
        """Everything stored, as JSON-able values."""
        self.crm.settle()
        return snapshot(self.crm) | {"callbacks": list(self.callbacks.sent)}


class _Wire:
    """The outermost layer: API calls are logged and pass the faults, pages and control routes do not."""

    def __init__(self, stand_in: ZohoStandIn) -> None:
        self._stand_in = stand_in
        self._plain = _starlette(stand_in)
        self._api = RequestLog(FaultLayer(self._plain, stand_in.crm), stand_in)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        self._stand_in.callbacks.serve_from(asyncio.get_running_loop())
        # The server hands over a bound method of what holds the connection; breaking it is one of the faults.
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await (self._api if _API.match(scope["path"]) else self._plain)(scope, receive, send)


def _starlette(stand_in: ZohoStandIn) -> Starlette:
    return Starlette(
        routes=[
            *control_routes(stand_in),
            Route(f"{PREFIX}/{{action}}", _act(stand_in), methods=["POST"]),
            *stand_in.accounts.routes(),
            *Door(stand_in.crm, stand_in.accounts).routes(),
            *pages(stand_in.crm),
        ],
        exception_handlers={404: _no_such_url, 405: _no_such_method},
    )


def _act(stand_in: ZohoStandIn) -> Any:
    async def act(request: Request) -> Response:
        action = request.path_params["action"]
        if action not in ACTIONS:
            return wrong_use(f"nobody can {action}; known are {', '.join(ACTIONS)}")
        try:
            return JSONResponse({"result": getattr(stand_in, action)(**await json_object(request))})
        except KeyError as error:
            return wrong_use(f"there is no {error.args[0]}")
        except (TypeError, ValueError) as error:
            return wrong_use(str(error))

    return act


async def _no_such_url(_request: Request, _error: Exception) -> Response:
    message = "Please check if the URL trying to access is a correct one"
    return json_answer({"code": "INVALID_URL_PATTERN", "details": {}, "message": message, "status": "error"}, 404)


async def _no_such_method(_request: Request, _error: Exception) -> Response:
    message = "The http request method type is not a valid one"
    return json_answer({"code": "INVALID_REQUEST_METHOD", "details": {}, "message": message, "status": "error"}, 405)
