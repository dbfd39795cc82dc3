"""How TimelinesAI says no."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from sandbox.control import EscapedJSON

_NOT_FOUND_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Page not found | TimelinesAI</title></head>
<body><h1>404</h1><p>The page you are looking for does not exist.</p></body></html>
"""
_BLOCKED_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Attention Required! | Cloudflare</title></head>
<body><h1>Sorry, you have been blocked</h1></body></html>
"""
_EXPIRED = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>
"""


class Refusal(Exception):
    """A request is answered with the error envelope instead of data."""

    def __init__(self, status: int, error_code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.errors = [{"fields": [field], "msg": message}] if field else []

    def answer(self) -> Response:
        """Give the answer; `errors` is there only when the request failed its schema."""
        return envelope(self.status, self.error_code, self.message, self.errors)


def envelope(status: int, error_code: str | None, message: str, errors: Sequence[dict[str, Any]] = ()) -> Response:
    """Build the error envelope."""
    body: dict[str, Any] = {"status": "error", "message": message}
    if error_code:
        body["error_code"] = error_code
    if errors:
        body["errors"] = list(errors)
    return EscapedJSON(body, status_code=status)


def invalid(message: str, *, field: str | None = None) -> Refusal:
    """Refuse a request for its content; with a `field` as a schema failure, without one as a broken business rule."""
    return Refusal(400, "validation_error", message, field=field)


def not_found(message: str) -> Refusal:
    """Refuse a request that names something unknown."""
    return Refusal(404, "not_found", message)


def unauthorized(error_code: str, message: str, *, plain_text: bool) -> Response:
    """Refuse a login: in the envelope, or as the bare word that was also seen."""
    return PlainTextResponse("Unauthorized", status_code=401) if plain_text else envelope(401, error_code, message)


def page_not_found() -> Response:
    """Give the branded page that stands for every path outside the API, a trailing slash included."""
    return HTMLResponse(_NOT_FOUND_PAGE, status_code=404)


def blocked_by_edge() -> Response:
    """Give the page of the edge that turned the request away before TimelinesAI saw it."""
    return HTMLResponse(_BLOCKED_PAGE, status_code=403)


def link_expired() -> Response:
    """Answer a download link that is no longer valid, as the file storage does."""
    return Response(_EXPIRED, status_code=403, media_type="application/xml")
