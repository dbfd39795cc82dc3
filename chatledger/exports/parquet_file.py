"""Parquet, row group by row group. Its columns are typed, so texts are kept exactly as they are."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from chatledger.exports.rows import Rows

ROWS_PER_GROUP = 20_000
_TYPES: dict[type, Any] = {
    str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}  # fmt: skip


def write_parquet(path: Path, rows: Rows) -> None:
    """Write rows as typed columns, compressed."""
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in rows.columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(rows):
            columns = zip(*group, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _groups(rows: Rows) -> Iterator[list[Any]]:
    group: list[Any] = []
    for batch in rows.batches:
        group.extend(batch)
        if len(group) >= ROWS_PER_GROUP:
            yield group
            group = []
    if group:
        yield group
