"""A throw-away copy of one organisation's ledger, so that a dry run can go through the very moves of a tick."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import ColumnElement, insert
from sqlalchemy.engine import make_url
from sqlmodel import Session, SQLModel, col, select

from chatledger.ledger import tables
from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import Clock, Ledger
from chatledger.ledger.engines import connect

_WHOLE: tuple[type[SQLModel], ...] = (
    tables.SettingsVersion,
    tables.ChatWalk,
    tables.Account,
    tables.Chat,
    tables.Link,
    tables.IndexState,
    tables.IndexedRecord,
    tables.ZohoUser,
    tables.FieldMetadata,
    tables.Intent,
    tables.Erasure,
)
_OF_CHATS = (tables.Message, tables.Note)
_ROWS_AT_ONCE = 1_000


@contextmanager
def scratch_copy(ledger: Ledger, organisation_id: str, *, clock: Clock | None = None) -> Iterator[Ledger]:
    """Give a copy of everything but messages, notes and history; it vanishes with the block.

    The copy lies in a temporary folder that only this user can read.
    """
    with empty_scratch(ledger, clock=clock) as scratch:
        with ledger.reading() as source, scratch.transaction() as target:
            _copy(source, target, tables.Organisation, col(tables.Organisation.id) == organisation_id)
            for table in _WHOLE:
                _copy(source, target, table, _of(table, organisation_id))
        yield scratch


@contextmanager
def empty_scratch(ledger: Ledger, *, clock: Clock | None = None) -> Iterator[Ledger]:
    """Give a ledger that knows nothing, with the clock and the cipher of another one; it vanishes with the block."""
    with tempfile.TemporaryDirectory(prefix="chatledger-dry-run-") as folder:
        engine = connect(make_url(f"sqlite:///{Path(folder) / 'ledger.db'}"))
        SQLModel.metadata.create_all(engine)
        scratch = Ledger(engine, ledger.cipher, clock=clock or ledger.now)
        try:
            yield scratch
        finally:
            scratch.close()


def copy_chats(ledger: Ledger, scratch: Ledger, organisation_id: str, chat_ids: Iterable[int]) -> None:
    """Add the messages and notes of these chats to a copy, with the files of the messages."""
    with ledger.reading() as source, scratch.transaction() as target:
        for chunk in chunks(chat_ids):
            for table in _OF_CHATS:
                _copy(source, target, table, _of(table, organisation_id) & col(table.chat_id).in_(chunk))
            uids = select(tables.Message.uid).where(col(tables.Message.chat_id).in_(chunk))
            of_messages = col(tables.MessageAttachment.message_uid).in_(uids)
            _copy(source, target, tables.MessageAttachment, _of(tables.MessageAttachment, organisation_id) & of_messages)


def _of(table: type[SQLModel], organisation_id: str) -> ColumnElement[bool]:
    owner: ColumnElement[str] = SQLModel.metadata.tables[str(table.__tablename__)].c.organisation_id
    return owner == organisation_id


def _copy(source: Session, target: Session, table: type[SQLModel], mine: ColumnElement[bool]) -> None:
    rows = source.exec(select(table).where(mine)).all()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        values = [row.model_dump() for row in rows[start : start + _ROWS_AT_ONCE]]
        target.connection().execute(insert(table), values)
