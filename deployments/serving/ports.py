"""Listening sockets: on the port that was asked for, or near a customary one."""

import os
import socket

from chatledger.errors import UsageError


def listening(host: str, port: int | None, *, customary: int, option: str) -> socket.socket:
    """Listen on `port`, 0 for any free one; without one on the customary port, or any free one where that is taken.

    Raises UsageError naming the option when it cannot be had.
    """
    for candidate in [port] if port is not None else [customary, 0]:
        try:
            return socket.create_server((host, candidate), backlog=128)
        except (OSError, OverflowError) as error:
            if port is not None or candidate == 0:
                reason = (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)).lower()
                raise UsageError(f"{option} {candidate}: nobody can listen there on {host} ({reason}).") from None
    raise AssertionError("unreachable: port 0 is the last candidate")
