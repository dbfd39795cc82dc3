"""What is known of a message or a phone, as values: the command line and the pages only print them."""

from dataclasses import dataclass
from datetime import datetime

from chatledger.models import RecordRef


@dataclass(frozen=True, slots=True)
class Place:
    """A record with the address a person opens it at, None where the data centre is not known, and its owner's name."""

    module: str
    id: str
    url: str | None = None
    owner: str | None = None
    state: str = ""

    @property
    def ref(self) -> RecordRef:
        """The record itself."""
        return RecordRef(self.module, self.id)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that carried the number when the link was decided; `form` is the number as the record holds it."""

    record: Place
    form: str
    created_at: datetime | None
    modified_at: datetime | None
    converted: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class LinkExplained:
    """The record a number is linked to, and why. `form` is the number as the record held it, empty where it held none."""

    record: Place
    rule: str
    meaning: str
    form: str
    pinned: bool
    since: datetime
    run_id: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a number's link. `through` are the records it led over, oldest first."""

    at: datetime
    what: str
    actor: str
    run_id: str | None
    before: RecordRef | None
    after: RecordRef | None
    rule: str
    through: tuple[RecordRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would be decided about a number now, by the phone index as it was last read; `code` is the rule or the reason."""

    what: str
    meaning: str
    record: Place | None = None
    candidates: tuple[Candidate, ...] = ()
    index_read_at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ChatExplained:
    """A chat with its messages counted by outcome; `number` names the owner of the connected number."""

    id: int
    name: str
    number: str
    connected: bool
    url: str
    messages: dict[str, int]


@dataclass(frozen=True, slots=True)
class WriteExplained:
    """One write to Zoho from decision to certainty; `adopted` says that it was found in Zoho without an answer to us."""

    id: int
    kind: str
    state: str
    meaning: str
    decided_at: datetime
    settle_after: datetime | None
    record: Place | None
    result_id: str | None
    refusal: str
    run_id: str
    adopted: bool


@dataclass(frozen=True, slots=True)
class PhoneExplained:
    """Everything that is known of a phone key. `alias` is the representative of its other spellings, None without any."""

    key: str
    alias: str | None
    link: LinkExplained | None
    moves: tuple[Move, ...]
    chats: tuple[ChatExplained, ...]
    now: Prospect
    writes: tuple[WriteExplained, ...]


@dataclass(frozen=True, slots=True)
class NoteExplained:
    """The note a message stands in."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class MessageExplained:
    """Why a message is where it is, or why not. `phone` is None where the chat has no number.

    `detail` is Zoho's own code and field of a refusal, or what could not be read.
    """

    uid: str
    kind: str
    direction: str
    timestamp: datetime | None
    chat: ChatExplained | None
    outcome: str
    reason: str
    meaning: str
    remedy: str
    detail: str
    attempts: int
    next_try_at: datetime | None
    first_seen_at: datetime
    decided_at: datetime
    run_id: str
    record: Place | None
    note: NoteExplained | None
    writes: tuple[WriteExplained, ...]
    phone: PhoneExplained | None
