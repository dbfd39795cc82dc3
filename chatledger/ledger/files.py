"""Private folders and files: what the ledger keeps on disk is for its own user alone."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from chatledger.errors import LedgerUnavailable

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def make_private_folder(folder: Path) -> None:
    """Create `folder` (mode 0700) where it is missing; LedgerUnavailable when it cannot be made or written."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerUnavailable(f"The folder {folder} cannot be created ({error.strerror}); choose another one.") from error
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise LedgerUnavailable(f"The folder {folder} cannot be written by this user; give it write permission.")


def open_private_file(path: Path) -> None:
    """Create `path` (mode 0600) where it is missing and make sure that it can be written; LedgerUnavailable otherwise.

    A file that exists is not opened: closing it would drop the locks that SQLite holds on it in this process, and another
    process could then damage the ledger. https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))
    except OSError as error:
        raise _cannot_be_written(path, error.strerror) from error
    if path.is_dir():
        raise _cannot_be_written(path, os.strerror(errno.EISDIR))
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise _cannot_be_written(path, os.strerror(errno.EACCES))


def _cannot_be_written(path: Path, why: str | None) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"The file {path} cannot be written ({why}); give this user write permission or choose another path."
    )
