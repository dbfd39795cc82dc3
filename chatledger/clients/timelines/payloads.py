"""TimelinesAI's JSON into values of the project. No I/O; unknown fields and unknown enum values are let through.

A field that decides where a message belongs, when it was written or what it says has to be readable; the others fall back to
empty, so that a vendor's new idea about a display name never stops a message.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chatledger.clients.moments import read_moment, read_optional_moment
from chatledger.clients.timelines.attachments import read_attachments
from chatledger.models import Account, Chat, ChatKind, Direction, Message, StatusChange, Template, Unreadable, Workspace

AGENT_EMAIL = re.compile(r"\s*\([^()]*@[^()]*\)\s*$")
KIND_BY_SERVER = {"g.us": ChatKind.GROUP, "broadcast": ChatKind.BROADCAST, "newsletter": ChatKind.CHANNEL}
DIRECTION_WORDS = {"sent": True, "outgoing": True, "received": False, "incoming": False}

Item = TypeVar("Item")


def _loose_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _loose_number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None


def _empty_if_none(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_empty_if_none)]
LooseText = Annotated[str, BeforeValidator(_loose_text)]
LooseNumber = Annotated[int | None, BeforeValidator(_loose_number)]
Moment = Annotated[datetime, BeforeValidator(read_moment)]
OptionalMoment = Annotated[datetime | None, BeforeValidator(read_optional_moment)]


class Payload(BaseModel):
    """Base of the payloads: what we do not know is ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class ChatPayload(Payload):
    """`ChatInfo` of the OpenAPI file; webhooks call its id `chat_id`."""

    id: int = Field(validation_alias=AliasChoices("id", "chat_id"))
    name: LooseText = ""
    phone: LooseText = ""
    jid: LooseText = ""
    is_group: bool | None = None
    whatsapp_account_id: LooseText = ""
    chat_url: LooseText = ""
    last_message_timestamp: OptionalMoment = None
    last_message_uid: LooseText = ""


class MessagePayload(Payload):
    """`MessageInfo` of the OpenAPI file; webhooks call its uid `message_uid`."""

    uid: str = Field(min_length=1, validation_alias=AliasChoices("uid", "message_uid"))
    chat_id: int
    timestamp: Moment
    from_me: bool
    text: Text = ""
    message_type: LooseText = ""
    sender_name: LooseText = ""
    created_by: LooseText = ""
    status: LooseText = ""
    origin: LooseText = ""


class AccountPayload(Payload):
    """`WhatsappAccountItem` of the OpenAPI file."""

    id: str = Field(min_length=1)
    phone: LooseText = ""
    owner_name: LooseText = ""
    owner_email: LooseText = ""
    status: LooseText = ""


class WorkspacePayload(Payload):
    """`WorkspaceInfo` of the OpenAPI file, as far as we use it."""

    workspace_id: str = Field(min_length=1)
    display_name: LooseText = ""
    api_calls_quota: Any = None


class TemplatePayload(Payload):
    """`Template` of the OpenAPI file."""

    id: int
    name: LooseText = ""
    text: LooseText = ""


class StatusPayload(Payload):
    """An item of a message's status history."""

    status: str = Field(min_length=1)
    timestamp: OptionalMoment = None


class QuotaPayload(Payload):
    """`Quota` of the OpenAPI file."""

    total: LooseNumber = None
    used: LooseNumber = None


def read_chat(raw: Any, origin: str) -> Chat:
    """Return a chat; its URL is made absolute against `origin`. Raise `ValidationError` where it cannot be read."""
    chat = ChatPayload.model_validate(raw)
    return Chat(
        id=chat.id,
        name=chat.name,
        phone=chat.phone,
        jid=chat.jid,
        kind=kind_of(chat.jid, is_group=bool(chat.is_group)),
        account_id=chat.whatsapp_account_id,
        url=_chat_url(chat, origin),
        last_message_at=chat.last_message_timestamp,
        last_message_uid=chat.last_message_uid or None,
    )


def kind_of(jid: str, *, is_group: bool) -> ChatKind:
    """Return what a jid says a chat is; `is_group` decides for jids that do not tell."""
    kind = KIND_BY_SERVER.get(jid.rpartition("@")[2].lower())
    return kind or (ChatKind.GROUP if is_group else ChatKind.DIRECT)


def _chat_url(chat: ChatPayload, origin: str) -> str:
    url = urljoin(f"{origin}/", chat.chat_url) if chat.chat_url else ""
    return url if urlsplit(url).scheme in ("http", "https") else f"{origin}/chat/{chat.id}/messages/"


def read_message(raw: Any, origin: str, chat_id: int | None = None) -> Message:
    """Return a message; `chat_id` stands in where the payload does not name its chat. Raise `ValidationError` otherwise."""
    prepared = {**raw, **_missing_parts(raw, chat_id)} if isinstance(raw, dict) else raw
    message = MessagePayload.model_validate(prepared)
    return Message(
        uid=message.uid,
        chat_id=message.chat_id,
        timestamp=message.timestamp,
        kind=message.message_type.lower() or "whatsapp",
        direction=Direction.OUTGOING if message.from_me else Direction.INCOMING,
        text=message.text,
        sender_name=message.sender_name,
        agent=AGENT_EMAIL.sub("", message.created_by),
        status=message.status,
        failure=_failure(raw.get("failure_reason"), message.status),
        attachments=read_attachments(raw, origin),
        reactions=_reactions(raw.get("reactions")),
        origin=message.origin,
    )


def _missing_parts(raw: dict[str, Any], chat_id: int | None) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if raw.get("chat_id") is None and chat_id is not None:
        parts["chat_id"] = chat_id
    if raw.get("from_me") is None:
        data = raw.get("data")
        said = data.get("whatsapp_from_me") if isinstance(data, dict) else None
        parts["from_me"] = DIRECTION_WORDS.get(str(raw.get("direction")).lower(), said)
    return parts


def _failure(reason: Any, status: str) -> str:
    if isinstance(reason, dict):
        said = [_loose_text(reason.get(key)) for key in ("title", "details", "code")]
        text = next((part for part in said if part), "")
    else:
        text = _loose_text(reason)
    return text or ("Failed" if status.lower() == "failed" else "")


def _reactions(raw: Any) -> dict[str, int]:
    counts = raw.get("reactions", raw) if isinstance(raw, dict) else None
    if not isinstance(counts, dict):
        return {}
    return {
        emoji: n
        for emoji, n in counts.items()
        if isinstance(n, int) and not isinstance(n, bool) and n > 0 and emoji != "total"
    }


def read_account(raw: Any) -> Account:
    """Return a connected number; every status but `active` means that it is not connected."""
    account = AccountPayload.model_validate(raw)
    connected = account.status.lower() in ("active", "connected")
    return Account(account.id, account.phone, account.owner_name, account.owner_email, connected)


def read_workspace(raw: Any) -> Workspace:
    """Return the workspace with its monthly API calls; raise `ValidationError` without an id."""
    workspace = WorkspacePayload.model_validate(raw)
    quota = QuotaPayload.model_validate(workspace.api_calls_quota if isinstance(workspace.api_calls_quota, dict) else {})
    return Workspace(workspace.workspace_id, workspace.display_name, quota.total, quota.used)


def read_template(raw: Any) -> Template:
    """Return a text template; raise `ValidationError` without an id."""
    template = TemplatePayload.model_validate(raw)
    return Template(template.id, template.name, template.text)


def read_status(raw: Any) -> StatusChange:
    """Return one change of a message's status; raise `ValidationError` without one."""
    change = StatusPayload.model_validate(raw)
    return StatusChange(change.status, change.timestamp, _failure(raw.get("failure_reason"), change.status))


def read_each(
    rows: Sequence[Any], read: Callable[[Any], Item], id_key: str
) -> tuple[tuple[Item, ...], tuple[Unreadable, ...]]:
    """Read the rows of a list one by one; what cannot be read is kept raw with the reason."""
    items: list[Item] = []
    unreadable: list[Unreadable] = []
    for raw in rows:
        try:
            items.append(read(raw))
        except ValidationError as error:
            unreadable.append(Unreadable(identity(raw, id_key), raw, why(error)))
    return tuple(items), tuple(unreadable)


def identity(raw: Any, key: str) -> str:
    """Return the id of a payload, or a hash of it that is the same at every reading."""
    named = _loose_text(raw.get(key)) if isinstance(raw, dict) else ""
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
    return named or f"unnamed-{digest[:16]}"


def why(error: ValidationError) -> str:
    """Return which fields could not be read, without any of their values."""
    problems = {
        ".".join(str(part) for part in issue["loc"]) or "payload": issue["type"] for issue in error.errors(include_input=False)
    }
    return "; ".join(
        f"{name} is missing" if kind == "missing" else f"{name} cannot be read" for name, kind in problems.items()
    )
