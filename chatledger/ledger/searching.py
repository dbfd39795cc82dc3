"""What a person may mean by a text typed into the search of the sync log."""

import re
from dataclasses import dataclass

from sqlmodel import Session, col, select

from chatledger.ledger import chats, history, run_pages
from chatledger.ledger.folding import folded
from chatledger.ledger.tables import Chat, Link, Note
from chatledger.phones import phone_key

MOST_CHATS = 200
LEAST_LETTERS = 2
LEAST_DIGITS = 4
_ID_AT_END = re.compile(r"(\d{4,})\D*$", re.ASCII)
_RUN_ID = re.compile(r"[0-9a-f]{6}[0-9a-f-]{0,30}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a text names: one message, one run, one note by its row, or chats, the most recently used first.

    `more` says that further chats match. `by` tells what of a chat matched: phone, chat, record, note or name.
    """

    message_uid: str | None = None
    run_id: str | None = None
    chats: tuple[Chat, ...] = ()
    more: bool = False
    by: str = ""


def search(session: Session, organisation_id: str, text: str, region: str) -> Found:
    """Find what a text names: a uid, a number, an id or address of Zoho or TimelinesAI, a run, a name."""
    wanted = text.strip()
    if history.message(session, organisation_id, wanted) is not None:
        return Found(message_uid=wanted)
    if _RUN_ID.fullmatch(wanted.lower()) and (run := run_pages.beginning_with(session, organisation_id, wanted.lower())):
        return Found(run_id=run.id)
    number = _ID_AT_END.search(wanted)
    if number and (found := _by_id(session, organisation_id, number[1])):
        return found
    for ids, by in (
        (_of_phone(session, organisation_id, wanted, region), "phone"),
        (_of_name(session, organisation_id, wanted), "name"),
    ):
        if ids:
            return _of_chats(session, organisation_id, ids, by)
    return Found()


def _by_id(session: Session, organisation_id: str, number: str) -> Found | None:
    """Find by an id: chats and records are told apart by where it is known, since both are only digits."""
    if len(number) <= len(str(2**63 - 1)) and (chat := session.get(Chat, (organisation_id, int(number)))):
        return Found(chats=(chat,), by="chat")
    of_notes = select(Note.chat_id).where(Note.organisation_id == organisation_id).distinct()
    for_record = list(session.exec(of_notes.where(Note.record_id == number)))
    keys = session.exec(select(Link.phone_key).where(Link.organisation_id == organisation_id, Link.record_id == number)).all()
    for_record += [chat.id for chat in chats.of_keys(session, organisation_id, keys)]
    if for_record:
        return _of_chats(session, organisation_id, for_record, "record")
    for_note = list(session.exec(of_notes.where(Note.zoho_id == number)))
    return _of_chats(session, organisation_id, for_note, "note") if for_note else None


def _of_phone(session: Session, organisation_id: str, text: str, region: str) -> list[int]:
    key = phone_key(text, region)
    if key and (family := chats.of_keys(session, organisation_id, [key])):
        return [chat.id for chat in family]
    digits = re.sub(r"[\s().+-]", "", text)
    if not digits.isascii() or not digits.isdigit() or len(digits) < LEAST_DIGITS:
        return []
    return _ids(session, organisation_id, col(Chat.phone_key).contains(digits))


def _of_name(session: Session, organisation_id: str, text: str) -> list[int]:
    wanted = folded(text)
    if len(wanted) < LEAST_LETTERS:
        return []
    return _ids(session, organisation_id, col(Chat.name_folded).contains(wanted, autoescape=True))


def _ids(session: Session, organisation_id: str, condition: object) -> list[int]:
    query = select(Chat.id).where(Chat.organisation_id == organisation_id, condition)  # type: ignore[arg-type]
    return list(session.exec(query.order_by(col(Chat.last_message_at).desc()).limit(MOST_CHATS + 1)))


def _of_chats(session: Session, organisation_id: str, ids: list[int], by: str) -> Found:
    unique = list(dict.fromkeys(ids))
    rows = {row.id: row for row in chats.load(session, organisation_id, unique[:MOST_CHATS])}
    return Found(
        chats=tuple(rows[chat_id] for chat_id in unique[:MOST_CHATS] if chat_id in rows), more=len(unique) > MOST_CHATS, by=by
    )
