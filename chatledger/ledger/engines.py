"""One SQLAlchemy engine per ledger, set up so that what is committed is on the disk."""

import sqlite3
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from chatledger.errors import UsageError
from chatledger.ledger.files import make_private_folder, open_private_file

BUSY_TIMEOUT_MS = 10_000

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

_READING: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


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
    engine = set_up_sqlite(create_engine(url.set(drivername="sqlite+chatledger_writing"), hide_parameters=True))
    engine.url = url  # as its user wrote it: it is shown
    return engine


def set_up_sqlite(engine: Engine) -> Engine:
    """Have every new connection of an engine set up as the ledger needs it."""
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's own transaction handling would begin too late and without IMMEDIATE; the dialects below do it instead.
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    connection.isolation_level = None
    for setting in SQLITE_SETTINGS:
        connection.execute(setting)


class WritingSqlite(SQLiteDialect_pysqlite):
    """Begins transactions that may write.

    A deferred transaction that turns into a writing one fails at once with "database is locked" when another process wrote
    in between, whatever the busy timeout; IMMEDIATE waits at the start instead. A dialect and no listener of "begin":
    engines with listeners prepare for more of them at every statement.
    """

    supports_statement_cache = True
    begin, query_only = "BEGIN IMMEDIATE", 0

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction on a connection of the pool, which knows what it was last used for."""
        raw, info = dbapi_connection.dbapi_connection, dbapi_connection.info
        if info.get("query_only") != self.query_only:
            raw.execute(f"PRAGMA query_only = {self.query_only}")
            info["query_only"] = self.query_only
        raw.execute(self.begin)


class ReadingSqlite(WritingSqlite):
    """Begins transactions that see one unchanging state and cannot write."""

    supports_statement_cache = True
    begin, query_only = "BEGIN DEFERRED", 1


for dialect in (WritingSqlite, ReadingSqlite):
    registry.register(f"sqlite.chatledger_{dialect.__name__.removesuffix('Sqlite').lower()}", __name__, dialect.__name__)


def _postgresql(url: URL) -> Engine:
    settings = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SETTINGS.items())
    options = f"{url.query.get('options', '')} {settings}".strip()
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args={**POSTGRESQL_CONNECTION, "options": options}
    )


def for_reading(engine: Engine) -> Engine:
    """Return an engine over the same connections for transactions that see one unchanging state and cannot write."""
    if engine not in _READING:
        _READING[engine] = _for_reading(engine)
    return _READING[engine]


def _for_reading(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        url = engine.url.set(drivername="sqlite+chatledger_reading")
        reading = create_engine(url, pool=engine.pool, hide_parameters=True)
        reading.url = engine.url
        return reading
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
