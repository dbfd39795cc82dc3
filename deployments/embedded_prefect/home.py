"""The folder `<home>/prefect`: its locks and the record of the server that runs there."""

import fcntl
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from chatledger.errors import ChatledgerError

POLL_SECONDS = 0.02


class ServerRecord(BaseModel, frozen=True):
    """What the server of a home says about itself once its API answers."""

    url: str
    pid: int
    host: str
    started: float
    version: str
    scheduling: bool

    @property
    def port(self) -> int:
        """The TCP port of the API on 127.0.0.1."""
        return urlsplit(self.url).port or 0

    @property
    def is_of_this_host(self) -> bool:
        """Whether `pid` means something here; a home may be mounted by several containers."""
        return self.host == this_host()


def this_host() -> str:
    """Name the machine, and on Linux its process namespace too: containers may share a host name."""
    name = socket.gethostname()
    with suppress(OSError):
        return f"{name} {Path('/proc/self/ns/pid').readlink()}"
    return name


@dataclass(frozen=True)
class PrefectHome:
    """The files of one embedded server."""

    folder: Path

    @classmethod
    def of(cls, home: Path) -> Self:
        """Name the folder of a home; nothing is created."""
        return cls(home.resolve() / "prefect")

    @property
    def users_lock(self) -> Path:
        """Held shared by every command that uses the server."""
        return self.folder / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held exclusively by the server, from before its start until its process has ended."""
        return self.folder / "server.lock"

    @property
    def record_file(self) -> Path:
        """Exists exactly while the API is to be used, except after a server was killed."""
        return self.folder / "server.json"

    @property
    def log_file(self) -> Path:
        """Everything the server has to say."""
        return self.folder / "server.log"

    def create(self) -> None:
        """Create the folder, readable by its owner only: Prefect's database holds parameters and logs of runs."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ChatledgerError(f"The folder {self.folder} cannot be created ({error.strerror}).") from error

    def read_record(self) -> ServerRecord | None:
        """Read the record; None when there is none or it is unreadable."""
        with suppress(OSError, ValidationError):
            return ServerRecord.model_validate_json(self.record_file.read_bytes())
        return None

    def write_record(self, record: ServerRecord) -> None:
        """Write the record so that no reader ever sees half of it."""
        draft = self.record_file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(record.model_dump_json())
        draft.replace(self.record_file)

    def remove_record(self) -> None:
        """Remove the record, if the folder still has one."""
        self.record_file.unlink(missing_ok=True)


def try_lock(path: Path, kind: int) -> int | None:
    """Take `fcntl.LOCK_SH` or `LOCK_EX` on a file without waiting; None when another process holds it.

    The answer is an open file descriptor; the lock lasts until the last copy of it is closed, also in child processes.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ChatledgerError(f"The file {path} cannot be opened ({error.strerror}).") from error
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def wait_for_lock(path: Path, kind: int, *, seconds: float) -> int | None:
    """Take a lock like `try_lock`, waiting up to `seconds`; None when time ran out."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(path, kind)) is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return descriptor
