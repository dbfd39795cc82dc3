"""What a database complains about, as one sentence for a person.

Neither a password nor a stored value gets into a sentence or a chained exception: PostgreSQL quotes values in its complaints
about data, so those are cut off; complaints about the environment keep their chain.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatledger.errors import LedgerUnavailable

RESTORE = "restore the last backup"

# https://www.sqlite.org/rescode.html, primary codes
SQLITE_TROUBLE = {
    sqlite3.SQLITE_FULL: "has no room left on its disk; free some space and run again",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database; move the file away or set CHATLEDGER_LEDGER_URL to another one",
    sqlite3.SQLITE_CORRUPT: f"is damaged; {RESTORE}",
    sqlite3.SQLITE_IOERR: f"could not be read or written by its disk; check the disk and {RESTORE} if the file is damaged",
    sqlite3.SQLITE_READONLY: "cannot be written by this user; give it write permission on the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened by this user; give it permission on the file and its folder",
    sqlite3.SQLITE_PERM: "cannot be opened by this user; give it permission on the file and its folder",
    sqlite3.SQLITE_BUSY: "was kept locked by another process for 10 seconds; stop that process or run again",
    sqlite3.SQLITE_LOCKED: "was kept locked by another process for 10 seconds; stop that process or run again",
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html, longest match first
POSTGRESQL_TROUBLE = {
    "28P01": "refuses the password; correct it in CHATLEDGER_LEDGER_URL",
    "3D000": "has no such database; create it or correct CHATLEDGER_LEDGER_URL",
    "42501": "does not give this user enough rights; grant CREATE and USAGE on the schema and ownership of its tables",
    "53100": "has no room left on its disk; free some space and run again",
    "53300": "takes no more connections; raise max_connections or stop other clients",
    "55P03": "was kept locked by another session for 10 seconds; end that session or run again",
    "40": "broke off a transaction that collided with another one; run again",
    "25006": "is read-only (a standby?); set CHATLEDGER_LEDGER_URL to the primary server",
    "28": "refuses the user; check user and password in CHATLEDGER_LEDGER_URL and the server's pg_hba.conf",
    "57": "is stopping or starting; run again in a moment",
    "58": f"reports trouble with its own files; check its disk and {RESTORE} if it is damaged",
}

# A refused connection carries no code, only the server's words; these are from the server's English messages.
POSTGRESQL_WORDS = {
    "password authentication failed": POSTGRESQL_TROUBLE["28P01"],
    "no password supplied": POSTGRESQL_TROUBLE["28P01"],
    "too many": POSTGRESQL_TROUBLE["53300"],
    "no pg_hba.conf entry": POSTGRESQL_TROUBLE["28"],
    "role ": POSTGRESQL_TROUBLE["28"],
    "does not exist": POSTGRESQL_TROUBLE["3D000"],
    "starting up": POSTGRESQL_TROUBLE["57"],
    "shutting down": POSTGRESQL_TROUBLE["57"],
}


def name_of(url: URL) -> str:
    """Name a ledger for a person: the file, or database and host; never the password."""
    if url.get_backend_name() == "sqlite":
        return f"The ledger file {url.database}"
    host = url.host or url.query.get("host") or "localhost"
    return f"The ledger database {url.database} on {host}:{url.port or url.query.get('port') or 5432}"


def without_password(url: URL) -> str:
    """Return the URL without a password, wherever it stood."""
    return url._replace(password=None).difference_update_query(["password"]).render_as_string()


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Turn database errors of the block into LedgerUnavailable; every other exception passes."""
    try:
        yield
    except PoolTimeout as error:
        raise LedgerUnavailable(f"{name_of(url)} is used by too many threads of this process; run fewer at once.") from error
    except (DataError, IntegrityError) as error:
        raise LedgerUnavailable(f"{name_of(url)} refused a row: {_what_was_refused(error)}.") from None
    except DBAPIError as error:
        raise LedgerUnavailable(f"{name_of(url)} {_environment_trouble(error.orig)}.") from error
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"{name_of(url)} {_environment_trouble(error)}.") from error


def _environment_trouble(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return SQLITE_TROUBLE.get(code & 0xFF, f"could not be used ({error})")
    code = getattr(error, "sqlstate", None)
    if code is None:
        return _connection_trouble(str(error))
    by_code = (POSTGRESQL_TROUBLE[part] for part in (code, code[:2]) if part in POSTGRESQL_TROUBLE)
    return next(by_code, f"could not be used ({type(error).__name__}, code {code})")


def _connection_trouble(words: str) -> str:
    reason = words.partition("\n")[0].rpartition(": ")[2].rstrip(".")
    unreachable = f"cannot be reached ({reason}); start the server or correct CHATLEDGER_LEDGER_URL"
    return next((trouble for part, trouble in POSTGRESQL_WORDS.items() if part in words), unreachable)


def _what_was_refused(error: DatabaseError) -> str:
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig)
    diagnosis = getattr(error.orig, "diag", None)
    place = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "table_name", None)
    return f"{type(error.orig).__name__}{f' at {place}' if place else ''}"
