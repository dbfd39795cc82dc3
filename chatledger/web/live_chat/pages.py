"""The page of a record and its parts, all rendered here; scripts only put them in place."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from chatledger.errors import ChatledgerError
from chatledger.web.live_chat import trouble
from chatledger.web.live_chat.conversation import Bubble, by_day
from chatledger.web.live_chat.desk import Desk
from chatledger.web.live_chat.filling import Filled, filled
from chatledger.web.live_chat.panel import conversation, older_page, panel
from chatledger.web.live_chat.visitors import Visitor, visitor_of
from chatledger.web.rendering import render
from chatledger.web.wording import language_of, wording

LATEST = 15
"""Messages that are sent along with news; a page that missed more loads itself again."""


class Pages:
    """The pages of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def page(self, request: Request) -> Response:
        """Show a record's chats as a whole page."""
        visitor = await visitor_of(request)
        return await self.shown(request, visitor, "live_chat/page.html")

    async def panel(self, request: Request) -> Response:
        """Show a record's chats as a part, for a script to put in place."""
        return await self.shown(request, await visitor_of(request), "live_chat/panel.html")

    async def older(self, request: Request) -> Response:
        """Show the messages before one of them."""
        visitor = await visitor_of(request)
        _, chat = await self.desk.chat(visitor, request.path_params["chat_id"])
        page = await older_page(self.desk, chat, request.query_params.get("before", ""))
        zone = await self.desk.zone(request.query_params.get("zone", ""))
        context = conversation(self.desk, visitor, chat, page, zone)
        return render(request, "live_chat/messages.html", chat_id=chat.id, **context, **dates(request, zone))

    async def latest(self, request: Request) -> Response:
        """Show the newest messages of a chat, for a script to merge."""
        visitor = await visitor_of(request)
        _, chat = await self.desk.chat(visitor, request.path_params["chat_id"])
        page = await self.desk.newest.of(chat.id, since=self.desk.newest.now() - 2)
        zone = await self.desk.zone(request.query_params.get("zone", ""))
        return rendered_latest(request, self.desk.bubbles(visitor, chat, page.items[:LATEST], zone), zone)

    async def templates(self, request: Request) -> Response:
        """Show the workspace's templates, filled from the record."""
        visitor = await visitor_of(request)
        found = await self.desk.opened.of(visitor.person.id, visitor.record)
        return render(request, "live_chat/templates.html", templates=filled(await self.desk.templates(), found.values))

    async def shown(self, request: Request, visitor: Visitor, template: str, **more: Any) -> Response:
        """Render a record's chats, or plainly what keeps them from being shown."""
        words = wording("live_chat", language_of(request))
        if not self.desk.is_set_up:
            return render(request, "live_chat/unavailable.html", status=503)
        try:
            anew = request.query_params.get("anew") is not None
            found = await self.desk.opened.of(visitor.person.id, visitor.record, anew=anew)
            context = await panel(request, self.desk, visitor, found)
            ready = await self._chosen_template(request, found.values)
        except ChatledgerError as error:
            kind = trouble.of_look_up(error)
            context = {"trouble": trouble.words(words, kind), "connect": kind.connect, "framed": visitor.framed}
            return render(request, template, record=visitor.record, **context)
        return render(request, template, trouble=None, **ready, **context, **dates(request, context["zone"]), **more)

    async def _chosen_template(self, request: Request, values: dict[str, Any]) -> dict[str, Any]:
        """Return the templates where they were asked for without a script, and the text of the one chosen."""
        if "templates" not in request.query_params:
            return {"templates": (), "text": ""}
        templates: tuple[Filled, ...] = filled(await self.desk.templates(), values)
        chosen = next((one for one in templates if str(one.id) == request.query_params.get("template")), None)
        return {"templates": templates, "text": chosen.text if chosen else ""}


def rendered_latest(request: Request, shown: tuple[Bubble, ...], zone: str) -> Response:
    """Render newest messages as a part; every bubble says by its mark whether it changed."""
    return render(request, "live_chat/messages.html", days=by_day(shown), older=None, chat_id=0, **dates(request, zone))


def dates(request: Request, zone: str) -> dict[str, Any]:
    """Return today and yesterday where the messages are dated, and how a date is written."""
    today = datetime.now(ZoneInfo(zone)).date()
    words = wording("live_chat", language_of(request))
    return {"today_is": today, "yesterday_was": today - timedelta(days=1), "date_format": words["date_format"]}
