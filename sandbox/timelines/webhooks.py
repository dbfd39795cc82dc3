"""Subscriptions to events."""

from typing import Any

from sandbox.timelines import memory
from sandbox.timelines.bodies import WebhookChange, WebhookNew
from sandbox.timelines.refusals import Refusal, not_found
from sandbox.timelines.service import Call, Service

LIMIT = 10  # of a workspace, unless more are paid for


def list_webhooks(service: Service, _call: Call) -> list[dict[str, Any]]:
    """Give the subscriptions by id."""
    return [shape(webhook) for webhook in service.workspace.webhooks if not webhook.deleted]


def add_webhook(service: Service, call: Call) -> dict[str, Any]:
    """Subscribe. The same event and URL again is the same subscription: enabled if it was not, restored if deleted."""
    wanted = call.read(WebhookNew)
    known = service.workspace.webhooks
    same = (webhook for webhook in known if (webhook.event_type, webhook.url) == (wanted.event_type, wanted.url))
    if webhook := next(same, None):
        webhook.enabled, webhook.deleted = True, False
        return shape(webhook)
    if sum(not webhook.deleted for webhook in known) >= LIMIT:
        raise Refusal(403, "quota_exceeded", "Webhook limit exceeded")
    webhook = memory.Webhook(id=len(known) + 1, event_type=wanted.event_type, url=wanted.url, enabled=wanted.enabled)
    known.append(webhook)
    return shape(webhook)


def get_webhook(service: Service, call: Call) -> dict[str, Any]:
    """Give one subscription."""
    return shape(_named(service, call))


def change_webhook(service: Service, call: Call) -> dict[str, Any]:
    """Change what is named."""
    webhook, change = _named(service, call), call.read(WebhookChange)
    for field, value in change.model_dump(exclude_none=True).items():
        setattr(webhook, field, value)
    return shape(webhook)


def delete_webhook(service: Service, call: Call) -> None:
    """Unsubscribe; deliveries stop at once."""
    _named(service, call).deleted = True


def shape(webhook: memory.Webhook) -> dict[str, Any]:
    """Draw a subscription; `errors_counter` counts deliveries that failed in a row."""
    return {
        "id": webhook.id,
        "event_type": webhook.event_type,
        "enabled": webhook.enabled,
        "url": webhook.url,
        "errors_counter": webhook.errors_counter,
    }


def _named(service: Service, call: Call) -> memory.Webhook:
    wanted = call.path["webhook_id"]
    for webhook in service.workspace.webhooks:
        if str(webhook.id) == wanted and not webhook.deleted:
            return webhook
    raise not_found(f'Webhook "{wanted}" not found')


ROUTES = [
    ("GET", "/webhooks", list_webhooks),
    ("POST", "/webhooks", add_webhook),
    ("GET", "/webhooks/{webhook_id}", get_webhook),
    ("PUT", "/webhooks/{webhook_id}", change_webhook),
    ("DELETE", "/webhooks/{webhook_id}", delete_webhook),
]
