"""Which credentials a run of an organisation uses: environment, then ledger, then Prefect block, then one sentence."""

import pytest

from blocks.credentials import credentials_of, document_name
from blocks.environment import MissingVariables, read_environment
from chatledger.errors import UsageError
from chatledger.ledger import stored_connections

VARIABLES = {
    "TIMELINES_API_URL": "https://timelines.example/api",
    "TIMELINES_API_TOKEN": "tl-environment",
    "ZOHO_ACCOUNTS_URL": "https://accounts.zoho.eu",
    "ZOHO_CLIENT_ID": "1000.A",
    "ZOHO_CLIENT_SECRET": "secret",
    "ZOHO_REFRESH_TOKEN": "1000.environment",
}
STORED = {
    "timelines": {"api_url": "https://timelines.example/api", "api_token": "tl-stored"},
    "zoho": {
        "accounts_url": "https://accounts.zoho.com", "api_url": "", "client_id": "1000.B", "client_secret": "other",
        "refresh_token": "1000.stored",
    },
}  # fmt: skip


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Set these variables and no other; return what the environment says."""

    def given(**variables):
        for name in (*VARIABLES, "ZOHO_API_URL", "CHATLEDGER_ORGANISATION", "PREFECT_API_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"CHATLEDGER_HOME": str(tmp_path), **variables}.items():
            monkeypatch.setenv(name, value)
        return read_environment()

    return given


@pytest.fixture
def store(stage):
    """Give a function that stores both connections of an organisation in the ledger."""

    def stored(organisation):
        for system, credentials in STORED.items():
            stored_connections.put(stage.ledger, organisation, system, credentials, {})

    return stored


def tokens(found):
    return found.timelines.api_token.get_secret_value(), found.zoho.refresh_token.get_secret_value()


def test_environment_comes_first_for_its_own_organisation(stage, environment, store):
    store("main")

    assert tokens(credentials_of(environment(**VARIABLES), stage.ledger, "main")) == ("tl-environment", "1000.environment")


def test_other_organisations_never_use_the_environment(stage, environment, store):
    store("acme")
    given = environment(**VARIABLES)

    assert tokens(credentials_of(given, stage.ledger, "acme")) == ("tl-stored", "1000.stored")
    with pytest.raises(UsageError, match="globex has no complete connections"):
        credentials_of(given, stage.ledger, "globex")


def test_ledger_supplies_what_the_environment_lacks(stage, environment, store):
    store("main")
    only_timelines = {name: value for name, value in VARIABLES.items() if name.startswith("TIMELINES")}

    assert tokens(credentials_of(environment(**only_timelines), stage.ledger, "main")) == ("tl-environment", "1000.stored")


def test_missing_variables_are_named_when_nothing_supplies_them(stage, environment):
    given = {name: value for name, value in VARIABLES.items() if name not in ("TIMELINES_API_TOKEN", "ZOHO_CLIENT_ID")}

    with pytest.raises(MissingVariables, match="TIMELINES_API_TOKEN, ZOHO_CLIENT_ID"):
        credentials_of(environment(**given), stage.ledger, "main")


def test_hash_changes_with_the_credentials_and_tells_nothing(stage, environment, store):
    store("acme")
    given = environment(**VARIABLES)

    own, other = (credentials_of(given, stage.ledger, name).digest(stage.ledger) for name in ("main", "acme"))

    assert own != other
    assert "environment" not in own


@pytest.mark.parametrize(("organisation", "name"), [("main", "main"), ("Café Ándino 2", "caf-ndino-2"), ("ä", "main")])
def test_documents_are_named_as_prefect_allows(organisation, name):
    assert document_name(organisation) == name
