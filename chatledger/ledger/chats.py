"""Chats, connected numbers, and how far the chat list has been walked."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.messages import take_up
from chatledger.ledger.tables import Account, Chat, ChatWalk
from chatledger.models import Account as KnownAccount
from chatledger.models import Chat as ReadChat
from chatledger.models import Reason


def walk_of(session: Session, organisation_id: str) -> ChatWalk:
    """Return the state of the walk through the chat list, a new one at first."""
    walk = session.get(ChatWalk, organisation_id)
    if walk is None:
        walk = ChatWalk(organisation_id=organisation_id)
        session.add(walk)
    return walk


def store_accounts(session: Session, organisation_id: str, accounts: Sequence[KnownAccount], now: datetime) -> None:
    """Keep what TimelinesAI says of its connected numbers; numbers that vanished stay, as disconnected."""
    named = {account.id: account for account in accounts}
    for known in session.exec(select(Account).where(Account.organisation_id == organisation_id)):
        if known.id not in named:
            known.connected = False
    for account in accounts:
        session.merge(
            Account(
                organisation_id=organisation_id,
                id=account.id,
                phone=account.phone,
                owner_name=account.owner_name,
                owner_email=account.owner_email,
                connected=account.connected,
                read_at=now,
            )
        )


def accounts(session: Session, organisation_id: str) -> dict[str, Account]:
    """Return the connected numbers by WID."""
    rows = session.exec(select(Account).where(Account.organisation_id == organisation_id)).all()
    return {row.id: row for row in rows}


def store_page(
    session: Session,
    organisation_id: str,
    page: Sequence[ReadChat],
    *,
    since: datetime,
    phone_key: Callable[[ReadChat], str | None],
    now: datetime,
) -> int:
    """Keep a page of the chat list and mark what has changed for reading; return the number of changed chats.

    A chat whose last message is older than `since` and that was never seen does not count and is not kept.
    """
    known = {row.id: row for row in load(session, organisation_id, [chat.id for chat in page])}
    changed = 0
    for chat in page:
        row = known.get(chat.id)
        if row is None and (chat.last_message_at is None or chat.last_message_at < since):
            continue
        if row is None:
            described = _described(chat) | {"phone_key": phone_key(chat), "to_read": True, "first_seen_at": now}
            session.add(Chat(organisation_id=organisation_id, **described))
            changed += 1
            continue
        news = (row.last_message_uid, row.last_message_at) != (chat.last_message_uid, chat.last_message_at)
        _describe(session, row, chat, phone_key(chat))
        row.to_read = row.to_read or news
        changed += news
    return changed


def _described(chat: ReadChat) -> dict[str, Any]:
    return {
        "id": chat.id,
        "name": chat.name,
        "phone": chat.phone,
        "jid": chat.jid,
        "kind": chat.kind.value,
        "account_id": chat.account_id,
        "url": chat.url,
        "last_message_at": chat.last_message_at,
        "last_message_uid": chat.last_message_uid,
    }


def _describe(session: Session, row: Chat, chat: ReadChat, phone_key: str | None) -> None:
    for name, value in _described(chat).items():
        setattr(row, name, value)
    if row.phone_key is None and phone_key is not None:
        take_up(session, row.organisation_id, [row.id], [Reason.NO_PHONE])
    row.phone_key = phone_key


def load(session: Session, organisation_id: str, ids: Iterable[int]) -> list[Chat]:
    """Return the chats with these ids that the ledger knows."""
    found: list[Chat] = []
    for chunk in chunks(ids):
        found += session.exec(select(Chat).where(Chat.organisation_id == organisation_id, col(Chat.id).in_(chunk)))
    return found


def to_read(session: Session, organisation_id: str) -> list[Chat]:
    """Return the chats whose messages have to be read, the longest waiting first."""
    query = select(Chat).where(Chat.organisation_id == organisation_id, col(Chat.to_read))
    return list(session.exec(query.order_by(col(Chat.last_message_at), col(Chat.id))))


def mark_active_for_reading(session: Session, organisation_id: str, since: datetime) -> None:
    """Have every chat with a message since then read again, for messages that arrived late."""
    session.exec(
        update(Chat)
        .where(col(Chat.organisation_id) == organisation_id, col(Chat.last_message_at) >= since)
        .values(to_read=True)
    )


def of_keys(session: Session, organisation_id: str, keys: Iterable[str]) -> list[Chat]:
    """Return all chats with these phone keys."""
    found: list[Chat] = []
    for chunk in chunks(keys):
        query = select(Chat).where(Chat.organisation_id == organisation_id, col(Chat.phone_key).in_(chunk))
        found += session.exec(query.order_by(col(Chat.id)))
    return found
