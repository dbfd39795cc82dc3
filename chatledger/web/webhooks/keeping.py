"""Keeps what webhooks bring, durably before they are answered; what arrives together is written together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from chatledger.errors import LedgerUnavailable
from chatledger.ledger import webhook_inbox
from chatledger.ledger.database import Ledger
from chatledger.ledger.webhook_inbox import Brought

MOST_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class _Delivery:
    organisation_id: str
    events: Sequence[Brought]
    kept: "asyncio.Future[None]"


class InboxKeeper:
    """Writes to the inbox in one transaction at a time: a burst costs one wait for the disk, not one for each request."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[_Delivery] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, organisation_id: str, events: Sequence[Brought]) -> None:
        """Return once the events are on the disk. Raises LedgerUnavailable when they cannot be written."""
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append(_Delivery(organisation_id, events, kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                await self._commit(together)
            except LedgerUnavailable as error:
                _answer(together, error)
            except Exception:  # noqa: BLE001  one that no database takes must not take the others with it
                await self._write_alone(together)
            else:
                _answer(together, None)

    async def _write_alone(self, deliveries: list[_Delivery]) -> None:
        for delivery in deliveries:
            try:
                await self._commit([delivery])
            except Exception as error:  # noqa: BLE001  told to whoever waits for this one
                _answer([delivery], error)
            else:
                _answer([delivery], None)

    async def _commit(self, deliveries: list[_Delivery]) -> None:
        by_organisation: dict[str, list[Brought]] = {}
        for delivery in deliveries:
            by_organisation.setdefault(delivery.organisation_id, []).extend(delivery.events)
        await run_in_threadpool(self._store, by_organisation)

    def _store(self, by_organisation: dict[str, list[Brought]]) -> None:
        with self._ledger.transaction() as session:
            now = self._ledger.now()
            for organisation_id, events in by_organisation.items():
                webhook_inbox.add(session, organisation_id, events, now)


def _answer(deliveries: list[_Delivery], error: Exception | None) -> None:
    for delivery in deliveries:
        if delivery.kept.done():
            continue
        if error is None:
            delivery.kept.set_result(None)
        else:
            delivery.kept.set_exception(error)
