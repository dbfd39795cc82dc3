"""Signed links to attachments and files, valid for a while, and the bytes behind them."""

import hashlib
import hmac
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.timelines import memory
from sandbox.timelines.faults import Faults
from sandbox.timelines.refusals import link_expired, page_not_found

_PIECE = 65_536
# Whoever looks into a file to learn its type finds what its name promises.
_FIRST_BYTES = {
    "application/pdf": b"%PDF-1.7\n",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF89a",
    "audio/ogg": b"OggS",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42",
}


class DownloadLinks:
    """Makes links and checks them; `base_url` is known from the first request on."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self.base_url = ""
        self._clock = clock
        self._faults = faults
        self._key = secrets.token_bytes(16)

    def to(self, uid: str, filename: str) -> str:
        """Link to the attachment of a message or to a file; every call starts a new life of 15 minutes."""
        expires = int(self._clock.now().timestamp() + self._faults.download_lifetime_seconds)
        query = urlencode({"expires": expires, "signature": self._signature(uid, expires)})
        return f"{self.base_url}/download/{quote(uid)}/{quote(filename, safe='', errors='replace')}?{query}"

    def valid(self, uid: str, expires: str, signature: str) -> bool:
        """Say whether a link was made here and still lives."""
        if not expires.isdecimal() or int(expires) < self._clock.now().timestamp():
            return False
        return hmac.compare_digest(signature.encode(), self._signature(uid, int(expires)).encode())

    def _signature(self, uid: str, expires: int) -> str:
        return hmac.new(self._key, f"{uid}:{expires}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class _Download:
    filename: str
    mimetype: str
    size: int
    content: bytes | None


def download_route(workspace: memory.Workspace, links: DownloadLinks, faults: Faults) -> Route:
    """Build the route behind the links; an expired or altered link is answered with 403."""

    async def download(request: Request) -> Response:
        uid = request.path_params["uid"]
        if not links.valid(uid, request.query_params.get("expires", ""), request.query_params.get("signature", "")):
            return link_expired()
        found = _find(workspace, uid)
        if found is None:
            return page_not_found()
        size = found.size + faults.download_extra_bytes
        headers = {
            "content-length": str(size),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.filename, errors='replace')}",
        }
        return StreamingResponse(_pieces(uid, found, size), media_type=found.mimetype, headers=headers)

    return Route("/download/{uid}/{filename:path}", download, methods=["GET"])


def _find(workspace: memory.Workspace, uid: str) -> _Download | None:
    message, file = workspace.messages.get(uid), workspace.files.get(uid)
    if message and (sent := message.attachment):
        return _Download(sent.filename, sent.mimetype, sent.size, sent.content)
    return _Download(file.filename, file.mimetype, len(file.content), file.content) if file else None


def _pieces(uid: str, found: _Download, size: int) -> Iterator[bytes]:
    """Give the stored bytes, or made-up ones that are the same for the same uid, up to `size`."""
    begun = found.content if found.content is not None else _FIRST_BYTES.get(found.mimetype, b"")[:size]
    yield begun
    noise = random.Random(uid)
    missing = size - len(begun)
    while missing > 0:
        yield noise.randbytes(min(missing, _PIECE))
        missing -= _PIECE
