"""Calling a stand-in's ASGI app in memory, and a ledger in memory that every seed begins anew."""

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from chatledger.ledger import engines
from chatledger.ledger.database import open_ledger
from chatledger.ledger.encryption import Cipher

SECRET_KEY = "a passphrase only for tests"


async def call(app, request, body):
    """Have an ASGI app answer an httpx request; return status, headers and body."""
    url = request.url
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or 80),
        "client": ("127.0.0.1", 1),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    status, headers = sent[0]["status"], sent[0]["headers"]
    return status, list(headers), b"".join(message.get("body", b"") for message in sent[1:])


@cache
def cipher():
    """The ledgers' cipher; stretching its key takes longer than a seed."""
    return Cipher(SECRET_KEY)


@cache
def empty_database():
    """A migrated ledger without rows, as a connection in memory to copy from."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        open_ledger(url, home=Path(folder), secret_key=SECRET_KEY).close()
        with sqlite3.connect(Path(folder) / "ledger.db") as migrated:
            migrated.backup(kept)
        migrated.close()
    return kept


@cache
def engine():
    """One engine over one connection in memory, set up as the ledger sets up a file; compiled queries outlive a seed."""
    url, one = "sqlite+chatledger_writing://", {"check_same_thread": False}
    return engines.set_up_sqlite(create_engine(url, poolclass=StaticPool, connect_args=one, hide_parameters=True))


def database():
    """Return the connection itself, to copy a database in or out."""
    with engine().connect() as connection:
        return connection.connection.driver_connection
