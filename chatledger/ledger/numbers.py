"""Which connected number a chat is on."""

from collections.abc import Iterable

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import rows_of
from chatledger.ledger.tables import Chat

_NUMBERS = select(Chat.id, Chat.account_id).where(
    col(Chat.organisation_id) == bindparam("organisation"), col(Chat.id).in_(bindparam("ids", expanding=True))
)


def of_chats(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> dict[int, str]:
    """Return the WID of the connected number of each chat that the ledger knows."""
    found: dict[int, str] = {}
    for chunk in chunks(dict.fromkeys(chat_ids)):
        rows = rows_of(session, _NUMBERS, {"organisation": organisation_id, "ids": chunk})
        found.update((chat_id, account_id) for chat_id, account_id in rows)
    return found
