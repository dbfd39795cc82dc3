"""How commands show things: facts in two columns, plain tables, local times; or values as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

SHORT_ID = 6
"""How much of a run's id is shown; `log --run` takes the beginning of one."""

COLOURS = {
    "completed": "green", "ok": "green", "synced": "green",
    "degraded": "yellow", "warning": "yellow", "pending": "yellow", "parked": "red", "running": "cyan",
    "failed": "red", "crashed": "red", "problem": "red",
}  # fmt: skip


def console() -> Console:
    """Return a console that is as wide as the terminal, 80 columns where there is none; it prints text as it is."""
    return Console(highlight=False, markup=False, emoji=False)


def word(text: str) -> Text:
    """Return a state, level or outcome in its colour."""
    return Text(text, style=COLOURS.get(text, ""))


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Return labels with their values in two columns; a long address is broken rather than cut."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(f"  {label}", value if isinstance(value, Text) else Text(value))
    return grid


def table(*columns: str, numbers: Iterable[str] = (), gap: int = 2) -> Table:
    """Return an empty table without frame; `numbers` names the columns that are aligned right."""
    right = set(numbers)
    made = Table(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def moment(value: datetime | None, zone: str) -> str:
    """Show a time in the settings' zone, to the second."""
    return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if value else "-"


def short_moment(value: datetime | None, zone: str) -> str:
    """Show a time in the settings' zone without year and seconds, where room is short."""
    return moment(value, zone)[5:16] or "-"


def short(text: str, cells: int) -> Text:
    """Return a name cut to so many terminal cells; names may hold anything, wide characters and markup too."""
    name = Text(" ".join(text.split()))
    name.truncate(cells, overflow="ellipsis")
    return name


def print_json(value: Any) -> None:
    """Print a value for machines: one line of JSON, times in ISO 8601."""
    print(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else str(value)
