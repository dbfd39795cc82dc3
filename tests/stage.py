"""A stage for rules: both stand-ins over real HTTP, a ledger, and ticks carried out without a Prefect server.

The sequence of moves is that of `flows/sync_chats.py`; the tests of the flows run the flow itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from chatledger.clients import CallSlots, TimelinesClient, TokenBucket, ZohoClient
from chatledger.delivery import (
    activation,
    attaching,
    closing,
    index_reading,
    notes,
    pull,
    records,
    resolving,
    settling,
)
from chatledger.delivery import tick as ticks
from chatledger.delivery.tick import Options, Tick
from chatledger.errors import OutsideError, waiting_cures
from chatledger.ledger import messages, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Message
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount
from chatledger.settings import SyncSettings
from sandbox.timelines.app import TimelinesStandIn
from sandbox.zoho.app import ZohoStandIn

ORGANISATION = "main"
NUMBER = "573105550100@s.whatsapp.net"
OTHER_NUMBER = "573105550900@s.whatsapp.net"
ANA = "+573001112233"
ADMIN, LAURA = "5725767000000411001", "5725767000000411002"
ROUNDS = 4
TRIES = 3


def small_world() -> dict[str, Any]:
    """Two connected numbers (Laura's and Pedro's), no chats, an empty CRM in which Laura is a user and Pedro is not."""
    return {
        "timelines": {
            "token": "tl-token",
            "workspace": {
                "workspace_id": "acme", "display_name": "Acme", "plan": "CRM Integration", "time_zone": "America/Bogota",
                "api_calls_quota": {"total": 200_000, "used": 0},
            },
            "teammates": [],
            "accounts": [_account(NUMBER, "Laura", "Laura@example.com"), _account(OTHER_NUMBER, "Pedro", "pedro@example.com")],
            "chats": [],
            "templates": [],
        },
        "zoho": {
            "client": {"client_id": "1000.A", "client_secret": "secret", "refresh_token": "1000.r"},
            "organisation": {
                "zgid": "700100", "company_name": "Acme", "time_zone": "America/Bogota", "type": "production",
                "edition": "enterprise",
            },
            "users": [_user(ADMIN, "admin@example.com", "Ada Admin"), _user(LAURA, "laura@example.com", "Laura Gil")],
            "current_user": ADMIN,
            "fields": {"Leads": [_link_field()]},
            "records": {"Leads": [], "Contacts": []},
            "conversions": [],
            "notes": [],
        },
    }  # fmt: skip


def _account(wid: str, owner: str, email: str) -> dict[str, Any]:
    return {
        "id": wid, "phone": f"+{wid.partition('@')[0]}", "owner_name": owner, "owner_email": email, "account_name": owner,
        "status": "active", "connected_on": "2026-01-10T08:00:00+00:00",
    }  # fmt: skip


def _user(user_id: str, email: str, name: str) -> dict[str, Any]:
    return {
        "id": user_id, "email": email, "full_name": name, "status": "active", "confirm": True, "profile": "Administrator",
        "role": "CEO", "time_zone": "America/Bogota",
    }  # fmt: skip


def _link_field() -> dict[str, Any]:
    return {
        "api_name": "WhatsApp_Chat", "field_label": "WhatsApp Chat", "data_type": "website", "length": 450,
        "custom_field": True,
    }  # fmt: skip


class Stage:
    """One organisation with its two outside systems. `advance` moves the clocks of all three."""

    def __init__(self, timelines: TimelinesStandIn, zoho: ZohoStandIn, urls: tuple[str, str]) -> None:
        self.timelines, self.zoho = timelines, zoho
        self.ledger: Ledger
        self.timelines_url, self.zoho_url = urls
        self.offset = timedelta()
        self.options = Options(timelines_requests=100_000)
        self.settings = SyncSettings(
            chat_link_field="WhatsApp_Chat", lead_source_field="Lead_Source", timezone="America/Bogota",
            fixed_fields={"Company": "WhatsApp"},
        )  # fmt: skip
        self.last_tick: Tick | None = None

    def now(self) -> datetime:
        """The ledger's clock."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self.offset += timedelta(seconds=seconds)
        self.timelines.clock.advance(seconds)
        self.zoho.clock.advance(seconds)

    def activate(self, *, start: datetime | None = None, **changes: Any) -> None:
        """Activate with the stage's settings and these changes; messages count from an hour ago unless told otherwise."""
        self.settings = SyncSettings.model_validate(self.settings.model_dump() | changes)
        _run(self._activate(start or self.now() - timedelta(hours=1)))

    async def _activate(self, start: datetime) -> None:
        timelines, zoho, _ = self.clients()
        seen = await activation.look_around(timelines, zoho, self.settings)
        await activation.activate(self.ledger, zoho, ORGANISATION, self.settings, seen, start=start, credentials_hash="same")
        await _close(timelines, zoho)

    def clients(self) -> tuple[TimelinesClient, ZohoClient, CallCount]:
        """Open fresh clients."""
        count = CallCount()
        timelines = TimelinesClient(
            api_url=f"{self.timelines_url}/integrations/api", token="tl-token", count=count, budget=TokenBucket(10_000, 10_000)
        )
        zoho = ZohoClient(
            accounts_url=self.zoho_url, api_url=None, client_id="1000.A", client_secret="secret", refresh_token="1000.r",
            tokens=LedgerTokenStore(self.ledger, ORGANISATION), count=count, budget=CallSlots(),
            timeout=self.options.http_timeout,
        )  # fmt: skip
        return timelines, zoho, count

    def tick(self) -> dict[str, Any]:
        """Run one tick and return its summary, with the end state as `state`."""
        return _run(self._tick())

    async def _tick(self) -> dict[str, Any]:
        timelines, zoho, count = self.clients()
        tick = ticks.begin(
            self.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=self.options, record_url="",
        )  # fmt: skip
        if tick is None:
            return closing.empty_summary() | {"busy": True}
        self.last_tick = tick
        try:
            state, summary = await carry_out(tick)
        except BaseException as error:
            closing.give_up(tick, error)
            raise
        finally:
            await _close(timelines, zoho)
        return summary | {"state": state}

    def message(self, uid: str) -> Message:
        """Return a message as the ledger has it."""
        with self.ledger.reading() as session:
            return messages.by_uid(session, ORGANISATION, uid)

    def run(self) -> Any:
        """Return the newest run's row."""
        with self.ledger.reading() as session:
            return runs.latest(session, ORGANISATION, 1)[0]

    def receive(self, text: str | None = "hola", phone: str = ANA, account: str = NUMBER, **more: Any) -> str:
        """Have a contact write (or, with from_me, one of us); return the message's uid."""
        return self.timelines.receive_message(text, phone=phone, account=account, **more)["uid"]

    def leads(self) -> list[dict[str, Any]]:
        """Return the leads a person sees in the CRM."""
        return self.records("Leads")

    def records(self, module: str) -> list[dict[str, Any]]:
        """Return a module's records that are neither deleted nor converted."""
        rows = self.zoho.state()["records"].get(module, [])
        return [row for row in rows if not row["$deleted"] and not row["$converted"]]

    def notes(self, record_id: str | None = None) -> list[dict[str, Any]]:
        """Return the CRM's notes, of one record or all."""
        rows = self.zoho.state()["notes"]
        return [row for row in rows if record_id is None or row["parent"]["id"] == record_id]

    def zoho_calls(self) -> list[str]:
        """Return method and path of every request the Zoho stand-in has seen since `forget_calls`."""
        return [f"{request['method']} {request['path']}" for request in self.zoho.requests]

    def forget_calls(self) -> None:
        """Empty both request logs."""
        self.zoho.requests.clear()
        self.timelines.requests.clear()


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run in a thread of its own: in tests with a browser, Playwright keeps an event loop running in theirs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


async def _close(timelines: TimelinesClient, zoho: ZohoClient) -> None:
    await timelines.aclose()
    await zoho.aclose()


async def carry_out(tick: Tick) -> tuple[str, dict[str, Any]]:
    """Carry out the moves of a tick in the order of the flow."""
    await pull.pull(tick)
    await write_open(tick)
    closing.postpone_rest(tick)
    return closing.end(tick)


async def write_open(tick: Tick) -> None:
    """Carry out the moves behind the pull, which every kind of run makes."""
    if settling.due(tick):
        await settling.settle(tick)
    batches = resolving.triage(tick)
    if batches and await _well(tick, index_reading.bring_up_to_date):
        await _resolve_and_write(tick, batches)
    if attaching.any_waiting(tick):
        await attaching.attach(tick)
        await _resolve_and_write(tick, resolving.again(tick))


async def _resolve_and_write(tick: Tick, batches: list[list[int]]) -> None:
    for _ in range(ROUNDS):
        if not batches:
            return
        for batch in batches:
            resolving.match(tick, batch)
        wanted = records.creation_batches(tick)
        if wanted and await _well(tick, records.refresh_metadata):
            owners = [records.owners(tick, batch) for batch in wanted]
            await asyncio.gather(
                *(_well(tick, records.create, batch, owner) for batch, owner in zip(wanted, owners, strict=True))
            )
        planned = notes.plan(tick, [chat for batch in batches for chat in batch])
        await asyncio.gather(*(_well(tick, notes.write_batch, number) for number in range(planned)))
        if notes.any_doubted(tick):
            await _well(tick, notes.look_at_doubted_parents)
        batches = resolving.again(tick)


async def _well(tick: Tick, move: Callable[..., Awaitable[Any]], *arguments: Any) -> bool:
    """Carry a move out with the retries its task has, without their pauses."""
    for attempt in range(TRIES):
        try:
            await move(tick, *arguments)
        except OutsideError as error:
            if attempt + 1 < TRIES and waiting_cures(error):
                continue
            tick.met(error)
            return False
        return True
    return False
