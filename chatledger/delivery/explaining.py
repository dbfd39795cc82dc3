"""Explaining: why a message or a phone is where it is, or why not. Reads the ledger alone and asks no outside system."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chatledger.delivery import resolving
from chatledger.delivery.explained import (
    Candidate,
    ChatExplained,
    LinkExplained,
    MessageExplained,
    Move,
    NoteExplained,
    PhoneExplained,
    Place,
    Prospect,
    WriteExplained,
)
from chatledger.errors import UsageError
from chatledger.ledger import Session, chats, erasures, history, intents, links, organisations, phone_index
from chatledger.ledger.database import Ledger
from chatledger.ledger.reasons import reasons_in_words, rules_in_words
from chatledger.ledger.tables import Change, Chat, Intent, Link, Message
from chatledger.matching import Ambiguous, Case, CreateRecord, Linked, Matched, NotSynced, decide
from chatledger.models import IndexedRecord, Reason, RecordRef
from chatledger.phones import alias_key, phone_key
from chatledger.settings import SyncSettings

_FATE = {
    "open": "It is on its way, or the run that sent it has just ended.",
    "unknown": "Zoho gave no trustworthy answer; it is looked up before anything is sent again.",
    "confirmed": "Zoho confirmed it.",
    "refused": "Zoho did not do it.",
    "abandoned": "It never left.",
    "found": "Zoho gave no answer; it was found there later and adopted.",
    "missing": "Zoho gave no answer and it was not found there, so it is sent again.",
    "overwritten": "Zoho gave no answer; the current text was sent again over it.",
}


def explain(ledger: Ledger, organisation_id: str, what: str, record_url: str | None) -> MessageExplained | PhoneExplained:
    """Explain a message by its uid, or a phone in any spelling; for one never seen, what would be decided about it.

    `record_url` is the address below which a person finds `module/id`. Raises UsageError for what is neither.
    """
    with ledger.reading() as session:
        reader = _Reader(session, organisation_id, record_url)
        row = history.message(session, organisation_id, what)
        if row is not None:
            return reader.message(row)
        key = phone_key(what, reader.settings.default_region)
        found = reader.phone(key) if key else None
    if found is None:
        raise UsageError(
            "The ledger knows no message with this uid, and it is no phone number either: a number begins with + and its "
            "country code or is one of the organisation's own region; `chatledger log` lists the messages."
        )
    return found


class _Reader:
    """Reads what belongs together for one explanation, in one unchanging state of the ledger."""

    def __init__(self, session: Session, organisation_id: str, record_url: str | None) -> None:
        self.settings: SyncSettings = organisations.current_settings(session, organisation_id)
        self._session = session
        self._organisation = organisation_id
        self._base = record_url.rstrip("/") if record_url else None
        self._users = history.users(session, organisation_id)
        self._numbers = chats.accounts(session, organisation_id)

    def message(self, row: Message) -> MessageExplained:
        words = reasons_in_words()[row.reason]
        chat = next(iter(chats.load(self._session, self._organisation, [row.chat_id])), None)
        note = history.note(self._session, self._organisation, row.note_id) if row.note_id else None
        writes = history.writes_of_message(self._session, self._organisation, row)
        return MessageExplained(
            uid=row.uid,
            kind=row.kind,
            direction=row.direction,
            timestamp=row.timestamp,
            chat=self._chats([chat])[0] if chat else None,
            outcome=row.outcome,
            reason=row.reason,
            meaning=words.meaning,
            remedy=words.remedy,
            detail=row.detail,
            attempts=row.attempts,
            next_try_at=row.next_try_at,
            first_seen_at=row.first_seen_at,
            decided_at=row.decided_at,
            run_id=row.run_id,
            record=self._place(RecordRef(row.module, row.record_id)) if row.module and row.record_id else None,
            note=NoteExplained(note.zoho_id or "", note.title) if note else None,
            writes=tuple(map(self._write, writes)),
            phone=self.phone(chat.phone_key) if chat and chat.phone_key else None,
        )

    def phone(self, key: str) -> PhoneExplained:
        """Explain a phone key, known or not."""
        family = chats.of_keys(self._session, self._organisation, [key])
        link = links.load(self._session, self._organisation, [key]).get(key)
        moves = history.changes_of_key(self._session, self._organisation, key)
        case = self._case(key, family)
        created = intents.created_records(self._session, self._organisation, key)
        waiting = history.unsettled_writes(self._session, self._organisation, [chat.id for chat in family])
        alias = alias_key(key)
        return PhoneExplained(
            key=key,
            alias=alias if alias != key else None,
            link=self._link(link) if link else None,
            moves=tuple(map(_move, moves)),
            chats=self._chats(family),
            now=self._prospect(key, case, created),
            writes=tuple(map(self._write, (*created, *waiting))),
        )

    def _case(self, key: str, family: Iterable[Chat]) -> Case:
        chats_of = {key: [chat.id for chat in family]}
        return resolving.cases(self._session, self._organisation, self.settings, [key], chats_of)[key]

    def _prospect(self, key: str, case: Case, writes: Iterable[Intent]) -> Prospect:
        states = phone_index.states(self._session, self._organisation)
        read = [state.read_at for state in states.values() if state.read_at]
        read_at = min(read, default=None)
        if erasures.is_erased(self._session, self._organisation)(key):
            meaning = "This person was erased on request: their next message is counted and skipped, nothing of it is kept."
            return Prospect("skipped", meaning, None, (), read_at, Reason.ERASED)
        if any(write.state in intents.UNSETTLED for write in writes):
            return _waits(Reason.WRITE_UNCONFIRMED, read_at)
        if len(read) < len(self.settings.phone_fields) or any(state.state != "complete" for state in states.values()):
            return _waits(Reason.INDEX_BUILDING, read_at)
        return self._decided(case, read_at)

    def _decided(self, case: Case, read_at: datetime | None) -> Prospect:
        match decide(case, self.settings):
            case Linked(record):
                meaning = "Its next message goes to the linked record."
                return Prospect("linked", meaning, self._place(record), (), read_at, "link")
            case Matched() as found:
                meaning = f"Its next message goes to this record. {rules_in_words()[found.rule]}"
                candidates = self._held(found.candidates, found.record)
                return Prospect("matched", meaning, self._place(found.record), candidates, read_at, found.rule)
            case Ambiguous(rows):
                meaning = reasons_in_words()[Reason.SEVERAL_MATCHES].meaning
                return Prospect("parked", meaning, None, self._held(rows, None), read_at, Reason.SEVERAL_MATCHES)
            case NotSynced(reason):
                return Prospect("skipped", reasons_in_words()[reason].meaning, None, (), read_at, reason)
            case CreateRecord():
                meaning = f"No record holds this number: its next message creates one in {self.settings.target_module}."
                return Prospect("create", meaning, None, (), read_at)

    def _link(self, link: Link) -> LinkExplained:
        return LinkExplained(
            record=self._place(RecordRef(link.module, link.record_id)),
            rule=link.rule,
            meaning=rules_in_words()[link.rule],
            form=link.matched_key,
            pinned=link.pinned,
            since=link.changed_at,
            run_id=link.run_id,
            candidates=tuple(self._candidate(row, link) for row in link.candidates),
        )

    def _candidate(self, row: dict[str, Any], link: Link) -> Candidate:
        ref = RecordRef(row["module"], row["record"])
        return Candidate(
            record=self._place(ref),
            form=row["matched"] or "",
            created_at=_moment(row["created"]),
            modified_at=_moment(row["modified"]),
            converted=row["converted"],
            chosen=ref == RecordRef(link.module, link.record_id),
        )

    def _held(self, rows: Iterable[IndexedRecord], chosen: RecordRef | None) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                self._place(row.ref), row.phone_key or "", row.created_at, row.modified_at, row.converted, row.ref == chosen
            )
            for row in rows
        )

    def _place(self, ref: RecordRef) -> Place:
        url = f"{self._base}/{ref.module}/{ref.id}" if self._base else None
        known = phone_index.by_id(self._session, self._organisation, [ref]).get(ref)
        if known is None:
            return Place(ref.module, ref.id, url)
        state = "gone" if not known.alive else "converted" if known.converted else "alive"
        return Place(ref.module, ref.id, url, self._users.get(known.owner_id or ""), state)

    def _chats(self, rows: Iterable[Chat]) -> tuple[ChatExplained, ...]:
        family = list(rows)
        counted = history.outcomes_of_chats(self._session, self._organisation, [chat.id for chat in family])
        return tuple(self._chat(chat, counted.get(chat.id, {})) for chat in family)

    def _chat(self, chat: Chat, counted: dict[str, int]) -> ChatExplained:
        number = self._numbers.get(chat.account_id)
        return ChatExplained(
            id=chat.id,
            name=chat.name,
            number=number.owner_name if number else "",
            connected=bool(number and number.connected),
            url=chat.url,
            messages=counted,
        )

    def _write(self, row: Intent) -> WriteExplained:
        fate = _fate(row)
        made = row.result_id if row.kind == "create_record" else row.record_id
        return WriteExplained(
            id=row.id or 0,
            kind=row.kind,
            state=row.state,
            meaning=_FATE[fate],
            decided_at=row.decided_at,
            settle_after=row.settle_after,
            record=self._place(RecordRef(row.module, made)) if made else None,
            result_id=row.result_id,
            refusal=row.refusal,
            run_id=row.run_id,
            adopted=fate == "found",
        )


def _waits(reason: Reason, read_at: datetime | None) -> Prospect:
    return Prospect("waits", reasons_in_words()[reason].meaning, index_read_at=read_at, code=reason)


def _fate(row: Intent) -> str:
    if row.state != "settled":
        return row.state
    if row.kind == "update_note":
        return "overwritten"
    return "found" if row.result_id else "missing"


def _move(change: Change) -> Move:
    after = change.after or {}
    return Move(
        at=change.at,
        what=change.what,
        actor=change.actor,
        run_id=change.run_id,
        before=_ref(change.before),
        after=_ref(change.after),
        rule=after.get("rule", ""),
        through=tuple(RecordRef(*hop.split("/", 1)) for hop in after.get("hops", [])),
    )


def _ref(part: dict[str, Any] | None) -> RecordRef | None:
    return RecordRef(part["module"], part["record"]) if part and part.get("record") else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
