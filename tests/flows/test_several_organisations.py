"""One process ticks for several organisations, each by credentials of its own."""

import pytest

from blocks.environment import read_environment
from chatledger.ledger import organisations, stored_connections
from tests.stage import ORGANISATION


@pytest.fixture
def elsewhere(surroundings, monkeypatch):
    """Let this process belong to another organisation, so that nothing in its environment is for ours."""
    monkeypatch.setenv("CHATLEDGER_ORGANISATION", "globex")
    return surroundings


def store(stage, **changed):
    zoho = {
        "accounts_url": stage.zoho_url, "api_url": "", "client_id": "1000.A", "client_secret": "secret",
        "refresh_token": "1000.r",
    }  # fmt: skip
    timelines = {"api_url": f"{stage.timelines_url}/integrations/api", "api_token": "tl-token"}
    stored_connections.put(stage.ledger, ORGANISATION, "zoho", zoho | changed, {})
    stored_connections.put(stage.ledger, ORGANISATION, "timelines", timelines, {})


@pytest.mark.usefixtures("elsewhere")
def test_tick_uses_the_connection_that_the_ledger_holds(stage, run):
    stage.activate()
    stage.receive()
    store(stage)

    assert run(ORGANISATION).name == "Completed"
    assert len(stage.notes()) == 1


def test_tick_uses_the_block_documents_named_after_the_organisation(stage, run, surroundings, monkeypatch):
    from deployments.block_registration import register_types, save_documents

    stage.activate()
    stage.receive()
    register_types()
    saved = save_documents(read_environment(), stage.ledger, ORGANISATION)
    monkeypatch.setenv("CHATLEDGER_ORGANISATION", "globex")

    assert saved == [
        "chatledger-ledger/main", "timelines-workspace/main", "zoho-crm-connection/main", "chatledger-sync-settings/main",
    ]  # fmt: skip
    assert run(ORGANISATION).name == "Completed"
    assert len(stage.notes()) == 1


@pytest.mark.usefixtures("elsewhere")
def test_tick_for_an_organisation_without_connections_fails_with_a_sentence(stage, run):
    stage.activate()

    state = run("globex")

    assert state.type.value == "FAILED"
    assert "globex is not activated yet" in str(state.result(raise_on_failure=False))


@pytest.mark.usefixtures("elsewhere")
def test_changed_credentials_of_another_pair_write_nothing(stage, run):
    stage.activate()
    stage.receive()
    store(stage)
    with stage.ledger.transaction() as session:
        organisations.get(session, ORGANISATION).zgid = "999"

    state = run(ORGANISATION)

    assert state.type.value == "FAILED"
    assert "binds main to Zoho organisation 999" in stage.run().problem
    assert stage.notes() == []
