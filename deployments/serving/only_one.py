"""One `serve` for each home."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatledger.errors import UsageError
from chatledger.ledger.files import make_private_folder
from deployments.checks.operation import SERVE_LOCK
from deployments.embedded_prefect.home import try_lock


@contextmanager
def only_serve(home: Path) -> Iterator[None]:
    """Be the only `serve` of a home. Raises UsageError while another one is."""
    make_private_folder(home)
    lock = try_lock(home / SERVE_LOCK, fcntl.LOCK_EX)
    if lock is None:
        raise UsageError(f"Another `chatledger serve` is at work in {home}: stop it first, or set another CHATLEDGER_HOME.")
    try:
        yield
    finally:
        os.close(lock)
