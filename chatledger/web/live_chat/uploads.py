"""A file on its way from a browser to TimelinesAI: checked by content, size and name, never held in memory as a whole."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from chatledger.clients import TimelinesClient
from chatledger.web.live_chat.file_kinds import FIRST_BYTES, sendable_type, size_limit
from chatledger.web.live_chat.trouble import Trouble

LONGEST_NAME = 200


class NotSendable(Exception):
    """A file that cannot be sent; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.word)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be sent."""

    filename: str
    mimetype: str
    content: BinaryIO

    async def bring(self, timelines: TimelinesClient) -> str:
        """Store the file in the workspace and return its uid."""
        return await timelines.upload_file(self.filename, self.content, self.mimetype)


async def read_upload(form: FormData) -> Upload | None:
    """Return the file of a form, None when none was chosen; raise NotSendable."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    filename = _plain_name(file.filename)
    start = await file.read(FIRST_BYTES)
    await file.seek(0)
    mimetype = sendable_type(filename, start)
    if mimetype is None:
        raise NotSendable(Trouble("file_kind"))
    if await run_in_threadpool(_size, file.file) > size_limit(filename):
        raise NotSendable(Trouble("file_size"))
    return Upload(filename, mimetype, file.file)


def _size(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _plain_name(name: str) -> str:
    """Return a file's name without folders, control characters and quotes, with its extension kept."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in bare if letter.isprintable() and letter not in '"\\').strip()
    stem, dot, extension = plain.rpartition(".")
    return f"{stem[:LONGEST_NAME]}{dot}{extension[:10]}" or "file"
