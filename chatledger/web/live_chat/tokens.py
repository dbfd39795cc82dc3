"""What a page inside Zoho's frame proves itself with, and the addresses of files: signed, short-lived, bound to one purpose.

A session token names person, organisation and record and lives 5 minutes; the page has it renewed. It never stands in an
address. It ends with the session it was made for: signing out, or the removal of the person.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from chatledger.ledger.database import Ledger
from chatledger.models import RecordRef
from chatledger.web.signing import read_signed, sign

SESSION, CODE, FILE = "live chat session", "live chat code", "live chat file"
SESSION_SECONDS = 300
CODE_SECONDS = 60
FILE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Bound:
    """Whom and what a token is for. `session` is the hash of the frame's own session, empty in a code that begins one."""

    organisation_id: str
    person_id: str
    record: RecordRef
    session: str = ""


@dataclass(frozen=True, slots=True)
class FileOf:
    """The file of a message that an address stands for, and who was given the address."""

    person_id: str
    chat_id: int
    uid: str
    position: int


def session_token(ledger: Ledger, bound: Bound) -> str:
    """Return a session token."""
    return sign(ledger, SESSION, _listed(bound))


def read_session(ledger: Ledger, token: str) -> Bound | None:
    """Return what a session token is for; None for a forged one and after 5 minutes."""
    return _bound(read_signed(ledger, SESSION, token, seconds=SESSION_SECONDS))


class Handshakes:
    """One-time codes: a window that is signed in makes one, the page in the frame that opened the window uses it up.

    A code is worth nothing without the secret whose hash the frame named first, and nothing to another process once used.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._used: dict[str, None] = {}

    def code(self, bound: Bound, challenge: str) -> str:
        """Return a code for whoever knows the secret that `challenge` is the SHA-256 of (hex)."""
        return sign(self._ledger, CODE, [*_listed(bound), challenge, secrets.token_urlsafe(16)])

    def use(self, code: str, secret: str) -> Bound | None:
        """Use a code up; None when it is forged, older than a minute, used, or another frame's."""
        value = read_signed(self._ledger, CODE, code, seconds=CODE_SECONDS)
        if not isinstance(value, list) or len(value) != 7 or value[6] in self._used:  # noqa: PLR2004  # parts of a code
            return None
        if not secrets.compare_digest(sha256(secret.encode()).hexdigest(), str(value[5])):
            return None
        self._used[value[6]] = None
        while len(self._used) > 10_000:  # noqa: PLR2004  # older ones have expired long before
            del self._used[next(iter(self._used))]
        return _bound(value[:5])


def file_address(ledger: Ledger, file: FileOf) -> str:
    """Return the address of a file, good for an hour."""
    return f"/live-chat/files/{sign(ledger, FILE, [file.person_id, file.chat_id, file.uid, file.position])}"


def read_file(ledger: Ledger, token: str) -> FileOf | None:
    """Return which file an address stands for; None for a forged or old one."""
    value = read_signed(ledger, FILE, token, seconds=FILE_SECONDS)
    return FileOf(*value) if isinstance(value, list) else None


def _listed(bound: Bound) -> list[str]:
    return [bound.organisation_id, bound.person_id, bound.record.module, bound.record.id, bound.session]


def _bound(value: object) -> Bound | None:
    if not isinstance(value, list) or len(value) != 5:  # noqa: PLR2004  # as _listed has them
        return None
    organisation_id, person_id, module, record_id, session = value
    return Bound(organisation_id, person_id, RecordRef(module, record_id), session)
