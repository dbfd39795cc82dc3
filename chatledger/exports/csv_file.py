"""CSV as programs and spreadsheets read it: UTF-8, comma, RFC 4180 quoting, times in ISO 8601."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

from chatledger.exports.formulas import harmless
from chatledger.exports.rows import Rows


def write_csv(path: Path, rows: Rows) -> None:
    """Write rows with a line of column names; texts that a spreadsheet would calculate are set off."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(name for name, _ in rows.columns)
        for batch in rows.batches:
            writer.writerows([_cell(value) for value in row] for row in batch)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime | date) else value
