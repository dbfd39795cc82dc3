"""Notes, under /Notes and under their record. Reads are live, never through the search index."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.zoho.calls import MAX_ROWS, Call
from sandbox.zoho.envelopes import Refusal, Row, invalid_id, invalid_parent, missing_param, no_content, row_done
from sandbox.zoho.listing import sorting, wanted_fields
from sandbox.zoho.paging import cut
from sandbox.zoho.store import Note, Record
from sandbox.zoho.validation import as_id, invalid, mandatory, text_length

MAX_TITLE = 120
MAX_CONTENT = 65_535
_SORT_KEYS: dict[str, Callable[[Note], Any]] = {
    "id": lambda note: int(note.id),
    "Created_Time": lambda note: (note.created_at, int(note.id)),
    "Modified_Time": lambda note: (note.modified_at, int(note.id)),
}


def read_all(call: Call) -> Response:
    """GET /Notes: every note of the organisation."""
    return _list(call, [note for note in call.store.notes.values() if call.store.live(*note.parent)])


def read_of_record(call: Call) -> Response:
    """GET /{module}/{id}/Notes: the notes of one record, converted or not. Raises Refusal when it is gone."""
    parent = _parent_in_path(call)
    return _list(call, call.store.notes_of(parent.module, parent.id))


def read_of_deleted(call: Call) -> Response:
    """GET /{module}/deleted/{id}/Notes: the notes of a deleted record."""
    record = call.store.records[call.module.api_name].get(call.path["id"])
    if record is None or not record.deletion:
        raise invalid_id(2)
    return _list(call, call.store.notes_of(record.module, record.id))


def read_one(call: Call) -> Response:
    """GET /Notes/{id}, or under its record: the whole note, never cut."""
    try:
        note = note_in_path(call)
    except Refusal:
        if call.faults.gone_note_answer == "no_content":
            return no_content()
        raise
    return call.json({"data": [call.display.note(note, as_html=call.faults.notes_as_html)]})


def create(call: Call) -> Response:
    """POST /Notes: each row names its parent, and a parent that is gone refuses its row only."""

    def create_row(row: Row, index: int) -> Row:
        given = row.get("Parent_Id")
        if given in (None, "", {}):
            raise mandatory("Parent_Id", index)
        return _create(call, row, index, _parent_of_row(call, row, index))

    return call.rows_json(_each(call.rows(), create_row), created=True)


def create_on_record(call: Call) -> Response:
    """POST /{module}/{id}/Notes: the parent is in the path, and one that is gone refuses the request."""
    rows, parent = call.rows(), _parent_in_path(call)
    _refuse_if_converted(call, parent, invalid_parent())
    return call.rows_json(_each(rows, lambda row, index: _create(call, row, index, parent)), created=True)


def update(call: Call) -> Response:
    """PUT /Notes (or under a record): rows carry their id; the text is replaced, never appended."""

    def update_row(row: Row, index: int) -> Row:
        if row.get("id") in (None, ""):
            raise mandatory("id", index)
        note = call.store.live_note(as_id(row["id"]))
        if note is None or not _belongs(call, note):
            raise invalid("id", index)
        return _update(call, note, row, index)

    return call.rows_json(_each(call.rows(), update_row))


def update_one(call: Call) -> Response:
    """PUT /Notes/{id}, or under its record. Raises Refusal when the note is gone."""
    note = note_in_path(call)
    return call.rows_json(_each(call.rows()[:1], lambda row, index: _update(call, note, row, index)))


def delete(call: Call) -> Response:
    """DELETE /Notes?ids=…."""
    ids = [part.strip() for part in call.query.get("ids", "").split(",") if part.strip()]
    if not ids:
        raise missing_param("ids")
    if len(ids) > MAX_ROWS:
        raise Refusal(400, "LIMIT_EXCEEDED", "the number of ids exceeds the limit", limit=MAX_ROWS, param_name="ids")
    return call.rows_json([_delete(call, note_id) for note_id in ids])


def delete_one(call: Call) -> Response:
    """DELETE /Notes/{id}, or under its record."""
    return call.rows_json([_delete(call, call.path["note"])])


def note_in_path(call: Call) -> Note:
    """Find the note a path names. Raises Refusal when it is gone or hangs on another record."""
    note = call.store.live_note(as_id(call.path["note"]))
    if note is None or not _belongs(call, note):
        raise invalid_id(3 if "id" in call.path else 1)
    return note


def _belongs(call: Call, note: Note) -> bool:
    return "id" not in call.path or note.parent == (call.path["module"], call.path["id"])


def _parent_in_path(call: Call) -> Record:
    module = call.module
    if not module.has_notes or module.api_name in call.faults.modules_without_notes:
        raise Refusal(400, "NOT_SUPPORTED", "the given module is not supported in api", module=module.api_name)
    parent = call.store.live(module.api_name, as_id(call.path["id"]))
    if parent is None:
        raise invalid_parent()
    return parent


def _parent_of_row(call: Call, row: Row, index: int) -> Record:
    given = row["Parent_Id"] if isinstance(row["Parent_Id"], dict) else {"id": row["Parent_Id"]}
    module: Any = given.get("module") or row.get("$se_module")  # `$se_module` is how older versions named it
    api_name = module.get("api_name") if isinstance(module, dict) else module
    gone = {"api_name": "Parent_Id", "json_path": f"$.data[{index}].Parent_Id.id"}
    refusal = Refusal(400, "INVALID_DATA", "the related id given seems to be invalid", **gone)
    known = call.store.modules.get(str(api_name))
    if known is None:
        raise Refusal(400, "INVALID_DATA", "invalid data", api_name="module", json_path=f"$.data[{index}].Parent_Id.module")
    if not known.has_notes or known.api_name in call.faults.modules_without_notes:
        raise Refusal(400, "NOT_SUPPORTED", "the given module is not supported in api", module=known.api_name)
    parent = call.store.live(known.api_name, as_id(given.get("id")))
    if parent is None:
        raise refusal
    _refuse_if_converted(call, parent, refusal)
    return parent


def _refuse_if_converted(call: Call, parent: Record, refusal: Refusal) -> None:
    if parent.conversion and call.faults.note_on_converted_lead == "refuse":
        raise refusal


def _list(call: Call, notes: list[Note]) -> Response:
    wanted = wanted_fields(call.query)
    by, descending = sorting(call.query) if "sort_by" in call.query or "sort_order" in call.query else ("Created_Time", False)
    ordered = sorted(notes, key=_SORT_KEYS[by], reverse=descending)
    rows, info = cut(ordered, call.query, call.faults.page_limit)
    if not rows:
        return no_content()
    faults = call.faults
    whole = [call.display.note(note, as_html=faults.notes_as_html, cut=faults.list_cuts_notes) for note in rows]
    data = [{name: note[name] for name in note if name in wanted or name == "id" or name.startswith("$")} for note in whole]
    return call.json({"data": data, "info": info | {"sort_by": by, "sort_order": "desc" if descending else "asc"}})


def _each(rows: list[Row], write: Callable[[Row, int], Row]) -> list[Row]:
    answers = []
    for index, row in enumerate(rows):
        try:
            answers.append(write(row, index))
        except Refusal as complaint:
            answers.append(complaint.row())
    return answers


def _create(call: Call, row: Row, index: int, parent: Record) -> Row:
    _refuse_if_locked(call, parent, index)
    title, content = _text(call, row, "Note_Title", MAX_TITLE, index), _text(call, row, "Note_Content", MAX_CONTENT, index)
    if not title and not content:
        expected = [{"api_name": name, "json_path": f"$.data[{index}].{name}"} for name in ("Note_Title", "Note_Content")]
        message = "should contain either content or title"
        raise Refusal(400, "EXPECTED_FIELD_MISSING", message, expected_fields=expected)
    now, user = call.crm.now(), call.user
    place = (parent.module, parent.id)
    note = call.store.add_note(Note(call.store.new_id(), title, content, place, user, now, now, user, user))
    call.crm.run_automations(call, "Notes", note.id, "create")
    return row_done("record added", call.display.stamp(note))


def _update(call: Call, note: Note, row: Row, index: int) -> Row:
    parent = call.store.live(*note.parent)
    if parent:
        _refuse_if_locked(call, parent, index)
    title, content = _text(call, row, "Note_Title", MAX_TITLE, index), _text(call, row, "Note_Content", MAX_CONTENT, index)
    call.store.edit_note(note, title, content, call.user)
    call.crm.run_automations(call, "Notes", note.id, "edit")
    return row_done("record updated", call.display.stamp(note))


def _refuse_if_locked(call: Call, parent: Record, index: int) -> None:
    if parent.id in call.faults.locked_records:
        raise Refusal(400, "RECORD_LOCKED", "record is locked", id=parent.id, json_path=f"$.data[{index}]")


def _text(call: Call, row: Row, name: str, longest: int, index: int) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(name, index, expected_data_type="string")
    if value and text_length(value, call.faults.text_length_unit) > longest:
        raise invalid(name, index, maximum_length=longest)
    return value


def _delete(call: Call, note_id: str) -> Row:
    note = call.store.live_note(as_id(note_id))
    if note is None or not _belongs(call, note):
        return Refusal(400, "INVALID_DATA", "record not deleted", id=note_id).row()
    call.store.delete_note(note)
    return row_done("record deleted", {"id": note_id})
