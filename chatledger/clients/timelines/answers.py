"""Reads an answer of TimelinesAI into its payload or a typed error. No I/O.

The documented envelope is `{"status": "ok", "data": …}`; seen as well are answers without `data`, errors with status 200,
plain text 401s, web pages from the edge, and the edge's own 429 body.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from chatledger.clients.answers import Answer, Asked, NotJson, read_json, retry_after, vendor_code
from chatledger.errors import (
    LoginRefused,
    NotFound,
    NotPermitted,
    OutsideError,
    RateLimited,
    Rejected,
    SchemaDrift,
    Unavailable,
)

LOGIN = frozenset({"missing_credentials", "invalid_token"})
PERMISSION = frozenset({"member_not_found", "permission_denied", "insufficient_scope", "plan_feature_unavailable"})
QUOTA = "quota_exceeded"
RATE = "rate_limit_exceeded"
WRONG_ADDRESS = (301, 302, 307, 308, 404, 405)
"""What a web server that is not the API answers."""

KNOWN_REFUSALS = {
    "wrong phone": "wrong_phone",
    "invalid phone": "wrong_phone",
    "not connected": "number_disconnected",
    "no connected": "number_disconnected",
    "disconnected": "number_disconnected",
}
"""Words of the vendor's messages for a refused send, in lower case; no code tells these cases apart."""

CONNECT_AGAIN = "make a new token in TimelinesAI (Integrations, Public API) and set TIMELINES_API_TOKEN"


def read_answer(answer: Answer, asked: Asked, *, accepted_before: bool, now: datetime) -> Any:
    """Return the payload of an answer, taken out of its `data` wrapper; raise the error that names the remedy.

    `accepted_before` says that this token has been accepted once: from then on a 403 without a code is throttling.
    """
    payload = _json_or_none(answer)
    if answer.is_success and payload is not None and not _says_error(payload):
        return _unwrapped(payload)
    raise _error(answer, payload, asked, accepted_before=accepted_before, now=now)


def rows_of(payload: Any, key: str, asked: Asked) -> list[Any]:
    """Return the list under `key`, or the payload itself where the wrapper was left out; raise `SchemaDrift` without one."""
    rows = payload.get(key) if isinstance(payload, dict) else payload
    if isinstance(rows, list):
        return rows
    raise drift(asked, f"there is no list called {key}")


def drift(asked: Asked, why: str) -> SchemaDrift:
    """Return the error for JSON that is not of the documented shape."""
    text = f"TimelinesAI's answer for {asked.what} is not the documented one, {why}: try later, and report it if it stays."
    return SchemaDrift(text, system=asked.system)


def _json_or_none(answer: Answer) -> Any:
    try:
        payload = read_json(answer.body)
    except NotJson:
        return None
    return payload if isinstance(payload, dict | list) else None


def _says_error(payload: Any) -> bool:
    """Tell an error envelope from an unwrapped message, which has a `status` of its own."""
    if not isinstance(payload, dict) or "uid" in payload or "id" in payload:
        return False
    return str(payload.get("status")).lower() == "error" or ("error" in payload and "data" not in payload)


def _unwrapped(payload: Any) -> Any:
    """Take the `data` wrapper off; the `data` of an unwrapped message is a field of its own."""
    if isinstance(payload, dict) and "data" in payload and "uid" not in payload and "id" not in payload:
        return payload["data"]
    return payload


def _error(answer: Answer, payload: Any, asked: Asked, *, accepted_before: bool, now: datetime) -> OutsideError:
    envelope = payload if isinstance(payload, dict) else {}
    code = vendor_code(envelope.get("error_code"))
    context: dict[str, Any] = {"system": asked.system, "status": answer.status, "code": code}
    by_code = _error_by_code(code, asked, context)
    if by_code is not None:
        return by_code
    bare_forbidden = answer.status == HTTPStatus.FORBIDDEN and accepted_before
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or code == RATE or bare_forbidden:
        return _throttled(answer, asked, context, now)
    return _error_by_status(answer, envelope, asked, context)


def _throttled(answer: Answer, asked: Asked, context: dict[str, Any], now: datetime) -> RateLimited:
    text = f"TimelinesAI asks for fewer requests and did not answer {asked.what}: wait and try again."
    return RateLimited(text, retry_after=retry_after(answer.headers, now), **context)


def _error_by_code(code: str | None, asked: Asked, context: dict[str, Any]) -> OutsideError | None:
    if code in LOGIN:
        return LoginRefused(f"TimelinesAI refused the token ({code}) for {asked.what}: {CONNECT_AGAIN}.", **context)
    if code in PERMISSION:
        text = f"TimelinesAI does not permit {asked.what} ({code}): ask the workspace owner for the right, or for the plan."
        return NotPermitted(text, **context)
    if code == QUOTA:
        text = (
            f"The TimelinesAI workspace has used up its quota ({code}) for {asked.what}: buy more or wait for the next period."
        )
        return NotPermitted(text, **context)
    if code == "not_found":
        return NotFound(f"TimelinesAI does not know {asked.what}: read again what exists.", **context)
    return None


def _error_by_status(answer: Answer, envelope: dict[str, Any], asked: Asked, context: dict[str, Any]) -> OutsideError:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return LoginRefused(f"TimelinesAI refused the token for {asked.what}: {CONNECT_AGAIN}.", **context)
    if answer.status == HTTPStatus.FORBIDDEN:
        text = (
            f"TimelinesAI does not let this connection ask for {asked.what}: check TIMELINES_API_TOKEN, and whether a proxy "
            "or the vendor's edge blocks this machine."
        )
        return NotPermitted(text, **context)
    refused = answer.is_client_error or (asked.write and answer.is_success and not _not_found_text(envelope))
    if not envelope or not refused:
        return _unusable(answer, envelope, asked, context)
    if answer.status == HTTPStatus.NOT_FOUND:
        return NotFound(f"TimelinesAI does not know {asked.what}: read again what exists.", **context)
    context["details"] = _fields(envelope) | _reason(envelope)
    said = context["code"] or "no code"
    text = f"TimelinesAI refused the request for {asked.what} (status {answer.status}, {said}): correct the input."
    return Rejected(text, **context)


def _unusable(answer: Answer, envelope: dict[str, Any], asked: Asked, context: dict[str, Any]) -> OutsideError:
    if answer.is_success and _not_found_text(envelope):
        return NotFound(f"TimelinesAI does not know {asked.what}: read again what exists.", **context)
    hint = "check TIMELINES_API_URL" if answer.status in WRONG_ADDRESS else "try again later"
    kind = "an error" if envelope else "something that is not JSON"
    return Unavailable(f"TimelinesAI answered {asked.what} with {kind} (status {answer.status}): {hint}.", **context)


def _not_found_text(envelope: dict[str, Any]) -> bool:
    return str(envelope.get("message", "")).strip().lower().endswith("not found")


def _reason(envelope: dict[str, Any]) -> dict[str, Any]:
    """Tell the refusals of a send apart that carry one code; the sentence itself may quote a phone number and is dropped."""
    said = str(envelope.get("message", "")).lower()
    reason = next((reason for words, reason in KNOWN_REFUSALS.items() if words in said), None)
    return {"reason": reason} if reason else {}


def _fields(envelope: dict[str, Any]) -> dict[str, Any]:
    errors = envelope.get("errors")
    if not isinstance(errors, list):
        return {}
    paths = [error.get("fields") for error in errors if isinstance(error, dict)]
    return {"fields": [".".join(str(part) for part in path) for path in paths if isinstance(path, list)]}
