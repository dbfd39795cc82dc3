"""Files of messages, fetched from TimelinesAI and handed on: harmless media in place, everything else only to be saved."""

import asyncio
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.errors import NotFound, Rejected
from chatledger.ledger import people
from chatledger.web.live_chat.desk import Desk
from chatledger.web.live_chat.file_kinds import shown_as
from chatledger.web.live_chat.tokens import FileOf, read_file
from chatledger.web.roles import may

MOST_BYTES = 25_000_000
AT_ONCE = 4
"""Files under way at the same time: each is held in memory while it passes."""

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class HandingOut:
    """The files of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def file(self, request: Request) -> Response:
        """Hand out the file that a signed address stands for; 404 when it is gone, too large or not ours to give."""
        file = read_file(self.desk.parts.ledger, request.path_params["token"])
        if file is None or not await run_in_threadpool(self._still_may, file.person_id):
            raise HTTPException(404)
        async with self._turns:
            filename, content = await self._fetched(file)
        mimetype = shown_as(content)
        kind = "inline" if mimetype and "save" not in request.query_params else "attachment"
        headers = {
            "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(filename, safe='')}",
            "Content-Security-Policy": POLICY,
            "Cache-Control": "private, max-age=3600",
        }
        return ranged(request, content, mimetype if kind == "inline" and mimetype else "application/octet-stream", headers)

    async def _fetched(self, file: FileOf) -> tuple[str, bytes]:
        timelines = self.desk.timelines()
        try:
            message = await timelines.message(file.uid)
            if message.chat_id != file.chat_id or file.position >= len(message.attachments):
                raise HTTPException(404)
            attachment = message.attachments[file.position]
            if attachment.url is None:
                raise HTTPException(404)
            return attachment.filename, await timelines.download(attachment.url, max_bytes=MOST_BYTES)
        except (NotFound, Rejected):
            raise HTTPException(404) from None

    def _still_may(self, person_id: str) -> bool:
        with self.desk.parts.ledger.reading() as session:
            return may(people.find(session, self.desk.parts.organisation_id, person_id), "seller")


def ranged(request: Request, content: bytes, mimetype: str, headers: dict[str, str]) -> Response:
    """Answer with the content, or with the one part of it that a player asks for."""
    asked = request.headers.get("Range", "")
    first, dash, last = asked.removeprefix("bytes=").partition("-")
    headers = headers | {"Accept-Ranges": "bytes"}
    if not (asked.startswith("bytes=") and dash and first.isdecimal() and (last.isdecimal() or not last)):
        return Response(content, media_type=mimetype, headers=headers)
    start, end = int(first[:15]), min(int(last[:15] or len(content)), len(content) - 1)
    if start > end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return Response(content[start : end + 1], 206, media_type=mimetype, headers=headers)
