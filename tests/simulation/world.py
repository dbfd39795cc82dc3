"""The world of one seed: both stand-ins on virtual clocks, a ledger, chats to write in and records to act on."""

import asyncio
import random
from dataclasses import dataclass

from chatledger.clients import TimelinesClient, TokenBucket, ZohoClient
from chatledger.delivery import activation
from chatledger.delivery.tick import Options
from chatledger.ledger.database import Ledger
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount
from chatledger.settings import SyncSettings
from sandbox.timelines.app import TimelinesStandIn
from sandbox.zoho.app import ZohoStandIn
from tests.simulation.faults import Weather
from tests.simulation.in_memory import cipher, engine
from tests.simulation.processes import Machine, ProcessLedger
from tests.simulation.virtual_time import VirtualClock
from tests.simulation.wire import TIMELINES, ZOHO, PausingSlots, Wire
from tests.stage import NUMBER, ORGANISATION, OTHER_NUMBER, small_world

PHONES = [f"+5730011122{number:02d}" for number in range(7)]


@dataclass(frozen=True)
class Line:
    """One conversation somebody may write in: a phone or a group on one of our numbers."""

    account: str
    phone: str | None = None
    group: str | None = None


LINES = [
    *(Line(NUMBER, phone) for phone in PHONES[:6]),
    Line(OTHER_NUMBER, PHONES[0]),
    Line(OTHER_NUMBER, PHONES[6]),
    Line(NUMBER, group="120363041234567890@g.us"),
]
"""Nine chats: one phone writes to both numbers, and one chat is a group."""


class World:
    """Everything of one seed; its ledger is what the database in memory holds.

    `hour` is the hour of the day it begins at, `activated_before` how many seconds earlier the organisation was activated.
    """

    def __init__(self, seed, zone, hour, *, activated_before=0.0):
        self.random = random.Random(seed)
        random.seed(seed)  # the jitter of the retries
        self.loop = asyncio.get_running_loop()
        self.weather = Weather(self.random)
        self.options = Options(timelines_requests=100_000)
        self.settings = SyncSettings(
            chat_link_field="WhatsApp_Chat", lead_source_field="Lead_Source", fixed_fields={"Company": "WhatsApp"},
            timezone=zone,
        )  # fmt: skip
        self.clock = VirtualClock(self.loop, skew=3_600 * hour + activated_before)
        self.timelines, self.zoho = self._stand_ins()
        self.machine = Machine(tells=self.random.random() < 0.7)
        self.under_way = []
        self._bystander = ""
        self.story = []
        self.ledger = Ledger(engine(), cipher(), clock=self.clock.now)
        self.starts_at = self.clock.now()

    def _stand_ins(self):
        setting = small_world()
        timelines, zoho = TimelinesStandIn(setting["timelines"]), ZohoStandIn(setting["zoho"])
        for stand_in in (timelines, zoho):
            # The clocks of the three systems never agree quite.
            skewed = VirtualClock(self.loop, self.clock.now(), self.random.uniform(-90, 90))
            stand_in.clock.now = skewed.now
        timelines.clock.now = self.clock.now
        faults = zoho.faults
        faults.conversion_touches_modified = self.random.random() < 0.7
        faults.note_on_converted_lead = self.random.choice(["refuse", "refuse", "accept"])
        faults.notes_as_html = self.random.random() < 0.3
        timelines.faults.chat_order = self.random.choice(["spec", "spec", "shuffled"])
        return timelines, zoho

    def tell(self, *words):
        """Write down what happened, for whoever has to understand a failing seed."""
        self.story.append((self.loop.time(), *words))

    def app_of(self, request):
        """The app behind a request's host."""
        return self.zoho.app if request.url.host.startswith("zoho") else self.timelines.app

    def touch(self):
        """Somebody changes a record that has nothing to do with any chat."""
        if self.zoho.crm.store.live("Leads", self._bystander) is None:
            self._bystander = self.zoho.add_record("Leads", {"Last_Name": "Otro"})
        self.zoho.edit_record("Leads", self._bystander, {"Last_Name": "Otro mas"})

    def add_unseen(self):
        """Somebody adds a record for a number that has not written yet, a moment after the list was read."""
        written = {chat.phone for chat in self.timelines._service.workspace.chats.values()}
        phone = next((phone for phone in reversed(PHONES) if phone not in written), None)
        if phone is not None:
            self.zoho.add_record("Leads", {"Last_Name": "Del mismo segundo", "Mobile": phone})

    def forget_access_tokens(self):
        """End every access token, as Zoho does at times without a word."""
        for grant in self.zoho.accounts.tokens.grants.values():
            grant.live.clear()

    def process_ledger(self, process):
        """The ledger as a process sees it."""
        return ProcessLedger(process, engine(), cipher(), self.clock.now)

    def clients(self, process, ledger):
        """Open the real clients of a process."""
        count, wire = CallCount(), Wire(process, self)
        timelines = TimelinesClient(
            api_url=f"{TIMELINES}/integrations/api", token="tl-token", count=count,
            budget=TokenBucket(10_000, 10_000, self.clock), transport=wire, clock=self.clock,
        )  # fmt: skip
        zoho = ZohoClient(
            accounts_url=ZOHO, api_url=None, client_id="1000.A", client_secret="secret", refresh_token="1000.r",
            tokens=LedgerTokenStore(ledger, ORGANISATION), count=count, budget=PausingSlots(process, self, self.clock),
            timeout=self.options.http_timeout, transport=wire, clock=self.clock,
        )  # fmt: skip
        return timelines, zoho, count

    async def activate(self, *, adopts):
        """Activate the organisation for messages from now on, or from a moment ago: then an existing note is looked for."""
        process = self.machine.start(lambda *_: False)
        timelines, zoho, _ = self.clients(process, self.ledger)
        seen = await activation.look_around(timelines, zoho, self.settings)
        await activation.activate(
            self.ledger,
            zoho,
            ORGANISATION,
            self.settings,
            seen,
            start=self.starts_at if adopts else None,
            credentials_hash="same",
        )
