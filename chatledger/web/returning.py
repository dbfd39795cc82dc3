"""Where a person goes after signing in: only to a page of ours. No I/O."""

from urllib.parse import urlsplit


def own_path(text: str | None) -> str:
    """Return `text` when it is a path of this site, else the start page."""
    if not text or not text.startswith("/") or not text.isprintable() or "\\" in text:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    foreign = parts.scheme or parts.netloc or text.startswith("//")
    return "/" if foreign or parts.path.startswith(("//", "/sign-in", "/invitation")) else text
