"""Files on notes: at most five a note, together at most 20 MB."""

from starlette.responses import Response

from sandbox.zoho.calls import Call
from sandbox.zoho.envelopes import Refusal, invalid_id, no_content, row_done
from sandbox.zoho.notes import note_in_path
from sandbox.zoho.paging import cut
from sandbox.zoho.store import Attachment, Note

MAX_FILES = 5
MAX_BYTES = 20 * 1024 * 1024


def upload(call: Call) -> Response:
    """POST /Notes/{id}/Attachments, multipart with `file`. Raises Refusal for no file, too many or too much."""
    note = note_in_path(call)
    if not call.files:
        raise Refusal(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name="file")
    if len(note.attachments) + len(call.files) > MAX_FILES:
        raise Refusal(400, "LIMIT_EXCEEDED", "the number of attachments exceeds the limit", limit=MAX_FILES)
    total = sum(len(held.content) for held in note.attachments) + sum(len(content) for _, content, _ in call.files)
    if total > MAX_BYTES:
        raise Refusal(400, "FILE_SIZE_EXCEEDS", "please check the file size", maximum_size=MAX_BYTES)
    return call.json({"data": [_attach(call, note, *file) for file in call.files]})


def read_list(call: Call) -> Response:
    """GET /Notes/{id}/Attachments, in the order they were added."""
    note = note_in_path(call)
    rows, info = cut([_shown(call, note, file) for file in note.attachments], call.query, call.faults.page_limit)
    return call.json({"data": rows, "info": info}) if rows else no_content()


def download(call: Call) -> Response:
    """GET /Notes/{id}/Attachments/{attachment}: the bytes as they were sent."""
    file = _in_path(call)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(file.content, media_type=file.media_type, headers=headers)


def delete(call: Call) -> Response:
    """DELETE /Notes/{id}/Attachments/{attachment}."""
    file = _in_path(call)
    note_in_path(call).attachments.remove(file)
    return call.json({"data": [row_done("record deleted", {"id": file.id})]})


def _in_path(call: Call) -> Attachment:
    for file in note_in_path(call).attachments:
        if file.id == call.path["attachment"]:
            return file
    raise invalid_id(3)


def _attach(call: Call, note: Note, name: str, content: bytes, media_type: str) -> dict[str, object]:
    now = call.crm.now()
    file = Attachment(call.store.new_id(), name, content, media_type, now, call.user)
    note.attachments.append(file)
    by = {"name": call.display.user(call.user)["name"], "id": call.user}
    stamp = {"Created_Time": call.display.time(now), "Modified_Time": call.display.time(now), "id": file.id}
    return row_done("attachment uploaded successfully", stamp | {"Created_By": by, "Modified_By": by})


def _shown(call: Call, note: Note, file: Attachment) -> dict[str, object]:
    by = call.display.user(file.created_by)
    return {
        "id": file.id, "File_Name": file.file_name, "Size": str(len(file.content)), "$type": "Attachment", "$file_id": file.id,
        "Owner": by, "Created_By": by, "Modified_By": by, "Parent_Id": {"name": note.title, "id": note.id},
        "Created_Time": call.display.time(file.created_at), "Modified_Time": call.display.time(file.created_at),
        "$editable": True, "$link_url": None, "$se_module": "Notes", "$state": "save",
    }  # fmt: skip
