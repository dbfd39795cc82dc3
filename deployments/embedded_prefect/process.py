"""The process of the embedded server, seen from a command: start it, ask it, end it."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from math import isfinite

from chatledger.errors import ChatledgerError, UsageError

from .environment import server_environment
from .home import PrefectHome, ServerRecord, try_lock, wait_for_lock

ANSWER_SECONDS = 20
STOP_SECONDS = 40
DEFAULT_IDLE_SECONDS = "75"


def start_server(home: PrefectHome, lock: int, *, port: int, scheduling: bool) -> None:
    """Start a detached server that takes over `lock`, and return while it is still starting.

    `port` is used if it is free: after a crash the URL that other commands know then answers again.
    """
    try:
        home.remove_record()
        with _listening(port) as listener, home.log_file.open("ab") as log:
            home.log_file.chmod(0o600)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
            options = [f"--lock={lock}", f"--listener={listener.fileno()}", f"--idle-seconds={idle_seconds()}"]
            options += ["--scheduling"] if scheduling else []
            subprocess.run(  # noqa: S603 - our own module, by our own interpreter
                [sys.executable, "-P", "-m", "deployments.embedded_prefect.server", *options, str(home.folder)],
                env=server_environment(home.folder, url, scheduling=scheduling),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[lock, listener.fileno()],
                start_new_session=True,
                check=False,  # a server that did not come up has let go of the lock, which tells more than a code
            )
    except OSError as error:
        raise ChatledgerError(f"Prefect's server cannot be started ({error.strerror}); see {home.log_file}.") from error
    finally:
        os.close(lock)


def is_usable(home: PrefectHome, server: ServerRecord, *, scheduling: bool) -> bool:
    """Say whether the running server may be shared: of our version of Prefect, able to do what is asked, and answering."""
    if server.version != version("prefect") or (scheduling and not server.scheduling):
        return False
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline and home.read_record() == server:
        if answers(server):
            return True
        time.sleep(0.2)
    return False


def end_server(home: PrefectHome, server: ServerRecord) -> None:
    """End the running server and return when its process has ended: with SIGTERM, after 40 seconds with SIGKILL.

    Raises `ChatledgerError` when it runs in another container or machine, where its process id means another process.
    """
    if not server.is_of_this_host:
        raise ChatledgerError(
            f"Prefect's server for {home.folder.parent} runs in another container or on another machine:"
            " stop it there, or set PREFECT_API_URL."
        )
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if (lock := try_lock(home.server_lock, fcntl.LOCK_EX)) is None:
            with suppress(ProcessLookupError):
                os.kill(server.pid, sign)
            lock = wait_for_lock(home.server_lock, fcntl.LOCK_EX, seconds=seconds)
        if lock is not None:
            os.close(lock)
            return


def idle_seconds() -> float:
    """Read CHATLEDGER_PREFECT_IDLE_SECONDS; `UsageError` unless it is a number above 0."""
    text = os.environ.get("CHATLEDGER_PREFECT_IDLE_SECONDS") or DEFAULT_IDLE_SECONDS
    with suppress(ValueError):
        if (seconds := float(text)) > 0 and isfinite(seconds):
            return seconds
    raise UsageError(f"CHATLEDGER_PREFECT_IDLE_SECONDS must be a number of seconds above 0, not {text!r}.")


def answers(server: ServerRecord) -> bool:
    """Ask the health check of the API once, past any proxy, and say whether it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _listening(port: int) -> socket.socket:
    """Listen on 127.0.0.1, on `port` if it is free and on any free one otherwise."""
    for candidate in dict.fromkeys([port, 0]):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
            listener.listen(128)
        except OSError:
            listener.close()
            if not candidate:
                raise
        else:
            return listener
    raise AssertionError("unreachable: port 0 is the last candidate")
