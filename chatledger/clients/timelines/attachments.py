"""The files of a message in all the forms TimelinesAI gives them. No I/O.

The history names one file (`attachment_url`, `attachment_filename`), webhooks a list (`attachments`), one integrator saw a
single `attachment` object.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from chatledger.clients.answers import whole_number
from chatledger.models import Attachment

NAMELESS = "attachment"
URL_KEYS = ("temporary_download_url", "download_url", "url", "attachment_url")
NAME_KEYS = ("filename", "name", "attachment_filename")
TYPE_KEYS = ("mimetype", "mime_type", "content_type")


def read_attachments(raw: dict[str, Any], origin: str) -> tuple[Attachment, ...]:
    """Return every file once, in the order given; a relative URL is made absolute against `origin`."""
    found = [_read(part, origin) for part in _parts(raw)]
    if not found and raw.get("has_attachment") is True:
        return (Attachment(NAMELESS),)
    return tuple(dict.fromkeys(found))


def _parts(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = raw.get("attachments")
    several = listed if isinstance(listed, list) else [raw.get("attachment")]
    named = [part if isinstance(part, dict) else {"url": part} for part in several if part]
    yield from named
    if not named and (raw.get("attachment_url") or raw.get("attachment_filename")):
        yield {key: raw.get(key) for key in ("attachment_url", "attachment_filename", "size", "mimetype")}


def _read(part: dict[str, Any], origin: str) -> Attachment:
    url = _first_text(part, URL_KEYS)
    absolute = urljoin(f"{origin}/", url) if url else None
    name = _first_text(part, NAME_KEYS) or _name_in(absolute) or NAMELESS
    return Attachment(name, absolute, whole_number(part.get("size")), _first_text(part, TYPE_KEYS) or None)


def _first_text(part: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((value for key in keys if isinstance(value := part.get(key), str) and value), "")


def _name_in(url: str | None) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2]) if url else ""
