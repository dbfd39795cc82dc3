"""Where browsers reach the pages: for links that a command or a run names while another process serves them."""

from pathlib import Path

from blocks.environment import WebSettings
from chatledger.ledger.files import make_private_folder

CUSTOMARY = "http://127.0.0.1:8460"
FILE = "web-address"


def remember_address(home: Path, address: str) -> None:
    """Note where the pages of this home are served."""
    make_private_folder(home)
    (home / FILE).write_text(address, "utf-8")


def known_address(settings: WebSettings) -> str | None:
    """Return CHATLEDGER_PUBLIC_URL, else where `serve` last served the pages of this home; None where it never did."""
    if settings.chatledger_public_url:
        return settings.chatledger_public_url.rstrip("/")
    try:
        return (settings.home / FILE).read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def likely_address(settings: WebSettings) -> str:
    """Return the known address, else where `serve` serves the pages by custom."""
    return known_address(settings) or CUSTOMARY
