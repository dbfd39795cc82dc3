"""Reads an answer of Zoho's accounts server. No I/O.

It answers refusals with status 200 as well, so only the presence of `access_token` decides.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from chatledger.clients.answers import Answer, NotJson, read_json, retry_after, vendor_code, whole_number
from chatledger.errors import LoginRefused, OutsideError, RateLimited, System, Unavailable
from chatledger.models import AccessToken

SYSTEM: System = "Zoho accounts"
USED_PART_OF_LIFE = 0.8
"""A token is renewed when this part of its life has passed."""

THROTTLE_SECONDS = 600.0
"""More than 10 tokens in 10 minutes are refused, and every further attempt prolongs the refusal (token limits)."""

DEFAULT_LIFE_SECONDS = 3600
LONGEST_LIFE_SECONDS = 86_400

REMEDIES = {
    "invalid_code": "ZOHO_REFRESH_TOKEN is revoked, wrong or of another data centre than ZOHO_ACCOUNTS_URL: connect again",
    "invalid_grant": "ZOHO_REFRESH_TOKEN is revoked or wrong: connect again",
    "access_denied": "ZOHO_REFRESH_TOKEN was made without consent: connect again and accept",
    "invalid_client": "ZOHO_CLIENT_ID is unknown in the data centre of ZOHO_ACCOUNTS_URL: correct one of the two",
    "invalid_client_secret": "ZOHO_CLIENT_SECRET does not belong to ZOHO_CLIENT_ID: copy it again from the API console",
    "invalid_redirect_uri": "ZOHO_CLIENT_ID has another redirect address in the API console: enter ours there",
}
UNKNOWN_REMEDY = "check ZOHO_REFRESH_TOKEN, ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET and the data centre in ZOHO_ACCOUNTS_URL"
WRONG_ADDRESS = (301, 302, 307, 308, 404, 405)
"""What a web server that is not the accounts server answers."""

PASSING = frozenset({"general_error", "server_error", "internal_error", "temporarily_unavailable", "internal_server_error"})


def read_token(answer: Answer, now: datetime) -> AccessToken:
    """Return the access token of an answer; raise `RateLimited`, `LoginRefused` naming the setting at fault, or `Unavailable`.

    Its `expires_at` is the moment to renew it, 80 % into the life Zoho gave it.
    """
    payload = _object(answer)
    value = payload.get("access_token")
    if not (isinstance(value, str) and value and value.isascii() and value.isprintable()):
        raise _error(answer, payload, now)
    domain = payload.get("api_domain")
    scope = payload.get("scope")
    return AccessToken(
        value=value,
        expires_at=now + timedelta(seconds=_life_seconds(payload) * USED_PART_OF_LIFE),
        api_domain=domain.rstrip("/") if isinstance(domain, str) and urlsplit(domain).scheme in ("http", "https") else "",
        scopes=tuple(scope.replace(",", " ").split()) if isinstance(scope, str) else (),
    )


def _object(answer: Answer) -> dict[str, Any]:
    try:
        payload = read_json(answer.body)
    except NotJson:
        return {}
    return payload if isinstance(payload, dict) else {}


def _life_seconds(payload: dict[str, Any]) -> int:
    """Return the life of a token in seconds; an old variant gives seconds apart and `expires_in` in milliseconds."""
    seconds = whole_number(payload.get("expires_in_sec")) or whole_number(payload.get("expires_in")) or DEFAULT_LIFE_SECONDS
    return max(1, seconds if seconds <= LONGEST_LIFE_SECONDS else seconds // 1000)


def _error(answer: Answer, payload: dict[str, Any], now: datetime) -> OutsideError:
    said = payload.get("error")
    context: dict[str, Any] = {"system": SYSTEM, "status": answer.status, "code": vendor_code(said)}
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or _is_throttle(payload):
        wait = retry_after(answer.headers, now) or THROTTLE_SECONDS
        text = f"Zoho accounts refuses further access tokens for now (10 in 10 minutes are allowed): wait {wait:.0f} seconds."
        return RateLimited(text, retry_after=wait, **context)
    if not said or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or said in PASSING:
        hint = "check ZOHO_ACCOUNTS_URL" if answer.status in WRONG_ADDRESS else "try again later"
        return Unavailable(f"Zoho accounts gave no access token (status {answer.status}): {hint}.", **context)
    remedy = REMEDIES.get(str(said).lower(), UNKNOWN_REMEDY)
    return LoginRefused(f"Zoho accounts gave no access token ({context['code'] or 'refused'}): {remedy}.", **context)


def _is_throttle(payload: dict[str, Any]) -> bool:
    """Recognise the throttle, whose description is translated in some data centres but whose error has a space, not a code."""
    described = str(payload.get("error_description", "")).lower()
    return str(payload.get("error")).lower() == "access denied" or "too many requests" in described
