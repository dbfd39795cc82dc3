"""Which connected number a chat is on."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Chat


def of_chats(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> dict[int, str]:
    """Return the WID of the connected number of each chat that the ledger knows."""
    found: dict[int, str] = {}
    for chunk in chunks(dict.fromkeys(chat_ids)):
        query = select(Chat.id, Chat.account_id).where(Chat.organisation_id == organisation_id, col(Chat.id).in_(chunk))
        found.update(session.exec(query).all())
    return found
