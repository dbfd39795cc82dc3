"""The views that analysts read: `sync_runs`, `sync_changes`, `message_outcomes`, `sync_notes`.

Their columns are a promise that outlives the tables (docs/sync-log.md): columns are added at the end, never renamed, moved or
dropped. They hold no text of a message. Alembic knows nothing of views, so `migrating` drops and creates them around its work.
"""

from typing import Any

from sqlalchemy import Column, ColumnElement, MetaData, Select, Table, and_, func, select
from sqlalchemy.engine import Connection
from sqlmodel import col

from chatledger.ledger.tables import Account, Change, Chat, Message, Note, Run

METADATA = MetaData()
"""Of the views alone: what Alembic compares with the database must not hold them."""


def _runs() -> Select[Any]:
    renamed = {"id": "run_id", "messages_failed": "messages_parked"}
    names = (
        "organisation_id", "id", "flow_run_id", "kind", "state", "started_at", "ended_at", "seconds", "problem",
        "messages_seen", "messages_synced", "messages_skipped", "messages_failed", "messages_pending", "records_matched",
        "records_created", "notes_created", "notes_updated", "notes_unchanged", "calls_timelines", "calls_zoho",
        "zoho_credits",
    )  # fmt: skip
    return select(*(col(getattr(Run, name)).label(renamed.get(name, name)) for name in names))


def _changes() -> Select[Any]:
    names = (
        "organisation_id",
        "id",
        "at",
        "run_id",
        "actor",
        "what",
        "phone_key",
        "chat_id",
        "module",
        "record_id",
        "note_id",
    )
    renamed = {"id": "change_id", "phone_key": "phone"}
    return select(
        *(col(getattr(Change, name)).label(renamed.get(name, name)) for name in names),
        _inside(Change.after, "rule").label("rule"),
        _inside(Change.before, "module").label("module_before"),
        _inside(Change.before, "record").label("record_before"),
        _inside(Change.before, "body_hash").label("body_hash_before"),
        _inside(Change.after, "body_hash").label("body_hash_after"),
    )


def _inside(part: Any, name: str) -> ColumnElement[str]:
    value: ColumnElement[str] = col(part)[name].as_string()
    return value


def _outcomes() -> Select[Any]:
    of_message = (
        "outcome", "reason", "detail", "attempts", "next_try_at", "first_seen_at", "decided_at", "first_run_id", "run_id",
        "module", "record_id", "note_id",
    )  # fmt: skip
    chat = and_(col(Chat.organisation_id) == col(Message.organisation_id), col(Chat.id) == col(Message.chat_id))
    number = and_(col(Account.organisation_id) == col(Message.organisation_id), col(Account.id) == col(Message.account_id))
    return (
        select(
            col(Message.organisation_id).label("organisation_id"),
            col(Message.id).label("message_id"),
            col(Message.uid).label("uid"),
            *_chat_and_number(Message.chat_id),
            col(Message.timestamp).label("sent_at"),
            *(col(getattr(Message, name)).label(name) for name in ("local_date", "kind", "direction", "agent", *of_message)),
        )
        .select_from(Message)
        .outerjoin(Chat, chat)
        .outerjoin(Account, number)
    )


def _notes() -> Select[Any]:
    chat = and_(col(Chat.organisation_id) == col(Note.organisation_id), col(Chat.id) == col(Note.chat_id))
    number = and_(col(Account.organisation_id) == col(Chat.organisation_id), col(Account.id) == col(Chat.account_id))
    names = ("local_date", "part", "title", "module", "record_id")
    return (
        select(
            col(Note.organisation_id).label("organisation_id"),
            *_chat_and_number(Note.chat_id),
            *(col(getattr(Note, name)).label(name) for name in names),
            col(Note.zoho_id).label("note_id"),
            *(col(getattr(Note, name)).label(name) for name in ("body_hash", "created_at", "changed_at", "run_id")),
        )
        .select_from(Note)
        .outerjoin(Chat, chat)
        .outerjoin(Account, number)
    )


def _chat_and_number(chat_id: Any) -> tuple[ColumnElement[Any], ...]:
    return (
        col(chat_id).label("chat_id"),
        col(Chat.name).label("chat_name"),
        col(Chat.phone_key).label("phone"),
        col(Account.phone).label("number"),
        col(Account.owner_name).label("owner_name"),
        func.lower(col(Account.owner_email)).label("owner_email"),
    )


_DEFINITIONS = {"sync_runs": _runs(), "sync_changes": _changes(), "message_outcomes": _outcomes(), "sync_notes": _notes()}


def _as_table(name: str, definition: Select[Any]) -> Table:
    return Table(name, METADATA, *(Column(column.name, column.type) for column in definition.selected_columns))


SYNC_RUNS, SYNC_CHANGES, MESSAGE_OUTCOMES, SYNC_NOTES = (_as_table(*item) for item in _DEFINITIONS.items())


def drop_on_sqlite(connection: Connection) -> None:
    """Drop the views on SQLite, which refuses to rebuild a table while a view names it."""
    if connection.dialect.name == "sqlite":
        for name in _DEFINITIONS:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create(connection: Connection) -> None:
    """Create the views, or replace them; PostgreSQL keeps the rights that were granted on them."""
    replace = "" if connection.dialect.name == "sqlite" else "OR REPLACE "
    for name, definition in _DEFINITIONS.items():
        written = definition.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"CREATE {replace}VIEW {name} AS {written}")
