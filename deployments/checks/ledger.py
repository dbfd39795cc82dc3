"""The ledger: whether the sync is switched on, and what its last runs left behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chatledger.counting import counted as number_of
from chatledger.ledger import Session, chats, history, intents, organisations, phone_index, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.tables import Organisation
from chatledger.models import Outcome
from chatledger.settings import SyncSettings
from deployments.checks.findings import Finding, ok, problem, warning

QUIET_FOR = timedelta(hours=1)
"""Ticks are meant to run every minute; nobody should learn of a stopped scheduler from a customer."""


def check(ledger: Ledger, organisation_id: str) -> Iterator[Finding]:
    """Check the organisation's state as the ledger holds it."""
    # Opening it has brought it to the newest version; a writing transaction shows that nobody keeps it locked.
    with ledger.transaction() as session:
        organisations.find(session, organisation_id)
    yield ok("ledger", f"{ledger.url_without_password} can be written and is of this version")
    now = ledger.now()
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
        if organisation is None:
            yield not_activated()
            return
        settings = organisations.current_settings(session, organisation_id)
        yield _activation(organisation, settings)
        yield _owners(session, organisation)
        yield _index(session, organisation_id, settings, now)
        yield from _chat_list(session, organisation_id)
        yield from _runs(session, organisation, now)
        yield _unconfirmed(session, organisation_id, now)
        yield from _open_messages(session, organisation_id)


def not_activated() -> Finding:
    """Say what comes first."""
    return warning("activation", "the sync was never activated", "Run `chatledger activate --settings FILE`.")


def _activation(organisation: Organisation, settings: SyncSettings) -> Finding:
    if not organisation.active:
        remedy = "`chatledger activate --settings FILE` switches it on."
        return warning("activation", "the sync is switched off; nothing is lost and nothing is written", remedy)
    return ok(
        "activation", f"chats go to {settings.target_module}, messages count from {organisation.starts_at:%Y-%m-%d %H:%M} UTC"
    )


def _owners(session: Session, organisation: Organisation) -> Finding:
    by_email = organisations.owners_by_email(session, organisation.id)
    numbers = chats.accounts(session, organisation.id).values()
    others = sorted(number.owner_name for number in numbers if number.owner_email.casefold() not in by_email)
    if not others:
        return ok("owners", "the owner of every WhatsApp number is an active Zoho user")
    connected = history.users(session, organisation.id).get(organisation.connected_user_id, "the user who connected")
    return ok("owners", f"new records of {', '.join(others)} go to {connected}: no active Zoho user has that e-mail")


def _index(session: Session, organisation_id: str, settings: SyncSettings, now: datetime) -> Finding:
    states = phone_index.states(session, organisation_id)
    building = [module for module in settings.phone_fields if module not in states or states[module].state != "complete"]
    if building:
        return warning(
            "phone index",
            f"{', '.join(building)} is not read completely; until then nothing is created",
            "The next run reads on.",
        )
    rows = sum(state.rows_read for state in states.values())
    ages = [now - state.read_at for state in states.values() if state.read_at]
    return ok("phone index", f"complete ({number_of(rows, 'record')} at first), read {_ago(max(ages, default=timedelta()))}")


def _chat_list(session: Session, organisation_id: str) -> Iterator[Finding]:
    if history.chat_list_is_out_of_order(session, organisation_id):
        yield warning(
            "chat list",
            "TimelinesAI does not list the newest chats first; the whole list is read, spread over several runs",
            "Nothing is lost; new messages may arrive some minutes later and cost more TimelinesAI calls.",
        )


def _runs(session: Session, organisation: Organisation, now: datetime) -> Iterator[Finding]:
    newest, good = runs.latest(session, organisation.id, 1), runs.last_good(session, organisation.id)
    if good is None:
        yield warning("last good run", "there was none yet", "Run `chatledger sync`, or have it run every minute.")
    elif organisation.active and now - good.started_at > QUIET_FOR:
        yield warning("last good run", _ago(now - good.started_at), "Have `chatledger sync` run every minute.")
    else:
        yield ok("last good run", f"{_ago(now - good.started_at)}, {good.state}")
    if newest and newest[0].state in ("failed", "crashed"):
        yield problem("newest run", f"{newest[0].state}: {newest[0].problem or 'without a reason'}", _look(newest[0].id))


def _look(run_id: str) -> str:
    return f"`chatledger log --run {run_id[:6]}` shows what it did; the next run takes up what it left."


def _unconfirmed(session: Session, organisation_id: str, now: datetime) -> Finding:
    waiting = intents.unsettled(session, organisation_id)
    if not waiting:
        return ok("unconfirmed writes", "none")
    oldest = _ago(now - min(intent.decided_at for intent in waiting))
    return warning(
        "unconfirmed writes",
        f"{len(waiting)}, the oldest decided {oldest}",
        "Nothing; runs look each one up in Zoho once it has waited long enough.",
    )


def _open_messages(session: Session, organisation_id: str) -> Iterator[Finding]:
    counted = history.counts(session, organisation_id, [Outcome.PARKED, Outcome.PENDING])
    for (outcome, reason), count in counted.items():
        words = reasons_in_words()[reason]
        listed = f"`chatledger log --reason {reason}` lists them."
        yield warning(f"{outcome} messages", f"{count} {reason}: {words.meaning}", f"{words.remedy} {listed}")
    if not counted:
        yield ok("open messages", "none is parked or pending")


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{number_of(seconds // size, name)} ago"
    return f"{number_of(seconds, 'second')} ago"
