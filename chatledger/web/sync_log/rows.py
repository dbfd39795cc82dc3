"""Rows of a list of messages with what has to be known of their chats and numbers."""

from dataclasses import dataclass

from chatledger.ledger import Session, chats, message_pages
from chatledger.ledger.message_pages import MessageFilter, MessagePosition
from chatledger.ledger.tables import Account, Chat, Message
from chatledger.web.sync_log.asking import ROWS, written


@dataclass(frozen=True, slots=True)
class MessageRows:
    """A page of messages, newest first. `next` is the place to go on from, None at the end."""

    rows: list[Message]
    chats: dict[int, Chat]
    numbers: dict[str, Account]
    next: str | None


def message_rows(session: Session, organisation_id: str, chosen: MessageFilter, after: MessagePosition | None) -> MessageRows:
    """Read a page of messages."""
    rows = message_pages.page(session, organisation_id, chosen, after=after, limit=ROWS + 1)
    shown = rows[:ROWS]
    known = {chat.id: chat for chat in chats.load(session, organisation_id, {row.chat_id for row in shown})}
    last = message_pages.position(shown[-1]) if len(rows) > ROWS else None
    return MessageRows(shown, known, chats.accounts(session, organisation_id), written(last.at, last.id) if last else None)
