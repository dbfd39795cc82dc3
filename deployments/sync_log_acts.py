"""What the sync log can have done: explaining, choosing a record, trying messages again."""

import time
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from blocks.credentials import credentials_of
from blocks.environment import WebSettings, read_environment
from chatledger.delivery import pinning
from chatledger.delivery.explained import MessageExplained, PhoneExplained
from chatledger.delivery.explaining import explain
from chatledger.delivery.retrying import RetriedReason
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount, RecordRef
from chatledger.web.acts import Acts
from deployments.run_requests import REQUESTED, asking_prefect, prefect_pages

ADDRESS_LIVES_SECONDS = 60.0
"""How soon the pages notice that another data centre was connected."""


def build_acts(settings: WebSettings, ledger: Ledger) -> Acts:
    """Return what an operator of the organisation can have done."""
    acts = SyncLogActs(ledger, settings.chatledger_organisation)
    return Acts(
        explain=acts.explain,
        pin=acts.pin,
        unpin=acts.unpin,
        retry=acts.retry,
        retriable=frozenset(code.value for code in RetriedReason),
        record_url=acts.record_url,
        prefect_url=prefect_pages,
    )


class SyncLogActs:
    """The acts of one organisation, for as long as the pages are served."""

    def __init__(self, ledger: Ledger, organisation_id: str) -> None:
        self._ledger = ledger
        self._organisation = organisation_id
        self._address: tuple[float, str | None] = (0.0, None)

    def explain(self, what: str) -> MessageExplained | PhoneExplained:
        """Explain a message or a number by what the ledger knows."""
        return explain(self._ledger, self._organisation, what, self.record_url())

    async def pin(self, phone_key: str, record: RecordRef) -> None:
        """Link a number to a record a person chose, read from Zoho first."""
        found = await run_in_threadpool(credentials_of, read_environment(), self._ledger, self._organisation)
        zoho = found.zoho.get_client(CallCount(), found.token_store(self._ledger))
        try:
            await pinning.pin(self._ledger, zoho, self._organisation, phone_key, record)
        finally:
            await zoho.aclose()

    def unpin(self, phone_key: str) -> None:
        """Forget which record a number is linked to."""
        pinning.unpin(self._ledger, self._organisation, phone_key)

    async def retry(self, *, uids: Sequence[str] = (), reasons: Sequence[str] = ()) -> None:
        """Have Prefect start a run that tries these messages again."""
        chosen = {"reasons": list(reasons) or None, "messages": list(uids) or None}
        parameters: dict[str, object] = {"organisation": self._organisation, **chosen}
        await run_in_threadpool(_start_retry, self._organisation, parameters)

    def record_url(self) -> str | None:
        """Return the address below which `module/id` opens in Zoho, None where nothing is connected."""
        now = time.monotonic()
        if now >= self._address[0]:
            self._address = (now + ADDRESS_LIVES_SECONDS, self._read_address())
        return self._address[1]

    def _read_address(self) -> str | None:
        with self._ledger.reading() as session:
            organisation = organisations.find(session, self._organisation)
        if organisation is None:
            return None
        try:
            zoho = credentials_of(read_environment(), self._ledger, self._organisation).zoho
        except UsageError:
            return None
        return zoho.record_url.format(zgid=organisation.zgid)


def _start_retry(organisation: str, parameters: dict[str, object]) -> None:
    with asking_prefect("chatledger retry") as client:
        deployment = client.read_deployment_by_name(f"retry-messages/{organisation}")
        client.create_flow_run_from_deployment(deployment.id, parameters=parameters, tags=[REQUESTED])
