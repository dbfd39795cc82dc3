"""Lists that go wrong: one page for ever, or a page without rows in the middle."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.zoho.faults import Faults

_PLACE = {"page", "page_token"}


async def answer_list(app: ASGIApp, faults: Faults, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, spoiling what is a page of a list as the switches say."""
    query = dict(parse_qsl(scope["query_string"].decode()))
    if faults.same_page_forever:
        first = {name: value for name, value in query.items() if name not in _PLACE}
        scope = {**scope, "query_string": urlencode(first).encode()}
    parts: list[bytes] = []
    start: dict[str, Any] = {}

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, hold)
    body = _spoilt(b"".join(parts), faults, query.get("page_token"))
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def _spoilt(body: bytes, faults: Faults, token: str | None) -> bytes:
    content: Any = json.loads(body) if body[:1] == b"{" else None
    if not isinstance(content, dict) or "info" not in content:
        return body
    if faults.same_page_forever:
        content["info"]["more_records"] = True
    elif token and faults.empty_pages:
        faults.empty_pages -= 1
        name = next(name for name, value in content.items() if isinstance(value, list))
        content |= {name: [], "info": {**content["info"], "count": 0, "more_records": True, "next_page_token": token}}
    return json.dumps(content).encode()
