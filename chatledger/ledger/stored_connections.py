"""Credentials that were entered in a page or a command, encrypted with the ledger's cipher.

`credentials` of the system "zoho" are accounts_url, api_url (may be empty), client_id, client_secret and refresh_token; those
of "timelines" are api_url and api_token. `facts` hold what may be shown: for Zoho zgid, organisation, user_id, user_name,
user_email, server, scopes (a list) and sees_everything; for TimelinesAI workspace_id and workspace.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlmodel import col, delete, select

from chatledger.ledger.database import Ledger, now_in, replace
from chatledger.ledger.tables import StoredConnection

System = Literal["zoho", "timelines"]
OF_THE_ORGANISATION = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """A stored connection. `person_id` is empty for the organisation's own; `credentials` never appear in its repr."""

    organisation_id: str
    system: str
    person_id: str
    credentials: dict[str, str] = field(repr=False)
    facts: dict[str, Any]
    connected_at: datetime
    connected_by: str


def put(
    ledger: Ledger,
    organisation_id: str,
    system: System,
    credentials: Mapping[str, str],
    facts: Mapping[str, Any],
    *,
    person_id: str = OF_THE_ORGANISATION,
    connected_by: str = "",
) -> None:
    """Store a connection in place of the one that was there."""
    ciphertext = ledger.cipher.encrypt(json.dumps(dict(credentials)))
    with ledger.transaction() as session:
        row = StoredConnection(
            organisation_id=organisation_id,
            system=system,
            person_id=person_id,
            ciphertext=ciphertext,
            facts=dict(facts),
            connected_at=now_in(session),
            connected_by=connected_by,
        )
        replace(session, StoredConnection, [row.model_dump()])


def get(ledger: Ledger, organisation_id: str, system: System, person_id: str = OF_THE_ORGANISATION) -> Connection | None:
    """Return a stored connection, None when there is none; LedgerUnavailable when it was stored under another secret key."""
    with ledger.reading() as session:
        row = session.get(StoredConnection, (organisation_id, system, person_id))
    return _opened(ledger, row) if row else None


def every(ledger: Ledger, organisation_id: str) -> list[Connection]:
    """Return all connections of an organisation, its own first; LedgerUnavailable under another secret key."""
    return [_opened(ledger, row) for row in without_credentials(ledger, organisation_id)]


def without_credentials(ledger: Ledger, organisation_id: str) -> list[StoredConnection]:
    """Return all connections of an organisation as rows, its own first; readable under any secret key."""
    query = select(StoredConnection).where(StoredConnection.organisation_id == organisation_id)
    with ledger.reading() as session:
        return list(session.exec(query.order_by(col(StoredConnection.person_id), col(StoredConnection.system))).all())


def remove(ledger: Ledger, organisation_id: str, system: System, person_id: str = OF_THE_ORGANISATION) -> bool:
    """Forget a connection; False when there was none."""
    with ledger.transaction() as session:
        gone = session.exec(
            delete(StoredConnection).where(
                col(StoredConnection.organisation_id) == organisation_id,
                col(StoredConnection.system) == system,
                col(StoredConnection.person_id) == person_id,
            )
        )
        return gone.rowcount == 1


def _opened(ledger: Ledger, row: StoredConnection) -> Connection:
    return Connection(
        row.organisation_id,
        row.system,
        row.person_id,
        json.loads(ledger.cipher.decrypt(row.ciphertext)),
        row.facts,
        row.connected_at,
        row.connected_by,
    )
