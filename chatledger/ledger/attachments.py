"""Files of messages: which wait for their note, which were uploaded, and why the others were not."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import rows_of
from chatledger.ledger.tables import Message, MessageAttachment, Note

_NOT_UPLOADED = select(MessageAttachment).where(
    col(MessageAttachment.organisation_id) == bindparam("organisation"),
    col(MessageAttachment.state) == "not_uploaded",
    col(MessageAttachment.message_uid).in_(bindparam("uids", expanding=True)),
)
_ANY_WAITING = (
    select(MessageAttachment.message_uid)
    .where(col(MessageAttachment.organisation_id) == bindparam("organisation"), col(MessageAttachment.state) == "waiting")
    .limit(1)
)


def remarks(session: Session, organisation_id: str, uids: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return why files of these messages were not uploaded, by message uid and file name."""
    return {
        (row.message_uid, row.filename): row.reason
        for chunk in chunks(uids)
        for row in session.exec(_NOT_UPLOADED, params={"organisation": organisation_id, "uids": chunk})
    }


def waiting(session: Session, organisation_id: str) -> list[tuple[MessageAttachment, Message, Note]]:
    """Return the files that wait for upload with their message and the note that shows it, oldest message first."""
    query = (
        select(MessageAttachment, Message, Note)
        .join(
            Message,
            (col(Message.organisation_id) == col(MessageAttachment.organisation_id))
            & (col(Message.uid) == col(MessageAttachment.message_uid)),
        )
        .join(
            Note,
            (col(Note.organisation_id) == col(Message.organisation_id)) & (col(Note.zoho_id) == col(Message.note_id)),
        )
        .where(
            MessageAttachment.organisation_id == organisation_id,
            MessageAttachment.state == "waiting",
            Message.outcome == "synced",
        )
        .order_by(col(Message.timestamp), col(Message.id), col(MessageAttachment.position))
    )
    return list(session.exec(query))


def any_waiting(session: Session, organisation_id: str) -> bool:
    """Say whether a file of a written note waits for its upload."""
    first = rows_of(session, _ANY_WAITING, {"organisation": organisation_id}).first()
    return first is not None and bool(waiting(session, organisation_id))


def on_note(session: Session, organisation_id: str, zoho_note_id: str) -> tuple[int, int]:
    """Return how many files a note has and their bytes in all."""
    rows = session.exec(
        select(MessageAttachment).where(
            MessageAttachment.organisation_id == organisation_id, MessageAttachment.zoho_note_id == zoho_note_id
        )
    ).all()
    return len(rows), sum(row.size or 0 for row in rows)


def names_on_note(session: Session, organisation_id: str, zoho_note_id: str) -> Counter[str]:
    """Return how often each file name is known to stand on a note: phones call many of their pictures the same."""
    rows = session.exec(
        select(MessageAttachment.filename).where(
            MessageAttachment.organisation_id == organisation_id, MessageAttachment.zoho_note_id == zoho_note_id
        )
    )
    return Counter(rows)


def uploaded(
    session: Session,
    organisation_id: str,
    spot: tuple[str, int],
    *,
    zoho_note_id: str,
    attachment_id: str | None = None,
    size: int | None = None,
) -> None:
    """Write down that a file stands on its note."""
    row = session.get_one(MessageAttachment, (organisation_id, *spot))
    row.state, row.reason, row.zoho_note_id, row.zoho_attachment_id = "uploaded", "", zoho_note_id, attachment_id
    row.size = size if size is not None else row.size


def stand_on(session: Session, organisation_id: str, uids: Iterable[str], zoho_note_id: str) -> None:
    """Have files of these messages that were uploaded to another note wait for their upload to this one."""
    for chunk in chunks(uids):
        session.exec(
            update(MessageAttachment)
            .where(
                col(MessageAttachment.organisation_id) == organisation_id,
                col(MessageAttachment.message_uid).in_(chunk),
                col(MessageAttachment.state) == "uploaded",
                col(MessageAttachment.zoho_note_id) != zoho_note_id,
            )
            .values(state="waiting", zoho_note_id=None, zoho_attachment_id=None)
        )


def not_uploaded(session: Session, organisation_id: str, spot: tuple[str, int], reason: str) -> None:
    """Write down why a file does not stand on its note; the note's text names the reason."""
    row = session.get_one(MessageAttachment, (organisation_id, *spot))
    row.state, row.reason = "not_uploaded", reason


def tried(session: Session, organisation_id: str, spot: tuple[str, int]) -> int:
    """Count a failed download and return how many there were."""
    row = session.get_one(MessageAttachment, (organisation_id, *spot))
    row.attempts += 1
    return row.attempts
