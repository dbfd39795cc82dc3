"""Keeps TimelinesAI's webhooks as they have to be, for as long as the pages are served."""

import asyncio
import logging

import anyio.to_thread

from blocks.credentials import timelines_of
from blocks.environment import MissingVariables, WebSettings, read_environment
from blocks.timelines_workspace import TimelinesWorkspace
from chatledger.delivery import webhook_registering, webhook_trust
from chatledger.delivery.webhook_registering import Subscribed
from chatledger.errors import ChatledgerError
from chatledger.ledger import organisations, webhook_registrations
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount

CHECK_SECONDS = 600
FIRST_CHECK_SECONDS = 2
LOOK_SECONDS = 20
"""How often it is seen that an organisation was activated, which then need not wait for the next check."""

log = logging.getLogger(__name__)


class WebhookUpkeep:
    """Checks the subscriptions of every active organisation of the ledger every ten minutes and repairs them.

    `on` says whether ticks rely on the webhooks of this installation's organisation, as of at most 20 seconds ago.
    """

    def __init__(self, settings: WebSettings, ledger: Ledger) -> None:
        self.on = False
        self._settings = settings
        self._ledger = ledger
        self._checked: dict[str, float] = {}

    async def run(self) -> None:
        """Go on until cancelled; whatever goes wrong is logged and tried again."""
        await asyncio.sleep(FIRST_CHECK_SECONDS)
        while True:
            try:
                await self._look()
            except ChatledgerError as error:
                log.warning("The webhooks could not be checked: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        active = await anyio.to_thread.run_sync(self._active)
        now = asyncio.get_running_loop().time()
        for organisation_id in active:
            if now - self._checked.get(organisation_id, -CHECK_SECONDS) >= CHECK_SECONDS:
                self._checked[organisation_id] = now
                await self._check(organisation_id)
        # One that is switched on again is checked at once.
        self._checked = {key: moment for key, moment in self._checked.items() if key in active}
        for organisation_id in await anyio.to_thread.run_sync(self._switched_off):
            await unsubscribe(self._settings, self._ledger, organisation_id)
        self.on = await anyio.to_thread.run_sync(self._trusted)

    async def _check(self, organisation_id: str) -> None:
        try:
            if await subscribe(self._settings, self._ledger, organisation_id):
                await anyio.to_thread.run_sync(self._hear)
        except ChatledgerError as error:
            log.warning("The webhooks of %s could not be checked: %s", organisation_id, error)

    def _hear(self) -> None:
        """Give the sign of life at once that the pages give twice a minute: what was just registered has had none yet."""
        with self._ledger.transaction() as session:
            webhook_registrations.listening(session, self._ledger.now())

    def _active(self) -> list[str]:
        with self._ledger.reading() as session:
            return [row.id for row in organisations.every(session) if row.active]

    def _switched_off(self) -> list[str]:
        with self._ledger.reading() as session:
            inactive = [row.id for row in organisations.every(session) if not row.active]
            return [each for each in inactive if webhook_registrations.find(session, each) is not None]

    def _trusted(self) -> bool:
        now, pause = self._ledger.now(), read_environment().chatledger_sweep_seconds
        with self._ledger.reading() as session:
            known = webhook_trust.health(session, self._settings.chatledger_organisation, now, pause)
        return known.trusted


async def subscribe(settings: WebSettings, ledger: Ledger, organisation_id: str) -> Subscribed | None:
    """Bring an organisation's subscriptions about; None without a public address or a connection to TimelinesAI.

    Raises ChatledgerError when that is not possible at the moment.
    """
    public_url = settings.chatledger_public_url
    workspace = await anyio.to_thread.run_sync(workspace_of, settings, ledger, organisation_id)
    if workspace is None or not public_url:
        return None
    webhooks = workspace.get_webhooks(CallCount())
    try:
        return await webhook_registering.keep_subscribed(ledger, webhooks, organisation_id, public_url)
    finally:
        await webhooks.aclose()


async def unsubscribe(settings: WebSettings, ledger: Ledger, organisation_id: str) -> int | None:
    """End an organisation's subscriptions and return how many there were; None without a connection to TimelinesAI.

    Raises ChatledgerError when that is not possible at the moment.
    """
    workspace = await anyio.to_thread.run_sync(workspace_of, settings, ledger, organisation_id)
    if workspace is None:
        return None
    webhooks = workspace.get_webhooks(CallCount())
    try:
        return await webhook_registering.give_up(ledger, webhooks, organisation_id)
    finally:
        await webhooks.aclose()


def workspace_of(settings: WebSettings, ledger: Ledger, organisation_id: str) -> TimelinesWorkspace | None:
    """Return the organisation's workspace from wherever its credentials are; None where nothing holds them."""
    if settings.timelines_api_token is not None and organisation_id == settings.chatledger_organisation:
        return TimelinesWorkspace(
            api_url=settings.timelines_api_url,
            api_token=settings.timelines_api_token,
            requests_per_second=settings.timelines_requests_per_second,
            timeout_seconds=settings.chatledger_http_timeout_seconds,
        )
    found = timelines_of(read_environment(), ledger, organisation_id)
    return None if isinstance(found, MissingVariables) else found
