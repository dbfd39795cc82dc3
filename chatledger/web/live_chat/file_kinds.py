"""What kind a file is, by its first bytes and never by its name alone. No I/O.

Sizes and kinds that may be sent are those of TimelinesAI's guide on attachments. What may be shown in place is less: pictures,
sound and film of formats that hold no script. SVG and everything that a browser would read as a document is only ever saved.
"""

import puremagic
from puremagic import PureError

MEGABYTE = 1_000_000
MEDIA_LIMIT = 16 * MEGABYTE
DOCUMENT_LIMIT = 100 * MEGABYTE
FIRST_BYTES = 4096
"""Enough for every signature looked for."""

OFFICE = frozenset({"application/msword", "application/vnd.ms-excel", ".doc", ".xls"})
OFFICE_XML = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/zip",
    }
)
SENDABLE: dict[str, tuple[frozenset[str], int]] = {
    **dict.fromkeys(("jpg", "jpeg"), (frozenset({"image/jpeg"}), MEDIA_LIMIT)),
    "png": (frozenset({"image/png"}), MEDIA_LIMIT),
    "gif": (frozenset({"image/gif"}), MEDIA_LIMIT),
    "webp": (frozenset({"image/webp"}), MEDIA_LIMIT),
    "pdf": (frozenset({"application/pdf"}), DOCUMENT_LIMIT),
    **dict.fromkeys(("doc", "xls"), (OFFICE, DOCUMENT_LIMIT)),
    **dict.fromkeys(("docx", "xlsx"), (OFFICE_XML, DOCUMENT_LIMIT)),
    "mp3": (frozenset({"audio/mpeg"}), MEDIA_LIMIT),
    **dict.fromkeys(("ogg", "oga"), (frozenset({"application/ogg", "audio/ogg", ".ogg", ".oga"}), MEDIA_LIMIT)),
    "aac": (frozenset({"audio/aac"}), MEDIA_LIMIT),
    "mp4": (frozenset({"video/mp4"}), MEDIA_LIMIT),
    "3gp": (frozenset({"video/3gpp", "video/mp4"}), MEDIA_LIMIT),
}
"""By extension: what the content has to be (MIME types and extensions as found) and the most bytes."""

SHOWN = {
    "image/png": "image/png", "image/jpeg": "image/jpeg", "image/gif": "image/gif", "image/webp": "image/webp",
    "video/mp4": "video/mp4", "video/3gpp": "video/3gpp", ".m4a": "audio/mp4", "audio/mp4": "audio/mp4",
    "application/ogg": "audio/ogg", "audio/ogg": "audio/ogg", "audio/mpeg": "audio/mpeg", "audio/aac": "audio/aac",
    "audio/amr": "audio/amr",
}  # fmt: skip
"""What a finding is served as when it is shown in place."""

NEVER_SHOWN = ("image/svg+xml", "text/", "application/xml", "application/xhtml", "application/javascript")
MEDIA_BY_EXTENSION = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp3", "ogg", "oga", "opus", "aac", "m4a", "amr"), "audio"),
    **dict.fromkeys(("mp4", "3gp"), "video"),
}


def extension(filename: str) -> str:
    """Return the extension of a file name in lower case, without its dot."""
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def expected_media(filename: str, mimetype: str | None) -> str:
    """Return how a file is probably to be shown: image, audio, video or file. The content decides when it is fetched."""
    family = (mimetype or "").partition("/")[0]
    named = MEDIA_BY_EXTENSION.get(extension(filename), "file")
    return family if named == "file" and family in {"audio", "video"} else named


def shown_as(start: bytes) -> str | None:
    """Return the MIME type a file may be shown in place with; None means that it is only saved."""
    found = _found(start)
    if any(name.startswith(NEVER_SHOWN) for name in found):
        return None
    return next((served for name, served in SHOWN.items() if name in found), None)


def sendable_type(filename: str, start: bytes) -> str | None:
    """Return the MIME type a file is sent with; None when its extension is not taken or its content is something else."""
    accepted, _ = SENDABLE.get(extension(filename), (frozenset(), 0))
    found = _found(start)
    match = next((name for name in sorted(accepted & found, reverse=True)), None)
    if match is None or any(name.startswith(NEVER_SHOWN) for name in found):
        return None
    return SHOWN.get(match) or (match if "/" in match else "application/octet-stream")


def size_limit(filename: str) -> int:
    """Return the most bytes a file of this name may have; 0 for an extension that is not taken."""
    return SENDABLE.get(extension(filename), (frozenset(), 0))[1]


def _found(start: bytes) -> set[str]:
    """Return every MIME type and extension the first bytes may be."""
    try:
        matches = puremagic.magic_string(start[:FIRST_BYTES])
    except (PureError, ValueError):
        return set()
    return {name.lower() for match in matches for name in (match.mime_type, match.extension) if name}
