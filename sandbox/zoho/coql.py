"""POST /coql: queries over the live table, converted leads included, deleted records never."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from starlette.responses import Response

from sandbox.zoho.calls import Call
from sandbox.zoho.coql_reader import Comparison, Condition, Joined, Query, read_query
from sandbox.zoho.display import trace_id
from sandbox.zoho.envelopes import Refusal, no_content
from sandbox.zoho.modules import Module
from sandbox.zoho.scopes import demand
from sandbox.zoho.store import Note, Record

Cell = Callable[[Any], Any]
Holds = Callable[[Any], bool]
_REACH = 100_000


def run_query(call: Call) -> Response:
    """Answer a query; 204 for no row. Raises Refusal for whatever the query gets wrong."""
    query = _read(call)
    module = call.crm.module(query.module)
    demand(call.scopes, f"modules.{module.api_name}.READ")
    holds = _compile(query.where, module)
    rows = (row for row in _sorted(call, query, module) if holds(row))
    found = list(islice(rows, query.offset, query.offset + query.limit + 1))
    if not found:
        return no_content()
    shown = [_show(call, module, row, query.columns) for row in found[: query.limit]]
    return call.json({"data": shown, "info": {"count": len(shown), "more_records": len(found) > query.limit}})


def query_credits(call: Call) -> int:
    """Give the price: 1, 2 or 3 credits for up to 200, 1,000 or 2,000 rows asked for."""
    limit = _read(call).limit
    return 1 if limit <= 200 else 2 if limit <= 1000 else 3


def _read(call: Call) -> Query:
    text = call.body.get("select_query") if isinstance(call.body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Refusal(400, "MANDATORY_NOT_FOUND", "required field not found", api_name="select_query")
    query = read_query(text, pairwise=call.faults.coql_pairwise_brackets)
    for value, limit in ((query.limit, call.faults.coql_rows), (query.offset, _REACH)):
        if value > limit:
            raise Refusal(400, "LIMIT_EXCEEDED", "given limit exceeds the maximum limit", limit=limit, clause="limit")
    return query


def _sorted(call: Call, query: Query, module: Module) -> Iterable[Any]:
    rows: Sequence[Any]
    if module.api_name == "Notes":
        rows = sorted(
            (note for note in call.store.notes.values() if call.store.live(*note.parent)), key=lambda note: int(note.id)
        )
    else:
        rows = call.store.ordered(module.api_name, "id")
        if not call.faults.coql_shows_converted:
            rows = [record for record in rows if not record.conversion]
    for column, descending in reversed(query.order):
        if column == "id":
            rows = sorted(rows, key=lambda row: int(row.id), reverse=descending)
        else:
            cell = _cell(module, column)
            rows = sorted(rows, key=lambda row: _rank(cell(row)), reverse=descending)
    return rows


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, value) if value is not None else (False, 0)


def _show(call: Call, module: Module, row: Record | Note, columns: list[str]) -> dict[str, Any]:
    if isinstance(row, Note):
        whole = call.display.note(row)
        return {name: whole.get(name) for name in columns} | {"id": row.id}
    plain = [name for name in columns if "." not in name]
    joined = {name: _cell(module, name)(row) for name in columns if "." in name}
    return call.display.record(row, plain) | {name: _joined(call, name, value) for name, value in joined.items()}


def _joined(call: Call, path: str, record_id: str | None) -> Any:
    """Follow a path such as `Owner.email`; of other lookups only the id can be asked for."""
    part = path.split(".")[1]
    return record_id if part == "id" else call.store.users.get(record_id or "", {}).get(part)


def _cell(module: Module, path: str) -> Cell:
    """Give what a column is compared by: numbers, moments, ids, folded text. Raises Refusal for an unknown column."""
    name = path.split(".", maxsplit=1)[0]
    if name == "id":
        return lambda row: int(row.id)
    if name not in module.fields:
        raise Refusal(400, "INVALID_QUERY", "column given seems to be invalid", column_name=path, reason="no such column")
    known = module.fields[name]
    if known.data_type == "textarea":
        raise Refusal(400, "INVALID_QUERY", "column given seems to be invalid", column_name=path, reason="cannot be filtered")
    if name in _SYSTEM:
        return _SYSTEM[name]
    if name.startswith("Converted_") and known.read_only:
        return lambda row: trace_id(row, name)
    return lambda row: _comparable(row.values.get(name), known.data_type)


_SYSTEM: dict[str, Cell] = {
    "Owner": lambda row: row.owner_id,
    "Created_By": lambda row: row.created_by,
    "Modified_By": lambda row: row.modified_by,
    "Created_Time": lambda row: _second(row.created_at),
    "Modified_Time": lambda row: _second(row.modified_at),
    "Converted__s": lambda row: row.conversion is not None,
    "Converted_Date_Time": lambda row: _second(row.conversion.at) if row.conversion else None,
    "Full_Name": lambda row: " ".join(filter(None, (row.values.get("First_Name"), row.values.get("Last_Name")))).casefold(),
    "Parent_Id": lambda row: row.parent[1],
    "Note_Title": lambda row: row.title.casefold() if row.title else None,
}


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _comparable(value: Any, data_type: str) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        return str(value.get("id"))
    if data_type == "datetime" and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value.casefold() if isinstance(value, str) else value


def _compile(condition: Condition, module: Module) -> Holds:
    if isinstance(condition, Joined):
        left, right = _compile(condition.left, module), _compile(condition.right, module)
        if condition.word == "and":
            return lambda row: left(row) and right(row)
        return lambda row: left(row) or right(row)
    cell = _joined_cell(module, condition.column)
    given = _given(condition, module)
    test = _TESTS[condition.operator]
    return lambda row: test(cell(row), given)


def _joined_cell(module: Module, path: str) -> Cell:
    if "." in path and not path.endswith(".id"):
        raise Refusal(
            400, "INVALID_QUERY", "column given seems to be invalid", column_name=path, reason="only .id of a lookup"
        )
    return _cell(module, path)


def _given(condition: Comparison, module: Module) -> Any:
    if condition.operator.endswith("like"):
        return _pattern(str(condition.value))
    if isinstance(condition.value, list):
        return [_typed(condition.column, value, module) for value in condition.value]
    return None if condition.value is None else _typed(condition.column, condition.value, module)


def _typed(column: str, value: str, module: Module) -> Any:
    """Read a literal as the type of its column. Raises Refusal INVALID_QUERY."""
    name = column.split(".", maxsplit=1)[0]
    data_type = "bigint" if name == "id" else module.fields[name].data_type
    try:
        if data_type == "datetime":
            return datetime.fromisoformat(value).astimezone(UTC)
        if data_type == "boolean":
            return {"true": True, "false": False}[value.lower()]
        if data_type in {"bigint", "integer", "double", "currency"}:
            return float(value) if "." in value else int(value)
    except (KeyError, ValueError):
        why = {"column_name": column, "expected_data_type": data_type}
        raise Refusal(400, "INVALID_QUERY", "invalid value in the query", **why) from None
    return value.casefold()


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.casefold().split("%")), re.DOTALL)


def _below(held: Any, given: Any) -> bool:
    return held is not None and held < given


def _above(held: Any, given: Any) -> bool:
    return held is not None and held > given


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, given: held == given,
    "!=": lambda held, given: held != given,
    "<": _below,
    ">": _above,
    "<=": lambda held, given: held is not None and not _above(held, given),
    ">=": lambda held, given: held is not None and not _below(held, given),
    "in": lambda held, given: held in given,
    "not in": lambda held, given: held not in given,
    "like": lambda held, given: bool(given.fullmatch(str(held or ""))),
    "not like": lambda held, given: not given.fullmatch(str(held or "")),
    "is null": lambda held, _given: held is None,
    "is not null": lambda held, _given: held is not None,
}
