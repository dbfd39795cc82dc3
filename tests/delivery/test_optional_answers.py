"""What is only nice to know does not keep the main job from being done, whatever a system answers instead."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest


class Instead:
    """Passes every request on but those to a path, which get one answer of a system nobody here wrote."""

    def __init__(self, app: Any, path: str, status: int, body: Any) -> None:
        self.app, self.path, self.status = app, re.compile(path), status
        self.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        if not self.path.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if self.status == 204 else self.body})


ODD = [
    (400, {"status": "error", "message": "bad", "code": "INVALID_DATA", "details": {}}),
    (403, {"status": "error", "message": "no", "code": "NO_PERMISSION", "error_code": "permission_denied", "details": {}}),
    (404, {"status": "error", "message": "no", "code": "INVALID_URL_PATTERN", "details": {}}),
    (404, "<!DOCTYPE html>"),
    (204, ""),
    (200, {}),
    (200, {"status": "ok", "data": {}}),
]
BY_STATUS = [f"{status}-{number}" for number, (status, _) in enumerate(ODD)]


@pytest.mark.parametrize(("status", "body"), ODD, ids=BY_STATUS)
def test_activation_does_not_hang_on_the_whatsapp_business_part(stage, relays, status, body):
    relays[0].app = Instead(relays[0].app, "/waba/", status, body)
    stage.receive("hola")

    stage.activate()

    assert stage.tick()["messages"]["synced"] == 1


@pytest.mark.parametrize("path", ["/users$", "/settings/fields$"])
def test_new_records_are_made_with_what_is_known_where_zoho_no_longer_shows_users_or_fields(stage, relays, path):
    stage.activate()
    stage.advance(2 * 3600)
    refusal = {"status": "error", "message": "no", "code": "NO_PERMISSION", "details": {}}
    relays[1].app = Instead(relays[1].app, path, 403, refusal)
    stage.receive("hola")

    assert stage.tick()["messages"]["synced"] == 1
    assert len(stage.leads()) == 1


@pytest.mark.parametrize(("status", "body"), ODD, ids=BY_STATUS)
def test_a_refused_list_of_deletions_is_remarked_and_keeps_no_message_from_zoho(stage, relays, status, body):
    stage.activate()
    stage.advance(25 * 3600)
    relays[1].app = Instead(relays[1].app, "/deleted$", status, body)
    stage.receive("hola")

    summary = stage.tick()

    assert summary["messages"]["synced"] == 1
    assert ("Deleted records of Leads" in (stage.run().problem or "")) == (status != 204)
