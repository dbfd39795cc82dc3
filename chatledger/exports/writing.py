"""Writing an export: one file in one of three formats, complete or not at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from chatledger.exports.files import new_file
from chatledger.exports.rows import Batch, Rows

Progress = Callable[[int], None]


class Format(StrEnum):
    """What an export can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


@dataclass(slots=True)
class Exported:
    """What was written: data rows without the line of names, sheets of a workbook (1 elsewhere), size in bytes."""

    rows: int = 0
    sheets: int = 1
    bytes: int = 0


def write(target: Path, kind: Format, rows: Rows, *, name: str, replace: bool = False, progress: Progress) -> Exported:
    """Write rows to `target`; `name` names the sheets of a workbook, `progress` is told the rows written so far.

    Raises UsageError for a target that exists or has no folder, ChatledgerError where it cannot be written.
    """
    done = Exported()
    counted = Rows(rows.columns, _counted(rows, done, progress))
    with new_file(target, replace=replace) as path:
        match kind:
            case Format.CSV:
                from chatledger.exports.csv_file import write_csv

                write_csv(path, counted)
            case Format.XLSX:
                from chatledger.exports.excel_file import write_excel

                done.sheets = write_excel(path, counted, sheet_name=name)
            case Format.PARQUET:
                from chatledger.exports.parquet_file import write_parquet

                write_parquet(path, counted)
        done.bytes = path.stat().st_size
    return done


def _counted(rows: Rows, done: Exported, progress: Progress) -> Iterator[Batch]:
    for batch in rows.batches:
        yield batch
        done.rows += len(batch)
        progress(done.rows)
