"""What a backfill will cost, before it starts: the chat list is read, and a few chats of it for their density."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from chatledger.clients import TimelinesClient
from chatledger.delivery.backfilling import Bounds
from chatledger.errors import NotFound
from chatledger.models import Chat, ChatKind, Workspace

SAMPLED_CHATS = 8
PAGES_OF_A_SAMPLE = 3
NOTES_PER_CREDIT = 10
ROWS_PER_WRITE = 100
SECONDS_PER_ZOHO_CALL = 0.5
SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Sampled:
    """What was found in one chat; `whole` says that its history was read to the beginning of the range."""

    messages: int
    days: int
    pages: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill will need. `exact` means counted in every chat instead of judged by the `sampled` ones."""

    chats_listed: int
    chats: int
    groups: int
    messages: int
    days: int
    exact: bool
    sampled: int
    timelines_requests: int
    zoho_requests: int
    zoho_credits: int
    seconds: float
    workspace: Workspace


async def estimate(
    timelines: TimelinesClient, bounds: Bounds, chat_ids: Sequence[int] | None, *, per_second: float
) -> Estimate:
    """Estimate a backfill by GET requests to TimelinesAI alone; `per_second` is how many it will make.

    Raises OutsideError when TimelinesAI cannot be asked, NotFound for a chat that does not exist.
    """
    workspace = await timelines.workspace()
    listed, pages = await _listed(timelines, chat_ids)
    direct = [chat for chat in listed if chat.kind is ChatKind.DIRECT]
    wanted = [chat for chat in direct if chat.last_message_at is None or chat.last_message_at >= bounds.since]
    sample = _spread(wanted)
    sampled = [await _sample(timelines, chat.id, bounds) for chat in sample]
    share = len(wanted) / len(sampled) if sampled else 0.0
    messages, days = (ceil(share * sum(getattr(one, name) for one in sampled)) for name in ("messages", "days"))
    requests = pages + ceil(share * sum(one.pages for one in sampled))
    written = ceil(days / ROWS_PER_WRITE) + len(wanted)
    return Estimate(
        chats_listed=len(listed),
        chats=len(wanted),
        groups=len(listed) - len(direct),
        messages=messages,
        days=days,
        exact=len(sampled) == len(wanted) and all(one.whole for one in sampled),
        sampled=len(sampled),
        timelines_requests=requests,
        # Each record's notes are looked up once, and the index is read by every slice that writes.
        zoho_requests=written + 2 * ceil(requests / ROWS_PER_WRITE),
        zoho_credits=ceil(days / NOTES_PER_CREDIT) + len(wanted) + 2 * ceil(requests / ROWS_PER_WRITE),
        seconds=requests / per_second + written * SECONDS_PER_ZOHO_CALL,
        workspace=workspace,
    )


async def _listed(timelines: TimelinesClient, chat_ids: Sequence[int] | None) -> tuple[list[Chat], int]:
    if chat_ids is not None:
        return [await timelines.chat(chat_id) for chat_id in chat_ids], len(chat_ids)
    found: dict[int, Chat] = {}
    number = 0
    while True:
        number += 1
        page = await timelines.chats(number)
        fresh = [chat for chat in page.items if chat.id not in found]
        found.update((chat.id, chat) for chat in fresh)
        if not page.more or not fresh:
            return list(found.values()), number


def _spread(chats: Sequence[Chat]) -> list[Chat]:
    """Return a few chats from everywhere in the list: busy and quiet ones stand at its ends."""
    if len(chats) <= SAMPLED_CHATS:
        return list(chats)
    return [chats[position * (len(chats) - 1) // (SAMPLED_CHATS - 1)] for position in range(SAMPLED_CHATS)]


async def _sample(timelines: TimelinesClient, chat_id: int, bounds: Bounds) -> Sampled:
    """Look at the newest pages of a chat; what lies behind them is taken to be as dense as they are."""
    found: dict[str, datetime] = {}
    before: str | None = None
    for number in range(1, PAGES_OF_A_SAMPLE + 1):
        try:
            page = await timelines.messages(chat_id, before=before)
        except NotFound:
            return Sampled(0, 0, number, whole=True)
        found |= {item.uid: item.timestamp for item in page.items}
        held = {uid for uid in found if bounds.since <= found[uid] < bounds.until}
        days = len({bounds.day_of(found[uid]) for uid in held})
        if not page.more or (found and min(found.values()) < bounds.since):
            return Sampled(len(held), days, number, whole=True)
        before = page.next_token
    return _extended(found, bounds, len(held), days)


def _extended(found: dict[str, datetime], bounds: Bounds, held: int, days: int) -> Sampled:
    """Go on with the density of what was seen, back to where the range begins."""
    oldest = min(found.values())
    seen = max((max(found.values()) - oldest).total_seconds(), 1.0)
    left = (oldest - bounds.since).total_seconds()
    wanted = (min(oldest, bounds.until) - bounds.since).total_seconds()
    days_seen = len({bounds.day_of(moment) for moment in found.values()})
    return Sampled(
        messages=held + ceil(len(found) * wanted / seen),
        days=days + min(ceil(days_seen * wanted / seen), ceil(wanted / SECONDS_OF_A_DAY)),
        pages=PAGES_OF_A_SAMPLE * (1 + left / seen),
        whole=False,
    )
