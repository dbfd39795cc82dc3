"""Stub while building."""


def doctor() -> None:
    """Stub."""
