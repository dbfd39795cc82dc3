"""Stub while building."""


def explain() -> None:
    """Stub."""
