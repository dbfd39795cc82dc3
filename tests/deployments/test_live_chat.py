"""Whose connection a look-up uses: a person's own, and the organisation's only for whoever made it."""

import asyncio

import pytest

from blocks.environment import WebSettings
from chatledger.errors import NotFound, UsageError
from chatledger.ledger import people, stored_connections
from chatledger.models import RecordRef
from deployments.live_chat import LiveChatConnections
from sandbox.zoho.scopes import EVERYTHING
from tests.stage import ADMIN, ANA, LAURA, ORGANISATION


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """Nothing is connected by the environment, and no Prefect server is asked for block documents."""
    for name in ("TIMELINES_API_TOKEN", "ZOHO_REFRESH_TOKEN", "ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHATLEDGER_HOME", str(tmp_path))


@pytest.fixture
def lead(stage):
    stage.receive("hola")
    stored_connections.put(
        stage.ledger, ORGANISATION, "timelines",
        {"api_url": f"{stage.timelines_url}/integrations/api", "api_token": "tl-token"}, {},
    )  # fmt: skip
    return RecordRef("Leads", stage.zoho.add_record("Leads", {"Last_Name": "Ruiz", "Mobile": ANA}))


def connect(stage, user, person_id=""):
    """Connect somebody, or the organisation, as a Zoho user."""
    stage.zoho.crm.current_user = user
    grant = stage.zoho.accounts.tokens.new_grant("1000.A", user, EVERYTHING)
    given = {"accounts_url": stage.zoho_url, "api_url": "", "client_id": "1000.A", "client_secret": "secret"}
    credentials = given | {"refresh_token": grant.refresh_token}
    stored_connections.put(stage.ledger, ORGANISATION, "zoho", credentials, {}, person_id=person_id)


def person(stage, email):
    with stage.ledger.transaction() as session:
        return people.add(session, ORGANISATION, email, "seller", "tests").id


def look_up(stage, person_id, record):
    settings = WebSettings(chatledger_organisation=ORGANISATION, chatledger_http_timeout_seconds=10)

    async def looked_up():
        connections = LiveChatConnections(settings, stage.ledger)
        return await connections.look_up(person_id, record)

    return asyncio.run(looked_up())


def test_a_person_looks_up_with_their_own_connection(stage, lead):
    laura = person(stage, "laura@example.com")
    connect(stage, LAURA, laura)

    assert [chat.phone for chat in look_up(stage, laura, lead).chats] == [ANA]


def test_what_zoho_hides_from_a_person_their_look_up_does_not_find(stage, lead):
    laura, ada = person(stage, "laura@example.com"), person(stage, "admin@example.com")
    connect(stage, ADMIN, ada)
    connect(stage, LAURA, laura)
    stage.zoho.faults.hidden_records = {LAURA: [lead.id]}

    with pytest.raises(NotFound):
        look_up(stage, laura, lead)
    assert look_up(stage, ada, lead).chats


def test_whoever_connected_the_organisation_needs_no_connection_of_their_own(stage, lead):
    ada = person(stage, "Admin@Example.com")
    connect(stage, ADMIN)

    assert look_up(stage, ada, lead).chats


def test_nobody_else_may_use_the_organisation_s_connection(stage, lead):
    connect(stage, ADMIN)

    with pytest.raises(UsageError, match="Your Zoho account is not connected"):
        look_up(stage, person(stage, "laura@example.com"), lead)


def test_without_timelines_nothing_is_looked_up(stage):
    laura = person(stage, "laura@example.com")
    connect(stage, LAURA, laura)

    with pytest.raises(UsageError, match="TimelinesAI is not connected"):
        look_up(stage, laura, RecordRef("Leads", "1"))
