"""The messages of a chat, one message, what became of it and who reacted to it."""

import json
from bisect import bisect_left, bisect_right
from typing import Any

from sandbox.timelines import memory, queries
from sandbox.timelines.arrivals import shift_pages
from sandbox.timelines.bodies import Reaction
from sandbox.timelines.chats import chat_named
from sandbox.timelines.refusals import invalid, not_found
from sandbox.timelines.service import Call, Service


def message_named(service: Service, uid: str) -> memory.Message:
    """Find a message by uid. Raises Refusal (404)."""
    if message := service.workspace.messages.get(uid):
        return message
    raise not_found(f'Message uid "{uid}" not found')


def list_messages(service: Service, call: Call) -> dict[str, Any]:
    """Give one page of a chat's history, notes and calls included, newest first unless asked otherwise."""
    chat = chat_named(service, call)
    start, stop = _between(service, call, chat)
    from_me = queries.flag(call.query, "from_me")
    found = [one for one in chat.messages[start:stop] if from_me is None or one.from_me is from_me]
    if _order(call) == "desc":
        found.reverse()
    endless = service.faults.same_page_forever
    number = 1 if endless else queries.page_number(call.query)
    end = number * queries.PAGE_SIZE
    page = {
        "has_more_pages": endless or end < len(found),
        "messages": [service.shapes.message(one) for one in found[end - queries.PAGE_SIZE : end]],
    }
    if service.faults.pages_shift:
        shift_pages(service, chat)
    return page


def _order(call: Call) -> str:
    order = call.query.get("sorting_order", "desc")
    if order not in {"asc", "desc"}:
        raise invalid("must be asc or desc", field="sorting_order")
    return order


def _between(service: Service, call: Call, chat: memory.Chat) -> tuple[int, int]:
    """Give the slice of the ordered history that lies within dates (inclusive) and cursors (exclusive)."""
    zone, faults = service.workspace.zone, service.faults
    starts, stops = [0], [len(chat.messages)]
    if after := queries.bound(call.query, "after", zone):
        starts.append(bisect_left(chat.messages, after, key=lambda one: one.timestamp))
    if before := queries.bound(call.query, "before", zone, end_of_day=True):
        stops.append(bisect_right(chat.messages, before, key=lambda one: one.timestamp))
    if uid := call.query.get("after_message"):
        starts.append(_after(service, chat, uid))
    if (uid := call.query.get("before_message")) and not (faults.ignore_before_message or faults.same_page_forever):
        stops.append(_before(service, chat, uid))
    return max(starts), min(stops)


def _after(service: Service, chat: memory.Chat, uid: str) -> int:
    cursor = _cursor(service, chat, uid)
    if service.faults.cursor_skips_same_second:
        return bisect_right(chat.messages, cursor.timestamp, key=lambda one: one.timestamp)
    return bisect_right(chat.messages, cursor.position, key=lambda one: one.position)


def _before(service: Service, chat: memory.Chat, uid: str) -> int:
    cursor = _cursor(service, chat, uid)
    if service.faults.cursor_skips_same_second:
        return bisect_left(chat.messages, cursor.timestamp, key=lambda one: one.timestamp)
    return bisect_left(chat.messages, cursor.position, key=lambda one: one.position)


def _cursor(service: Service, chat: memory.Chat, uid: str) -> memory.Message:
    message = message_named(service, uid)
    if message.chat_id != chat.id:
        raise not_found(f'Message uid "{uid}" not found')
    return message


def get_message(service: Service, call: Call) -> dict[str, Any]:
    """Give one message."""
    return service.shapes.message(message_named(service, call.path["uid"]))


def get_status_history(service: Service, call: Call) -> list[dict[str, Any]]:
    """Give what became of a message, oldest first."""
    return service.shapes.status_history(message_named(service, call.path["uid"]))


def get_reactions(service: Service, call: Call) -> dict[str, Any]:
    """Give the reactions to a message."""
    return service.shapes.reactions(message_named(service, call.path["uid"]))


def set_reaction(service: Service, call: Call) -> dict[str, Any]:
    """Replace the reaction of the workspace's own number; an empty one takes it back. Costs no credit."""
    message = message_named(service, call.path["uid"])
    emoji = _unescaped(call.read(Reaction).reaction)
    account = service.workspace.accounts[service.workspace.chats[message.chat_id].account_id]
    message.reactions = [user for user in message.reactions if not user["current"]]
    if emoji:
        user = {"name": account.account_name, "phone": account.phone, "reaction": emoji, "current": True}
        message.reactions.append(user)
    return {"message_uid": message.uid}


def _unescaped(reaction: str) -> str:
    if "\\u" not in reaction:
        return reaction
    try:
        return str(json.loads(f'"{reaction}"'))
    except ValueError as error:
        raise invalid("must be a single emoji", field="reaction") from error


ROUTES = [
    ("GET", "/chats/{chat_id:int}/messages", list_messages),
    ("GET", "/v2/chats/{chat_id:int}/messages", list_messages),
    ("GET", "/messages/{uid}", get_message),
    ("GET", "/messages/{uid}/status_history", get_status_history),
    ("GET", "/messages/{uid}/reactions", get_reactions),
    ("PATCH", "/messages/{uid}/reactions", set_reaction),
]
