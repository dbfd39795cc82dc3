"""An hourly look at both connections of every organisation, so that a person learns of trouble before messages wait.

It is the part of `chatledger doctor` that asks outside, by GET only: about ten calls and as many credits.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from blocks.credentials import Credentials, credentials_of
from blocks.environment import Environment, read_environment
from chatledger.errors import ChatledgerError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount
from deployments.checks import timelines, zoho
from deployments.checks.findings import Finding, Level
from tasks.alarms import AT_RISK, QUOTA_LOW, REFUSED, tell

FIRST_SECONDS, PAUSE_SECONDS = 600.0, 3600.0

_EVENTS = {
    "TimelinesAI": REFUSED,
    "Zoho": REFUSED,
    "workspace": REFUSED,
    "Zoho organisation": REFUSED,
    "Zoho scopes": AT_RISK,
    "Zoho user": AT_RISK,
    "settings": AT_RISK,
    "TimelinesAI calls": QUOTA_LOW,
    "Zoho credits": QUOTA_LOW,
}
"""Which alert a finding belongs to; whatever is not here is told by the ticks themselves or by nobody but `doctor`."""

logger = logging.getLogger(__name__)


class ConnectionWatch:
    """Looks at the connections of active organisations, ten minutes after the start and then every hour."""

    def __init__(self, ledger: Ledger, say: Callable[[str, str | None], None]) -> None:
        self._ledger = ledger
        self._say = say
        self._next = time.monotonic() + FIRST_SECONDS

    def look(self, active: list[str]) -> None:
        """Look when it is time; what is found becomes events in Prefect and a line for whoever reads the output."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PAUSE_SECONDS
        environment = read_environment()
        for organisation in active:
            self._tell(organisation, self._findings(environment, organisation))

    def _findings(self, environment: Environment, organisation: str) -> list[Finding]:
        credentials = credentials_of(environment, self._ledger, organisation)
        try:
            return asyncio.run(_asked(self._ledger, credentials, environment.zoho_api_url))
        except ChatledgerError as error:
            logger.info("The connections of %s could not be looked at: %s", organisation, error)
            return []

    def _tell(self, organisation: str, findings: list[Finding]) -> None:
        bad = [each for each in findings if each.level is not Level.OK and each.check in _EVENTS]
        for finding in bad:
            system = "Zoho CRM" if "Zoho" in finding.check or finding.check == "settings" else "TimelinesAI"
            tell(organisation, _EVENTS[finding.check], system=system)
        self._say(f"connections of {organisation}", "; ".join(f"{each.check}: {each.said}" for each in bad) or None)


async def _asked(ledger: Ledger, credentials: Credentials, api_url: str | None) -> list[Finding]:
    with ledger.reading() as session:
        organisation = organisations.get(session, credentials.organisation_id)
        settings = organisations.current_settings(session, organisation.id)
    workspace, crm = credentials.clients(ledger, CallCount())
    try:
        tokens = credentials.token_store(ledger)
        return [
            *[finding async for finding in timelines.check(workspace, organisation)],
            *[finding async for finding in zoho.check(crm, tokens, api_url, organisation, settings)],
        ]
    finally:
        await workspace.aclose()
        await crm.aclose()
