"""The web pages as a part of `serve`: a server in a thread with an event loop of its own."""

import socket
import threading
from typing import Any

import uvicorn

GRACEFUL_SECONDS = 2
START_SECONDS = 20


class WebPages(threading.Thread):
    """Serves an ASGI application on a listening socket until told to stop."""

    def __init__(self, application: Any, listener: socket.socket) -> None:
        super().__init__(name="web-pages", daemon=True)
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,  # addresses of pages may hold phone numbers
                server_header=False,
                timeout_graceful_shutdown=GRACEFUL_SECONDS,
            )
        )

    def run(self) -> None:
        """Serve."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Answer what was asked, for at most two seconds, and end."""
        self._server.should_exit = True
        self.join(GRACEFUL_SECONDS + 3)
        self._listener.close()
