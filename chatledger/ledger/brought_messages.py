"""What webhooks tell of messages that are known already."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from chatledger.ledger import messages, storing
from chatledger.ledger.chunking import chunks
from chatledger.ledger.erasures import erased_chats
from chatledger.ledger.tables import Message
from chatledger.models import Attachment, Direction
from chatledger.models import Message as ReadMessage


def readable_uids(session: Session, organisation_id: str, uids: Collection[str]) -> set[str]:
    """Return those of the uids whose messages are stored and could be read."""
    found: set[str] = set()
    for chunk in chunks(uids):
        query = select(Message.uid).where(Message.organisation_id == organisation_id, col(Message.uid).in_(chunk))
        found.update(session.exec(query.where(col(Message.timestamp).is_not(None))))
    return found


def set_reactions(session: Session, organisation_id: str, uid: str, reactions: dict[str, int]) -> bool:
    """Give a message its reactions and open it again where they changed.

    Return False for a message that is not known or readable, and for one whose text or person is no longer kept.
    """
    row = session.exec(select(Message).where(Message.organisation_id == organisation_id, Message.uid == uid)).first()
    if row is None or row.timestamp is None or row.text_removed or erased_chats(session, organisation_id, [row.chat_id]):
        return False
    if row.reactions != reactions:
        row.reactions = dict(reactions)
        row.content_hash = storing.content_hash(_as_read(row))
        messages.reopen(session, row.id or 0)
        session.add(row)
    return True


def _as_read(row: Message) -> ReadMessage:
    if row.timestamp is None:
        raise ValueError(row.uid)
    return ReadMessage(
        uid=row.uid, chat_id=row.chat_id, timestamp=row.timestamp, kind=row.kind, direction=Direction(row.direction),
        text=row.text, status=row.status, failure=row.failure, reactions=row.reactions,
        attachments=tuple(Attachment(file["filename"]) for file in row.attachments),
    )  # fmt: skip
