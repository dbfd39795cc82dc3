"""Private folders and files: what the ledger keeps on disk is for its own user alone."""

import os
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
    """Create `path` (mode 0600) where it is missing and prove that it can be written; LedgerUnavailable otherwise."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
    except OSError as error:
        raise LedgerUnavailable(
            f"The file {path} cannot be written ({error.strerror}); give this user write permission or choose another path."
        ) from error
