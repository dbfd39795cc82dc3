"""Where webhooks are received and what is known of their health, one registration per organisation."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from chatledger.ledger.database import Ledger
from chatledger.ledger.encryption import Cipher
from chatledger.ledger.tables import WebhookRegistration

SECRET_BYTES = 32
LISTENING_GAP = timedelta(minutes=2)
"""Without a sign of life for so long, events may have found nobody."""
ON, OFF = "on", "off"


_FOUND = select(WebhookRegistration).where(col(WebhookRegistration.organisation_id) == bindparam("organisation"))


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at TimelinesAI's subscriptions found: the rows that are ours, and what is wrong with them if anything."""

    public_url: str
    subscriptions: Sequence[dict[str, Any]]
    problem: str = ""
    was_broken: bool = False


def find(session: Session, organisation_id: str) -> WebhookRegistration | None:
    """Return the registration, None before the first one and after its removal."""
    return session.exec(_FOUND, params={"organisation": organisation_id}).first()


def secret_of(ledger: Ledger, organisation_id: str) -> str:
    """Return the organisation's secret, 256 random bits for the path of an address, made when there is none."""
    with ledger.transaction() as session:
        row = find(session, organisation_id)
        if row is None:
            secret = secrets.token_urlsafe(SECRET_BYTES)
            session.add(
                WebhookRegistration(
                    organisation_id=organisation_id,
                    secret_hash=ledger.cipher.keyed_hash(secret),
                    secret=ledger.cipher.encrypt(secret),
                    made_at=ledger.now(),
                )
            )
            return secret
        return ledger.cipher.decrypt(row.secret)


def organisation_of(session: Session, cipher: Cipher, secret: str) -> str | None:
    """Return the organisation whose webhooks have this secret; None for a wrong one, in the same time."""
    digest = cipher.keyed_hash(secret)
    row = session.exec(select(WebhookRegistration).where(WebhookRegistration.secret_hash == digest)).first()
    # The database may compare byte by byte, but only hashes nobody can choose; the secret itself is compared here.
    expected = cipher.decrypt(row.secret) if row else secrets.token_urlsafe(SECRET_BYTES)
    same = hmac.compare_digest(expected.encode(), secret.encode("utf-8", "replace"))
    return row.organisation_id if row and same else None


def checked(session: Session, organisation_id: str, found: Checked, now: datetime) -> None:
    """Write down what a check found; after something was broken, messages since then may have been missed."""
    row = session.get_one(WebhookRegistration, organisation_id)
    row.public_url, row.subscriptions, row.problem = found.public_url, list(found.subscriptions), found.problem
    row.state, row.checked_at = OFF if found.problem else ON, now
    if found.was_broken:
        row.listening_since = now
    session.add(row)


def listening(session: Session, now: datetime, *, begins: bool = False) -> None:
    """Write down that webhooks of every organisation are being received at this moment.

    `begins` says that nobody may have been there until now, however short that was.
    """
    for row in session.exec(select(WebhookRegistration)):
        gap = row.listening_at is None or row.listening_since is None or now - row.listening_at > LISTENING_GAP
        if gap or begins:
            row.listening_since = now
        row.listening_at = now
        session.add(row)


def missed(session: Session, organisation_id: str, now: datetime) -> None:
    """Write down that a message was found which no webhook brought."""
    row = find(session, organisation_id)
    if row is not None:
        row.missed_at = now
        session.add(row)


def remove(session: Session, organisation_id: str) -> None:
    """Forget the registration and its secret."""
    row = find(session, organisation_id)
    if row is not None:
        session.delete(row)
