"""Changing the secret key: every secret in the ledger is encrypted anew under the first of the keys.

Every step can be interrupted and repeated: both keys are known until nothing is left under the old one.
"""

import time

from sqlalchemy import Connection, LargeBinary, Table, and_, select, update
from sqlmodel import SQLModel

from chatledger.errors import LedgerUnavailable
from chatledger.ledger.database import HASH_KEY, Ledger, insert_if_missing
from chatledger.ledger.people import end_all_sessions
from chatledger.ledger.tables import KeptSecret

SETTLE_SECONDS = 1.0
"""A process that encrypted with the old key just before the change has committed after this time."""

MOST_PASSES = 30


def rotate(ledger: Ledger, *, settle_seconds: float = SETTLE_SECONDS) -> tuple[int, int]:
    """Encrypt every secret anew and sign everybody out; returns how many were renewed and how many no key can read.

    Keyed hashes stay what they are: their key is kept in the ledger from now on. LedgerUnavailable when other processes go on
    writing under the old key.
    """
    with ledger.transaction() as session:
        insert_if_missing(session, KeptSecret(name=HASH_KEY, ciphertext=ledger.cipher.encrypt(ledger.cipher.hash_key.hex())))
        end_all_sessions(session)
    renewed = 0
    for _ in range(MOST_PASSES):
        now_renewed, unreadable = _renew_all(ledger)
        renewed += now_renewed
        if now_renewed == 0:
            return renewed, unreadable
        time.sleep(settle_seconds)
    raise LedgerUnavailable(
        "Another process goes on using the old key: stop `chatledger serve` everywhere and run this again."
    )


def _renew_all(ledger: Ledger) -> tuple[int, int]:
    renewed = unreadable = 0
    with ledger.transaction() as session:
        for table in SQLModel.metadata.sorted_tables:
            for column in (column.name for column in table.columns if isinstance(column.type, LargeBinary)):
                done, lost = _renew(session.connection(), ledger, table, column)
                renewed, unreadable = renewed + done, unreadable + lost
    return renewed, unreadable


def _renew(connection: Connection, ledger: Ledger, table: Table, column: str) -> tuple[int, int]:
    done = lost = 0
    key = list(table.primary_key.columns)
    rows = connection.execute(select(*key, table.c[column]).where(table.c[column].is_not(None)).with_for_update()).all()
    for *ids, ciphertext in rows:
        try:
            renewed = ledger.cipher.renewed(ciphertext)
        except LedgerUnavailable:
            lost += 1
            continue
        if renewed is not None:
            this = and_(*(part == value for part, value in zip(key, ids, strict=True)))
            connection.execute(update(table).where(this).values({column: renewed}))
            done += 1
    return done, lost
