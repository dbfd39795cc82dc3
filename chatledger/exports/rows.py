"""What an export is made of: typed columns and batches of rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Value = str | int | float | bool | datetime | date | None
Batch = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in batches, with the name and Python type of each column; every time is aware and in UTC."""

    columns: Sequence[tuple[str, type]]
    batches: Iterable[Batch]
