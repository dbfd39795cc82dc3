"""One Prefect server per home, shared by all commands, started by the first one and gone when nobody needs it.

`users.lock` is held shared by every command and taken exclusively by the server before it stops; `server.lock` is held by
the server for its whole life, and inherited from the command that starts it. Both are kernel locks: a killed process loses
them at once, so no process id has to be guessed about and nothing is left behind.
"""

from .sharing import (
    embedded_prefect,
    revive_embedded_prefect,
    stop_embedded_prefect,
    stop_unused_embedded_prefect,
)

__all__ = ["embedded_prefect", "revive_embedded_prefect", "stop_embedded_prefect", "stop_unused_embedded_prefect"]
