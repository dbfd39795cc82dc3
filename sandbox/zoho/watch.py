"""Notification channels: POST /actions/watch and the calls Zoho makes to the subscribed address.

A callback carries ids only, no data and no signature but the token given at subscription.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.responses import Response

from sandbox.zoho.calls import Call, Crm
from sandbox.zoho.envelopes import Refusal, Row, missing_param, no_content, row_done
from sandbox.zoho.store import Change

LONGEST = timedelta(weeks=1)
WHEN_UNSET = timedelta(hours=1)
_OPERATIONS = {"create": "insert", "edit": "update", "delete": "delete"}
_CALL_SECONDS = 5.0


def subscribe(call: Call) -> Response:
    """POST /actions/watch: 201 with one answer per channel."""
    rows = [_subscribe(call, row, index) for index, row in enumerate(_channels(call))]
    return call.json({"watch": rows}, 201)


def renew(call: Call) -> Response:
    """PUT (replace) and PATCH (change) /actions/watch. Raises Refusal NOT_SUBSCRIBED."""
    rows = []
    for index, row in enumerate(_channels(call)):
        held = [channel for (channel_id, _), channel in call.crm.channels.items() if channel_id == str(row.get("channel_id"))]
        if not held:
            raise Refusal(400, "NOT_SUBSCRIBED", "the channel is not subscribed", channel_id=row.get("channel_id"))
        given = {**held[0]["given"], **row} if call.method == "PATCH" else row
        rows.append(_subscribe(call, given, index))
    return call.json({"watch": rows})


def read(call: Call) -> Response:
    """GET /actions/watch?channel_id=&module=: the channels that still live."""
    wanted, module = call.query.get("channel_id"), call.query.get("module")
    found = [
        _shown(call, event, channel)
        for (channel_id, event), channel in live_channels(call.crm)
        if wanted in {None, channel_id} and module in {None, event.partition(".")[0]}
    ]
    return (
        call.json({"watch": found, "info": {"per_page": 200, "count": len(found), "page": 1, "more_records": False}})
        if found
        else no_content()
    )


def unsubscribe(call: Call) -> Response:
    """DELETE /actions/watch?channel_ids=…."""
    ids = call.query.get("channel_ids", "").split(",")
    if ids == [""]:
        raise missing_param("channel_ids")
    rows = []
    for channel_id in ids:
        held = [key for key in call.crm.channels if key[0] == channel_id]
        if not held:
            raise Refusal(400, "NOT_SUBSCRIBED", "the channel is not subscribed", channel_id=channel_id)
        for key in held:
            del call.crm.channels[key]
        events = [_place(call, event, channel_id) for _, event in held]
        rows.append(row_done("Successfully un-subscribed for actions-watch of the given module", {"events": events}))
    return call.json({"watch": rows})


def live_channels(crm: Crm) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    """List the channels that are not expired, by channel id and event."""
    return [(key, channel) for key, channel in crm.channels.items() if channel["expires_at"] > crm.now()]


def callbacks(crm: Crm, change: Change) -> list[tuple[str, dict[str, Any]]]:
    """Give the calls a change leads to: address and body."""
    found = []
    for (channel_id, event), channel in live_channels(crm):
        module, _, operation = event.partition(".")
        if module == change.module and operation in {"all", change.operation}:
            body = {
                "server_time": int(change.at.timestamp() * 1000), "query_params": {}, "module": module, "ids": [change.id],
                "resource_uri": channel["resource_uri"], "affected_fields": [], "operation": _OPERATIONS[change.operation],
                "channel_id": channel_id, "token": channel["given"].get("token"),
            }  # fmt: skip
            found.append((str(channel["given"]["notify_url"]), body))
    return found


class CallbackSender:
    """Makes the calls, in order and without retries (Zoho documents none), and keeps how each ended."""

    def __init__(self, crm: Crm) -> None:
        self.sent: list[dict[str, Any]] = []
        """One entry per call: url, body and status, None where nobody answered."""
        self._crm = crm
        self._waiting: list[tuple[str, dict[str, Any]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        crm.store.listeners.append(self._note)

    def serve_from(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop calls are made on; changes made from another thread are handed over to it."""
        self._loop = loop
        self._start()

    def _note(self, change: Change) -> None:
        self._waiting += callbacks(self._crm, change)
        if self._waiting and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._start)

    def _start(self) -> None:
        if self._waiting and self._loop and (self._task is None or self._task.done()):
            self._task = self._loop.create_task(self._send())

    async def _send(self) -> None:
        async with httpx.AsyncClient(timeout=_CALL_SECONDS) as client:
            while self._waiting:
                url, body = self._waiting.pop(0)
                try:
                    status: int | None = (await client.post(url, json=body)).status_code
                except httpx.HTTPError:
                    status = None
                self.sent.append({"url": url, "body": body, "status": status})


def _channels(call: Call) -> list[Row]:
    rows = call.body.get("watch") if isinstance(call.body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise Refusal(400, "MANDATORY_NOT_FOUND", "required field not found", api_name="watch", json_path="$.watch")
    return rows


def _subscribe(call: Call, row: Row, index: int) -> Row:
    for name in ("channel_id", "events", "notify_url"):
        if not row.get(name):
            where = {"api_name": name, "json_path": f"$.watch[{index}].{name}"}
            raise Refusal(400, "MANDATORY_NOT_FOUND", "required field not found", **where)
    channel_id, expires_at = str(row["channel_id"]), _expiry(call, row.get("channel_expiry"))
    for event in row["events"]:
        module = call.crm.module(str(event).partition(".")[0])
        uri = f"{call.base_url}/crm/v8/{module.api_name}"
        call.crm.channels[channel_id, event] = {"given": row, "expires_at": expires_at, "resource_uri": uri}
    events = [_place(call, event, channel_id) | {"channel_expiry": call.display.time(expires_at)} for event in row["events"]]
    return row_done("Successfully subscribed for actions-watch of the given module", {"events": events})


def _expiry(call: Call, given: Any) -> datetime:
    """Keep what is asked for within a week; unset or longer silently becomes an hour."""
    now = call.crm.now()
    try:
        asked = datetime.fromisoformat(str(given)).astimezone(UTC) if given else None
    except ValueError:
        raise Refusal(400, "INVALID_DATA", "invalid data", api_name="channel_expiry") from None
    return asked if asked and now < asked <= now + LONGEST else now + WHEN_UNSET


def _place(call: Call, event: str, channel_id: str) -> dict[str, Any]:
    module = call.store.modules[event.partition(".")[0]]
    uri = f"{call.base_url}/crm/v8/{module.api_name}"
    return {"resource_uri": uri, "resource_id": module.id, "resource_name": module.api_name, "channel_id": channel_id}


def _shown(call: Call, event: str, channel: dict[str, Any]) -> dict[str, Any]:
    given = channel["given"]
    place = _place(call, event, str(given["channel_id"]))
    return place | {
        "events": [event], "channel_expiry": call.display.time(channel["expires_at"]), "token": given.get("token"),
        "notify_url": given["notify_url"], "notify_on_related_action": given.get("notify_on_related_action", True),
        "return_affected_field_values": given.get("return_affected_field_values", False),
    }  # fmt: skip
