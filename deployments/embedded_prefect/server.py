"""The process of the embedded server: Prefect's API, and the watch that ends it when nobody needs it any more.

A command starts it as a module, with the server's lock and a listening socket as inherited file descriptors.
"""

import argparse
import os
import socket
import threading
from pathlib import Path
from types import FrameType

import uvicorn

from .home import PrefectHome
from .watch import Watch

GRACEFUL_SECONDS = 5


class StoppableServer(uvicorn.Server):
    """A uvicorn server to which a signal is a request: its watch stops it once all that was sent is recorded."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop_requested = threading.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Take note of SIGTERM or SIGINT."""
        self.stop_requested.set()


def main() -> None:
    """Leave the command that started us, then serve until the watch ends it."""
    options = _options()
    if os.fork():
        os._exit(0)  # the command waits for this one only, and never becomes the parent of a finished server
    os.umask(0o077)
    for descriptor in (options.lock, options.listener):
        os.set_inheritable(descriptor, False)
    with socket.socket(fileno=options.listener) as listener:
        server = StoppableServer(
            uvicorn.Config(
                "prefect.server.api.server:create_app",
                factory=True,
                log_config=None,  # Prefect configures the loggers of uvicorn itself
                access_log=False,
                timeout_graceful_shutdown=GRACEFUL_SECONDS,
            )
        )
        home = PrefectHome(options.folder)
        port = listener.getsockname()[1]
        Watch(server, home, port=port, idle_seconds=options.idle_seconds, scheduling=options.scheduling).start()
        server.run(sockets=[listener])
    os._exit(0)  # all is recorded; the interpreter would take another second to tidy up what the kernel frees at once


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chatledger-prefect")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--idle-seconds", type=float, required=True)
    parser.add_argument("--scheduling", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
