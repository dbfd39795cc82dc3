"""TimelinesAI's webhooks: whether they are registered, enabled, heard, and relied on."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chatledger.clients.timelines.webhooks import TimelinesWebhooks, Webhook
from chatledger.counting import counted
from chatledger.delivery import webhook_registering, webhook_trust
from chatledger.delivery.webhook_registering import ESSENTIAL, EVENTS
from chatledger.delivery.webhook_trust import WebhookHealth
from chatledger.errors import OutsideError
from chatledger.ledger import webhook_inbox
from chatledger.ledger.database import Ledger
from deployments.checks.findings import Finding, ok, problem, warning

REASONS_TOLD = 3
SERVE = "`chatledger serve` registers and receives them."


async def check(
    ledger: Ledger, webhooks: TimelinesWebhooks, organisation_id: str, public_url: str | None, sweep_seconds: float
) -> list[Finding]:
    """Check the webhooks of an organisation, by GET alone."""
    if not public_url:
        return [ok("webhooks", "none: CHATLEDGER_PUBLIC_URL is not set, so every tick asks TimelinesAI for news")]
    try:
        ours = await webhook_registering.look(ledger, webhooks, organisation_id, public_url)
    except OutsideError as error:
        return [problem("webhooks", str(error))]
    now = ledger.now()
    with ledger.reading() as session:
        known = webhook_trust.health(session, organisation_id, now, sweep_seconds)
        reasons = webhook_inbox.newest_reasons(session, organisation_id, now - timedelta(days=1), REASONS_TOLD)
    return [*_subscriptions(ours), *_deliveries(ours), _reliance(known, sweep_seconds), *_inbox(known, reasons, now)]


def _subscriptions(ours: Sequence[Webhook]) -> Iterator[Finding]:
    enabled = {webhook.event_type for webhook in ours if webhook.enabled}
    missing = [event for event in EVENTS if event not in enabled]
    if ESSENTIAL in missing:
        yield warning("webhooks", f"TimelinesAI has no enabled webhook of ours for {ESSENTIAL}", SERVE)
    elif missing:
        yield warning(
            "webhooks",
            f"TimelinesAI has no enabled webhook of ours for {', '.join(missing)}; messages are not affected",
            "A workspace has ten webhooks unless more are paid for: free some, or ask TimelinesAI for more.",
        )
    else:
        yield ok("webhooks", f"{len(ours)} are registered and enabled")


def _deliveries(ours: Sequence[Webhook]) -> Iterator[Finding]:
    worst = max((webhook.errors for webhook in ours), default=0)
    if worst:
        yield warning(
            "webhook deliveries",
            f"TimelinesAI failed to deliver {worst} in a row",
            "Check that CHATLEDGER_PUBLIC_URL leads to `chatledger serve` from the internet.",
        )


def _reliance(known: WebhookHealth, sweep_seconds: float) -> Finding:
    if known.trusted:
        return ok("webhooks in use", f"ticks rely on them and walk the chat list every {sweep_seconds / 60:g} minutes")
    remedy = SERVE if known.heard_at is None or "listens" in known.doubt else ""
    return warning("webhooks in use", f"every tick asks TimelinesAI for news, because {known.doubt}", remedy)


def _inbox(known: WebhookHealth, reasons: Sequence[str], now: datetime) -> Iterator[Finding]:
    if known.heard_at is not None:
        minutes = round((now - known.heard_at).total_seconds() / 60)
        yield ok(
            "webhooks heard",
            f"the newest message came {minutes} minutes ago; {counted(known.waiting, 'event')} wait for a tick",
        )
    if known.parked:
        yield warning(
            "webhooks parked",
            f"{counted(known.parked, 'event')} of the last 24 hours could not be used: {'; '.join(reasons)}",
            "They are kept, and no message is lost by that: the chat list was walked for them.",
        )
