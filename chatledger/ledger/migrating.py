"""Bringing a ledger to the version of this software when it is opened."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from chatledger.errors import LedgerUnavailable
from chatledger.ledger.engines import for_reading
from chatledger.ledger.trouble import name_of

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "chatledger_version"
"""Not Alembic's usual name: Prefect keeps its own `alembic_version`, and both may share a PostgreSQL database."""
ADVISORY_LOCK = 0x63686174  # "chat": any number that no other program of the database locks


def known_versions() -> list[str]:
    """Return the packaged versions, oldest first, by the file names alone: Alembic takes long to import."""
    return sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(engine: Engine) -> None:
    """Bring the ledger to the newest packaged version; processes that start at once wait for the first.

    Raises LedgerUnavailable when a newer release has written the ledger.
    """
    if _is_ready(engine):
        return
    with _alone(engine), engine.begin() as connection:
        _lock(connection)
        if not _is_newest(connection):
            _upgrade(connection)


def _is_ready(engine: Engine) -> bool:
    with for_reading(engine).connect() as connection:
        in_wal = engine.dialect.name != "sqlite" or connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        return in_wal and _is_newest(connection)


def _is_newest(connection: Connection) -> bool:
    version, known = _version(connection), known_versions()
    if version is not None and version not in known:
        raise LedgerUnavailable(
            f"{name_of(connection.engine.url)} was written by a newer chatledger (version {version}, this one knows"
            f" {known[-1]}); install that release or restore a backup made with this one."
        )
    return version == known[-1]


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    value: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608
    return value


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Keep other processes away while a SQLite file is switched to WAL, which no busy timeout waits for."""
    if engine.dialect.name != "sqlite":
        yield
        return
    folder = os.open(Path(str(engine.url.database)).parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with closing(engine.raw_connection()) as connection:  # raw, because this must run outside a transaction
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        yield
    finally:
        os.close(folder)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    from chatledger.ledger import planner_facts, views
    from chatledger.ledger.filling import fill_new_columns

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    views.drop_on_sqlite(connection)
    command.upgrade(config, "head")
    fill_new_columns(connection)
    views.create(connection)
    planner_facts.tell_sqlite(connection)
