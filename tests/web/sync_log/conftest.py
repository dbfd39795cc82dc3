"""The sync log on stage: the pages over a ledger in which every kind of thing has happened."""

import pytest

from chatledger.delivery import pinning
from chatledger.delivery.explaining import explain
from chatledger.delivery.retrying import RetriedReason
from chatledger.web.acts import Acts
from tests.stage import ORGANISATION

BERTA, CARLA = "+573004445566", "+573007778899"
ZOHO = "https://crm.example/org700100/tab"


@pytest.fixture
def told(stage):
    """A ledger with notes written twice, two records that hold one number, a refused record, a group and a hidden number."""
    stage.zoho.add_record("Leads", {"Last_Name": "Berta Uno", "Mobile": BERTA})
    stage.zoho.add_record("Leads", {"Last_Name": "Berta Dos", "Mobile": BERTA})
    stage.activate(several_matches="hold")
    stage.receive("Hola, ¿tienen café?", name="Ana Ruiz")
    stage.receive("grupo", phone=None, jid="120363025246125486@g.us", name="Grupo de ventas")
    stage.receive("oculto", phone=None, jid="213456789012345@lid", name="Oculta")
    stage.receive("¿Hay pan?", phone=BERTA, name="<b>Berta</b> Núñez")
    stage.tick()
    stage.receive("Gracias, hasta mañana", from_me=True)
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive("Buenas", phone=CARLA, name="Carla", account="573105550900@s.whatsapp.net")
    stage.tick()
    return stage


class Asked:
    """What the pages have asked for."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.retries = []

    async def retry(self, *, uids=(), reasons=()):
        self.retries.append((list(uids), list(reasons)))

    async def pin(self, key, record):
        _, zoho, _ = self.stage.clients()
        try:
            await pinning.pin(self.stage.ledger, zoho, ORGANISATION, key, record)
        finally:
            await zoho.aclose()

    def acts(self) -> Acts:
        return Acts(
            explain=lambda what: explain(self.stage.ledger, ORGANISATION, what, ZOHO),
            pin=self.pin,
            unpin=lambda key: pinning.unpin(self.stage.ledger, ORGANISATION, key),
            retry=self.retry,
            retriable=frozenset(code.value for code in RetriedReason),
            record_url=lambda: ZOHO,
            prefect_url=lambda: "http://127.0.0.1:4200",
        )


@pytest.fixture
def asked(stage):
    return Asked(stage)


@pytest.fixture
def site(told, asked, serve_pages):
    return serve_pages(acts=asked.acts())
