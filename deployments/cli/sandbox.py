"""Stub while building."""


def sandbox() -> None:
    """Stub."""
