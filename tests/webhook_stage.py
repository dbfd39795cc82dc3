"""Webhooks on stage: subscribed at the TimelinesAI stand-in, and what it sends is put into the inbox as the web pages do.

The way over HTTP is tested where the pages are; here it is left out, so that nothing has to be waited for.
"""

import asyncio
import json

from sqlmodel import select

from chatledger.clients import TokenBucket
from chatledger.clients.timelines.webhook_events import EventKind, read_events
from chatledger.clients.timelines.webhooks import TimelinesWebhooks
from chatledger.delivery import webhook_registering, webhook_trust
from chatledger.ledger import webhook_inbox, webhook_registrations
from chatledger.ledger.tables import InboxItem
from chatledger.ledger.webhook_inbox import Brought
from chatledger.models import CallCount
from tests.stage import ORGANISATION, Stage

PUBLIC_URL = "https://chatledger.example"
SIGN_OF_LIFE = 60


class Webhooks:
    """The webhooks of the stage's organisation."""

    def __init__(self, stage: Stage):
        self.stage = stage

    def client(self):
        """A client for the subscriptions."""
        return TimelinesWebhooks(
            api_url=f"{self.stage.timelines_url}/integrations/api", token="tl-token", count=CallCount(),
            budget=TokenBucket(10_000, 10_000),
        )  # fmt: skip

    def subscribe(self, public_url=PUBLIC_URL):
        """Bring our subscriptions about, as the serving process does."""
        return asyncio.run(self._with_client(webhook_registering.keep_subscribed, public_url))

    def give_up(self):
        """End our subscriptions, as deactivating does."""
        return asyncio.run(self._with_client(webhook_registering.give_up))

    async def _with_client(self, move, *arguments):
        client = self.client()
        try:
            return await move(self.stage.ledger, client, ORGANISATION, *arguments)
        finally:
            await client.aclose()

    def listen(self, *, begins=False):
        """Give a sign of life, as the web pages do at their start and then twice a minute."""
        with self.stage.ledger.transaction() as session:
            webhook_registrations.listening(session, self.stage.now(), begins=begins)

    def switch_on(self):
        """Subscribe, listen, and let the tick run that every beginning needs."""
        self.subscribe()
        self.listen()
        self.stage.advance(1)
        self.listen()
        return self.stage.tick()

    def pass_time(self, seconds):
        """Let time pass while the web pages go on listening."""
        for _ in range(int(seconds // SIGN_OF_LIFE)):
            self.stage.advance(SIGN_OF_LIFE)
            self.listen()
        self.stage.advance(seconds % SIGN_OF_LIFE)
        self.listen()

    def sent(self):
        """Take what TimelinesAI would send now, as (event type, body) pairs."""
        parcels = self.stage.timelines.service.deliveries._waiting
        bodies = [json.dumps(parcel.body).encode() for parcel in parcels]
        parcels.clear()
        return bodies

    def bring(self, bodies=None):
        """Put bodies into the inbox, by default everything that TimelinesAI has to send."""
        events = [event for body in (self.sent() if bodies is None else bodies) for event in read_events(body)]
        brought = [
            Brought(
                event.fingerprint, event.event_type, event.body, event.chat_id, event.message_uid, event.why,
                event.kind is EventKind.ACCOUNT,
            )
            for event in events
        ]  # fmt: skip
        with self.stage.ledger.transaction() as session:
            webhook_inbox.add(session, ORGANISATION, brought, self.stage.now())

    def receive(self, text="hola", **more):
        """Have somebody write and the webhook arrive; return the message's uid."""
        uid = self.stage.receive(text, **more)
        self.bring()
        return uid

    def lose(self, text="hola", **more):
        """Have somebody write while the webhook gets lost."""
        uid = self.stage.receive(text, **more)
        self.sent()
        return uid

    def items(self):
        """Return the inbox as it is."""
        with self.stage.ledger.reading() as session:
            return list(session.exec(select(InboxItem).order_by(InboxItem.id)))

    def health(self):
        """Return what the ledger thinks of the webhooks."""
        with self.stage.ledger.reading() as session:
            return webhook_trust.health(session, ORGANISATION, self.stage.now(), self.stage.options.sweep_seconds)
