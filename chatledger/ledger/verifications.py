"""Verifications: what is compared, what was found, and which notes need not be read again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, or_, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import replace
from chatledger.ledger.tables import Change, Finding, IndexedRecord, Message, Note, Run, Verification, VerifiedNote

ABANDONED_AFTER = timedelta(hours=24)
GOOD = ("completed", "degraded")


@dataclass(frozen=True, slots=True)
class FoundCount:
    """How many findings of a kind there are, and how many of them were repaired."""

    found: int
    repaired: int


def start(session: Session, row: Verification) -> None:
    """Write a verification down, and that those of an earlier day which are still called running were interrupted."""
    session.exec(
        update(Verification)
        .where(
            col(Verification.organisation_id) == row.organisation_id,
            col(Verification.state) == "running",
            col(Verification.started_at) < row.started_at - ABANDONED_AFTER,
        )
        .values(state="failed", ended_at=row.started_at, problem="the process ended before the verification did")
    )
    session.add(row)


def find(session: Session, organisation_id: str, verification_id: str) -> Verification | None:
    """Return a verification by its id, None when there is none."""
    row = session.get(Verification, verification_id)
    return row if row is not None and row.organisation_id == organisation_id else None


def get(session: Session, verification_id: str) -> Verification:
    """Return a verification that was begun."""
    return session.get_one(Verification, verification_id)


def latest(session: Session, organisation_id: str, limit: int = 20) -> list[Verification]:
    """Return the newest verifications, newest first."""
    query = select(Verification).where(Verification.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(Verification.started_at).desc()).limit(limit)))


def of_flow_run(session: Session, organisation_id: str, flow_run_id: str) -> Verification | None:
    """Return the verification a Prefect flow run carried out, the newest of its attempts."""
    query = select(Verification).where(
        Verification.organisation_id == organisation_id, Verification.flow_run_id == flow_run_id
    )
    return session.exec(query.order_by(col(Verification.started_at).desc())).first()


def findings(
    session: Session,
    organisation_id: str,
    verification_id: str,
    *,
    kind: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Finding]:
    """Return the findings of a verification, by kind, in the order found."""
    query = select(Finding).where(Finding.organisation_id == organisation_id, Finding.verification_id == verification_id)
    if kind is not None:
        query = query.where(Finding.kind == kind)
    return list(session.exec(query.order_by(col(Finding.kind), col(Finding.id)).offset(offset).limit(limit)))


def found_by_kind(session: Session, verification_id: str) -> dict[str, FoundCount]:
    """Count the findings of a verification by kind."""
    query = (
        select(Finding.kind, Finding.repaired, func.count())
        .where(Finding.verification_id == verification_id)
        .group_by(col(Finding.kind), col(Finding.repaired))
    )
    counted: dict[str, FoundCount] = {}
    for kind, repaired, count in session.exec(query):
        before = counted.get(kind, FoundCount(0, 0))
        counted[kind] = FoundCount(before.found + count, before.repaired + (count if repaired else 0))
    return counted


def last_pull(session: Session, organisation_id: str) -> datetime | None:
    """Return when the newest tick that did its job began: what was written before should be in the ledger."""
    query = select(Run.started_at).where(Run.organisation_id == organisation_id, Run.kind == "tick", col(Run.state).in_(GOOD))
    return session.exec(query.order_by(col(Run.started_at).desc())).first()


def anything_brought_in(session: Session, organisation_id: str) -> bool:
    """Say whether any run, of whatever kind, did its job."""
    query = select(Run.id).where(Run.organisation_id == organisation_id, col(Run.state).in_(GOOD))
    return session.exec(query.limit(1)).first() is not None


def chats_with_messages(session: Session, organisation_id: str, start: datetime, end: datetime | None) -> set[int]:
    """Return the chats of which the ledger holds a message of these times."""
    query = select(Message.chat_id).where(Message.organisation_id == organisation_id, col(Message.timestamp) >= start)
    if end is not None:
        query = query.where(col(Message.timestamp) <= end)
    return set(session.exec(query.distinct()))


def messages_of(
    session: Session, organisation_id: str, chat_id: int, start: datetime, end: datetime | None, uids: Collection[str]
) -> list[Message]:
    """Return a chat's messages of these times, those that could not be read, and those named, wherever they were stored."""
    query = select(Message).where(Message.organisation_id == organisation_id, Message.chat_id == chat_id)
    upper = col(Message.timestamp) <= end if end is not None else col(Message.timestamp) >= start
    unreadable = col(Message.timestamp).is_(None) & (col(Message.first_seen_at) >= start)
    rows = list(session.exec(query.where(or_((col(Message.timestamp) >= start) & upper, unreadable))))
    known = {row.uid for row in rows}
    for chunk in chunks(uid for uid in uids if uid not in known):
        named = select(Message).where(Message.organisation_id == organisation_id, col(Message.uid).in_(chunk))
        rows += session.exec(named)
    return rows


def add(session: Session, rows: Iterable[Finding]) -> None:
    """Add findings."""
    session.add_all(rows)


def of_messages(session: Session, verification_id: str, kinds: Sequence[str]) -> list[Finding]:
    """Return the findings of these kinds, to be marked as repaired."""
    query = select(Finding).where(Finding.verification_id == verification_id, col(Finding.kind).in_(kinds))
    return list(session.exec(query.order_by(col(Finding.id))))


def content_hashes(session: Session, organisation_id: str, uids: Iterable[str]) -> dict[str, str]:
    """Return what these messages held when they were last read, by uid; unknown ones are missing."""
    found: dict[str, str] = {}
    for chunk in chunks(uids):
        query = select(Message.uid, Message.content_hash).where(
            Message.organisation_id == organisation_id, col(Message.uid).in_(chunk)
        )
        found.update(dict(session.exec(query).all()))
    return found


def notes_known(session: Session, organisation_id: str, note_ids: Iterable[str]) -> set[str]:
    """Return those of these Zoho notes that the ledger takes for its own."""
    found: set[str] = set()
    for chunk in chunks(note_ids):
        query = select(Note.zoho_id).where(Note.organisation_id == organisation_id, col(Note.zoho_id).in_(chunk))
        found.update(note_id for note_id in session.exec(query) if note_id)
    return found


def verified_notes(session: Session, organisation_id: str, note_ids: Iterable[str]) -> dict[str, VerifiedNote]:
    """Return which of these notes were once found as written, and in which state."""
    found: dict[str, VerifiedNote] = {}
    for chunk in chunks(note_ids):
        query = select(VerifiedNote).where(
            VerifiedNote.organisation_id == organisation_id, col(VerifiedNote.note_id).in_(chunk)
        )
        found.update((row.note_id, row) for row in session.exec(query))
    return found


def keep_verified(session: Session, rows: Sequence[VerifiedNote]) -> None:
    """Remember notes that were found as written."""
    replace(session, VerifiedNote, [row.model_dump() for row in rows])


def records_made(session: Session, organisation_id: str, module: str, keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the records of a module that were created for these phone keys, by key, oldest first."""
    made: dict[str, list[str]] = {}
    for chunk in chunks(keys):
        query = select(Change.phone_key, Change.record_id).where(
            Change.organisation_id == organisation_id,
            Change.what == "record_created",
            Change.module == module,
            col(Change.phone_key).in_(chunk),
        )
        for key, record_id in session.exec(query.order_by(col(Change.id))):
            if key and record_id and record_id not in made.setdefault(key, []):
                made[key].append(record_id)
    return made


def indexed_ids(session: Session, organisation_id: str, module: str, before: datetime) -> set[str]:
    """Return the records of a module that the phone index takes for alive since before a moment."""
    query = select(IndexedRecord.record_id).where(
        IndexedRecord.organisation_id == organisation_id,
        IndexedRecord.module == module,
        col(IndexedRecord.alive),
        or_(col(IndexedRecord.read_at).is_(None), col(IndexedRecord.read_at) < before),
    )
    return set(session.exec(query))


def read_since(session: Session, organisation_id: str, module: str, ids: Iterable[str], moment: datetime) -> set[str]:
    """Return those of the records that a run has read again since a moment."""
    found: set[str] = set()
    for chunk in chunks(ids):
        query = select(IndexedRecord.record_id).where(
            IndexedRecord.organisation_id == organisation_id,
            IndexedRecord.module == module,
            col(IndexedRecord.record_id).in_(chunk),
            col(IndexedRecord.read_at) >= moment,
        )
        found.update(session.exec(query))
    return found


def index_repaired(session: Session, change: Change) -> None:
    """Write down that a row of the phone index was not what Zoho says and was put right."""
    session.add(change)
