"""An export is complete or not there."""

import csv
import resource
import stat
from datetime import UTC, date, datetime
from secrets import token_hex

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from chatledger.errors import ChatledgerError, UsageError
from chatledger.exports.excel_file import write_excel
from chatledger.exports.rows import Rows
from chatledger.exports.writing import Format, write

COLUMNS = [
    ("uid", str),
    ("chat_name", str),
    ("attempts", int),
    ("sent_at", datetime),
    ("local_date", date),
    ("seconds", float),
]
NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ROWS = [
    ("u1", '=HYPERLINK("http://evil.example")', 3, NOON, date(2026, 3, 1), 1.5),
    ("u2", 'Ana "la\njefa", \U0001f600', None, None, None, None),
    ("u3", None, 12345678901234567, NOON, date(2026, 3, 2), 0.0),
]


def rows(batches=None):
    return Rows(COLUMNS, batches or [ROWS[:2], ROWS[2:]])


def exported(tmp_path, kind, batches=None, **more):
    target = tmp_path / f"out.{kind}"
    done = write(target, kind, rows(batches), name="messages", progress=lambda _: None, **more)
    return target, done


def test_csv_reads_back_as_it_was_but_for_formulas(tmp_path):
    target, done = exported(tmp_path, Format.CSV)

    with target.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert done.rows == len(read) == 3
    assert read[0]["chat_name"] == "'" + ROWS[0][1]
    assert read[1]["chat_name"] == ROWS[1][1]
    assert read[0]["sent_at"] == "2026-03-01T12:00:00.250000+00:00"
    assert (read[1]["attempts"], read[2]["attempts"]) == ("", "12345678901234567")


def test_workbook_holds_texts_numbers_and_times_and_no_formula(tmp_path):
    target, done = exported(tmp_path, Format.XLSX)

    sheet = openpyxl.load_workbook(target)["messages"]
    cells = [list(row) for row in sheet.iter_rows(min_row=2)]
    assert (done.rows, done.sheets, len(cells)) == (3, 1, 3)
    assert "f" not in {cell.data_type for row in cells for cell in row}
    assert cells[0][1].value == "'" + ROWS[0][1]
    assert cells[0][3].value == NOON.replace(tzinfo=None, microsecond=0)
    assert cells[2][2].value == "12345678901234567"


def test_workbook_goes_on_with_a_second_sheet_where_the_first_is_full(tmp_path):
    numbers = [[(f"u{number}", "", number, None, None, None) for number in range(7)]]

    sheets = write_excel(tmp_path / "many.xlsx", rows(numbers), sheet_name="messages", rows_per_sheet=4)

    book = openpyxl.load_workbook(tmp_path / "many.xlsx")
    assert (sheets, book.sheetnames) == (3, ["messages", "messages 2", "messages 3"])
    assert [sheet.cell(1, 1).value for sheet in book] == ["uid"] * 3
    assert [row[0] for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)] == [f"u{n}" for n in range(7)]


def test_parquet_is_typed_and_exact(tmp_path):
    target, _ = exported(tmp_path, Format.PARQUET)

    frame = pd.read_parquet(target)
    assert frame["chat_name"][0] == ROWS[0][1]
    assert str(frame["sent_at"].dtype) == "datetime64[us, UTC]"
    assert pq.read_schema(target).field("attempts").type == "int64"


def test_parquet_is_written_row_group_by_row_group(tmp_path):
    batches = ([("u", "", 1, None, None, None)] * 5_000 for _ in range(21))

    target, done = exported(tmp_path, Format.PARQUET, batches)

    assert (done.rows, pq.ParquetFile(target).num_row_groups) == (105_000, 6)


@pytest.mark.parametrize("kind", Format)
def test_nothing_to_write_is_a_file_with_columns_alone(tmp_path, kind):
    target, done = exported(tmp_path, kind, [[]])

    read = {Format.CSV: pd.read_csv, Format.XLSX: pd.read_excel, Format.PARQUET: pd.read_parquet}[kind](target)
    assert (done.rows, len(read), list(read.columns)) == (0, 0, [name for name, _ in COLUMNS])


@pytest.mark.parametrize("kind", Format)
def test_what_fails_half_way_leaves_nothing(tmp_path, kind):
    def broken():
        yield ROWS
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        exported(tmp_path, kind, broken())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", Format)
def test_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path, kind):
    batches = ([(token_hex(40), "", 1, NOON, None, None) for _ in range(2_000)] for _ in range(30))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(ChatledgerError, match="cannot be written"):
            exported(tmp_path, kind, batches)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_kept_unless_it_may_be_replaced(tmp_path):
    (tmp_path / "out.csv").write_text("mine")

    with pytest.raises(UsageError, match="--force"):
        exported(tmp_path, Format.CSV)

    assert (tmp_path / "out.csv").read_text() == "mine"
    assert exported(tmp_path, Format.CSV, replace=True)[1].rows == 3


def test_file_that_appears_meanwhile_is_kept(tmp_path):
    def interrupted():
        yield ROWS
        (tmp_path / "out.csv").write_text("somebody else's")

    with pytest.raises(UsageError, match="exists already"):
        exported(tmp_path, Format.CSV, interrupted())

    assert (tmp_path / "out.csv").read_text() == "somebody else's"


def test_export_is_for_its_user_alone(tmp_path):
    target, _ = exported(tmp_path, Format.CSV)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_progress_is_told_after_every_batch(tmp_path):
    told = []

    write(tmp_path / "out.csv", Format.CSV, rows(), name="messages", progress=told.append)

    assert told == [2, 3]
