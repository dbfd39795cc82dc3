"""Files of the workspace, and messages that bring their file along."""

import mimetypes
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from starlette.datastructures import UploadFile

from sandbox.timelines import memory
from sandbox.timelines.arrivals import new_uid
from sandbox.timelines.bodies import FileByUrl, FileForm
from sandbox.timelines.chats import chat_named
from sandbox.timelines.refusals import Refusal, invalid, not_found
from sandbox.timelines.sending import Sending
from sandbox.timelines.service import Call, Service, checked

MEGABYTE = 1_000_000
_MEDIA_LIMIT = 16 * MEGABYTE
_DOCUMENT_LIMIT = 100 * MEGABYTE
_SECONDS_TO_FETCH = 10
_SHARE_PAGES = ("drive.google.com", "docs.google.com", "onedrive.live.com", "1drv.ms")  # they give a page, not the file


def list_files(service: Service, call: Call) -> list[dict[str, Any]]:
    """Give all files whose name contains the wanted part, without links."""
    wanted = call.query.get("filename", "").casefold()
    return [_short(service, file) for file in service.workspace.files.values() if wanted in file.filename.casefold()]


def get_file(service: Service, call: Call) -> dict[str, Any]:
    """Give one file with a link that lives for 15 minutes."""
    return _full(service, _named(service, call))


def delete_file(service: Service, call: Call) -> None:
    """Forget a file; messages that were sent with it keep theirs."""
    del service.workspace.files[_named(service, call).uid]


async def add_file_by_url(service: Service, call: Call) -> dict[str, Any]:
    """Fetch a file from a public address and keep it."""
    wanted = call.read(FileByUrl)
    content, mimetype = await _fetched(wanted.download_url)
    filename = wanted.filename or PurePosixPath(unquote(urlsplit(wanted.download_url).path)).name or "file"
    with service.lock:
        return _full(service, _kept(service, filename, wanted.content_type or mimetype, content))


async def upload_file(service: Service, call: Call) -> dict[str, Any]:
    """Keep a file that came as a form."""
    filename, mimetype, content, _ = await _form(call)
    with service.lock:
        return _full(service, _kept(service, filename, mimetype, content))


class FileMessages:
    """Messages that bring their file along."""

    def __init__(self, sending: Sending) -> None:
        self.sending = sending

    @property
    def routes(self) -> list[tuple[str, str, Any]]:
        """The endpoints; a voice message takes no caption."""
        return [
            ("POST", "/chats/{chat_id:int}/file_message", self.send),
            ("POST", "/chats/{chat_id:int}/voice_message", self.send),
        ]

    async def send(self, service: Service, call: Call) -> dict[str, Any]:
        """Send the file of the form into a chat."""
        filename, mimetype, content, caption = await _form(call)
        _check_size(mimetype, content)
        with service.lock:
            attachment = memory.Attachment(filename, len(content), mimetype, content)
            return self.sending.send_file(call, chat_named(service, call), attachment, caption)


async def _form(call: Call) -> tuple[str, str, bytes, str | None]:
    async with call.request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise invalid("is required", field="file")
        fields = checked(FileForm, {name: given for name, given in form.items() if isinstance(given, str)})
        filename = fields.filename or file.filename or "file"
        mimetype = fields.content_type or file.content_type or _guessed(filename)
        return filename, mimetype, await file.read(), fields.caption


async def _fetched(url: str) -> tuple[bytes, str]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or parts.hostname in _SHARE_PAGES:
        raise invalid("must be a publicly accessible URL of a file", field="download_url")
    try:
        async with httpx.AsyncClient(timeout=_SECONDS_TO_FETCH, follow_redirects=True) as client:
            answer = (await client.get(url)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise invalid("The file could not be downloaded") from error
    return answer.content, answer.headers.get("content-type", "").partition(";")[0] or _guessed(parts.path)


def _kept(service: Service, filename: str, mimetype: str, content: bytes) -> memory.File:
    _check_size(mimetype, content)
    owner = service.workspace.teammates[0].email if service.workspace.teammates else "(removed)"
    file = memory.File(new_uid(), filename, mimetype, content, owner, service.clock.now())
    service.workspace.files[file.uid] = file
    return file


def _check_size(mimetype: str, content: bytes) -> None:
    limit = _MEDIA_LIMIT if mimetype.startswith(("image/", "audio/", "video/")) else _DOCUMENT_LIMIT
    if len(content) > limit:
        raise Refusal(413, "validation_error", "Payload is too large")


def _guessed(filename: str) -> str:
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _named(service: Service, call: Call) -> memory.File:
    uid = call.path["uid"]
    if file := service.workspace.files.get(uid):
        return file
    raise not_found(f'File uid "{uid}" not found')


def _short(service: Service, file: memory.File) -> dict[str, Any]:
    return {
        "uid": file.uid,
        "filename": file.filename,
        "size": len(file.content),
        "mimetype": file.mimetype,
        "uploaded_by_email": file.uploaded_by,
        "uploaded_at": service.shapes.moment(file.uploaded),
    }


def _full(service: Service, file: memory.File) -> dict[str, Any]:
    return {**_short(service, file), "temporary_download_url": service.links.to(file.uid, file.filename)}


ROUTES = [
    ("GET", "/files", list_files),
    ("POST", "/files", add_file_by_url),
    ("POST", "/files_upload", upload_file),
    ("GET", "/files/{uid}", get_file),
    ("DELETE", "/files/{uid}", delete_file),
]
