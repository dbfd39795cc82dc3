"""Consents a browser was sent to Zoho for: an answer counts once, from the browser that began it, for ten minutes."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import col, delete

from chatledger.ledger.database import Ledger, now_in
from chatledger.ledger.people import SECRET_BYTES, hash_of
from chatledger.ledger.tables import StartedConsent

LIFE = timedelta(minutes=10)


def start(ledger: Ledger, organisation_id: str, browser: str, details: Mapping[str, str]) -> str:
    """Remember what a consent is for, encrypted, and return the `state` that its answer has to carry."""
    state = secrets.token_urlsafe(SECRET_BYTES)
    ciphertext = ledger.cipher.encrypt(json.dumps(dict(details)))
    with ledger.transaction() as session:
        now = now_in(session)
        session.exec(delete(StartedConsent).where(col(StartedConsent.expires_at) <= now))
        session.add(
            StartedConsent(
                state_hash=hash_of(state),
                organisation_id=organisation_id,
                browser_hash=hash_of(browser),
                ciphertext=ciphertext,
                expires_at=now + LIFE,
            )
        )
    return state


def take(ledger: Ledger, organisation_id: str, browser: str, state: str) -> dict[str, str] | None:
    """Use up a `state` and return what its consent is for; None for one unknown, used, expired or another browser's."""
    with ledger.transaction() as session:
        row = session.get(StartedConsent, hash_of(state))
        gone = session.exec(delete(StartedConsent).where(col(StartedConsent.state_hash) == hash_of(state)))
        if row is None or gone.rowcount != 1 or row.expires_at <= now_in(session):
            return None
    if (row.organisation_id, row.browser_hash) != (organisation_id, hash_of(browser)):
        return None
    details: dict[str, str] = json.loads(ledger.cipher.decrypt(row.ciphertext))
    return details
