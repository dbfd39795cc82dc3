"""Looking up: a record's phone numbers, and the chats of those numbers on all connected WhatsApp numbers.

It works without an activated sync: TimelinesAI is asked for the chats of each number. Where the ledger knows chats of the
record they are added, and they are all there is while TimelinesAI cannot be asked.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.errors import NotFound, OutsideError
from chatledger.ledger import chats, links, organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Chat as StoredChat
from chatledger.models import Account, Chat, ChatKind, ChatsOfRecord, Page, RecordPhone, RecordRef
from chatledger.phones import alias_key, chat_phone_key, phone_keys

MOST_NUMBERS = 10
"""Numbers of one record that are asked for; a record with more is a list of people, not a person."""

MOST_PAGES = 4
"""Pages of chats read for one number; a number has one chat per connected number."""

NUMBERS_LIVE = timedelta(minutes=5)
FIELDS_LIVE = timedelta(hours=1)
ANYWHERE = "ZZ"
"""The region in which no national number is known: only international ones are read."""


@dataclass(slots=True)
class Known:
    """What look-ups of one organisation remember between them, so that each asks only for what it is about."""

    numbers: tuple[Account, ...] | None = None
    numbers_until: datetime | None = None
    phone_fields: dict[str, tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)


async def look_up_chats(
    ledger: Ledger, organisation_id: str, record: RecordRef, *, timelines: TimelinesClient, zoho: ZohoClient, known: Known
) -> ChatsOfRecord:
    """Return the chats of a record, read with the rights of whoever `zoho` is connected as.

    Raise `NotFound` for a record that is gone or hidden from that user, and whatever Zoho refuses. TimelinesAI's trouble is
    raised only where the ledger knows no chat of the record.
    """
    values, numbers, phone_fields = await asyncio.gather(
        _values(zoho, record), _numbers(timelines, known), _phone_fields(ledger, organisation_id, record.module, zoho, known)
    )
    connected, trouble = numbers
    regions = _regions(ledger, organisation_id, connected)
    phones, unread = _phones_of(values, phone_fields, regions)
    stored = _from_ledger(ledger, organisation_id, record, phones)
    found: list[Chat] = []
    if trouble is None:
        try:
            found = await _from_timelines(timelines, phones)
        except OutsideError as error:
            trouble = error
    if trouble is not None and not stored:
        raise trouble
    return ChatsOfRecord(record, values, phones, _newest_first([*stored, *found]), connected, unread, trouble)


def spellings(key: str) -> tuple[str, ...]:
    """Return every key that may be the same subscriber, the given one first."""
    alias = alias_key(key)
    possible = (key, alias, f"{alias[:5]}{alias[6:]}", f"+521{alias[3:]}", f"+549{alias[3:]}")
    return tuple(dict.fromkeys(one for one in possible if alias_key(one) == alias))


async def _values(zoho: ZohoClient, record: RecordRef) -> dict[str, Any]:
    values = await zoho.record(record.module, record.id)
    if values is None:
        text = f"Zoho CRM shows no record {record.id} of {record.module} to this user: open it in Zoho, or ask for the right."
        raise NotFound(text, system="Zoho CRM", code="RECORD_NOT_VISIBLE")
    return values


async def _numbers(timelines: TimelinesClient, known: Known) -> tuple[tuple[Account, ...], OutsideError | None]:
    now = datetime.now(UTC)
    if known.numbers is None or known.numbers_until is None or now > known.numbers_until:
        try:
            known.numbers, known.numbers_until = await timelines.accounts(), now + NUMBERS_LIVE
        except OutsideError as error:
            return known.numbers or (), error
    return known.numbers, None


async def _phone_fields(ledger: Ledger, organisation_id: str, module: str, zoho: ZohoClient, known: Known) -> tuple[str, ...]:
    now = datetime.now(UTC)
    until, names = known.phone_fields.get(module, (now, ()))
    if now < until:
        return names
    with ledger.reading() as session:
        fields = tuple(organisations.fields_of(session, organisation_id, module).values())
    names = tuple(one.api_name for one in fields or await zoho.fields(module) if one.data_type == "phone")
    known.phone_fields[module] = (now + FIELDS_LIVE, names)
    return names


def _regions(ledger: Ledger, organisation_id: str, numbers: Iterable[Account]) -> tuple[str, ...]:
    """Return where national numbers may be meant: as the sync's settings say, else where the connected numbers are."""
    try:
        with ledger.reading() as session:
            return (organisations.current_settings(session, organisation_id).default_region,)
    except LookupError:
        regions = dict.fromkeys(region for number in numbers if (region := _region_of(number.phone)))
        return tuple(regions) or (ANYWHERE,)


def _region_of(phone: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None


def _phones_of(
    values: dict[str, Any], fields: Sequence[str], regions: Sequence[str]
) -> tuple[tuple[RecordPhone, ...], tuple[str, ...]]:
    found: dict[str, RecordPhone] = {}
    unread: list[str] = []
    for name in fields:
        written = str(values.get(name) or "")
        keys = [key for region in regions for key in phone_keys(written, region)]
        found |= {key: RecordPhone(key, name) for key in keys if key not in found}
        if written.strip() and not keys:
            unread.append(name)
    return tuple(found.values())[:MOST_NUMBERS], tuple(unread)


def _from_ledger(ledger: Ledger, organisation_id: str, record: RecordRef, phones: Iterable[RecordPhone]) -> list[Chat]:
    with ledger.reading() as session:
        keys = [one for phone in phones for one in spellings(phone.key)] + links.of_record(session, organisation_id, record)
        rows = chats.of_keys(session, organisation_id, dict.fromkeys(keys))
    return [_as_read(row) for row in rows if row.kind == ChatKind.DIRECT and not row.erased]


def _as_read(row: StoredChat) -> Chat:
    return Chat(
        id=row.id, name=row.name, phone=row.phone, jid=row.jid, kind=ChatKind(row.kind), account_id=row.account_id,
        url=row.url, last_message_at=row.last_message_at, last_message_uid=row.last_message_uid,
    )  # fmt: skip


async def _from_timelines(timelines: TimelinesClient, phones: Iterable[RecordPhone]) -> list[Chat]:
    wanted = list(dict.fromkeys(one for phone in phones for one in spellings(phone.key)))
    answers = await asyncio.gather(*(_chats_of(timelines, key) for key in wanted))
    return [chat for answer in answers for chat in answer]


async def _chats_of(timelines: TimelinesClient, key: str) -> list[Chat]:
    """Return the chats of one number; what an index answers by resemblance is left out."""
    found: list[Chat] = []
    for number in range(1, MOST_PAGES + 1):
        page: Page[Chat] = await timelines.chats(number, phone=key)
        found += [chat for chat in page.items if chat.kind is ChatKind.DIRECT and _number_of(chat) == key]
        if not page.more:
            break
    return found


def _number_of(chat: Chat) -> str | None:
    return chat_phone_key(chat.jid, chat.phone, ANYWHERE)


def _newest_first(found: Iterable[Chat]) -> tuple[Chat, ...]:
    """Return every chat once, as TimelinesAI describes it where both sources know it."""
    chat_of = {chat.id: chat for chat in found}
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(chat_of.values(), key=lambda chat: (chat.last_message_at or never, chat.id), reverse=True))
