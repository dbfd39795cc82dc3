"""A file that is there in full or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatledger.errors import ChatledgerError, UsageError


@contextmanager
def new_file(target: Path, *, replace: bool) -> Iterator[Path]:
    """Give a path to write to; at the end of the block it becomes `target`, readable by its user alone.

    When the block fails, nothing is left. Raises UsageError for a target that exists (unless `replace`) or has no folder,
    ChatledgerError where the disk is full or may not be written.
    """
    _check(target, replace=replace)
    folder = None
    try:
        # A folder of its own beside the target: on the same disk, and writers may put their own temporary files there.
        folder = tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name[:40]}-")
        written = Path(folder.name) / target.name
        yield written
        written.chmod(0o600)
        _put(written, target, replace=replace)
    except OSError as error:
        raise ChatledgerError(
            f"{target} cannot be written ({error.strerror or type(error).__name__}); nothing was left there. Free some space, "
            "or name a place that may be written."
        ) from error
    finally:
        if folder is not None:
            folder.cleanup()


def _check(target: Path, *, replace: bool) -> None:
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file in it.")
    if not target.parent.is_dir():
        raise UsageError(f"The folder {target.parent} does not exist; create it or name another one.")
    if target.exists() and not replace:
        raise _exists(target)


def _put(written: Path, target: Path, *, replace: bool) -> None:
    if replace:
        written.replace(target)
        return
    try:
        os.link(written, target)  # unlike a rename, it fails where a file has appeared meanwhile
    except FileExistsError:
        raise _exists(target) from None
    except OSError:  # a file system without hard links
        written.replace(target)


def _exists(target: Path) -> UsageError:
    return UsageError(f"{target} exists already; add --force to replace it, or name another file.")
