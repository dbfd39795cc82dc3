"""Whether webhooks can be relied on: only then a tick leaves out asking TimelinesAI. Polling stays the truth.

They are relied on while TimelinesAI has them enabled, a web process listens, and no message turned up lately that none of them
brought. Even then the chat list is walked at intervals, and at once after a gap in listening.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chatledger.delivery.tick import Tick
from chatledger.ledger import Session, chats, webhook_inbox, webhook_registrations
from chatledger.ledger.tables import ChatWalk, WebhookRegistration

ON_THE_WAY = timedelta(seconds=90)
"""A webhook may need that long, retries included."""
LISTENS = timedelta(minutes=3)
"""A web process gives a sign of life twice a minute."""
LOOK_BACK = timedelta(hours=1)
SECONDS_PER_PAGE = 40.0
"""A walk through a chat list without order takes many pages; at this pace it takes a third of the month's calls."""


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """What the ledger knows of an organisation's webhooks. `doubt` says why they are not relied on, empty when they are."""

    doubt: str
    heard_at: datetime | None
    missed_at: datetime | None
    waiting: int
    parked: int

    @property
    def trusted(self) -> bool:
        """Whether ticks rely on webhooks."""
        return not self.doubt


def health(session: Session, organisation_id: str, now: datetime, sweep_seconds: float) -> WebhookHealth:
    """Judge an organisation's webhooks by what is written down; `parked` counts the last 24 hours."""
    registration = webhook_registrations.find(session, organisation_id)
    heard_at = webhook_inbox.last_heard(session, organisation_id)
    return WebhookHealth(
        doubt=_doubt(registration, heard_at, now, timedelta(seconds=sweep_seconds)),
        heard_at=heard_at,
        missed_at=registration.missed_at if registration else None,
        waiting=webhook_inbox.count_waiting(session, organisation_id),
        parked=webhook_inbox.parked_since(session, organisation_id, now - timedelta(days=1)),
    )


def _doubt(registration: WebhookRegistration | None, heard_at: datetime | None, now: datetime, pause: timedelta) -> str:
    if registration is None:
        return "none are registered"
    if registration.state != webhook_registrations.ON:
        return registration.problem or "they were never checked"
    if registration.listening_at is None or now - registration.listening_at > LISTENS:
        return "no web process listens for them"
    missed_at = registration.missed_at
    if missed_at is not None and (heard_at is None or heard_at <= missed_at or now - missed_at < pause):
        return "a message turned up that no webhook had brought"
    return ""


def walk_is_due(tick: Tick) -> bool:
    """Say whether this tick has to ask for the chat list; it remembers whether webhooks are relied on or doubted.

    They are doubted, too, until the list was walked to its end once while they were heard without a gap: what arrived before
    then, no webhook may have brought.
    """
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        registration = webhook_registrations.find(session, tick.organisation_id)
        if registration is None:
            tick.trusts_webhooks = tick.doubts_webhooks = False
            return True
        walk = chats.walk_of(session, tick.organisation_id)
        known = health(session, tick.organisation_id, now, tick.options.sweep_seconds)
        whole = known.trusted and _walked_since(session, registration, walk)
        tick.trusts_webhooks, tick.doubts_webhooks = whole, not whole
        if not whole or walk.walked_at is None:
            return True
        return now - walk.walked_at >= _interval(walk, tick.options.sweep_seconds)


def _walked_since(session: Session, registration: WebhookRegistration, walk: ChatWalk) -> bool:
    since = registration.listening_since
    if since is None or walk.walked_at is None or walk.next_page is not None or walk.walked_at <= since:
        return False
    return not webhook_inbox.parked_since(session, registration.organisation_id, walk.walked_at)


def _interval(walk: ChatWalk, sweep_seconds: float) -> timedelta:
    return timedelta(seconds=max(sweep_seconds, walk.pages * SECONDS_PER_PAGE))


def note_missed(tick: Tick) -> None:
    """Look whether a message turned up that no webhook brought, and write that down: the next ticks poll then."""
    if not (tick.trusts_webhooks or tick.doubts_webhooks):
        return  # none are registered
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        registration = webhook_registrations.find(session, tick.organisation_id)
        if registration is None or registration.state != webhook_registrations.ON or registration.listening_since is None:
            return
        listening_since = registration.listening_since
        found = webhook_inbox.newest_unbrought(
            session,
            tick.organisation_id,
            stored_after=max(listening_since, now - LOOK_BACK, registration.missed_at or listening_since),
            written=(listening_since, now - ON_THE_WAY),
        )
        if found is not None:
            webhook_registrations.missed(session, tick.organisation_id, found)
