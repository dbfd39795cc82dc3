"""The look-up a flow run stands for: one that a page is waiting for in this process, or one of the flow's own.

Only counts leave this file towards Prefect; numbers, names and chats stay with whoever asked.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from blocks.chat_ledger import ChatLedger
from blocks.credentials import credentials_of
from blocks.environment import read_environment
from chatledger.delivery import looking_up
from chatledger.models import CallCount, ChatsOfRecord, RecordRef


@dataclass(frozen=True, slots=True)
class Counts:
    """What a look-up found, in numbers; `only_ledger` says that TimelinesAI could not be asked."""

    phones: int
    chats: int
    only_ledger: bool = False


_waited_for: ContextVar[Future[Counts] | None] = ContextVar("look-up that a page is waiting for", default=None)


@contextmanager
def standing_for(look_up: Future[Counts]) -> Iterator[None]:
    """Let a flow run of this block stand for a look-up that is under way; the run waits for it and asks nobody itself."""
    token = _waited_for.set(look_up)
    try:
        yield
    finally:
        _waited_for.reset(token)


def counts_of(found: ChatsOfRecord) -> Counts:
    """Return the counts of a look-up."""
    return Counts(len(found.phones), len(found.chats), found.only_ledger is not None)


def look_up(record: RecordRef, organisation: str) -> Counts:
    """Return what the look-up found that this run stands for, else what one with the organisation's connection finds."""
    waited_for = _waited_for.get()
    return waited_for.result() if waited_for is not None else asyncio.run(_look_up(record, organisation))


async def _look_up(record: RecordRef, organisation: str) -> Counts:
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    timelines, zoho = credentials_of(environment, ledger, organisation).clients(ledger, CallCount())
    try:
        return counts_of(
            await looking_up.look_up_chats(
                ledger, organisation, record, timelines=timelines, zoho=zoho, known=looking_up.Known()
            )
        )
    finally:
        await timelines.aclose()
        await zoho.aclose()
        ledger.close()
