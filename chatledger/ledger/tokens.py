"""The access token of a connection, shared by every process of the ledger: Zoho allows only ten new ones in ten minutes.

https://www.zoho.com/accounts/protocol/oauth/token-limits.html
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select, update

from chatledger.ledger.database import Ledger, insert_if_missing, now_in, rows_of
from chatledger.ledger.process import this_process
from chatledger.ledger.tables import ConnectionToken
from chatledger.models import AccessToken

# Built once: every run asks for its token first.
_ROW = (
    col(ConnectionToken.organisation_id) == bindparam("organisation"),
    col(ConnectionToken.connection) == bindparam("its_connection"),
)
_CIPHERTEXT = select(ConnectionToken.ciphertext).where(*_ROW)
_CLAIMED = (
    update(ConnectionToken)
    .where(*_ROW, or_(col(ConnectionToken.claimed_until).is_(None), col(ConnectionToken.claimed_until) <= bindparam("now")))
    .values(claimed_by=bindparam("its_holder"), claimed_until=bindparam("until"))
)
_SAVED = update(ConnectionToken).where(*_ROW).values(ciphertext=bindparam("its_ciphertext"))
_GIVEN_BACK = (
    update(ConnectionToken)
    .where(*_ROW, col(ConnectionToken.claimed_by) == bindparam("its_holder"))
    .values(claimed_by=None, claimed_until=None)
)


class LedgerTokenStore:
    """A `TokenStore` over the ledger. `holder` names who asks; two stores of one process are two askers.

    `credentials` is what the token was got with: under other credentials it is another token, and never mistaken for theirs.
    """

    def __init__(
        self,
        ledger: Ledger,
        organisation_id: str,
        connection: str = "zoho",
        *,
        credentials: str = "",
        holder: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._key = (organisation_id, f"{connection} {sha256(credentials.encode()).hexdigest()[:16]}")
        self._holder = holder or f"{this_process()} store={uuid4().hex}"

    def load(self) -> AccessToken | None:
        """Return the stored token, expired or not; None when there is none.

        Raises LedgerUnavailable when it was stored under another secret key.
        """
        with self._ledger.reading() as session:
            ciphertext = rows_of(session, _CIPHERTEXT, self._asked()).scalar()
        return _from_text(self._ledger.cipher.decrypt(ciphertext)) if ciphertext else None

    def claim_refresh(self, seconds: float) -> bool:
        """Reserve the right to refresh for `seconds` by the database's clock; False while anybody holds it."""
        with self._ledger.transaction() as session:
            if rows_of(session, _CIPHERTEXT, self._asked()).first() is None:
                insert_if_missing(session, self._empty_row())
            now = now_in(session)
            claim = {"its_holder": self._holder, "now": now, "until": now + timedelta(seconds=seconds)}
            return session.connection().execute(_CLAIMED, self._asked() | claim).rowcount == 1

    def save(self, token: AccessToken) -> None:
        """Store a fresh token and give the reservation back."""
        ciphertext = self._ledger.cipher.encrypt(_to_text(token))
        with self._ledger.transaction() as session:
            insert_if_missing(session, self._empty_row())
            session.connection().execute(_SAVED, self._asked() | {"its_ciphertext": ciphertext})
            self._give_back(session)

    def release_refresh(self) -> None:
        """Give the reservation back without a new token; somebody else's stays."""
        with self._ledger.transaction() as session:
            self._give_back(session)

    def _give_back(self, session: Session) -> None:
        session.connection().execute(_GIVEN_BACK, self._asked() | {"its_holder": self._holder})

    def _asked(self) -> dict[str, str]:
        organisation_id, connection = self._key
        return {"organisation": organisation_id, "its_connection": connection}

    def _empty_row(self) -> ConnectionToken:
        organisation_id, connection = self._key
        return ConnectionToken(organisation_id=organisation_id, connection=connection)


def _to_text(token: AccessToken) -> str:
    return json.dumps(asdict(token) | {"expires_at": token.expires_at.isoformat()})


def _from_text(text: str) -> AccessToken:
    fields = json.loads(text)
    fields["expires_at"] = datetime.fromisoformat(fields["expires_at"])
    fields["scopes"] = tuple(fields["scopes"])
    return AccessToken(**fields)
