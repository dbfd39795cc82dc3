"""TimelinesAI as one ASGI app with a memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import cache
from typing import Any

import pydantic
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.clock import Clock
from sandbox.control import PREFIX, LoggedRequest, RequestLog, control_routes, json_object, wrong_use
from sandbox.timelines import chats, files, messages, people, templates, webhooks
from sandbox.timelines.acts import Acts
from sandbox.timelines.credits import Credits
from sandbox.timelines.delivery import Deliveries
from sandbox.timelines.downloads import DownloadLinks, download_route
from sandbox.timelines.faults import Faults
from sandbox.timelines.loading import load_workspace
from sandbox.timelines.refusals import envelope, page_not_found
from sandbox.timelines.sending import Sending
from sandbox.timelines.service import Service, api_route
from sandbox.timelines.shapes import Shapes
from sandbox.timelines.spoiling import Spoiling

_ACTS = (
    "receive_message",
    "edit_chat",
    "change_text",
    "delete_message",
    "disconnect_account",
    "reconnect_account",
    "replace_token",
)


class TimelinesStandIn(Acts):
    """A workspace of TimelinesAI, begun as the `timelines` part of a world says.

    `app` is the ASGI app with the API at `/integrations/api`; `faults` the switches; `requests` the request log; `clock`
    the time it lives in; `webhook_log` one entry per attempt to deliver an event. Every act of people is a method here
    and a control route `POST /_sandbox/NAME` that takes its arguments as a JSON object.
    """

    def __init__(self, world: dict[str, Any]) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.requests: list[LoggedRequest] = []
        self.workspace = load_workspace(world)
        links = DownloadLinks(self.clock, self.faults)
        self.service = Service(
            workspace=self.workspace,
            faults=self.faults,
            clock=self.clock,
            links=links,
            shapes=Shapes(self.workspace, self.faults, self.clock, links),
            deliveries=Deliveries(self.workspace, self.faults, self.clock),
        )
        super().__init__(self.service)
        self._credit = Credits(self.workspace, self.clock)
        self.app = self._app()

    @property
    def webhook_log(self) -> list[dict[str, Any]]:
        """Every attempt to deliver an event."""
        return self.service.deliveries.log

    def state(self) -> dict[str, Any]:
        """Give everything stored, in the shapes of the API."""
        shapes, workspace = self.service.shapes, self.workspace
        with self.service.lock:
            return {
                "workspace": {"workspace_id": workspace.slug, "time_zone": workspace.zone.key},
                "message_credits_used": self._credit.used(),
                "accounts": [asdict(account) | _moments(shapes, account) for account in workspace.accounts.values()],
                "chats": [
                    {**shapes.chat(chat), "messages": [shapes.message(message) for message in chat.messages]}
                    for chat in workspace.chats.values()
                ],
                "templates": [{**templates.shape(one), "uses": one.uses} for one in workspace.templates.values()],
                "files": sorted(workspace.files),
                "webhooks": [{**webhooks.shape(one), "deleted": one.deleted} for one in workspace.webhooks],
                "webhook_log": list(self.webhook_log),
            }

    def _app(self) -> Starlette:
        app = Starlette(
            routes=[*self._api_routes(), *self._act_routes(), *control_routes(self)],
            middleware=[Middleware(RequestLog, stand_in=self), Middleware(Spoiling, service=self.service)],
            exception_handlers={404: _no_such_page, 405: _no_such_method},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False  # a slash too many is a page that does not exist
        return app

    def _api_routes(self) -> list[BaseRoute]:
        sending = Sending(self.service, self._credit)
        handlers: list[tuple[str, str, Any]] = [
            *chats.ROUTES,
            *messages.ROUTES,
            *sending.routes,
            *files.ROUTES,
            *files.FileMessages(sending).routes,
            *people.ROUTES,
            *people.WorkspaceRoutes(self._credit).routes,
            *webhooks.ROUTES,
            *templates.ROUTES,
        ]
        routes: list[BaseRoute] = [api_route(self.service, method, path, handle) for method, path, handle in handlers]
        return [*routes, download_route(self.workspace, self.service.links, self.faults)]

    def _act_routes(self) -> list[Route]:
        return [Route(f"{PREFIX}/{name}", _act(getattr(self, name)), methods=["POST"]) for name in _ACTS]

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self.service.deliveries.running():
            yield


def _moments(shapes: Shapes, account: Any) -> dict[str, Any]:
    gone = account.disconnected_on
    return {"connected_on": shapes.moment(account.connected_on), "disconnected_on": shapes.moment(gone) if gone else None}


def _act(act: Any) -> Any:
    checked = cache(lambda: pydantic.validate_call(act))  # takes its time, and most acts are never asked for over HTTP

    async def perform(request: Request) -> Response:
        try:
            return JSONResponse(checked()(**await json_object(request)) or {})
        except (LookupError, TypeError, ValueError) as error:
            return wrong_use(str(error))

    return perform


async def _no_such_page(_request: Request, _error: Exception) -> Response:
    return page_not_found()


async def _no_such_method(_request: Request, _error: Exception) -> Response:
    return envelope(405, None, "Method not allowed")
