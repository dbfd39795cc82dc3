"""What an operator does from the sync log: trying again, choosing a record, taking a choice back."""

import re
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.errors import UsageError
from chatledger.ledger import chats
from chatledger.ledger.audit_trail import Act
from chatledger.models import Reason, RecordRef
from chatledger.web.csrf import posted_form
from chatledger.web.parts import WebParts
from chatledger.web.roles import require
from chatledger.web.sync_log import asking, looks

MOST_AT_ONCE = 500
_RECORD = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,99})/(\d{1,30})", re.ASCII)
_PAGE = re.compile(r"/sync-log[A-Za-z0-9/_.~?&=%+:@-]*", re.ASCII)


async def retry(request: Request) -> Response:
    """Have one message, a selection, or everything with one reason tried again."""
    person = require(request, "operator")
    form = await posted_form(request)
    ask = asking.parts_of(request).acts.retry
    if ask is None:
        raise HTTPException(404)
    uids = [str(uid) for uid in form.getlist("uid")][:MOST_AT_ONCE]
    reason = str(form.get("reason", ""))
    if reason and reason not in list(Reason):
        raise HTTPException(400)
    if not uids and not reason:
        return _back(form.get("back"), "nothing_chosen")
    await ask(uids=[] if reason else uids, reasons=[reason] if reason else [])
    subject = Act(person.email, "retried", "reason", reason) if reason else _of_messages(person.email, uids)
    await looks.done(request, subject)
    return _back(form.get("back"), "retried")


def _of_messages(actor: str, uids: list[str]) -> Act:
    named = uids[0] if len(uids) == 1 else ""
    return Act(actor, "retried", "message", named, details={"messages": len(uids)})


async def pin(request: Request) -> Response:
    """Have the chats of a number go to the record that was chosen."""
    person = require(request, "operator")
    form = await posted_form(request)
    parts = asking.parts_of(request)
    chosen = _RECORD.fullmatch(str(form.get("record", "")).strip())
    if parts.acts.pin is None:
        raise HTTPException(404)
    if chosen is None:
        raise UsageError("A record is written as MODULE/RECORD_ID, for example Leads/5725767000000411001.")
    key = await _phone_key(parts, form.get("chat"))
    await parts.acts.pin(key, RecordRef(chosen[1], chosen[2]))
    await looks.done(request, Act(person.email, "pinned", "record", f"{chosen[1]}/{chosen[2]}", key))
    return _back(form.get("back"), "pinned")


async def unpin(request: Request) -> Response:
    """Take a choice back: the number is matched anew with its next message."""
    person = require(request, "operator")
    form = await posted_form(request)
    parts = asking.parts_of(request)
    if parts.acts.unpin is None:
        raise HTTPException(404)
    key = await _phone_key(parts, form.get("chat"))
    await run_in_threadpool(parts.acts.unpin, key)
    await looks.done(request, Act(person.email, "unpinned", "chat", str(form.get("chat")), key))
    return _back(form.get("back"), "unpinned")


async def _phone_key(parts: WebParts, chat: object) -> str:
    """Return the number of a chat: forms name the chat, so that no number stands in them."""
    text = str(chat or "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004 - 64 bits
        raise HTTPException(400)
    read: Callable[[], str | None] = lambda: _key_of(parts, int(text))  # noqa: E731
    key = await run_in_threadpool(read)
    if key is None:
        raise HTTPException(404)
    return key


def _key_of(parts: WebParts, chat_id: int) -> str | None:
    with parts.ledger.reading() as session:
        found = chats.load(session, parts.organisation_id, [chat_id])
        return found[0].phone_key if found else None


def _back(page: object, done: str) -> Response:
    """Lead back to the page that was open, which says what was done."""
    path = str(page or "")
    path = path if _PAGE.fullmatch(path) else "/sync-log"
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}done={done}", 303)
