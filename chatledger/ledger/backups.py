"""Backups: one SQLite file that holds every table as it was at one moment, from SQLite and PostgreSQL alike.

A backup is a ledger of its own, so it can be looked into with any SQLite program, and be restored into another database
than the one it was made from. It holds no key: tokens in it stay encrypted.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, SQLModel

from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger import erasures, tables
from chatledger.ledger.database import HASH_KEY, Ledger, now_in
from chatledger.ledger.encryption import Cipher, keyed_hash
from chatledger.ledger.engines import connect, parse_url
from chatledger.ledger.files import PRIVATE_FILE
from chatledger.ledger.migrating import migrate
from chatledger.ledger.process import is_gone

ROWS_AT_ONCE = 1_000
_PROOF = "backup"
_NOT_KEPT = {"connection_token"}
"""An access token lives an hour and is asked for anew."""


def back_up(ledger: Ledger, target: Path) -> int:
    """Write everything the ledger holds to `target`, whole or not at all, and return how many rows that are.

    Runs may go on meanwhile. Raises UsageError when the file exists or its folder does not, LedgerUnavailable when it cannot
    be written.
    """
    if target.exists():
        raise UsageError(f"{target} exists already; name another file.")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}; make it first.")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".chatledger-backup-") as folder:
            draft = Path(folder) / "ledger.db"
            rows = _write(ledger, draft)
            draft.chmod(PRIVATE_FILE)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.rename(target)
    except OSError as error:
        raise LedgerUnavailable(f"The backup {target} cannot be written ({error.strerror}); nothing was kept.") from error
    return rows


def _write(ledger: Ledger, draft: Path) -> int:
    engine = connect(parse_url(f"sqlite:///{draft}"))
    try:
        migrate(engine)
        with ledger.reading() as source, engine.begin() as copy:
            rows = sum(_copied(source.connection(), copy, table) for table in _kept())
            copy.execute(text("CREATE TABLE backup_proof (proof TEXT NOT NULL)"))
            copy.execute(text("INSERT INTO backup_proof VALUES (:proof)"), {"proof": ledger.cipher.keyed_hash(_PROOF)})
        with engine.connect() as connection:
            # One file instead of a file and its log.
            connection.connection.cursor().execute("PRAGMA journal_mode = DELETE")
    finally:
        engine.dispose()
    return rows


def _kept() -> list[Table]:
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in _NOT_KEPT]


def _copied(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    rows = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)).mappings()
    for part in rows.partitions(ROWS_AT_ONCE):
        target.execute(insert(table), [dict(row) for row in part])
        count += len(part)
    return count


def restore(ledger: Ledger, backup: Path, *, replace: bool = False) -> int:
    """Fill the ledger from a backup, in one transaction, and return how many rows it holds then.

    Every organisation starts in adopt mode: notes written after the backup was made are found, not doubled. Whoever was erased
    from the ledger since the backup is erased from what comes back as well. An older backup
    is brought to this version first, on a copy. Raises UsageError for a file that is no backup, that was made with another
    secret key, or when the ledger is not empty (unless `replace` is set) or at work.
    """
    with _readable_copy(backup, ledger.cipher) as source, ledger.transaction() as session:
        target = session.connection()
        receipts = [receipt.model_dump() for receipt in session.execute(select(tables.Erasure)).scalars()]
        _make_room(session, replace=replace)
        count = sum(_copied(source, target, table) for table in _kept())
        _continue_numbering(target)
        now = now_in(session)
        session.execute(update(tables.Organisation).values(restored_at=now))
        session.execute(update(tables.Lease).values(holder="", expires_at=now, fence=tables.Lease.fence + 1))
        erasures.erase_again(session, [tables.Erasure(**receipt) for receipt in receipts])
    if receipts:
        erasures.shred(ledger)
    return count


@contextmanager
def _readable_copy(backup: Path, cipher: Cipher) -> Iterator[Connection]:
    if not backup.is_file():
        raise UsageError(f"{backup} is not there; name a file that `chatledger backup` made.")
    with tempfile.TemporaryDirectory(prefix="chatledger-restore-") as folder:
        copy = Path(folder) / "ledger.db"
        shutil.copyfile(backup, copy)
        copy.chmod(PRIVATE_FILE)
        engine = connect(parse_url(f"sqlite:///{copy}"))
        try:
            with engine.connect() as connection:
                proof = connection.execute(text("SELECT proof FROM backup_proof")).scalar_one()
            if proof not in _own_proofs(engine, cipher):
                raise UsageError(
                    f"{backup} was made with another secret key; set CHATLEDGER_SECRET_KEY to that key, or copy the file"
                    " secret.key of its home."
                )
            migrate(engine)
            with engine.connect() as connection:
                yield connection
        except DatabaseError as error:
            raise UsageError(f"{backup} is damaged or no backup of chatledger; nothing was restored.") from error
        finally:
            engine.dispose()


def _own_proofs(engine: Engine, cipher: Cipher) -> set[str]:
    """Return what the proof of a backup of ours may be; after a change of the secret key hashes are made with a kept key."""
    proofs = {cipher.keyed_hash(_PROOF)}
    kept = "SELECT ciphertext FROM kept_secret WHERE name = :name"
    with engine.connect() as connection, suppress(DatabaseError, LedgerUnavailable):  # older backups have no such table
        for ciphertext in connection.execute(text(kept), {"name": HASH_KEY}).scalars():
            proofs.add(keyed_hash(bytes.fromhex(cipher.decrypt(ciphertext)), _PROOF))
    return proofs


def _make_room(session: Session, *, replace: bool) -> None:
    """Empty the ledger, or make sure that it is empty; LedgerUnavailable while a run is at work on it."""
    leases = session.execute(select(tables.Lease).with_for_update()).scalars().all()
    now = now_in(session)
    if any(lease.holder and lease.expires_at > now and not is_gone(lease.holder) for lease in leases):
        raise LedgerUnavailable("A run is at work on this ledger; stop `chatledger serve` and run this again.")
    filled = session.execute(select(func.count()).select_from(tables.Organisation)).scalar_one()
    if filled and not replace:
        raise UsageError(
            "This ledger is not empty: name an empty one in CHATLEDGER_LEDGER_URL, or add --replace to lose what it holds."
        )
    for table in reversed(SQLModel.metadata.sorted_tables):
        session.execute(delete(table))


def _continue_numbering(target: Connection) -> None:
    """Have PostgreSQL number new rows behind the restored ones; SQLite does so by itself."""
    if target.dialect.name != "postgresql":
        return
    for table in _kept():
        column: Any = table.autoincrement_column
        if column is not None:
            last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            target.execute(select(func.setval(sequence, last, False)))
