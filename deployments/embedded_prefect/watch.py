"""The watch over the embedded server: announces it, sees that somebody still needs it, and stops it in good order."""

import fcntl
import logging
import os
import shutil
import threading
import time
from contextlib import suppress
from importlib.metadata import version
from typing import Protocol

from .home import POLL_SECONDS, PrefectHome, ServerRecord, this_host

START_SECONDS = 80
WATCH_SECONDS = 1.0
QUIET_SECONDS = 1.0
DRAIN_SECONDS = 20
SHUTDOWN_SECONDS = 10
LOG_BYTES = 1_000_000

logger = logging.getLogger(__name__)


class WatchedServer(Protocol):
    """What the watch needs of a server: to see that it started, to be asked to stop it, and to make it stop."""

    started: bool
    should_exit: bool
    stop_requested: threading.Event


class Watch(threading.Thread):
    """The life of one server, in a thread so that it goes on although the event loop may be blocked.

    It ends the process by force when the server does not start within 80 seconds, or does not end within 10 seconds of
    having been stopped, or when the watch itself fails: better no server than one that nobody watches.
    """

    def __init__(self, server: WatchedServer, home: PrefectHome, *, port: int, idle_seconds: float, scheduling: bool) -> None:
        super().__init__(name="watch", daemon=True)
        self._server = server
        self._home = home
        self._port = port
        self._idle_seconds = idle_seconds
        self._scheduling = scheduling
        self._users = os.open(home.users_lock, os.O_RDWR | os.O_CREAT, 0o600)
        self._last_use = time.monotonic()
        self._last_seen_at = os.fstat(self._users).st_mtime_ns

    def run(self) -> None:
        """Watch the server from its start to its end."""
        try:
            if self._has_started():
                self._home.write_record(self._record())
                self._wait_for_a_reason_to_stop()
                self._stop()
        except Exception:
            logger.exception("The embedded server ends because its watch failed.")
        finally:
            os._exit(1)

    def _has_started(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return self._server.started

    def _record(self) -> ServerRecord:
        return ServerRecord(
            url=f"http://127.0.0.1:{self._port}/api",
            pid=os.getpid(),
            host=this_host(),
            started=time.time(),
            version=version("prefect"),
            scheduling=self._scheduling,
        )

    def _wait_for_a_reason_to_stop(self) -> None:
        pause = min(WATCH_SECONDS, self._idle_seconds / 5)
        self._last_use = time.monotonic()
        while not (self._home_is_gone() or self._is_idle()):
            if self._server.stop_requested.wait(pause):
                return
            self._keep_log_small()

    def _home_is_gone(self) -> bool:
        """Whether the folder was deleted; one made anew in its place has another lock file and is another home."""
        try:
            return self._home.users_lock.stat().st_ino != os.fstat(self._users).st_ino
        except OSError:
            return True

    def _is_idle(self) -> bool:
        """Whether nobody has used the server for long enough; if so the users' lock is kept, so that nobody can begin to."""
        seen_at = os.fstat(self._users).st_mtime_ns
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._last_use = time.monotonic()
            return False
        if seen_at != self._last_seen_at:
            self._last_use, self._last_seen_at = time.monotonic(), seen_at
        if time.monotonic() - self._last_use >= self._idle_seconds:
            return True
        fcntl.flock(self._users, fcntl.LOCK_UN)
        return False

    def _stop(self) -> None:
        if not self._home_is_gone():
            self._home.remove_record()
            self._let_it_finish_recording()
        self._server.should_exit = True
        time.sleep(SHUTDOWN_SECONDS)

    def _let_it_finish_recording(self) -> None:
        """Wait until all events have been consumed: the server drops what is still queued when it is told to exit.

        Events can be on their way through a socket, so they must have been still for a second; 20 seconds are the limit.
        """
        from prefect.server.utilities.messaging.memory import METRICS

        deadline = time.monotonic() + DRAIN_SECONDS
        before, still_since = dict(METRICS["events"]), time.monotonic()
        while time.monotonic() < min(deadline, still_since + QUIET_SECONDS):
            time.sleep(POLL_SECONDS)
            now = dict(METRICS["events"])
            if now != before or now["published"] > now["consumed"]:
                before, still_since = now, time.monotonic()

    def _keep_log_small(self) -> None:
        """Start the log anew above 1 MB, keeping one older file; its descriptor appends, so it goes on from the start."""
        log = self._home.log_file
        with suppress(OSError):  # a full disk is no reason to end
            if log.stat().st_size > LOG_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)
