"""Put a stand-in on a real socket: in a thread for tests, or as the whole process for the command line."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
# Answers that never end are among the faults: whoever stops the server does not wait for them.
_SECONDS_TO_FINISH = 1


@contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` in a thread for the length of the block and give its base URL (without a trailing slash).

    Port 0 takes any free port. Raises OSError when the port is taken and RuntimeError when the app does not start.
    """
    ready = threading.Event()
    with _listening(port) as listener:
        server = _Server(app, ready.set)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True, name="stand-in")
        thread.start()
        while not ready.wait(0.05):
            if not thread.is_alive():
                raise RuntimeError("the stand-in did not start")
        try:
            yield _base_url(listener)
        finally:
            server.should_exit = True
            thread.join()


def serve_until_stopped(app: ASGIApp, port: int, environment: Callable[[str], dict[str, str]]) -> None:
    """Serve `app` until SIGTERM or SIGINT; when ready, print one JSON line on stdout.

    It is `{"ready": BASE_URL, "environment": {...}}`, with what `environment` gives for the base URL. Raises OSError when the
    port is taken.
    """
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, _end)  # uvicorn raises the signal again when it is done; being asked to stop is no failure
    with _listening(port) as listener:
        base_url = _base_url(listener)
        _Server(app, lambda: _announce(base_url, environment(base_url))).run([listener])


class _Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=_SECONDS_TO_FINISH
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _listening(port: int) -> socket.socket:
    # Named as TCP, because asyncio switches Nagle's delay (40 ms per answer) off only on sockets that say so.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _base_url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _announce(base_url: str, environment: dict[str, str]) -> None:
    sys.stdout.write(json.dumps({"ready": base_url, "environment": environment}) + "\n")
    sys.stdout.flush()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
