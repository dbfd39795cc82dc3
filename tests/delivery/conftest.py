"""A verification on stage, with what it found."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from chatledger.delivery import closing, verifying, verifying_index, verifying_repairs
from chatledger.delivery import tick as ticks
from chatledger.delivery import verification as beginning
from chatledger.ledger import verifications
from chatledger.ledger.tables import Finding, Verification
from tests.stage import ORGANISATION, Stage


@dataclass(frozen=True)
class Verified:
    """A verification as the ledger keeps it."""

    row: Verification
    findings: list[Finding]

    @property
    def standings(self) -> dict[str, int]:
        """How many messages stand where, without zeros."""
        return {standing: number for standing, number in self.row.standings.items() if number}

    @property
    def kinds(self) -> dict[str, int]:
        """How many findings of each kind there are."""
        return dict(Counter(finding.kind for finding in self.findings))

    def only(self, kind: str) -> Finding:
        """Return the one finding there is, which is of this kind."""
        assert self.kinds == {kind: 1}
        return self.findings[0]


@pytest.fixture
def verify(stage: Stage):
    """Give a function that verifies the stage once, in the order of the flow."""

    def verified(**asked) -> Verified:
        return asyncio.run(_verify(stage, **asked))

    return verified


async def _verify(stage, *, repairs=True, **asked) -> Verified:
    timelines, zoho, count = stage.clients()
    verification = beginning.begin(
        stage.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, repairs=repairs, **asked
    )
    try:
        await verifying_index.compare_index(verification)
        for batch in await verifying.find_chats(verification):
            await verifying.verify_chats(verification, batch)
        if repairs and verification.to_pull:
            await _pull_again(stage, verification, timelines, zoho, count)
        row = verifying.end(verification)
    finally:
        await timelines.aclose()
        await zoho.aclose()
    with stage.ledger.reading() as session:
        return Verified(row, verifications.findings(session, ORGANISATION, row.id))


async def _pull_again(stage, verification, timelines, zoho, count):
    tick = ticks.begin(
        stage.ledger, ORGANISATION, timelines=timelines, zoho=zoho, count=count, options=stage.options, record_url="",
        kind="repair",
    )  # fmt: skip
    await verifying_repairs.pull_again(tick, verification.id, sorted(verification.to_pull), verification.listed)
    closing.end(tick)
