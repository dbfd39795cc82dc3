"""Reads an answer of Zoho CRM into its JSON object or a typed error that says whether a write was done. No I/O.

Not done: 401, 403, 429 and 4xx in Zoho's own envelope. Everything else that is not a readable success leaves a write unknown.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from chatledger.clients.answers import Answer, Asked, NotJson, read_json, retry_after, vendor_code
from chatledger.clients.zoho.details import known_message, plain_details, row_named
from chatledger.errors import (
    LoginRefused,
    NotFound,
    NotPermitted,
    OutsideError,
    RateLimited,
    Rejected,
    SchemaDrift,
    TokenExpired,
    Unavailable,
)

NOTHING = (204, 304)
"""No rows, nothing changed: Zoho sends no body where others send an empty list."""

TOKEN_CODES = frozenset({"AUTHENTICATION_FAILURE", "INVALID_TOKEN", "INVALID_OAUTHTOKEN"})
THROTTLE_CODES = frozenset({"TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"})
PERMISSION_CODES = frozenset(
    {"OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "AUTHORIZATION_FAILED", "CANNOT_PERFORM_ACTION", "FEATURE_NOT_ENABLED"}
)
UNCERTAIN_CODES = frozenset(
    {"INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "REQUEST_TIMEOUT", "AMBIGUITY_DURING_PROCESSING", "PROCESSING_STOPPED"}
)
"""Zoho itself does not say whether the request was carried out."""

ABOUT_THE_CALL = (HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Client errors that say nothing about rows."""

GONE_CODES = frozenset({"INVALID_MODULE", "INVALID_URL_PATTERN", "RESOURCE_NOT_FOUND", "NOT_FOUND"})


def read_answer(answer: Answer, asked: Asked, *, host: str, now: datetime) -> dict[str, Any] | None:
    """Return the JSON object of a success, None for 204 and 304; raise the error that names the remedy.

    An answer with rows (`data` as a list) is returned whatever its status below 500, because each row says itself what became
    of it. `host` is named where it may belong to another data centre.
    """
    payload = _object_or_none(answer)
    if answer.status in NOTHING and not asked.write:
        return None
    if payload is not None and (_is_success(answer, payload) or _has_rows(answer, payload)):
        return payload
    raise _error(answer, payload, asked, host, now)


def rows_of(payload: dict[str, Any] | None, key: str, asked: Asked) -> list[Any]:
    """Return the list under `key`, empty for an answer without body; raise `SchemaDrift` where it is missing."""
    if payload is None:
        return []
    rows = payload.get(key)
    if isinstance(rows, list):
        return rows
    raise drift(asked, f"there is no list called {key}")


def drift(asked: Asked, why: str) -> SchemaDrift:
    """Return the error for JSON that is not of the documented shape; a write's outcome is then unknown."""
    text = f"Zoho CRM's answer for {asked.what} is not the documented one, {why}: try later, and report it if it stays."
    return SchemaDrift(text, system=asked.system, outcome_unknown=asked.write)


def _object_or_none(answer: Answer) -> dict[str, Any] | None:
    try:
        payload = read_json(answer.body)
    except NotJson:
        return None
    return payload if isinstance(payload, dict) else None


def _is_success(answer: Answer, payload: dict[str, Any]) -> bool:
    """Tell a success from the flat envelope `{"code", "details", "message", "status": "error"}`, which may come with 200."""
    is_envelope = str(payload.get("status")).lower() in ("error", "failure") and "data" not in payload
    return answer.is_success and not is_envelope


def _has_rows(answer: Answer, payload: dict[str, Any]) -> bool:
    """Recognise a write whose rows were refused one by one: each of them tells its own reason."""
    return isinstance(payload.get("data"), list) and answer.is_client_error and answer.status not in ABOUT_THE_CALL


def _error(answer: Answer, payload: dict[str, Any] | None, asked: Asked, host: str, now: datetime) -> OutsideError:
    envelope = payload or {}
    code = vendor_code(envelope.get("code"))
    context: dict[str, Any] = {
        "system": asked.system,
        "status": answer.status,
        "code": code,
        "details": envelope_details(envelope),
    }
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or code in THROTTLE_CODES:
        text = f"Zoho CRM asks for a pause (calls at once or credits) and did not answer {asked.what}: try again later."
        return RateLimited(text, retry_after=retry_after(answer.headers, now), **context)
    if answer.status == HTTPStatus.UNAUTHORIZED or code in TOKEN_CODES:
        return _login_error(code, asked, host, context)
    if code in PERMISSION_CODES or code == "INACTIVE_USER":
        return _permission_error(code, asked, context)
    if answer.status == HTTPStatus.FORBIDDEN:
        return _forbidden(code, asked, context)
    timed_out = answer.status == HTTPStatus.REQUEST_TIMEOUT or code in UNCERTAIN_CODES
    if code is None or timed_out or not (answer.is_success or answer.is_client_error):
        return _unusable(asked, context)
    return _refusal(code, asked, context)


def envelope_details(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return the vendor's details that carry no input; `row` is the index of the row at fault where one is named."""
    details = plain_details(envelope.get("details"))
    if message := known_message(envelope.get("message")):
        details["message"] = message
    if (row := row_named(details)) is not None:
        details["row"] = row
    return details


def _login_error(code: str | None, asked: Asked, host: str, context: dict[str, Any]) -> OutsideError:
    if code in TOKEN_CODES:
        return TokenExpired(
            f"Zoho CRM no longer accepts the access token for {asked.what} ({code}): a fresh one is needed.", **context
        )
    if code in PERMISSION_CODES:
        return _permission_error(code, asked, context)
    text = (
        f"{host} refused the access token for {asked.what} without a reason: it may be the host of another data centre or of "
        "production instead of a sandbox; set ZOHO_API_URL to the host of this organisation."
    )
    return LoginRefused(text, **context)


def _permission_error(code: str | None, asked: Asked, context: dict[str, Any]) -> OutsideError:
    if code == "INACTIVE_USER":
        return LoginRefused(
            f"The Zoho user who connected is no longer active ({code}) for {asked.what}: connect with an active one.",
            **context,
        )
    if code == "OAUTH_SCOPE_MISMATCH":
        text = f"The Zoho connection lacks the scope for {asked.what} ({code}): connect again and grant all scopes."
        return NotPermitted(text, **context)
    missing = context["details"].get("permissions")
    named = f", missing: {', '.join(map(str, missing))}" if isinstance(missing, list) else ""
    text = f"Zoho CRM does not permit {asked.what} ({code}{named}): ask an administrator for the right in the user's profile."
    return NotPermitted(text, **context)


def _forbidden(code: str | None, asked: Asked, context: dict[str, Any]) -> OutsideError:
    if code is None:
        return Unavailable(f"Something in front of Zoho CRM refused {asked.what} (status 403): try again later.", **context)
    return NotPermitted(f"Zoho CRM does not permit {asked.what} ({code}): ask an administrator for the right.", **context)


def _unusable(asked: Asked, context: dict[str, Any]) -> Unavailable:
    remedy = "whether it was done is unknown and is looked up before it is repeated" if asked.write else "try again later"
    said = context["code"] or "no answer in its documented form"
    text = f"Zoho CRM answered {asked.what} with {said} (status {context['status']}): {remedy}."
    return Unavailable(text, outcome_unknown=asked.write, **context)


def _refusal(code: str, asked: Asked, context: dict[str, Any]) -> OutsideError:
    details = context["details"]
    if code == "INVALID_HOST":
        return LoginRefused(
            f"Zoho CRM is not served at this host ({code}): set ZOHO_API_URL to the host of the data centre.", **context
        )
    if code in GONE_CODES or (code == "INVALID_DATA" and "resource_path_index" in details):
        return NotFound(
            f"Zoho CRM does not know what was asked for with {asked.what} ({code}): read again what exists.", **context
        )
    named = details.get("api_name") or details.get("param_name")
    at = f" at {named}" if named else ""
    return Rejected(f"Zoho CRM refused {asked.what} ({code}{at}): correct the input.", **context)
