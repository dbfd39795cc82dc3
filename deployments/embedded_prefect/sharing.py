"""What a command does to have a Prefect server: find the one of its home, or start it."""

import fcntl
import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chatledger.errors import ChatledgerError

from .environment import prefect_at, quiet_prefect
from .home import POLL_SECONDS, PrefectHome, ServerRecord, try_lock, wait_for_lock
from .process import end_server, is_usable, start_server

START_SECONDS = 90


@contextmanager
def embedded_prefect(home: Path, *, scheduling: bool = False, port: int = 0) -> Iterator[str]:
    """Yield the URL of a Prefect API, with this process set up to use it; enter it before any flow is imported.

    With PREFECT_API_URL set nothing is started and nothing is changed. Otherwise all commands of `home` share one server on
    127.0.0.1 that keeps its files in `<home>/prefect` and stops by itself when no command has used it for
    CHATLEDGER_PREFECT_IDLE_SECONDS (75; the setting of the command that starts it counts). `scheduling` asks for a server
    that also schedules deployments and runs automations; one running without, or of another version of Prefect, is replaced
    by one on the same port. `port` is where a server is started that takes nobody's place, if it is free.

    Raises `ChatledgerError` when no server answers within 90 seconds, `UsageError` when a setting is wrong.
    """
    if given := os.environ.get("PREFECT_API_URL"):
        yield given
        return
    prefect_home = PrefectHome.of(home)
    prefect_home.create()
    with quiet_prefect(prefect_home.folder), _in_use(prefect_home):
        server = _server_of(prefect_home, scheduling=scheduling, port=port)
        with prefect_at(server.url, heartbeats=scheduling):
            yield server.url


def revive_embedded_prefect(home: Path) -> None:
    """Have a scheduling server answer again where the one in use was killed, under the address its users know.

    Returns at once while it answers. Raises like `embedded_prefect`; with PREFECT_API_URL set by the user it is not ours.
    """
    _server_of(PrefectHome.of(home), scheduling=True, port=0)


def stop_unused_embedded_prefect(home: Path) -> None:
    """Stop the server of `home` unless another command uses it; that one, or the end of its idle time, stops it later."""
    prefect_home = PrefectHome.of(home)
    if not prefect_home.folder.exists():
        return
    lock = try_lock(prefect_home.users_lock, fcntl.LOCK_EX)
    if lock is None:
        return
    try:
        stop_embedded_prefect(home)
    finally:
        os.close(lock)


def stop_embedded_prefect(home: Path) -> None:
    """Stop the server of `home` now, whoever uses it, and return when its process has ended; none is fine too.

    What commands have sent to it is recorded first. Raises `ChatledgerError` when the server cannot be stopped from here.
    """
    prefect_home = PrefectHome.of(home)
    deadline = time.monotonic() + START_SECONDS
    while prefect_home.folder.exists():
        if (lock := try_lock(prefect_home.server_lock, fcntl.LOCK_EX)) is not None:
            prefect_home.remove_record()
            os.close(lock)
            return
        if server := prefect_home.read_record():
            end_server(prefect_home, server)
        if time.monotonic() > deadline:
            raise _not_within_time(prefect_home, "stop")
        time.sleep(POLL_SECONDS)


@contextmanager
def _in_use(home: PrefectHome) -> Iterator[None]:
    """Hold the shared lock of users. A server that stops at this moment holds it exclusively: wait for its end."""
    lock = wait_for_lock(home.users_lock, fcntl.LOCK_SH, seconds=START_SECONDS)
    if lock is None:
        raise _not_within_time(home, "stop")
    try:
        os.utime(lock)  # a command too short to be seen holding the lock is seen by the time of its file
        yield
    finally:
        with suppress(OSError):
            os.utime(lock)
        os.close(lock)


def _server_of(home: PrefectHome, *, scheduling: bool, port: int) -> ServerRecord:
    """Return the server of the home, started or replaced where needed.

    Who gets the server's lock starts the server and hands the lock over to it; everybody else waits for its record.
    """
    deadline = time.monotonic() + START_SECONDS
    started_here = False
    while time.monotonic() < deadline:
        lock = try_lock(home.server_lock, fcntl.LOCK_EX)
        server = home.read_record()
        if lock is not None and started_here:
            os.close(lock)
            raise ChatledgerError(f"Prefect's server ended while it started; {home.log_file} says why.")
        if lock is not None:
            start_server(home, lock, port=server.port if server else port, scheduling=scheduling)
            started_here = True
        elif server is None:
            importlib.import_module("prefect")  # the command needs it anyway, and waiting costs nothing
            time.sleep(POLL_SECONDS)
        elif is_usable(home, server, scheduling=scheduling):
            return server
        else:
            end_server(home, server)
            port, started_here = server.port, False
    raise _not_within_time(home, "start")


def _not_within_time(home: PrefectHome, verb: str) -> ChatledgerError:
    return ChatledgerError(f"Prefect's server did not {verb} within {START_SECONDS} seconds; {home.log_file} says why.")
