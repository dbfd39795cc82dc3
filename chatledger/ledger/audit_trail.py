"""The audit trail: who looked at a person's messages, retried, pinned, exported or erased."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import AuditEntry

SAME_LOOK = timedelta(minutes=10)
"""Turning the pages of one chat is one look."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did: a verb in the past and what it was done to, by id. `phone_key` is stored as a keyed hash only."""

    actor: str
    act: str
    subject_kind: str = ""
    subject: str = ""
    phone_key: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def write(ledger: Ledger, organisation_id: str, act: Act) -> None:
    """Write an act down; a look that repeats one of the last ten minutes is not written again."""
    now, hashed = ledger.now(), person_hash(ledger, act.phone_key)
    if act.act == "looked":
        with ledger.reading() as session:
            if _looked_lately(session, organisation_id, act, now):
                return
    with ledger.transaction() as session:
        session.add(
            AuditEntry(
                organisation_id=organisation_id, at=now, actor=act.actor, act=act.act, subject_kind=act.subject_kind,
                subject=act.subject, person_hash=hashed, details=act.details,
            )
        )  # fmt: skip


def person_hash(ledger: Ledger, phone_key: str | None) -> str | None:
    """Return what stands for a phone key in the audit trail: it can be computed from the number, not the other way round."""
    return ledger.cipher.keyed_hash(f"person {phone_key}") if phone_key else None


def _looked_lately(session: Session, organisation_id: str, act: Act, now: datetime) -> bool:
    query = select(AuditEntry.id).where(
        AuditEntry.organisation_id == organisation_id,
        AuditEntry.at > now - SAME_LOOK,
        AuditEntry.actor == act.actor,
        AuditEntry.act == act.act,
        AuditEntry.subject_kind == act.subject_kind,
        AuditEntry.subject == act.subject,
    )
    return session.exec(query).first() is not None


def page(
    session: Session, organisation_id: str, *, person: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[AuditEntry]:
    """Return acts, newest first, of one person's hash where given; `before` is the id of the last one shown."""
    query = select(AuditEntry).where(AuditEntry.organisation_id == organisation_id)
    if person is not None:
        query = query.where(AuditEntry.person_hash == person)
    if before is not None:
        query = query.where(col(AuditEntry.id) < before)
    return session.exec(query.order_by(col(AuditEntry.id).desc()).limit(limit)).all()
