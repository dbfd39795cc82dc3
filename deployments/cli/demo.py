"""Stub while building."""


def demo() -> None:
    """Stub."""
