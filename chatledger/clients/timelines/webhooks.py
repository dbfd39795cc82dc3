"""TimelinesAI's webhooks: one subscription per event type and address (OpenAPI 1.3.0).

Subscribing twice is harmless: the vendor documents one subscription per event type and URL, enabled or restored if need be.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import Field, ValidationError

from chatledger.clients.answers import Asked
from chatledger.clients.timelines.answers import drift, rows_of
from chatledger.clients.timelines.connection import TimelinesConnection
from chatledger.clients.timelines.payloads import LooseNumber, LooseText, Payload, why
from chatledger.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription as TimelinesAI has it. `errors` counts deliveries that failed in a row; `url` may hold a secret."""

    id: int
    event_type: str
    enabled: bool
    url: str = field(repr=False)
    errors: int = 0


class WebhookPayload(Payload):
    """`WebhookInfo` of the OpenAPI file."""

    id: int
    event_type: str = Field(min_length=1)
    enabled: bool = True
    url: LooseText = ""
    errors_counter: LooseNumber = None


class TimelinesWebhooks(TimelinesConnection):
    """Asks for and changes the subscriptions of a workspace. Every method raises errors of `chatledger.errors`."""

    async def all(self) -> tuple[Webhook, ...]:
        """Return every subscription of the workspace, other people's too; one that cannot be read is left out."""
        asked = Asked("TimelinesAI", "the list of webhooks")
        webhooks = []
        for raw in rows_of(await self._get("/webhooks", asked), "webhooks", asked):
            try:
                webhooks.append(_read(raw))
            except ValidationError:
                continue
        return tuple(webhooks)

    async def subscribe(self, event_type: str, url: str) -> Webhook:
        """Have events of this type sent to `url` from now on; what was disabled or deleted is taken up again."""
        asked = Asked("TimelinesAI", f"a webhook for {event_type}")
        payload = await self._write("POST", "/webhooks", asked, body={"event_type": event_type, "enabled": True, "url": url})
        return _one(payload, asked)

    async def correct(self, webhook: Webhook, url: str) -> Webhook:
        """Enable a subscription and have it lead to `url`."""
        asked = Asked("TimelinesAI", f"the change of the webhook for {webhook.event_type}")
        payload = await self._write("PUT", _path(webhook), asked, body={"enabled": True, "url": url})
        return _one(payload, asked)

    async def unsubscribe(self, webhook: Webhook) -> None:
        """End a subscription; one that is gone already is fine."""
        asked = Asked("TimelinesAI", f"the end of the webhook for {webhook.event_type}")
        try:
            await self._write("DELETE", _path(webhook), asked)
        except NotFound:
            return
        except Unavailable as error:
            # The vendor documents no body for this answer: an empty one is a success.
            if error.status is None or not HTTPStatus.OK <= error.status < HTTPStatus.MULTIPLE_CHOICES:
                raise


def _path(webhook: Webhook) -> str:
    return f"/webhooks/{quote(str(webhook.id), safe='')}"


def _one(payload: Any, asked: Asked) -> Webhook:
    try:
        return _read(payload)
    except ValidationError as error:
        raise drift(asked, why(error)) from None


def _read(raw: Any) -> Webhook:
    row = WebhookPayload.model_validate(raw)
    return Webhook(row.id, row.event_type, row.enabled, row.url, row.errors_counter or 0)
