"""Organisations that share an installation: each with stand-ins of its own, which know no token but its own."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from blocks.credentials import Credentials
from blocks.environment import read_environment
from blocks.timelines_workspace import TimelinesWorkspace
from blocks.zoho_connection import ZohoConnection
from chatledger.delivery import activation
from chatledger.ledger import stored_connections
from chatledger.models import CallCount
from chatledger.settings import SyncSettings
from sandbox.serving import running
from sandbox.timelines.app import TimelinesStandIn
from sandbox.zoho.app import ZohoStandIn
from tests.stage import NUMBER, small_world

SYNC = SyncSettings(
    chat_link_field="WhatsApp_Chat", lead_source_field="Lead_Source", timezone="America/Bogota",
    fixed_fields={"Company": "WhatsApp"},
)  # fmt: skip
_MARK = re.compile(r"#(\d+)#")


class Organisation:
    """One organisation, and what its people write."""

    def __init__(self, name, number):
        world = small_world()
        world["timelines"]["token"] = f"tl-{name}"
        world["timelines"]["workspace"]["workspace_id"] = f"workspace-{name}"
        world["zoho"]["client"] = {
            "client_id": f"1000.{name}",
            "client_secret": f"secret-{name}",
            "refresh_token": f"1000.r{name}",
        }
        world["zoho"]["organisation"]["zgid"] = str(700100 + number)
        self.name = name
        self.client = world["zoho"]["client"]
        self.timelines, self.zoho = TimelinesStandIn(world["timelines"]), ZohoStandIn(world["zoho"])
        self.written = 0
        self.urls = ("", "")

    @property
    def timelines_connection(self):
        return {"api_url": f"{self.urls[0]}/integrations/api", "api_token": f"tl-{self.name}"}

    @property
    def zoho_connection(self):
        return {"accounts_url": self.urls[1], "api_url": ""} | self.client

    @property
    def environment(self):
        """Both connections as environment variables."""
        given = {f"timelines_{name}": value for name, value in self.timelines_connection.items()}
        given |= {f"zoho_{name}": value for name, value in self.zoho_connection.items() if value}
        return {name.upper(): value for name, value in given.items()}

    def say(self, number=1):
        """Have people write, each of four in turn."""
        for _ in range(number):
            phone = f"+5730055500{self.written % 4:02d}"
            told = {"text": f"mensaje #{self.written}#", "phone": phone, "account": NUMBER}
            httpx.post(f"{self.urls[0]}/_sandbox/receive_message", json=told, timeout=30).raise_for_status()
            self.written += 1

    def be_slow(self, milliseconds):
        """Have the CRM take its time over every answer."""
        self.zoho.faults.latency_ms = milliseconds

    def connect(self, ledger):
        """Keep both connections in the ledger."""
        stored_connections.put(ledger, self.name, "timelines", self.timelines_connection, {})
        stored_connections.put(ledger, self.name, "zoho", self.zoho_connection, {})

    def activate(self, ledger):
        """Switch the sync on; messages count from an hour ago."""
        asyncio.run(self._activate(ledger))

    async def _activate(self, ledger):
        environment = read_environment()
        credentials = Credentials(
            self.name,
            TimelinesWorkspace.from_stored(self.timelines_connection, environment),
            ZohoConnection.from_stored(self.zoho_connection, environment),
        )
        timelines, zoho = credentials.clients(ledger, CallCount())
        seen = await activation.look_around(timelines, zoho, SYNC)
        start = datetime.now(UTC) - timedelta(hours=1)
        await activation.activate(
            ledger, zoho, self.name, SYNC, seen, start=start, credentials_hash=credentials.digest(ledger)
        )  # fmt: skip
        await timelines.aclose()
        await zoho.aclose()

    def _state(self):
        return httpx.get(f"{self.urls[1]}/_sandbox/state", timeout=30).json()

    def leads(self):
        """Return the leads of the CRM by phone."""
        return Counter(lead["Mobile"] for lead in self._state()["records"]["Leads"] if not lead["$deleted"])

    def standing(self):
        """Return how often each message stands in a note."""
        notes = self._state()["notes"]
        return Counter(int(number) for note in notes for number in _MARK.findall(note["Note_Content"] or ""))

    def has_everything(self):
        """Say whether every message stands in a note."""
        return len(self.standing()) == self.written

    def check(self):
        """Hold what the CRM has against what was written: nothing lost, nothing twice, nothing of others."""
        assert self.standing() == Counter(range(self.written)), self.name
        assert self.leads() == Counter(dict.fromkeys(self.leads(), 1)), self.name
        assert len(self.leads()) == min(self.written, 4), self.name


@contextmanager
def organisations(names) -> Iterator[list[Organisation]]:
    """Serve the stand-ins of organisations of these names, all from this process."""
    with ExitStack() as servers:
        found = [Organisation(name, number) for number, name in enumerate(names)]
        for each in found:
            each.urls = tuple(servers.enter_context(running(app)) for app in (each.timelines.app, each.zoho.app))
        yield found
