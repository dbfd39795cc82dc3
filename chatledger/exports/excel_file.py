"""Excel workbooks with flat memory: rows go to the disk as they come, and a full sheet is continued on the next one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxFileError
from xlsxwriter.worksheet import Worksheet

from chatledger.exports.formulas import harmless
from chatledger.exports.rows import Rows

ROWS_PER_SHEET = 1_048_576  # https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
CELL_LIMIT = 32_767
EXACT_DIGITS = 15
"""Excel keeps no more digits of a number; longer ones are written as text."""


def write_excel(path: Path, rows: Rows, *, sheet_name: str, rows_per_sheet: int = ROWS_PER_SHEET) -> int:
    """Write rows to as many sheets as they need, each with a line of column names; return the number of sheets.

    Times are UTC without a zone, which Excel does not know.
    """
    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    try:
        with Workbook(str(path), options) as workbook:
            sheets = _Sheets(workbook, rows.columns, sheet_name, rows_per_sheet)
            for batch in rows.batches:
                for row in batch:
                    sheets.write(row)
            return sheets.count
    except XlsxFileError as error:
        raise error.args[0] if error.args and isinstance(error.args[0], OSError) else OSError(str(error)) from error


class _Sheets:
    """The sheets of a workbook, of which only the last takes rows."""

    def __init__(self, workbook: Workbook, columns: Any, name: str, rows_per_sheet: int) -> None:
        self._workbook, self._columns, self._name, self._most = workbook, columns, name, rows_per_sheet
        self._bold = workbook.add_format({"bold": True})
        self._day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self.count = 0
        self._sheet, self._row = self._next()

    def write(self, row: Any) -> None:
        if self._row == self._most:
            self._sheet, self._row = self._next()
        for column, value in enumerate(row):
            self._put(column, value)
        self._row += 1

    def _next(self) -> tuple[Worksheet, int]:
        self.count += 1
        sheet = self._workbook.add_worksheet(self._name if self.count == 1 else f"{self._name} {self.count}")
        sheet.freeze_panes(1, 0)
        for column, (name, width) in enumerate(self._widths()):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, self._bold)
        return sheet, 1

    def _widths(self) -> Iterator[tuple[str, int]]:
        for name, kind in self._columns:
            yield name, max(len(name) + 2, 20 if kind in (datetime, str) else 10)

    def _put(self, column: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, column, value)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(self._row, column, value.astimezone(UTC).replace(tzinfo=None, microsecond=0))
        elif isinstance(value, date):
            self._sheet.write_datetime(self._row, column, value, self._day)
        elif isinstance(value, str) or len(str(value).lstrip("-")) > EXACT_DIGITS:
            text = harmless(value if isinstance(value, str) else str(value))
            self._sheet.write_string(self._row, column, text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…")
        else:
            self._sheet.write_number(self._row, column, value)
