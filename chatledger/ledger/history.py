"""What happened, for whoever asks: messages by outcome, the writes behind them, the changes of a number's link."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Change, ChatWalk, Intent, Message, Note, Run, ZohoUser
from chatledger.models import Outcome

MOST_LINES = 10_000


def message(session: Session, organisation_id: str, uid: str) -> Message | None:
    """Return a message by its uid, None when there is none."""
    query = select(Message).where(Message.organisation_id == organisation_id, Message.uid == uid)
    return session.exec(query).one_or_none()


def messages(
    session: Session,
    organisation_id: str,
    *,
    run_id: str | None = None,
    outcome: str | None = None,
    reason: str | None = None,
    limit: int = MOST_LINES,
) -> list[Message]:
    """Return the messages of a run, an outcome or a reason, the last decided first."""
    query = select(Message).where(Message.organisation_id == organisation_id)
    for column, value in ((Message.run_id, run_id), (Message.outcome, outcome), (Message.reason, reason)):
        if value is not None:
            query = query.where(col(column) == value)
    newest = query.order_by(col(Message.decided_at).desc(), col(Message.timestamp).desc(), col(Message.id).desc())
    return list(session.exec(newest.limit(limit)))


def counts(session: Session, organisation_id: str, outcomes: Sequence[str]) -> dict[tuple[str, str], int]:
    """Count the messages that have these outcomes now, by outcome and reason, most frequent first."""
    query = (
        select(Message.outcome, Message.reason, func.count())
        .where(Message.organisation_id == organisation_id, col(Message.outcome).in_(outcomes))
        .group_by(col(Message.outcome), col(Message.reason))
        .order_by(func.count().desc(), col(Message.reason))
    )
    return {(outcome, reason): count for outcome, reason, count in session.exec(query)}


def parked_since(session: Session, organisation_id: str, since: datetime) -> int:
    """Count the messages that were parked after a moment and still are."""
    query = select(func.count()).where(
        Message.organisation_id == organisation_id, Message.outcome == Outcome.PARKED, col(Message.decided_at) > since
    )
    return session.exec(query).one()


def outcomes_of_chats(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Count the messages of each chat by outcome."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for chunk in chunks(chat_ids):
        query = (
            select(Message.chat_id, Message.outcome, func.count())
            .where(Message.organisation_id == organisation_id, col(Message.chat_id).in_(chunk))
            .group_by(col(Message.chat_id), col(Message.outcome))
            .order_by(col(Message.outcome))
        )
        for chat_id, outcome, count in session.exec(query):
            found[chat_id][outcome] = count
    return found


def runs_named(session: Session, organisation_id: str, beginning: str) -> list[Run]:
    """Return the runs whose id begins like this, newest first."""
    query = select(Run).where(Run.organisation_id == organisation_id, col(Run.id).startswith(beginning, autoescape=True))
    return list(session.exec(query.order_by(col(Run.started_at).desc())))


def changes_of_key(session: Session, organisation_id: str, phone_key: str) -> list[Change]:
    """Return what happened to a number's link, oldest first."""
    query = select(Change).where(
        Change.organisation_id == organisation_id,
        Change.phone_key == phone_key,
        col(Change.what).in_(["linked", "relinked", "pinned", "unpinned"]),
    )
    return list(session.exec(query.order_by(col(Change.id))))


def links_made(session: Session, organisation_id: str, run_id: str) -> list[Change]:
    """Return the links a run made or moved, oldest first."""
    query = select(Change).where(
        Change.organisation_id == organisation_id, Change.run_id == run_id, col(Change.what).in_(["linked", "relinked"])
    )
    return list(session.exec(query.order_by(col(Change.id))))


def note(session: Session, organisation_id: str, zoho_id: str) -> Note | None:
    """Return the note that has this id in Zoho."""
    return session.exec(select(Note).where(Note.organisation_id == organisation_id, Note.zoho_id == zoho_id)).first()


def writes_of_message(session: Session, organisation_id: str, row: Message) -> list[Intent]:
    """Return the writes of a message's note in the run that decided it, those still unconfirmed, and those of its files."""
    same_note = (col(Intent.chat_id) == row.chat_id) & (col(Intent.local_date) == (row.local_date or date.min))
    of_its_run = (col(Intent.run_id) == row.run_id) | col(Intent.state).in_(["open", "unknown"])
    query = select(Intent).where(
        Intent.organisation_id == organisation_id, or_(same_note & of_its_run, col(Intent.message_uid) == row.uid)
    )
    return list(session.exec(query.order_by(col(Intent.id))))


def unsettled_writes(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> list[Intent]:
    """Return the writes to these chats' notes that may be on their way or have no trustworthy answer yet, oldest first."""
    found: list[Intent] = []
    for chunk in chunks(chat_ids):
        query = select(Intent).where(
            Intent.organisation_id == organisation_id,
            col(Intent.chat_id).in_(chunk),
            col(Intent.state).in_(["open", "unknown"]),
            Intent.kind != "create_record",
        )
        found += session.exec(query.order_by(col(Intent.id)))
    return found


def chat_list_is_out_of_order(session: Session, organisation_id: str) -> bool:
    """Say whether TimelinesAI's chat list was not newest first when it was last walked."""
    walk = session.get(ChatWalk, organisation_id)
    return walk is not None and walk.order_broken


def users(session: Session, organisation_id: str) -> dict[str, str]:
    """Return the name of each Zoho user by id."""
    rows = session.exec(select(ZohoUser).where(ZohoUser.organisation_id == organisation_id))
    return {row.id: row.name for row in rows}


def changes_of_run(session: Session, organisation_id: str, run_id: str) -> dict[str, int]:
    """Count what a run changed by kind of change."""
    query = select(Change.what, func.count()).where(Change.organisation_id == organisation_id, Change.run_id == run_id)
    return dict(session.exec(query.group_by(col(Change.what))).all())
