"""Writing records: insert, update, upsert and delete, row by row, each row with its own answer."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.zoho.calls import MAX_ROWS, Call
from sandbox.zoho.envelopes import Refusal, Row, invalid_id, missing_param, row_done
from sandbox.zoho.listing import header_time
from sandbox.zoho.store import Record
from sandbox.zoho.validation import RowCheck, as_id, invalid, mandatory

# Fields Zoho itself checks for duplicates, besides the ones marked unique.
_SYSTEM_DUPLICATE_FIELDS = {"Leads": ["Email"], "Contacts": ["Email"], "Accounts": ["Account_Name"], "Deals": ["Deal_Name"]}


def insert(call: Call) -> Response:
    """POST /{module}: 201, 207 or 400 with one answer per row."""
    return call.rows_json(_each(call, _insert_row), created=True)


def update(call: Call) -> Response:
    """PUT /{module}: rows carry their id."""
    return call.rows_json(_each(call, _update_row))


def update_one(call: Call) -> Response:
    """PUT /{module}/{id}. Raises Refusal for an id that is none."""
    rows = call.rows()
    record_id = as_id(call.path["id"])
    if not call.store.live(call.module.api_name, record_id):
        raise invalid_id()
    rows[0]["id"] = record_id
    return update(call)


def upsert(call: Call) -> Response:
    """POST /{module}/upsert: update what the duplicate check finds, insert the rest."""
    fields = _check_fields(call)

    def upsert_row(call: Call, row: Row, index: int) -> Row:
        for name in fields:
            holders = call.store.holders(call.module.api_name, name, row[name]) if row.get(name) else []
            found = next((record for record in holders if not record.conversion), None)
            if found:
                return _update_row(call, {**row, "id": found.id}, index) | {"action": "update", "duplicate_field": name}
        return _insert_row(call, row, index) | {"action": "insert", "duplicate_field": None}

    return call.rows_json(_each(call, upsert_row))


def delete(call: Call) -> Response:
    """DELETE /{module}?ids=…: at most 100."""
    ids = [part.strip() for part in call.query.get("ids", "").split(",") if part.strip()]
    if not ids:
        raise missing_param("ids")
    if len(ids) > MAX_ROWS:
        raise Refusal(400, "LIMIT_EXCEEDED", "the number of ids exceeds the limit", limit=MAX_ROWS, param_name="ids")
    return call.rows_json([_delete_row(call, record_id) for record_id in ids])


def delete_one(call: Call) -> Response:
    """DELETE /{module}/{id}."""
    return call.rows_json([_delete_row(call, call.path["id"])])


def _each(call: Call, write: Callable[[Call, Row, int], Row]) -> list[Row]:
    call.crm.module(call.path["module"])  # a wrong module refuses the request, not each row
    answers = []
    for index, row in enumerate(call.rows()):
        try:
            answers.append(write(call, row, index))
        except Refusal as complaint:
            answers.append(complaint.row())
    return answers


def _insert_row(call: Call, row: Row, index: int) -> Row:
    module = call.module
    checked = RowCheck(call.store, call.faults, module).insert(row, index)
    record = call.store.create(module.api_name, checked.values, checked.owner_id or call.user, call.user)
    details = call.display.stamp(record) | {"$approval_state": "approved"}
    call.crm.run_automations(call, module.api_name, record.id, "create")
    return row_done("record added", details)


def _update_row(call: Call, row: Row, index: int) -> Row:
    module = call.module
    if row.get("id") in (None, ""):
        raise mandatory("id", index)
    record = call.store.live(module.api_name, as_id(row["id"]))
    if record is None:
        raise invalid("id", index)
    _refuse_if_untouchable(call, record, index)
    checked = RowCheck(call.store, call.faults, module).update(row, index, record)
    call.store.edit(record, checked.values, call.user, checked.owner_id)
    call.crm.run_automations(call, module.api_name, record.id, "edit")
    return row_done("record updated", call.display.stamp(record))


def _refuse_if_untouchable(call: Call, record: Record, index: int) -> None:
    path = f"$.data[{index}].id"
    if record.conversion:
        raise Refusal(400, "CONVERTED_RECORD", "can't update the converted record", id=record.id, json_path=path)
    if record.id in call.faults.locked_records:
        raise Refusal(400, "RECORD_LOCKED", "record is locked", id=record.id, json_path=path)
    unchanged_since = header_time(call, "If-Unmodified-Since")
    if unchanged_since and record.modified_at.replace(microsecond=0) > unchanged_since:
        raise Refusal(412, "ALREADY_MODIFIED", "the record is already modified", id=record.id, json_path=path)


def _delete_row(call: Call, record_id: str) -> Row:
    record = call.store.live(call.module.api_name, as_id(record_id))
    if record is None or record.conversion:
        return Refusal(400, "INVALID_DATA", "record not deleted", id=record_id).row()
    if record.id in call.faults.locked_records:
        return Refusal(400, "RECORD_LOCKED", "record is locked", id=record_id).row()
    call.store.delete(record, call.user)
    if call.query.get("wf_trigger", "true") != "false":
        call.crm.run_automations(call, record.module, record.id, "delete")
    return row_done("record deleted", {"id": record_id})


def _check_fields(call: Call) -> list[str]:
    module = call.module
    checkable = [name for name, known in module.fields.items() if known.unique]
    checkable += _SYSTEM_DUPLICATE_FIELDS.get(module.api_name, [])
    given: Any = call.body.get("duplicate_check_fields") if isinstance(call.body, dict) else None
    if unknown := [name for name in given or [] if name not in module.fields]:
        where = {"api_name": unknown[0], "json_path": "$.duplicate_check_fields"}
        raise Refusal(400, "INVALID_DATA", "invalid data", **where)
    return [name for name in given or checkable if name in checkable]
