"""The shapes of Zoho's answers: flat envelopes for whole requests, one envelope per row for writes."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

Row = dict[str, Any]


class Refusal(Exception):
    """A whole request that is refused; it becomes the flat envelope `{code, details, message, status}`."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def row(self) -> Row:
        """Give the same complaint as one row of a write, or as the body of the answer."""
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}


def row_done(message: str, details: dict[str, Any], **more: Any) -> Row:
    """Build the row of a write that succeeded."""
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success", **more}


def invalid_id(path_index: int = 1) -> Refusal:
    """Refuse an id in the path that is malformed, foreign or gone."""
    return Refusal(400, "INVALID_DATA", "the id given seems to be invalid", resource_path_index=path_index)


def invalid_parent() -> Refusal:
    """Refuse a parent in the path that is malformed, foreign or gone."""
    return Refusal(400, "INVALID_DATA", "the related id given seems to be invalid", resource_path_index=1)


def missing_param(name: str) -> Refusal:
    """Refuse a request without a mandatory query parameter."""
    return Refusal(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name=name)


def no_content() -> Response:
    """Answer that there is nothing: 204 with an empty body, where others would send an empty list."""
    return Response(status_code=204)


def json_answer(body: Any, status: int = 200, *, ids_as_numbers: bool = False) -> Response:
    """Answer JSON in UTF-8; ids are strings of digits unless the switch says otherwise."""
    text = json.dumps(_numbered(body) if ids_as_numbers else body, ensure_ascii=False)
    # What a client cannot have sent as UTF-8 (lone surrogates in JSON escapes) must not break the answer either.
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json;charset=UTF-8")


def rows_answer(rows: Sequence[Row], created: bool = False, *, mixed_reversed: bool = False) -> tuple[list[Row], int]:
    """Give the rows in the order to answer and the status: 201 or 200 all done, 400 all refused (412 if stale), 207 mixed."""
    refused = sum(row["status"] == "error" for row in rows)
    if not refused:
        return list(rows), 201 if created else 200
    if refused == len(rows):
        return list(rows), 412 if all(row["code"] == "ALREADY_MODIFIED" for row in rows) else 400
    return list(reversed(rows)) if mixed_reversed else list(rows), 207


def _numbered(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbered(item) for item in value]
    if isinstance(value, dict):
        return {key: int(item) if _is_id(key, item) else _numbered(item) for key, item in value.items()}
    return value


def _is_id(key: str, value: Any) -> bool:
    return key == "id" and isinstance(value, str) and value.isdigit()
