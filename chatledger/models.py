"""The words of the project as values; every other module speaks in these.

CHAT one WhatsApp conversation on one connected number. ACCOUNT a connected WhatsApp number with an owner. MESSAGE one item of
a chat. RECORD a row of a Zoho module. PHONE KEY the canonical form of a number. OUTCOME what became of a message.
All values are frozen, all times are aware. Nothing here does I/O.
"""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

Item = TypeVar("Item")


class Direction(StrEnum):
    """Seen from the connected number."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class ChatKind(StrEnum):
    """What the jid says a chat is; only DIRECT chats are synced."""

    DIRECT = "direct"
    GROUP = "group"
    BROADCAST = "broadcast"
    CHANNEL = "channel"


class Outcome(StrEnum):
    """What became of a message; it always comes with a `Reason`."""

    PENDING = "pending"
    SYNCED = "synced"
    SKIPPED = "skipped"
    PARKED = "parked"


class Reason(StrEnum):
    """Why a message has its outcome; the codes are part of the sync log and stay stable."""

    # pending
    NEW = "new"
    WRITE_UNCONFIRMED = "write_unconfirmed"
    BACK_OFF = "back_off"
    INDEX_BUILDING = "index_building"
    # synced
    NOTE_CREATED = "note_created"
    NOTE_UPDATED = "note_updated"
    NOTE_UNCHANGED = "note_unchanged"
    # skipped
    GROUP_CHAT = "group_chat"
    NO_PHONE = "no_phone"
    KIND_NOT_SYNCED = "kind_not_synced"
    EMPTY_MESSAGE = "empty_message"
    OUTGOING_ONLY = "outgoing_only"
    CONVERTED_STOP = "converted_stop"
    ERASED = "erased"
    DAY_CLOSED = "day_closed"
    # parked
    UNREADABLE = "unreadable"
    SEVERAL_MATCHES = "several_matches"
    MANDATORY_FIELD_MISSING = "mandatory_field_missing"
    FIELD_REFUSED = "field_refused"
    DUPLICATE_REFUSED = "duplicate_refused"
    RECORD_REFUSED = "record_refused"
    NOTE_REFUSED = "note_refused"
    NOT_PERMITTED = "not_permitted"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. `url` is temporary (about 15 minutes) and may already be gone; `size` is in bytes."""

    filename: str
    url: str | None = None
    size: int | None = None
    mimetype: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One item of a chat. `kind` is TimelinesAI's `message_type`, an open set; `agent` is `created_by`."""

    uid: str
    chat_id: int
    timestamp: datetime
    kind: str
    direction: Direction
    text: str = ""
    sender_name: str = ""
    agent: str = ""
    status: str = ""
    failure: str = ""
    attachments: tuple[Attachment, ...] = ()
    reactions: dict[str, int] = dataclass_field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """One WhatsApp conversation on one connected number. `url` is absolute; `phone` is as TimelinesAI gives it."""

    id: int
    name: str
    phone: str
    jid: str
    kind: ChatKind
    account_id: str
    url: str
    last_message_at: datetime | None = None
    last_message_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A connected WhatsApp number. `id` is its WID; a disconnected one still owns its chats."""

    id: str
    phone: str
    owner_name: str
    owner_email: str
    connected: bool


@dataclass(frozen=True, slots=True)
class Workspace:
    """A TimelinesAI workspace with what is left of its monthly API calls (None where not said)."""

    id: str
    name: str
    api_calls_total: int | None = None
    api_calls_used: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A text snippet of the workspace; `{{name}}` in its text stands for something the sender fills in."""

    id: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What became of a sent message at a moment; `status` is an open set of words."""

    status: str
    at: datetime | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A payload that does not fit the contract: kept raw, with the reason, and never in the way of the others."""

    id: str
    payload: Any
    why: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list: what could be read, what could not, and whether the source says there is more."""

    items: tuple[Item, ...]
    unreadable: tuple[Unreadable, ...] = ()
    more: bool = False
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A row of a Zoho module, by module api_name and id (a string of digits)."""

    module: str
    id: str


@dataclass(frozen=True, slots=True)
class RecordPhone:
    """A number found in a phone field of a record: the key, and the field's api_name."""

    key: str
    field: str


@dataclass(frozen=True, slots=True)
class ChatsOfRecord:
    """What a look-up found: a record with its numbers and their chats on all connected numbers, newest chat first.

    `values` are the record's fields as Zoho gave them. `only_ledger` says that TimelinesAI could not be asked, and why, so
    that there are only the chats the ledger knows. `unread_phones` names phone fields whose text holds no number.
    """

    record: RecordRef
    values: dict[str, Any] = dataclass_field(repr=False)
    phones: tuple[RecordPhone, ...] = dataclass_field(repr=False)
    chats: tuple[Chat, ...] = dataclass_field(repr=False)
    numbers: tuple[Account, ...] = dataclass_field(repr=False)
    unread_phones: tuple[str, ...] = ()
    only_ledger: Exception | None = None


@dataclass(frozen=True, slots=True)
class IndexedRecord:
    """What the phone index knows of a record. `phone_key` is None when its phone field holds no number.

    `alive` is False once the record is deleted or merged away; `converted` is True for a converted lead, whose
    `converted_contact` is the id of the conversion trace, None when the trace is gone.
    """

    ref: RecordRef
    phone_key: str | None
    created_at: datetime | None
    modified_at: datetime | None
    owner_id: str | None = None
    alive: bool = True
    converted: bool = False
    converted_contact: str | None = None


@dataclass(frozen=True, slots=True)
class ZohoUser:
    """A user of the Zoho organisation; only active and confirmed ones can own records."""

    id: str
    email: str
    name: str
    active: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class ZohoOrganisation:
    """The connected Zoho organisation; `zgid` never changes, `time_zone` is an IANA name."""

    zgid: str
    name: str
    time_zone: str
    kind: str = "production"


@dataclass(frozen=True, slots=True)
class ZohoModule:
    """A module of the organisation as its metadata describes it."""

    api_name: str
    label: str
    api_supported: bool
    creatable: bool
    viewable: bool
    generated_type: str = "default"


@dataclass(frozen=True, slots=True)
class ZohoField:
    """A field of a module. `length` is in characters; `pick_list` holds the actual values Zoho would store."""

    api_name: str
    label: str
    data_type: str
    length: int | None
    read_only: bool
    creatable: bool
    updatable: bool
    mandatory: bool
    unique: bool
    pick_list: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowDone:
    """A row of a write that Zoho confirmed; `action` is `insert` or `update`."""

    id: str
    action: str = "insert"


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row of a write that Zoho refused, in its own words.

    `api_name` is the field at fault; `duplicate_id` is the record in the way, `duplicate_module` its module where told.
    """

    code: str
    message: str
    api_name: str | None = None
    duplicate_id: str | None = None
    duplicate_module: str | None = None
    details: dict[str, Any] = dataclass_field(default_factory=dict)


RowResult = RowDone | RowRefused


@dataclass(frozen=True, slots=True)
class ZohoNote:
    """A note as Zoho lists it; `content` may be cut at 500 characters and may come back as HTML."""

    id: str
    title: str
    content: str
    parent: RecordRef
    created_at: datetime | None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeletedRecord:
    """A row of Zoho's list of deleted records; merged-away records appear here too."""

    ref: RecordRef
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A Zoho access token with its end of life and the API host the token answer named."""

    value: str = dataclass_field(repr=False)
    expires_at: datetime
    api_domain: str
    scopes: tuple[str, ...] = ()


class TokenStore(Protocol):
    """Where one connection's access token is kept, shared by every process that uses it."""

    def load(self) -> AccessToken | None:
        """Return the stored token, expired or not; None when there is none."""

    def claim_refresh(self, seconds: float) -> bool:
        """Reserve the right to refresh for `seconds`; False while another process holds it."""

    def save(self, token: AccessToken) -> None:
        """Store a fresh token and give the reservation back."""

    def release_refresh(self) -> None:
        """Give the reservation back without a new token."""


@dataclass(slots=True)
class CallCount:
    """Requests that left for each outside system, retries and token calls included, and the Zoho credits they cost."""

    timelines: int = 0
    zoho: int = 0
    zoho_credits: int = 0
