"""One SQLAlchemy engine per ledger, set up so that what is committed is on the disk."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from chatledger.errors import UsageError
from chatledger.ledger.files import make_private_folder, open_private_file

BUSY_TIMEOUT_MS = 10_000
READING = "chatledger_reading"

SQLITE_SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    # FULL: an intent must survive a power cut once its commit returned, because its request leaves next.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)

POSTGRESQL_SETTINGS = {
    "synchronous_commit": "on",  # a role or database may have it off; see SQLITE_SETTINGS
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "5min",  # a stopped process must not keep its row locks for ever
    "timezone": "UTC",
}

POSTGRESQL_CONNECTION: dict[str, Any] = {
    "application_name": "chatledger",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def parse_url(text: str) -> URL:
    """Read a ledger URL; UsageError when it is neither a SQLite file nor a PostgreSQL database."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # The text may hold a password: neither it nor the parser's complaint is shown.
        raise UsageError(
            "CHATLEDGER_LEDGER_URL is not a URL; write sqlite:////path/ledger.db or postgresql+psycopg://..."
        ) from None
    if url.get_backend_name() in {"postgresql", "postgres"} and url.database:
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url
    raise UsageError("CHATLEDGER_LEDGER_URL must name a SQLite file or a PostgreSQL database (postgresql+psycopg://...).")


def connect(url: URL) -> Engine:
    """Return the engine of a ledger; a SQLite file and its folder are created, a server is not contacted yet.

    Raises LedgerUnavailable when the file or its folder cannot be created or written.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return _postgresql(url)


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    make_private_folder(path.parent)
    open_private_file(path)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's own transaction handling would begin too late and without IMMEDIATE; `_begin_sqlite` does it instead.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    connection.isolation_level = None
    for setting in SQLITE_SETTINGS:
        connection.execute(setting)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writing one fails at once with "database is locked" when another process
    # wrote in between, whatever the busy timeout; IMMEDIATE waits at the start instead.
    reading = connection.get_execution_options().get(READING, False)
    # Sent to the driver itself, because it is sent for every transaction.
    raw: Any = connection.connection.dbapi_connection
    if connection.info.get(READING) is not reading:
        raw.execute(f"PRAGMA query_only = {int(reading)}")
        connection.info[READING] = reading
    raw.execute("BEGIN DEFERRED" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    settings = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SETTINGS.items())
    options = f"{url.query.get('options', '')} {settings}".strip()
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args={**POSTGRESQL_CONNECTION, "options": options}
    )


def for_reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that see one unchanging state and cannot write."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{READING: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
