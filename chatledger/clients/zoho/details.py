"""Which parts of Zoho's error answers are kept. No I/O.

Only names, limits and ids: a vendor's sentence or a value may quote a phone number or a message text back at us.
"""

import re
from typing import Any

KEPT = frozenset(
    {
        "api_name",
        "json_path",
        "maximum_length",
        "minimum_length",
        "expected_data_type",
        "limit",
        "resource_path_index",
        "param_name",
        "param_names",
        "expected_fields",
        "permissions",
        "index",
        "parent_api_name",
        "mapped_field",
        "clause",
        "reason",
        "operator",
        "column_name",
        "module",
        "id",
        "operation_types",
        "dependee",
    }
)
"""Details that describe the request's shape, as the v8 documentation names them."""

KNOWN_MESSAGES = frozenset(
    {
        "authentication failed",
        "body",
        "can't update the converted record",
        "duplicate data",
        "id already converted",
        "invalid data",
        "invalid oauth scope to access this url",
        "invalid oauth token",
        "invalid query formed",
        "mandatory param missing",
        "no permission to perform an action on this record",
        "permission denied",
        "record is locked",
        "record not deleted",
        "record not found",
        "required field not found",
        "should contain either content or title",
        "the given module is not supported in api",
        "the id given seems to be invalid",
        "the related id given seems to be invalid",
        "you can only get the first 2000 records without using page_token param",
    }
)
"""Messages that certainly hold nothing of our input, in lower case."""

LONGEST_VALUE = 200
ROW_PATH = re.compile(r"\$\.data\[(\d{1,3})\]")


def plain_details(details: Any) -> dict[str, Any]:
    """Return the parts of an error's `details` that are kept, ids as strings, nested errors of several fields included."""
    if not isinstance(details, dict):
        return {}
    kept = {key: value for key in sorted(KEPT & details.keys()) if (value := _plain(details[key])) is not None}
    if isinstance(duplicate := details.get("duplicate_record"), dict):
        kept["duplicate_record"] = _duplicate(duplicate)
    if isinstance(errors := details.get("errors"), list):
        kept["errors"] = [_nested(error) for error in errors if isinstance(error, dict)]
    if "id" in kept:
        kept["id"] = str(kept["id"])
    return kept


def known_message(message: Any) -> str | None:
    """Return a vendor's message when it is one of those that quote nothing."""
    return message if isinstance(message, str) and message.strip().lower() in KNOWN_MESSAGES else None


def row_named(details: dict[str, Any]) -> int | None:
    """Return the index of the row that a path such as `$.data[3].Last_Name` names."""
    named = ROW_PATH.match(str(details.get("json_path")))
    return int(named[1]) if named else None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [part for item in value if (part := _plain(item)) is not None]
    if isinstance(value, dict):
        return value.get("api_name") if isinstance(value.get("api_name"), str) else None
    return value if isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= LONGEST_VALUE) else None


def _duplicate(record: dict[str, Any]) -> dict[str, Any]:
    module = record.get("module")
    name = module.get("api_name") if isinstance(module, dict) else module
    return {"id": str(record.get("id") or ""), "module": name if isinstance(name, str) else ""}


def _nested(error: dict[str, Any]) -> dict[str, Any]:
    inner = error.get("details")
    return {"code": str(error.get("code") or "")[:60], **plain_details(inner if isinstance(inner, dict) else error)}
