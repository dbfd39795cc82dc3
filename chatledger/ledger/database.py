"""The open ledger: one engine, migrated to the newest version, its clock and its cipher."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, Connection, CursorResult, Executable, bindparam, case, or_, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, class_mapper
from sqlmodel import Session, SQLModel

from chatledger.ledger.encryption import Cipher, load_cipher
from chatledger.ledger.engines import connect, for_reading, parse_url
from chatledger.ledger.migrating import migrate
from chatledger.ledger.tables import KeptSecret
from chatledger.ledger.trouble import explained, without_password

Clock = Callable[[], datetime]
HASH_KEY = "hash key"


class Ledger:
    """The open ledger. `clock` replaces the database's clock by a virtual one.

    Both kinds of session give back rows that stay readable after their end. Trouble with the database leaves them as
    LedgerUnavailable; every other exception passes unchanged.
    """

    def __init__(self, engine: Engine, cipher: Cipher, *, clock: Clock | None = None) -> None:
        self.cipher = cipher
        self.url_without_password = without_password(engine.url)
        self._engine = engine
        self._reading_engine = for_reading(engine)
        self._clock = clock

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits durably at the end of the block and rolls back when the block fails.

        Writing transactions follow one another on SQLite; on PostgreSQL they run side by side and see what others have
        committed meanwhile. Never keep one open during a network call.
        """
        with explained(self._engine.url), self._session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one unchanging state of the ledger and cannot write."""
        with explained(self._engine.url), self._session(self._reading_engine) as session:
            yield session

    def rewrite(self, tables: Iterable[type[SQLModel]]) -> None:
        """Have the database write tables anew: deleted values live on in free pages and logs until that is done."""
        with explained(self._engine.url):
            if self._engine.dialect.name == "sqlite":
                with closing(self._engine.raw_connection()) as connection:  # raw, because this must run outside a transaction
                    for statement in ("PRAGMA query_only = 0", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                        connection.cursor().execute(statement)
                return
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for table in tables:
                    connection.execute(text(f'VACUUM (FULL) "{table.__tablename__}"'))

    def now(self) -> datetime:
        """Return the database's time, aware, in UTC; all processes of a ledger agree on it."""
        known = _known_time(self._clock, self._engine)
        if known is not None:
            return known
        with self.reading() as session:
            return now_in(session)

    def close(self) -> None:
        """Close every connection; sessions still open fail."""
        self._engine.dispose()

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info={"clock": self._clock, "cipher": self.cipher})


def now_in(session: Session) -> datetime:
    """Return the database's time as `Ledger.now` does, by the connection of a running session."""
    known = _known_time(session.info["clock"], session.get_bind())
    if known is not None:
        return known
    # clock_timestamp() moves on within a transaction, now() does not.
    value: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return value.astimezone(UTC)


def _known_time(clock: Clock | None, bind: Engine | Connection) -> datetime | None:
    """Return the database's time where it need not be asked for it."""
    if clock is not None:
        return clock().astimezone(UTC)
    # The clock of SQLite is the machine's, but in milliseconds.
    return datetime.now(UTC) if bind.dialect.name == "sqlite" else None


def insert_if_missing(session: Session, row: SQLModel) -> None:
    """Insert `row` unless its primary or a unique key exists already; one statement, safe between processes."""
    values = row.model_dump(exclude_none=True)
    session.connection().execute(_inserting(type(row), tuple(values), "NOTHING"), values)


def replace(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, given as equally keyed values, or replace those of equal primary key; one statement for all of them.

    Rows of the table that the session holds already do not notice.
    """
    if not rows:
        return
    session.flush()
    session.connection().execute(_inserting(table, tuple(rows[0]), "UPDATE"), rows)


@cache
def _inserting(table: type[SQLModel], names: tuple[str, ...], on_conflict: Literal["NOTHING", "UPDATE"]) -> Executable:
    """Write the statement as text, which both databases understand: SQLAlchemy compiles its own at every execution."""
    columns, key = class_mapper(table).columns, [column.name for column in class_mapper(table).primary_key]
    quoted, given = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
    statement = f'INSERT INTO "{table.__tablename__}" ({quoted}) VALUES ({given}) ON CONFLICT '  # noqa: S608 - our own names
    if on_conflict == "UPDATE":
        changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
        statement += f"({', '.join(key)}) DO UPDATE SET {changed}"
    else:
        statement += "DO NOTHING"
    return text(statement).bindparams(*[bindparam(name, type_=columns[name].type) for name in names])


def later_of(column: Mapped[datetime | None], moment: BindParameter[Any]) -> ColumnElement[datetime | None]:
    """Return what an update sets a time to that never goes back; None is earlier than any other."""
    return case((or_(column.is_(None), column < moment), moment), else_=column)


def rows_of(session: Session, statement: Executable, asked: Mapping[str, Any]) -> CursorResult[Any]:
    """Ask for rows without making entities of them, which takes twice as long."""
    session.flush()
    return session.connection().execute(statement, asked)


def keep_hash_key(session: Session, cipher: Cipher) -> None:
    """Let a cipher make keyed hashes as before a change of the secret key; LedgerUnavailable under a wrong key."""
    kept = session.get(KeptSecret, HASH_KEY)
    if kept:
        cipher.hash_key = bytes.fromhex(cipher.decrypt(kept.ciphertext))


def open_ledger(url: str, *, home: Path, secret_key: str | None, clock: Clock | None = None) -> Ledger:
    """Open the ledger at `url` and bring it to the newest version; safe for several processes at once.

    `secret_key` is the value of CHATLEDGER_SECRET_KEY; None takes the key file in `home`, created when missing. Raises
    UsageError for a wrong URL or key, LedgerUnavailable when the ledger cannot be opened, written or understood.
    """
    parsed, cipher = parse_url(url), load_cipher(home, secret_key)
    engine = connect(parsed)
    try:
        with explained(parsed):
            migrate(engine)
        ledger = Ledger(engine, cipher, clock=clock)
        with ledger.reading() as session:
            keep_hash_key(session, cipher)
    except BaseException:
        engine.dispose()
        raise
    return ledger
