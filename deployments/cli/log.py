"""Stub while building."""


def log() -> None:
    """Stub."""
