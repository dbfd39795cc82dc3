"""What goes on beside the pages for as long as they are served."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from chatledger.errors import LedgerUnavailable
from chatledger.ledger import webhook_registrations
from chatledger.ledger.database import Ledger
from chatledger.web.parts import WebParts

SIGN_OF_LIFE_SECONDS = 30

log = logging.getLogger(__name__)


def beside(parts: WebParts) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Return the application's lifespan: open pages are told of news, and the ledger is told that webhooks are heard."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(parts.broadcaster.watch(parts.ledger))]
        if parts.public:
            tasks.append(asyncio.create_task(_give_signs_of_life(parts.ledger)))
        if parts.webhook_upkeep is not None:
            tasks.append(asyncio.create_task(parts.webhook_upkeep()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan


async def _give_signs_of_life(ledger: Ledger) -> None:
    """Write down twice a minute that webhooks find somebody here; ticks rely on them only then."""
    begins = True
    while True:
        try:
            await run_in_threadpool(_listening, ledger, begins)
            begins = False
        except LedgerUnavailable as error:
            log.warning("The ledger does not know that webhooks are heard: %s", error)
        await asyncio.sleep(SIGN_OF_LIFE_SECONDS)


def _listening(ledger: Ledger, begins: bool) -> None:
    with ledger.transaction() as session:
        webhook_registrations.listening(session, ledger.now(), begins=begins)
