"""Subscribing to TimelinesAI's events under our secret address, and giving them up again.

Subscriptions are ours when their address is: everything else in the workspace belongs to others and is left alone.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatledger.clients.timelines.webhooks import TimelinesWebhooks, Webhook
from chatledger.errors import NotPermitted, Rejected
from chatledger.ledger import webhook_registrations
from chatledger.ledger.database import Ledger
from chatledger.ledger.webhook_registrations import Checked

PATH = "/webhooks/timelines/"
ESSENTIAL = "message:new"
"""Sent for every message, incoming or not: the one event that ticks rely on."""

EVENTS = (
    ESSENTIAL,
    "chat:new",
    "message:reaction",
    *(f"whatsapp:account:{state}" for state in ("disconnected", "connected", "suspended", "resumed")),
)
"""What is useful, the most useful first; a workspace has ten webhooks for everybody unless more are paid for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """How it went: the events that are subscribed to now, those that TimelinesAI refused, and whether something was broken."""

    events: tuple[str, ...]
    refused: tuple[str, ...]
    repaired: bool


async def keep_subscribed(ledger: Ledger, webhooks: TimelinesWebhooks, organisation_id: str, public_url: str) -> Subscribed:
    """Have every useful event sent to us: subscribe, enable and correct what is missing, end what is ours and not wanted.

    Raises OutsideError when TimelinesAI cannot be asked; nothing is concluded from that. May be repeated at any time.
    """
    base = f"{public_url.rstrip('/')}{PATH}"
    secret = webhook_registrations.secret_of(ledger, organisation_id)
    ours = [webhook for webhook in await webhooks.all() if _is_ours(webhook, base, secret)]
    kept, refusals, repaired = await _bring_about(webhooks, ours, base + secret)
    for webhook in ours:
        if webhook.id not in {each.id for each in kept}:
            await webhooks.unsubscribe(webhook)
    found = Checked(
        public_url=public_url,
        subscriptions=[described(webhook) for webhook in kept],
        problem=refusals.get(ESSENTIAL, ""),
        was_broken=ESSENTIAL in repaired,
    )
    with ledger.transaction() as session:
        webhook_registrations.checked(session, organisation_id, found, ledger.now())
    return Subscribed(tuple(webhook.event_type for webhook in kept), tuple(refusals), bool(repaired))


async def _bring_about(
    webhooks: TimelinesWebhooks, ours: Sequence[Webhook], url: str
) -> tuple[list[Webhook], dict[str, str], set[str]]:
    """Return the subscriptions that stand, why others were refused, and for which events something had to be done."""
    kept: list[Webhook] = []
    refusals: dict[str, str] = {}
    repaired: set[str] = set()
    no_room = ""
    for event_type in EVENTS:
        known = min((webhook for webhook in ours if webhook.event_type == event_type), key=_worth, default=None)
        if known is not None and known.enabled and known.url == url:
            kept.append(known)
            continue
        repaired.add(event_type)
        if known is None and no_room:
            refusals[event_type] = no_room
            continue
        try:
            kept.append(await (webhooks.correct(known, url) if known else webhooks.subscribe(event_type, url)))
        except (NotPermitted, Rejected) as error:
            log.warning("No webhook for %s: %s", event_type, error)
            refusals[event_type] = str(error)
            no_room = str(error) if isinstance(error, NotPermitted) else no_room
    return kept, refusals, repaired


def _worth(webhook: Webhook) -> tuple[bool, int]:
    """Order subscriptions of one event: those that are enabled first, then by age."""
    return not webhook.enabled, webhook.id


def _is_ours(webhook: Webhook, base: str, secret: str) -> bool:
    """Say whether a subscription leads to us: under today's address with any secret, or under an earlier one with ours."""
    return webhook.url.startswith(base) or webhook.url.endswith(PATH + secret)


def described(webhook: Webhook) -> dict[str, Any]:
    """Return what may be kept and shown of a subscription: everything but its address."""
    return {"id": webhook.id, "event_type": webhook.event_type, "enabled": webhook.enabled, "errors": webhook.errors}


async def look(ledger: Ledger, webhooks: TimelinesWebhooks, organisation_id: str, public_url: str) -> list[Webhook]:
    """Return our subscriptions as TimelinesAI has them now, by GET alone; none where none were ever made."""
    with ledger.reading() as session:
        if webhook_registrations.find(session, organisation_id) is None:
            return []
    secret = webhook_registrations.secret_of(ledger, organisation_id)
    base = f"{public_url.rstrip('/')}{PATH}"
    return [webhook for webhook in await webhooks.all() if _is_ours(webhook, base, secret)]


async def give_up(ledger: Ledger, webhooks: TimelinesWebhooks, organisation_id: str) -> int:
    """End our subscriptions and forget the secret; return how many there were. Raises OutsideError with some left."""
    with ledger.reading() as session:
        registration = webhook_registrations.find(session, organisation_id)
    if registration is None:
        return 0
    ours = await look(ledger, webhooks, organisation_id, registration.public_url)
    for webhook in ours:
        await webhooks.unsubscribe(webhook)
    with ledger.transaction() as session:
        webhook_registrations.remove(session, organisation_id)
    return len(ours)
