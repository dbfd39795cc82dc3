"""Which record a phone key belongs to: the ten rows of the matching table as one pure function.

A link decides first. Without one: alive records of the target module (exact key, then alias), then what became of converted
leads, then the converted module's own phone field, and only when nothing is anywhere, a new record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from chatledger.models import IndexedRecord, Reason, RecordRef
from chatledger.settings import Converted, CreateOn, SeveralMatches, SyncSettings

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Rule(StrEnum):
    """What decided that a phone key belongs to a record; kept with the link for whoever asks why."""

    LINK = "link"
    PINNED = "pinned"
    EXACT = "exact"
    ALIAS = "alias"
    CONVERSION_TRACE = "conversion_trace"
    CONVERTED_EXACT = "converted_module_exact"
    CONVERTED_ALIAS = "converted_module_alias"
    CREATED = "created"
    ADOPTED = "adopted"
    DUPLICATE = "duplicate_refused"


@dataclass(frozen=True, slots=True)
class Found:
    """Records with exactly this phone key, and those with an alias of it."""

    exact: tuple[IndexedRecord, ...] = ()
    alias: tuple[IndexedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the decision about one phone key rests on.

    `linked` is what the index knows of the linked record, None when its module is not indexed or the row was never seen.
    `known_contacts` is what it knows of contacts that conversion traces name, by id.
    """

    phone_key: str
    link: RecordRef | None
    linked: IndexedRecord | None
    target: Found
    converted: Found
    known_contacts: dict[str, IndexedRecord]
    somebody_wrote_to_us: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """The remembered record is alive: row 3."""

    record: RecordRef


@dataclass(frozen=True, slots=True)
class Matched:
    """A record was found; `hops` are the records it was reached through, oldest first."""

    record: RecordRef
    rule: Rule
    matched_key: str
    candidates: tuple[IndexedRecord, ...] = ()
    hops: tuple[RecordRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several records are alive and the settings leave the choice to a person."""

    candidates: tuple[IndexedRecord, ...]


@dataclass(frozen=True, slots=True)
class CreateRecord:
    """Nothing anywhere: a record has to be created. `hops` names a record that was there before."""

    hops: tuple[RecordRef, ...] = ()


@dataclass(frozen=True, slots=True)
class NotSynced:
    """Nothing is written for this key, for the given reason."""

    reason: Reason


Decision = Linked | Matched | Ambiguous | CreateRecord | NotSynced


def decide(case: Case, settings: SyncSettings) -> Decision:
    """Decide where the chats of one phone key belong."""
    hops: tuple[RecordRef, ...] = ()
    if case.link is not None:
        if case.linked is None or (case.linked.alive and not case.linked.converted):
            return Linked(case.link)
        hops = (case.link,)
        if case.linked.alive:
            followed = _after_conversion((case.linked,), case, settings, hops)
            if not isinstance(followed, CreateRecord):
                return followed
    return _without_link(case, settings, hops)


def _without_link(case: Case, settings: SyncSettings, hops: tuple[RecordRef, ...]) -> Decision:
    # row 5
    match = _one_alive(case.target, settings, Rule.EXACT, Rule.ALIAS, hops)
    if match is not None:
        return match
    # row 6
    if settings.create_on is CreateOn.INCOMING and not case.somebody_wrote_to_us:
        return NotSynced(Reason.OUTGOING_ONLY)
    # rows 7 and 8
    former = _converted(case.target.exact) or _converted(case.target.alias)
    return _after_conversion(former, case, settings, hops)


def _after_conversion(
    former: Sequence[IndexedRecord], case: Case, settings: SyncSettings, hops: tuple[RecordRef, ...]
) -> Decision:
    if settings.target_module == "Leads":
        if former and settings.converted is Converted.STOP:
            return NotSynced(Reason.CONVERTED_STOP)
        if settings.converted is Converted.CONTINUE:
            return _trace(former, case, hops) or _in_converted_module(case, settings, hops)
    return CreateRecord(hops)


def _trace(former: Sequence[IndexedRecord], case: Case, hops: tuple[RecordRef, ...]) -> Matched | None:
    """Row 8: the contact the conversion led to, unless that one is known to be gone."""
    for lead in sorted(former, key=_latest_first):
        contact = lead.converted_contact
        known = case.known_contacts.get(contact) if contact else None
        if contact and (known is None or known.alive):
            record = RecordRef("Contacts", contact)
            through = hops if lead.ref in hops else (*hops, lead.ref)
            return Matched(record, Rule.CONVERSION_TRACE, lead.phone_key or case.phone_key, tuple(former), through)
    return None


def _in_converted_module(case: Case, settings: SyncSettings, hops: tuple[RecordRef, ...]) -> Decision:
    # rows 9 and 10
    match = _one_alive(case.converted, settings, Rule.CONVERTED_EXACT, Rule.CONVERTED_ALIAS, hops)
    return match or CreateRecord(hops)


def _one_alive(
    found: Found, settings: SyncSettings, exact: Rule, alias: Rule, hops: tuple[RecordRef, ...]
) -> Matched | Ambiguous | None:
    for rows, rule in ((found.exact, exact), (found.alias, alias)):
        alive = tuple(row for row in rows if row.alive and not row.converted)
        if len(alive) > 1 and settings.several_matches is SeveralMatches.HOLD:
            return Ambiguous(alive)
        if alive:
            chosen = min(
                alive, key=_oldest_first if settings.several_matches is SeveralMatches.OLDEST_CREATED else _latest_first
            )
            return Matched(chosen.ref, rule, chosen.phone_key or "", alive, hops)
    return None


def _converted(rows: Sequence[IndexedRecord]) -> tuple[IndexedRecord, ...]:
    return tuple(row for row in rows if row.alive and row.converted)


def _latest_first(row: IndexedRecord) -> tuple[float, int]:
    return (-_seconds(row.modified_at), -_number(row.ref.id))


def _oldest_first(row: IndexedRecord) -> tuple[float, int]:
    return (_seconds(row.created_at), _number(row.ref.id))


def _seconds(moment: datetime | None) -> float:
    return ((moment or _BEGINNING) - _BEGINNING).total_seconds()


def _number(record_id: str) -> int:
    return int(record_id) if record_id.isdigit() else 0
