"""Forms that only our own pages can send.

A form carries a token made from the browser's own secret; in addition browsers say where a request comes from.
"""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatledger.web.parts import WebParts
from chatledger.web.sessions import browser_of

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
MOST_FIELDS = 200


def token(request: Request) -> str:
    """Return the token that forms of this browser carry."""
    parts: WebParts = request.app.state.parts
    key = parts.ledger.cipher.derived_key("chatledger forms")
    return hmac.new(key, browser_of(request).secret.encode(), sha256).hexdigest()


async def posted_form(request: Request, *, most_files: int = 0) -> FormData:
    """Return the form of a POST that one of our own pages sent; raises HTTPException 403 for any other."""
    check_origin(request)
    form = await request.form(max_files=most_files, max_fields=MOST_FIELDS)
    _check(request, form.get(FIELD))
    return form


def check_header(request: Request) -> None:
    """Check a request that a script of ours sends with the token in X-CSRF-Token; raises HTTPException 403."""
    check_origin(request)
    _check(request, request.headers.get(HEADER))


def check_origin(request: Request) -> None:
    """Refuse what a browser says another site sent; raises HTTPException 403."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403)
    origin = request.headers.get("Origin")
    if origin is None:
        return
    parts: WebParts = request.app.state.parts
    # A proxy may ask us under another name than the browser asked the proxy.
    ours = {request.headers.get("Host", "").lower(), urlsplit(parts.public_url).netloc.lower()}
    if urlsplit(origin).netloc.lower() not in ours:
        raise HTTPException(403)


def _check(request: Request, given: object) -> None:
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), token(request).encode()):
        raise HTTPException(403)
