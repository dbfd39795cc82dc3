"""What settings would do, before they are stored: the messages of the last 24 hours on a throw-away ledger, GET only."""

import uuid
from datetime import timedelta

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery import activation
from chatledger.delivery.activation import Connected
from chatledger.delivery.rehearsing import Plan, rehearse
from chatledger.delivery.tick import Options, loaded
from chatledger.ledger.database import Ledger
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.scratch import empty_scratch
from chatledger.models import CallCount, Outcome
from chatledger.settings import SyncSettings

SHOWN = timedelta(hours=24)


async def preview(
    ledger: Ledger,
    organisation_id: str,
    settings: SyncSettings,
    seen: Connected,
    *,
    timelines: TimelinesClient,
    zoho: ZohoClient,
    count: CallCount,
) -> Plan:
    """Return what a tick over the last 24 hours would do with these settings, as if nothing had been synced before.

    Raises UsageError for settings that do not work, OutsideError when a system cannot be asked.
    """
    with empty_scratch(ledger) as scratch:
        start = ledger.now() - SHOWN
        await activation.activate(scratch, zoho, organisation_id, settings, seen, start=start, credentials_hash="")
        tick = loaded(
            scratch, organisation_id, str(uuid.uuid4()), 0, timelines=timelines, zoho=zoho, count=count, options=Options(),
            record_url="",
        )  # fmt: skip
        return await rehearse(tick, scratch)


def disconnected(seen: Connected) -> list[str]:
    """Say how many WhatsApp numbers bring nothing in, without naming anybody."""
    silent = sum(not account.connected for account in seen.accounts)
    found = [f"{silent} of {len(seen.accounts)} WhatsApp numbers are disconnected: their new messages do not arrive."]
    if seen.waba_accounts:
        found.append(f"{seen.waba_accounts} WhatsApp Business API numbers are connected; their chats are not synced yet.")
    return found if silent else found[1:]


def in_words(settings: SyncSettings, plan: Plan, warnings: list[str]) -> str:
    """Return a plan as Markdown: counts and reasons, no names, numbers or texts."""
    chats = len(plan.creates) + len(plan.matches)
    rows = [
        f"| {chats} | numbers with messages that count |",
        f"| {len(plan.matches)} | of them belong to records that exist |",
        f"| {len(plan.creates)} | would become new records of {settings.target_module} |",
        f"| {len(plan.new_notes)} | daily notes |",
    ]
    words = reasons_in_words()
    held = [
        f"| {number} | messages {outcome}: {words[reason].meaning} |"
        for (outcome, reason), number in sorted(plan.others.items())
        if outcome != Outcome.SYNCED.value
    ]
    told = [f"- {text}" for text in (*warnings, *plan.hints)]
    return "\n".join(
        [
            "## Dry run of the last 24 hours",
            "What a tick would do with these settings if nothing had been synced before. Nothing was written.",
            "", "| Number | What |", "|---|---|", *rows, *held, "", *told,
            "", f"**{_chosen(settings)}**",
        ]
    )  # fmt: skip


def _chosen(settings: SyncSettings) -> str:
    converted = f"; converted leads {settings.converted.value}" if settings.target_module == "Leads" else ""
    fields = ", ".join(filter(None, (settings.name_field, settings.chat_link_field, settings.lead_source_field)))
    return f"{settings.target_module} by {settings.phone_field}; {fields}{converted}; {settings.timezone}"
