"""Reads what became of each row of a write. No I/O.

Zoho answers 200, 201, 202, 207 or 400 with one result per row in the order sent; only the row itself tells.
"""

from collections.abc import Sequence
from typing import Any

from chatledger.clients.answers import Asked, vendor_code
from chatledger.clients.zoho.answers import UNCERTAIN_CODES, drift, rows_of
from chatledger.clients.zoho.details import known_message, plain_details, row_named
from chatledger.models import RowDone, RowRefused, RowResult


def read_rows(
    payload: dict[str, Any] | None, asked: Asked, *, sent_ids: Sequence[str | None], action: str = "insert"
) -> list[RowResult]:
    """Return one result per row sent, in order.

    `sent_ids` holds the id of each row of an update, None for each new row. Raise `SchemaDrift` with `outcome_unknown` when
    the answer has another number of rows, or a row that is neither done nor refused.
    """
    if payload is None:
        raise drift(asked, "there is no body")
    rows = rows_of(payload, "data", asked)
    if len(rows) != len(sent_ids):
        raise drift(asked, f"{len(sent_ids)} rows were sent and {len(rows)} came back")
    results = [_read_row(row, sent_id, asked, action) for row, sent_id in zip(rows, sent_ids, strict=True)]
    if any(
        _is_elsewhere(result, place, sent_id) for place, (result, sent_id) in enumerate(zip(results, sent_ids, strict=True))
    ):
        raise drift(asked, "its rows are not in the order they were sent")
    return results


def _is_elsewhere(result: RowResult, place: int, sent_id: str | None) -> bool:
    """Say whether a row names another place or id than the one it was sent with: then no row can be told from the others."""
    if isinstance(result, RowDone):
        return sent_id is not None and result.id != sent_id
    named = row_named(result.details)
    return named is not None and named != place


def _read_row(row: Any, sent_id: str | None, asked: Asked, action: str) -> RowResult:
    if not isinstance(row, dict):
        raise drift(asked, "a row is not an object")
    code = vendor_code(row.get("code"))
    status = str(row.get("status") or "").lower()
    if status == "success" or (not status and code == "SUCCESS"):
        return _done(row, sent_id, asked, action)
    if status != "error" or code is None or code in UNCERTAIN_CODES:
        raise drift(asked, "a row says neither that it was done nor that it was refused")
    return _refused(row, code)


def _done(row: dict[str, Any], sent_id: str | None, asked: Asked, action: str) -> RowDone:
    details = row.get("details")
    named = details.get("id") if isinstance(details, dict) else None
    if not named and not sent_id:
        raise drift(asked, "a row was done without an id")
    said = row.get("action")
    return RowDone(str(named or sent_id), said if said in ("insert", "update") else action)


def _refused(row: dict[str, Any], code: str) -> RowRefused:
    """Read a refusal; of several errors of one row the duplicate counts, because it can be helped, else the first."""
    details = plain_details(row.get("details"))
    parts = [details, *details.get("errors", [])]
    telling = next((part for part in parts if _duplicate(part, code)), parts[-1] if len(parts) == 1 else parts[1])
    api_name = telling.get("api_name") or details.get("api_name")
    found, module = _duplicate(telling, code) or (None, None)
    return RowRefused(
        code=str(telling.get("code") or code),
        message=known_message(row.get("message")) or f"refused with {code}",
        api_name=str(api_name) if api_name else None,
        duplicate_id=found,
        duplicate_module=module,
        details=details,
    )


def _duplicate(details: dict[str, Any], code: str) -> tuple[str, str | None] | None:
    """Return id and module of the record in the way: `duplicate_record` in v8, `id` alone in older versions."""
    record = details.get("duplicate_record", {})
    older = details.get("id") if "DUPLICATE_DATA" in (code, details.get("code")) else None
    found = record.get("id") or older
    return (str(found), record.get("module") or None) if found else None
