"""What a webhook brings, taken apart into events. No I/O.

Documented is one event per request with its parts at the top level. Seen or described elsewhere: the parts inside `data`, a
list of events, a bundle with `messages`, ids under other names, and samples whose `event_type` contradicts their content. So
an event is recognised by what it holds; `event_type` only decides where nothing else does.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chatledger.clients.answers import NotJson, read_json, whole_number, without_bad_characters
from chatledger.clients.timelines.attachments import read_attachments

WRAPPERS = ("data", "payload", "body", "event", "events", "webhooks", "items", "batch")
TYPE_NAMES = ("event_type", "event", "type", "eventType")
UID_NAMES = ("message_uid", "uid", "id")
DEEPEST = 4
MOST_EVENTS = 1_000
LONGEST_KEPT = 20_000
"""Characters kept of a body that is no event."""
LARGEST_ID = 2**63 - 1
LONGEST_UID = 200


class EventKind(StrEnum):
    """What an event is about."""

    MESSAGE = "message"
    REACTION = "reaction"
    CALL = "call"
    CHAT = "chat"
    ACCOUNT = "account"
    OTHER = "other"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event. `body` is its JSON text, or the beginning of what was no JSON; `why` says what makes it malformed.

    `fingerprint` is equal for events that say the same: a repeated message has other links to its files, but one fingerprint.
    """

    kind: EventKind
    event_type: str
    body: str = field(repr=False)
    fingerprint: str
    chat_id: int | None = None
    message_uid: str | None = None
    why: str = ""


def read_events(raw: bytes) -> list[WebhookEvent]:
    """Take the body of a request apart; there is always at least one event, malformed ones included."""
    try:
        value = read_json(raw)
    except NotJson:
        return [_malformed(raw.decode("utf-8", "replace"), "the body is not JSON")]
    parts = list(_parts(value))
    if not parts:
        return [_malformed(json.dumps(value), "the body holds no event")]
    if len(parts) > MOST_EVENTS:
        return [_malformed(json.dumps(value), f"the body holds more than {MOST_EVENTS} events")]
    return [read_event(part) for part in parts]


def read_event(part: Any) -> WebhookEvent:
    """Say what one event is about, of which chat and message."""
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(part, dict):
        return _malformed(text, "an event has to be a JSON object")
    kind, event_type = _kind(part), event_type_of(part)
    chat_id, uid = _chat_id(part), _uid(part, kind)
    why = _why_malformed(kind, event_type, chat_id, uid)
    if why:
        return _malformed(text, why, event_type)
    return WebhookEvent(kind, event_type, text, _fingerprint(part, kind, event_type, chat_id, uid), chat_id, uid)


def event_type_of(part: dict[str, Any]) -> str:
    """Return the event's type in the vendor's word, empty where it names none."""
    named = (part.get(name) for name in TYPE_NAMES)
    return next((name[:80] for name in named if isinstance(name, str)), "")


def message_part(part: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says of its message, which an old guide shows without an object of its own."""
    message = part.get("message")
    return message if isinstance(message, dict) else part


def chat_part(part: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says of its chat."""
    chat = part.get("chat")
    return chat if isinstance(chat, dict) else {}


def _parts(value: Any, inherited: str = "", depth: int = 0) -> Iterator[Any]:
    """Unwrap lists, envelopes and bundles; an event type named outside counts inside where none is named there."""
    if isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from _parts(item, inherited, depth + 1)
    elif isinstance(value, dict) and value:
        event_type = event_type_of(value) or inherited
        inner = next((value[name] for name in WRAPPERS if isinstance(value.get(name), dict | list)), None)
        if inner is not None and not _holds_an_event(value) and depth < DEEPEST:
            yield from _parts(inner, event_type, depth + 1)
        elif isinstance(value.get("messages"), list):
            rest = {name: part for name, part in value.items() if name != "messages"}
            yield from ({**rest, "event_type": event_type or "message:new", "message": each} for each in value["messages"])
        else:
            yield value if event_type_of(value) or not inherited else {**value, "event_type": inherited}
    elif not isinstance(value, dict):
        yield value


def _holds_an_event(value: dict[str, Any]) -> bool:
    return any(
        isinstance(value.get(name), dict) for name in ("chat", "message", "whatsapp_account", "reaction", "call_details")
    )


def _kind(part: dict[str, Any]) -> EventKind:
    group = event_type_of(part).partition(":")[0]
    if group == "waba" or "template" in part:
        return EventKind.OTHER
    signs = {
        EventKind.REACTION: isinstance(part.get("reaction"), dict),
        EventKind.CALL: isinstance(part.get("call_details"), dict) or group == "call",
        EventKind.MESSAGE: "message" in part or group == "message",
        EventKind.CHAT: group == "chat" or (group != "whatsapp" and bool(chat_part(part))),
        EventKind.ACCOUNT: group == "whatsapp" or isinstance(part.get("whatsapp_account"), dict),
    }
    unknown = EventKind.OTHER if group else EventKind.MALFORMED
    return next((kind for kind, present in signs.items() if present), unknown)


def _chat_id(part: dict[str, Any]) -> int | None:
    chat = chat_part(part)
    message = part.get("message")
    in_message = message.get("chat_id") if isinstance(message, dict) else None
    named = (chat.get("chat_id"), chat.get("id"), part.get("chat_id"), in_message, part.get("chat"))
    number = next((number for value in named if (number := whole_number(value)) is not None), None)
    return number if number is not None and 0 < number <= LARGEST_ID else None


def _uid(part: dict[str, Any], kind: EventKind) -> str | None:
    holder: Any = {EventKind.REACTION: part.get("reaction"), EventKind.CALL: part.get("call_details")}.get(kind)
    if kind is EventKind.MESSAGE:
        holder = message_part(part)
    if not isinstance(holder, dict):
        return None
    names = UID_NAMES if holder is not part else UID_NAMES[:2]
    return next((uid for name in names if isinstance(uid := holder.get(name), str) and uid), None)


def _why_malformed(kind: EventKind, event_type: str, chat_id: int | None, uid: str | None) -> str:
    if kind is EventKind.MALFORMED:
        return "it names no event type and holds nothing that is known"
    if kind in (EventKind.MESSAGE, EventKind.CALL, EventKind.CHAT) and chat_id is None:
        return f"{event_type or kind} names no chat by a whole number"
    if kind is EventKind.REACTION and uid is None:
        return "the reaction names no message"
    if uid is not None and len(uid) > LONGEST_UID:
        return f"the uid of the message is longer than {LONGEST_UID} characters"
    return ""


def _fingerprint(part: dict[str, Any], kind: EventKind, event_type: str, chat_id: int | None, uid: str | None) -> str:
    if kind is not EventKind.MESSAGE or uid is None:
        return _hash(part)
    message = message_part(part)
    names = [attachment.filename for attachment in read_attachments(message, "")]
    said = [message.get(name) for name in ("text", "direction", "from_me", "timestamp")]
    return _hash([kind, event_type, chat_id, uid, said, names])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _malformed(text: str, why: str, event_type: str = "") -> WebhookEvent:
    # Never the empty string and nothing a database refuses.
    kept = str(without_bad_characters(text))[:LONGEST_KEPT]
    return WebhookEvent(EventKind.MALFORMED, event_type, kept, _hash(["malformed", text]), why=why)
