"""The Zoho widget as a zip file, as Zoho takes it: a manifest and an `app` folder, our public address filled in."""

import html
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from chatledger.errors import UsageError

SOURCE = Path(__file__).parent / "zoho-widget"
ADDRESS = "{{PUBLIC_URL}}"
THIS_MACHINE = ("127.0.0.1", "localhost")


def pack_widget(public_url: str | None, target: Path) -> Path:
    """Write the widget's zip file and return its path.

    Raises UsageError without a public https address, which Zoho demands of everything in its frame, and where the file cannot
    be written.
    """
    address = _checked(public_url)
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
            for file in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
                text = file.read_text(encoding="utf-8").replace(ADDRESS, html.escape(address))
                package.writestr(file.relative_to(SOURCE).as_posix(), text)
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}): choose another file with --out.") from None
    return target


def _checked(public_url: str | None) -> str:
    parts = urlsplit((public_url or "").strip().rstrip("/"))
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE):
        return parts.geturl()
    raise UsageError("Set CHATLEDGER_PUBLIC_URL to the https address of the pages: Zoho shows nothing else in its frame.")
