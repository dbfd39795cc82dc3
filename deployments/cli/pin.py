"""Stub while building."""


def pin() -> None:
    """Stub."""


def unpin() -> None:
    """Stub."""
