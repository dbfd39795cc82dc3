"""A throw-away PostgreSQL server for tests: its own data folder, a Unix socket, nothing kept."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from chatledger.ledger.migrating import VERSION_TABLE

USER = "chatledger"
PASSWORD = "only-for-tests"
# Speed, not safety: the data folder is thrown away.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}

DELETE_ALL_ROWS = f"""
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '{VERSION_TABLE}' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$
"""


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's server programs, the newest of Debian's where PATH has none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda path: int(path.parent.name), default=None)


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    sockets: Path

    def url(self, database: str, password: str = PASSWORD) -> str:
        """Return the ledger URL of a database of this server."""
        return f"postgresql+psycopg://{USER}:{password}@/{database}?host={self.sockets}"

    def create(self) -> str:
        """Create an empty database and return its name."""
        name = f"test_{uuid4().hex}"
        self.administer(f'CREATE DATABASE "{name}"')
        return name

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a new database and drop it afterwards; seven megabytes each would fill a disk."""
        name = self.create()
        yield self.url(name)
        self.administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def empty(self, name: str) -> None:
        """End every session of a database and delete all its rows: ten times as fast as a new database."""
        self.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with self._connect(name) as connection:
            connection.execute(DELETE_ALL_ROWS)

    def administer(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        with self._connect("postgres") as connection:
            connection.execute(statement)

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), dbname=database, user=USER, password=PASSWORD, autocommit=True, connect_timeout=5
        )

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the server takes connections."""
        for _ in range(600):
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError:
                if process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the PostgreSQL server did not come up within 30 seconds")


@dataclass(frozen=True)
class RestartableServer(PostgresServer):
    """A running server that can be stopped at once, as a crash would, and started again."""

    binaries: Path
    processes: list[subprocess.Popen[bytes]]

    def restart(self) -> None:
        """Break every session off, stop, start, and return when connections are taken again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop without tidying up."""
        process = self.processes.pop()
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=30)

    def start(self) -> None:
        """Start and return when connections are taken."""
        self.processes.append(_start(self.binaries, self.sockets))
        self.wait_until_ready(self.processes[-1])


@contextmanager
def restartable_server() -> Iterator[RestartableServer]:
    """Start a server, give it, and remove it with everything in it."""
    binaries = find_binaries()
    assert binaries, "no PostgreSQL server programs; run: python -m tests.system_packages"
    # A short path of its own, because the name of a Unix socket may have 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="chatledger-pg-", dir="/tmp"))
    try:
        _initialise(binaries, folder)
        server = RestartableServer(folder, binaries, [])
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server, give it, and remove it with everything in it."""
    with restartable_server() as server:
        yield server


def _initialise(binaries: Path, folder: Path) -> None:
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    if os.geteuid() == 0:
        shutil.chown(folder, _user())
        shutil.chown(password_file, _user())
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [binaries / "initdb", "--pgdata", folder / "data", "--username", USER, "--pwfile", password_file, *options],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        user=_user(),
    )


def _start(binaries: Path, folder: Path) -> subprocess.Popen[bytes]:
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=folder,
            user=_user(),
        )


def _user() -> str | None:
    """PostgreSQL refuses to run as root; give another user's name then."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
