"""Links: the remembered phone key -> record, with the history of every change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Change, Link
from chatledger.matching import Rule
from chatledger.models import IndexedRecord, RecordRef

# Built once: every decision begins with the links.
_BY_KEY = select(Link).where(
    col(Link.organisation_id) == bindparam("organisation"), col(Link.phone_key).in_(bindparam("keys", expanding=True))
)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it was decided. `rule` is the word of the matching rule."""

    phone_key: str
    record: RecordRef
    rule: str
    matched_key: str = ""
    candidates: Sequence[IndexedRecord] = ()
    hops: Sequence[RecordRef] = ()


def load(session: Session, organisation_id: str, keys: Iterable[str]) -> dict[str, Link]:
    """Return the links of these phone keys."""
    found: dict[str, Link] = {}
    for chunk in chunks(keys):
        rows = session.exec(_BY_KEY, params={"organisation": organisation_id, "keys": chunk})
        found.update((row.phone_key, row) for row in rows)
    return found


def of_record(session: Session, organisation_id: str, record: RecordRef) -> list[str]:
    """Return the phone keys whose chats belong to a record, pinned ones too."""
    query = select(Link.phone_key).where(
        Link.organisation_id == organisation_id, Link.module == record.module, Link.record_id == record.id
    )
    return list(session.exec(query.order_by(col(Link.phone_key))))


def remember(
    session: Session, organisation_id: str, new: NewLink, *, run_id: str | None, now: datetime, actor: str = "sync"
) -> bool:
    """Store or move a link and write the change down; return True when the key had none before.

    A link that was pinned is an ordinary one once it had to move because its record was converted or is gone.
    """
    return remember_each(session, organisation_id, [new], run_id=run_id, now=now, actor=actor) == 1


def remember_each(
    session: Session, organisation_id: str, new: Sequence[NewLink], *, run_id: str | None, now: datetime, actor: str = "sync"
) -> int:
    """Do for links of different keys what `remember` does for one; return how many keys had none before."""
    known = load(session, organisation_id, [link.phone_key for link in new])
    for link in new:
        row = known.get(link.phone_key)
        if row is None:
            row = Link(
                organisation_id=organisation_id, phone_key=link.phone_key, module="", record_id="", rule="", candidates=[],
                created_at=now, changed_at=now,
            )  # fmt: skip
            session.add(row)
            _move(session, row, None, link, run_id=run_id, now=now, actor=actor)
        else:
            before = {"module": row.module, "record": row.record_id, "rule": row.rule}
            _move(session, row, before, link, run_id=run_id, now=now, actor=actor)
    return len({link.phone_key for link in new} - known.keys())


def _move(
    session: Session, row: Link, before: dict[str, Any] | None, new: NewLink, *, run_id: str | None, now: datetime, actor: str
) -> None:
    row.module, row.record_id, row.rule, row.matched_key = new.record.module, new.record.id, new.rule, new.matched_key
    row.candidates = [_summary(candidate) for candidate in new.candidates]
    row.changed_at, row.run_id, row.pinned = now, run_id or "", new.rule == Rule.PINNED.value
    after: dict[str, Any] = {"module": row.module, "record": row.record_id, "rule": row.rule, "matched": row.matched_key}
    after["hops"] = [f"{hop.module}/{hop.id}" for hop in new.hops]
    session.add(
        Change(
            organisation_id=row.organisation_id,
            at=now,
            run_id=run_id,
            actor=actor,
            what="pinned" if row.pinned else "linked" if before is None else "relinked",
            phone_key=new.phone_key,
            module=row.module,
            record_id=row.record_id,
            before=before,
            after=after,
        )
    )


def pin(session: Session, organisation_id: str, phone_key: str, record: RecordRef, *, now: datetime, form: str = "") -> None:
    """Have a person's choice decide for this phone key from now on; `form` is the number the record carries, if any."""
    new = NewLink(phone_key, record, Rule.PINNED.value, form)
    remember(session, organisation_id, new, run_id=None, now=now, actor="person")


def forget(session: Session, organisation_id: str, phone_key: str, *, now: datetime) -> bool:
    """Drop the link of a phone key, so that it is matched anew; False when there was none."""
    row = session.get(Link, (organisation_id, phone_key))
    if row is None:
        return False
    before = {"module": row.module, "record": row.record_id, "rule": row.rule}
    session.add(
        Change(organisation_id=organisation_id, at=now, actor="person", what="unpinned", phone_key=phone_key, before=before)
    )
    session.delete(row)
    return True


def former_records(session: Session, organisation_id: str, phone_key: str) -> list[RecordRef]:
    """Return every record this key was ever linked to or led through, newest first, without repeats."""
    query = select(Change).where(Change.organisation_id == organisation_id, Change.phone_key == phone_key)
    found: list[RecordRef] = []
    for change in session.exec(query.order_by(col(Change.id).desc())):
        named = [change.after or {}, change.before or {}]
        found += [RecordRef(part["module"], part["record"]) for part in named if part.get("record")]
        found += [RecordRef(*hop.split("/", 1)) for hop in (change.after or {}).get("hops", [])]
    return list(dict.fromkeys(found))


def _summary(candidate: IndexedRecord) -> dict[str, Any]:
    return {
        "module": candidate.ref.module,
        "record": candidate.ref.id,
        "matched": candidate.phone_key,
        "modified": candidate.modified_at.isoformat() if candidate.modified_at else None,
        "created": candidate.created_at.isoformat() if candidate.created_at else None,
        "converted": candidate.converted,
    }
