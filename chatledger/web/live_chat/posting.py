"""Sending: a message into a chat, or the first one to a number. Nothing is sent twice, nothing gets lost without a word."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from chatledger.clients.timelines.messaging import LONGEST_TEXT
from chatledger.errors import ChatledgerError, OutsideError
from chatledger.models import Chat, Page
from chatledger.web import csrf
from chatledger.web.error_pages import wants_json
from chatledger.web.live_chat import trouble
from chatledger.web.live_chat.attempts import Attempt
from chatledger.web.live_chat.desk import Desk, number_of
from chatledger.web.live_chat.filling import open_variables
from chatledger.web.live_chat.pages import LATEST, Pages, rendered_latest
from chatledger.web.live_chat.trouble import Trouble
from chatledger.web.live_chat.uploads import NotSendable, Upload, read_upload
from chatledger.web.live_chat.visitors import Visitor, visitor_of
from chatledger.web.wording import language_of, wording

LONGEST_ID = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to send. `again` allows an attempt without an answer to be made again after a look at the chat."""

    attempt_id: str
    text: str
    upload: Upload | None
    reply_to: str
    again: bool
    chat: Chat | None = None
    to_phone: str = ""
    from_phone: str = ""


class Posting:
    """The sends of one desk."""

    def __init__(self, desk: Desk, pages: Pages) -> None:
        self.desk = desk
        self.pages = pages

    async def to_chat(self, request: Request) -> Response:
        """Send into a chat."""
        visitor, form = await _posted(request)
        _, chat = await self.desk.chat(visitor, request.path_params["chat_id"])
        return await self._answer(request, visitor, form, {"chat": chat})

    async def to_phone(self, request: Request) -> Response:
        """Send the first message to one of the record's numbers, from a connected one that was chosen."""
        visitor, form = await _posted(request)
        found = await self.desk.opened.of(visitor.person.id, visitor.record)
        number = number_of(found, str(form.get("number", "")))
        position = str(form.get("phone", ""))
        phone = found.phones[int(position)].key if position.isdecimal() and int(position) < len(found.phones) else ""
        chosen = {"to_phone": phone, "from_phone": number.phone if number and number.connected else ""}
        return await self._answer(request, visitor, form, chosen)

    async def react(self, request: Request) -> Response:
        """Set or take back our reaction to a message of the chat."""
        visitor, form = await _posted(request)
        _, chat = await self.desk.chat(visitor, request.path_params["chat_id"])
        uid = str(form.get("uid", ""))[:LONGEST_ID]
        if (await self.desk.timelines().message(uid)).chat_id != chat.id:
            raise HTTPException(404)
        await self.desk.timelines().react(uid, str(form.get("emoji", ""))[:LONGEST_ID])
        self.desk.parts.broadcaster.publish(chat.id)
        return JSONResponse({"state": "done"})

    async def _answer(self, request: Request, visitor: Visitor, form: FormData, where: dict[str, Any]) -> Response:
        try:
            draft = await _draft(form, where)
            attempt = await self._sent(visitor, draft)
        except NotSendable as error:
            attempt = Attempt(str(form.get("text", "")), "", state="refused", trouble=error.trouble)
            draft = None
        chat = draft.chat if draft else where.get("chat")
        if draft and attempt.state == "sent":
            chat = chat or await self._opened_by(visitor, attempt)
            if chat:
                self.desk.parts.broadcaster.publish(chat.id)
                await self.desk.note_down(visitor, "sent", chat, message=attempt.uid)
        if wants_json(request):
            return JSONResponse(await self._as_json(request, visitor, attempt, chat), _status(attempt))
        return await self._as_page(request, visitor, attempt, chat)

    async def _sent(self, visitor: Visitor, draft: Draft) -> Attempt:
        """Send a draft unless its attempt was made before; an unknown one is looked for first."""
        filename = draft.upload.filename if draft.upload else ""
        to = str(draft.chat.id) if draft.chat else f"{draft.to_phone} {draft.from_phone}"
        attempt = self.desk.attempts.take(visitor.person.id, draft.attempt_id, to=to, text=draft.text, filename=filename)
        async with attempt.lock:
            if attempt.state == "unknown" and draft.again:
                attempt.uid = await self._found(attempt, draft) or ""
                attempt.state = "sent" if attempt.uid else "new"
            if attempt.state in {"new", "refused"}:
                await self._send(attempt, draft)
        return attempt

    async def _send(self, attempt: Attempt, draft: Draft) -> None:
        attempt.trouble = None
        try:
            timelines = self.desk.timelines()
            file_uid = await draft.upload.bring(timelines) if draft.upload else None
            attempt.state = "unknown"  # from here on, whatever ends this request, the message may have left
            if draft.chat:
                sending = timelines.send_to_chat(
                    draft.chat.id, text=draft.text, file_uid=file_uid, reply_to=draft.reply_to or None
                )
            else:
                sending = timelines.send_to_phone(
                    draft.to_phone, from_phone=draft.from_phone, text=draft.text, file_uid=file_uid
                )
            attempt.uid = await sending
            attempt.state = "sent"
        except ChatledgerError as error:
            unknown = isinstance(error, OutsideError) and error.outcome_unknown
            attempt.state, attempt.trouble = ("unknown", None) if unknown else ("refused", trouble.of_send(error))

    async def _found(self, attempt: Attempt, draft: Draft) -> str | None:
        """Look for an attempt in the chat it went to; one that was to open a chat is looked for among all of the number."""
        newest = self.desk.newest
        chats = [draft.chat.id] if draft.chat else await self._chats_with(draft.to_phone)
        for chat_id in chats:
            page: Page[Any] = await newest.of(chat_id, since=newest.now())
            if uid := self.desk.attempts.find_in(attempt, page.items):
                return uid
        return None

    async def _chats_with(self, phone: str) -> list[int]:
        return [chat.id for chat in (await self.desk.timelines().chats(phone=phone)).items]

    async def _opened_by(self, visitor: Visitor, attempt: Attempt) -> Chat | None:
        """Return the chat that the first message opened; None while TimelinesAI does not list it yet."""
        message = await self.desk.timelines().message(attempt.uid)
        found = await self.desk.opened.of(visitor.person.id, visitor.record, anew=True)
        return next((chat for chat in found.chats if chat.id == message.chat_id), None)

    async def _as_json(self, request: Request, visitor: Visitor, attempt: Attempt, chat: Chat | None) -> dict[str, Any]:
        words = wording("live_chat", language_of(request))
        answer: dict[str, Any] = {"state": attempt.state, "uid": attempt.uid, "chat": chat.id if chat else None}
        if attempt.trouble:
            answer |= trouble.words(words, attempt.trouble)
        if attempt.state == "unknown":
            answer |= {"title": words["unknown"], "text": words["unknown_still"]}
        if chat and attempt.state == "sent":
            page = await self.desk.newest.of(chat.id, since=self.desk.newest.now())
            zone = await self.desk.zone(request.query_params.get("zone", ""))
            part = rendered_latest(request, self.desk.bubbles(visitor, chat, page.items[:LATEST], zone), zone)
            answer["html"] = bytes(part.body).decode()
        return answer

    async def _as_page(self, request: Request, visitor: Visitor, attempt: Attempt, chat: Chat | None) -> Response:
        """Lead a browser without scripts back to the chat, or show the form again with what went wrong."""
        if attempt.state == "sent":
            where = f"&chat={chat.id}" if chat else "&anew=1"
            return RedirectResponse(f"/live-chat?module={visitor.record.module}&record={visitor.record.id}{where}", 303)
        words = wording("live_chat", language_of(request))
        uncertain: dict[str, Any] = {"title": words["unknown"], "text": words["unknown_still"], "uncertain": True}
        said = trouble.words(words, attempt.trouble) if attempt.trouble else uncertain
        return await self.pages.shown(request, visitor, "live_chat/page.html", unsent=said, unsent_text=attempt.text)


async def _posted(request: Request) -> tuple[Visitor, FormData]:
    """Return who sends and the form, proven by the session token or, with a cookie, by the form's own token."""
    visitor = await visitor_of(request)
    if not visitor.framed:
        return visitor, await csrf.posted_form(request, most_files=1)
    csrf.check_origin(request)
    return visitor, await request.form(max_files=1, max_fields=csrf.MOST_FIELDS)


async def _draft(form: FormData, where: dict[str, Any]) -> Draft:
    """Read a form; raise NotSendable for what can be known without asking anybody."""
    draft = Draft(
        attempt_id=str(form.get("attempt") or uuid4().hex)[:LONGEST_ID],
        text=str(form.get("text", "")).replace("\r\n", "\n").strip(),
        upload=await read_upload(form),
        reply_to=str(form.get("reply_to", ""))[:LONGEST_ID],
        again=form.get("again") == "1",
        **where,
    )
    if draft.chat is None and not (draft.to_phone and draft.from_phone):
        raise NotSendable(Trouble("choose_number"))
    if not draft.text and draft.upload is None:
        raise NotSendable(Trouble("empty"))
    if len(draft.text) > LONGEST_TEXT:
        raise NotSendable(Trouble("too_long"))
    if open_variables(draft.text):
        raise NotSendable(Trouble("open_variables"))
    return draft


def _status(attempt: Attempt) -> int:
    return {"sent": HTTPStatus.OK, "unknown": HTTPStatus.ACCEPTED}.get(attempt.state, HTTPStatus.CONFLICT)
