"""Chats, connected numbers, and how far the chat list has been walked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import later_of, rows_of
from chatledger.ledger.erasures import NOBODY, is_erased
from chatledger.ledger.folding import folded
from chatledger.ledger.messages import known_uids, take_up
from chatledger.ledger.tables import Account, Chat, ChatWalk, UtcTime
from chatledger.models import Account as KnownAccount
from chatledger.models import Chat as ReadChat
from chatledger.models import ChatKind, Reason

# Built once, because every tick asks for them.
_OF_ORGANISATION = select(Chat).where(col(Chat.organisation_id) == bindparam("organisation"))
_BY_ID = _OF_ORGANISATION.where(col(Chat.id).in_(bindparam("ids", expanding=True)))
_OF_KEYS = _OF_ORGANISATION.where(col(Chat.phone_key).in_(bindparam("keys", expanding=True))).order_by(col(Chat.id))
_TO_READ = _OF_ORGANISATION.where(col(Chat.to_read)).order_by(col(Chat.last_message_at), col(Chat.id))
_UNVERIFIED = (
    update(Chat)
    .where(col(Chat.organisation_id) == bindparam("organisation"), col(Chat.unverified_since) <= bindparam("before"))
    .values(to_read=True)
)
_WALK = select(ChatWalk).where(col(ChatWalk.organisation_id) == bindparam("organisation"))
_WALKED = (
    update(ChatWalk)
    .where(col(ChatWalk.organisation_id) == bindparam("organisation"))
    .values(
        next_page=None,
        walk_newest=None,
        order_broken=bindparam("broken"),
        cursor=later_of(col(ChatWalk.cursor), bindparam("newest", type_=UtcTime)),
        walked_at=bindparam("now"),
        pages=bindparam("read"),
        swept_at=func.coalesce(bindparam("swept", type_=UtcTime), col(ChatWalk.swept_at)),
    )
)
_ACCOUNTS_READ_AT = select(ChatWalk.accounts_read_at).where(col(ChatWalk.organisation_id) == bindparam("organisation"))
_ACCOUNTS = select(Account).where(col(Account.organisation_id) == bindparam("organisation"))


def walk_of(session: Session, organisation_id: str) -> ChatWalk:
    """Return the state of the walk through the chat list, a new one at first."""
    walk = session.exec(_WALK, params={"organisation": organisation_id}).first()
    if walk is None:
        walk = ChatWalk(organisation_id=organisation_id)
        session.add(walk)
    return walk


def walked(
    session: Session, organisation_id: str, *, newest: datetime | None, broken: bool, pages: int, now: datetime, swept: bool
) -> None:
    """Note that a walk has come to its end; `newest` is its newest message, `swept` says that it looked at the whole list."""
    ended = {"organisation": organisation_id, "newest": newest, "broken": broken, "read": pages, "now": now}
    session.flush()
    session.connection().execute(_WALKED, ended | {"swept": now if swept else None})


def accounts_read_at(session: Session, organisation_id: str) -> datetime | None:
    """Return when the connected numbers were last read, None when they have to be."""
    asked = {"organisation": organisation_id}
    moment: datetime | None = rows_of(session, _ACCOUNTS_READ_AT, asked).scalar()
    return moment


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
    return {row.id: row for row in session.exec(_ACCOUNTS, params={"organisation": organisation_id})}


def store_page(
    session: Session,
    organisation_id: str,
    page: Sequence[ReadChat],
    *,
    since: datetime,
    phone_key: Callable[[ReadChat], str | None],
    now: datetime,
    trusts_webhooks: bool = False,
) -> int:
    """Keep a page of the chat list and mark what has changed for reading; return the number of changed chats.

    A chat whose last message is older than `since` and that was never seen does not count and is not kept. One whose last
    message was brought by a webhook has changed, but need not be read where webhooks are relied on.
    """
    known = {row.id: row for row in load(session, organisation_id, [chat.id for chat in page])}
    brought = _brought(session, organisation_id, page, known) if trusts_webhooks else set()
    erased = is_erased(session, organisation_id)
    changed = 0
    for chat in page:
        row = known.get(chat.id)
        if row is None and (chat.last_message_at is None or chat.last_message_at < since):
            continue
        described = _described(chat) | {"phone_key": phone_key(chat)}
        if erased(described["phone_key"]) or (row is not None and row.erased):
            described |= NOBODY
        if row is None:
            session.add(Chat(organisation_id=organisation_id, to_read=True, first_seen_at=now, **described))
            changed += 1
            continue
        news = (row.last_message_uid, row.last_message_at) != (chat.last_message_uid, chat.last_message_at)
        _describe(session, row, described)
        row.to_read = row.to_read or (news and chat.id not in brought)
        changed += news
    return changed


def _brought(session: Session, organisation_id: str, page: Sequence[ReadChat], known: Mapping[int, Chat]) -> set[int]:
    """Return the chats of a page that webhooks wrote to since they were read, up to their last message."""
    written_to = [chat for chat in page if chat.id in known and known[chat.id].unverified_since is not None]
    stored = known_uids(session, organisation_id, [chat.last_message_uid for chat in written_to if chat.last_message_uid])
    return {chat.id for chat in written_to if chat.last_message_uid in stored}


def make_known(
    session: Session,
    organisation_id: str,
    found: Sequence[ReadChat],
    *,
    since: datetime,
    phone_key: Callable[[ReadChat], str | None],
    now: datetime,
) -> None:
    """Keep chats that were never seen, whenever their last message was; only news since then mark one for reading."""
    known = {row.id for row in load(session, organisation_id, [chat.id for chat in found])}
    erased = is_erased(session, organisation_id)
    for chat in found:
        if chat.id not in known:
            known.add(chat.id)
            news = chat.last_message_at is not None and chat.last_message_at >= since
            described = _described(chat) | {"phone_key": phone_key(chat), "to_read": news, "first_seen_at": now}
            described |= NOBODY if erased(described["phone_key"]) else {}
            session.add(Chat(organisation_id=organisation_id, **described))


def _described(chat: ReadChat) -> dict[str, Any]:
    return {
        "id": chat.id,
        "name": chat.name,
        "name_folded": folded(chat.name),
        "phone": chat.phone,
        "jid": chat.jid,
        "kind": chat.kind.value,
        "account_id": chat.account_id,
        "url": chat.url,
        "last_message_at": chat.last_message_at,
        "last_message_uid": chat.last_message_uid,
    }


def _describe(session: Session, row: Chat, described: dict[str, Any]) -> None:
    if row.phone_key is None and described["phone_key"] is not None:
        take_up(session, row.organisation_id, [row.id], [Reason.NO_PHONE])
    for name, value in described.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def load(session: Session, organisation_id: str, ids: Iterable[int]) -> list[Chat]:
    """Return the chats with these ids that the ledger knows."""
    found: list[Chat] = []
    for chunk in chunks(ids):
        found += session.exec(_BY_ID, params={"organisation": organisation_id, "ids": chunk})
    return found


def to_read(session: Session, organisation_id: str) -> list[Chat]:
    """Return the chats whose messages have to be read, the longest waiting first."""
    return list(session.exec(_TO_READ, params={"organisation": organisation_id}))


def mark_active_for_reading(session: Session, organisation_id: str, since: datetime, *, most: int | None = None) -> None:
    """Have every chat with a message since then read again, for late messages; `most` limits it to the longest unread."""
    active = select(Chat.id).where(Chat.organisation_id == organisation_id, col(Chat.last_message_at) >= since)
    if most is not None:
        active = active.order_by(col(Chat.read_at).is_not(None), col(Chat.read_at)).limit(most)
    session.exec(
        update(Chat).where(col(Chat.organisation_id) == organisation_id, col(Chat.id).in_(active)).values(to_read=True)
    )


def mark_unverified_for_reading(session: Session, organisation_id: str, before: datetime) -> None:
    """Have every chat read that webhooks alone have written to since before then: one of its messages may be lost."""
    session.connection().execute(_UNVERIFIED, {"organisation": organisation_id, "before": before})


def have_read_in_full(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> None:
    """Have these chats read again as far back as messages count, as if they never had been."""
    for chunk in chunks(chat_ids):
        session.exec(
            update(Chat)
            .where(col(Chat.organisation_id) == organisation_id, col(Chat.id).in_(chunk))
            .values(to_read=True, read_until=None, read_misses=0)
        )


def active_since(session: Session, organisation_id: str, since: datetime) -> list[int]:
    """Return the ids of the direct chats whose last message came at or after a moment."""
    query = select(Chat.id).where(
        Chat.organisation_id == organisation_id, col(Chat.last_message_at) >= since, Chat.kind == ChatKind.DIRECT.value
    )
    return list(session.exec(query.order_by(col(Chat.id))))


def of_keys(session: Session, organisation_id: str, keys: Iterable[str]) -> list[Chat]:
    """Return all chats with these phone keys."""
    found: list[Chat] = []
    for chunk in chunks(keys):
        found += session.exec(_OF_KEYS, params={"organisation": organisation_id, "keys": chunk})
    return found
