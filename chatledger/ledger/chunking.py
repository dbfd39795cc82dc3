"""Lists of keys cut to what one query can carry."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

CHUNK = 500
"""Keys per IN list, below the parameter limit of every database."""

Key = TypeVar("Key", int, str)


def chunks(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Cut keys into sorted lists without repeats that each fit one query."""
    ordered = sorted(set(keys))
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
