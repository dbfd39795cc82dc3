"""Seeds in which webhooks bring the messages: some of them late, twice, in another order, broken, or never.

Whatever they do, the promise is that of every other seed: each message stands in exactly one note at the end.
"""

import asyncio
import json

from chatledger.clients.timelines.webhook_events import read_events
from chatledger.delivery.webhook_registering import EVENTS
from chatledger.ledger import webhook_inbox, webhook_registrations
from chatledger.ledger.webhook_inbox import Brought
from sandbox.timelines import memory
from tests.simulation import simulation
from tests.simulation.world import World
from tests.stage import ORGANISATION

LATEST = 150.0
SIGN_OF_LIFE = 100.0
"""Less often than in life, where it would be most of what a simulated day does."""


class WithWebhooks(simulation.Simulation):
    """A simulation whose messages are also told by webhooks, to a web process that is away at times."""

    def __init__(self, world: World):
        super().__init__(world)
        self._random = world.random
        self._loss = self._random.choice([0.0, 0.1, 0.5, 1.0])
        self._away = self._random.random() < 0.3
        self._under_way = set()
        self._written, self.people.write = self.people.write, self._write
        for number, event_type in enumerate(EVENTS, 1):
            subscription = memory.Webhook(id=number, event_type=event_type, url="https://chatledger.example", enabled=True)
            world.timelines.workspace.webhooks.append(subscription)
        webhook_registrations.secret_of(world.ledger, ORGANISATION)
        with world.ledger.transaction() as session:
            found = webhook_registrations.Checked("https://chatledger.example", [], was_broken=True)
            webhook_registrations.checked(session, ORGANISATION, found, world.clock.now())
        self._start(self._listen())

    def _start(self, work):
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _listen(self):
        while True:
            with self.world.ledger.transaction() as session:
                webhook_registrations.listening(session, self.world.clock.now())
            gone = self._away and self._random.random() < 0.1
            await asyncio.sleep(self._random.uniform(130, 400) if gone else SIGN_OF_LIFE)

    def _write(self, *arguments):
        self._written(*arguments)
        parcels = self.world.timelines.service.deliveries._waiting
        for parcel in parcels:
            self._start(self._deliver(json.dumps(parcel.body).encode()))
        parcels.clear()

    async def _deliver(self, body):
        fired = self.world.weather.fired
        if self._random.random() < self._loss:
            fired["webhook_lost"] += 1
            return
        if self._random.random() < 0.05:
            fired["webhook_broken"] += 1
            body = body[: len(body) // 2]
        twice = self._random.random() < 0.2
        fired["webhook_twice"] += twice
        for _ in range(1 + twice):
            await asyncio.sleep(self._random.choice([0.0, 0.0, self._random.uniform(0, LATEST)]))
            self._keep(body)
            fired["webhook"] += 1

    def _keep(self, body):
        events = [
            Brought(event.fingerprint, event.event_type, event.body, event.chat_id, event.message_uid, event.why)
            for event in read_events(body)
        ]
        with self.world.ledger.transaction() as session:
            webhook_inbox.add(session, ORGANISATION, events, self.world.clock.now())


def run_seed(seed):
    """Run one seed with webhooks; return how often what fired. Raises Violation when the promise was broken."""
    return simulation.run_seed(seed, WithWebhooks)
