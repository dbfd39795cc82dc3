"""Repairing what a verification found missing in the ledger: the chats are pulled again, and the next tick writes the rest."""

from collections.abc import Iterable, Mapping, Sequence

from chatledger.delivery import pull
from chatledger.delivery.comparing import FindingKind
from chatledger.delivery.tick import Tick
from chatledger.ledger import chats, verifications
from chatledger.models import Chat
from chatledger.phones import chat_phone_key

PULLED_AGAIN = (FindingKind.MESSAGE_NOT_STORED, FindingKind.MESSAGE_CHANGED)


async def pull_again(tick: Tick, verification_id: str, chat_ids: Sequence[int], listed: Mapping[int, Chat]) -> None:
    """Read these chats in full again and store what the ledger lacks, open; mark as repaired what it then holds.

    `listed` are the chats as TimelinesAI lists them: one that the ledger has never seen is taken in. Trouble with TimelinesAI
    is remembered in the tick, and what it left open stays a finding.
    """
    region, now = tick.settings.default_region, tick.ledger.now()
    known = [listed[chat_id] for chat_id in chat_ids if chat_id in listed]
    with tick.ledger.transaction() as session:
        chats.store_page(
            session, tick.organisation_id, known, since=tick.starts_at, now=now,
            phone_key=lambda chat: chat_phone_key(chat.jid, chat.phone, region),
        )  # fmt: skip
        chats.have_read_in_full(session, tick.organisation_id, chat_ids)
    await pull.read_changed_chats(tick)
    _mark_repaired(tick, verification_id, chat_ids)


def _mark_repaired(tick: Tick, verification_id: str, chat_ids: Iterable[int]) -> None:
    pulled = set(chat_ids)
    with tick.ledger.transaction() as session:
        found = [row for row in verifications.of_messages(session, verification_id, PULLED_AGAIN) if row.chat_id in pulled]
        stored = verifications.content_hashes(session, tick.organisation_id, [row.message_uid or "" for row in found])
        for row in found:
            row.repaired = stored.get(row.message_uid or "") == row.found_hash
