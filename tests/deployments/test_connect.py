"""The commands `connect`, `admin` and `rotate-key` as a person runs them."""

import json
import sys
from io import StringIO

import pytest

from chatledger.ledger import people, stored_connections
from tests.stage import ORGANISATION

pytestmark = pytest.mark.usefixtures("unconnected")


@pytest.fixture
def unconnected(surroundings, monkeypatch):
    """Nothing is connected by the environment but the OAuth client is known."""
    for name in ("ZOHO_REFRESH_TOKEN", "TIMELINES_API_TOKEN"):
        monkeypatch.delenv(name)


def stored(stage, system="zoho"):
    return stored_connections.get(stage.ledger, ORGANISATION, system)


def piped(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", StringIO(text))


def test_connect_shows_that_nothing_is_connected(command):
    ran = command("connect")

    assert ran.code == 0
    assert ran.out.count("not connected") == 2
    assert "http://127.0.0.1:8460/connect" in ran.out


def test_connect_says_when_the_environment_connects(command, monkeypatch):
    monkeypatch.setenv("ZOHO_REFRESH_TOKEN", "1000.r")

    assert "The environment's credentials are used" in command("connect").out


def test_a_self_client_code_connects_the_organisation(command, stage, monkeypatch):
    piped(
        monkeypatch,
        stage.zoho.console_code("ZohoCRM.modules.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ,ZohoCRM.settings.ALL") + "\n",
    )
    ran = command("connect", "--zoho-code")

    assert ran.code == 0
    assert "connected: Acme (700100) as Ada Admin" in ran.out
    assert "missing" not in ran.out
    assert stored(stage).credentials["refresh_token"] in stage.zoho.accounts.tokens.grants


def test_a_refresh_token_connects_the_organisation_and_names_missing_rights(command, stage, monkeypatch):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.modules.ALL", "ZohoCRM.users.READ", "ZohoCRM.org.READ"]
    monkeypatch.setenv("ZOHO_REFRESH_TOKEN", "1000.r")
    ran = command("connect", "--refresh-token")

    assert ran.code == 0
    assert "ZohoCRM.settings.fields.READ" in ran.out
    assert stored(stage).credentials["refresh_token"] == "1000.r"


def test_a_refused_refresh_token_is_never_revoked(command, stage, monkeypatch):
    stage.activate()
    stage.zoho.crm.organisation["zgid"] = "999"
    piped(monkeypatch, "1000.r\n")
    ran = command("connect", "--refresh-token")

    assert (ran.code, "1000.r" in stage.zoho.accounts.tokens.grants) == (1, True)
    assert "another" not in ran.out
    assert "700100" in ran.err


def test_a_timelines_token_connects(command, stage, monkeypatch):
    piped(monkeypatch, "tl-token\n")
    ran = command("connect", "--timelines-token")

    assert "connected: Acme (acme), 2 WhatsApp numbers" in ran.out
    assert stored(stage, "timelines").credentials["api_token"] == "tl-token"


@pytest.mark.parametrize(("option", "name"), [("--timelines-token", "TIMELINES_API_TOKEN"), ("--zoho-code", "ZOHO_CODE")])
def test_an_empty_credential_is_named(command, monkeypatch, option, name):
    piped(monkeypatch, "")
    ran = command("connect", option)

    assert (ran.code, name in ran.err) == (2, True)


def test_a_wrong_credential_is_one_sentence_without_it(command, monkeypatch):
    piped(monkeypatch, "wrong-secret-token\n")
    ran = command("connect", "--timelines-token")

    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "wrong-secret-token" not in ran.out + ran.err


def test_disconnect_revokes_and_forgets(command, stage, monkeypatch):
    piped(monkeypatch, "1000.r\n")
    command("connect", "--refresh-token")
    ran = command("connect", "--disconnect", "zoho")

    assert "revoked at Zoho" in ran.err
    assert (stored(stage), stage.zoho.accounts.tokens.grants) == (None, {})


def test_connections_as_json_hold_no_credential(command, monkeypatch):
    piped(monkeypatch, "1000.r\n")
    command("connect", "--refresh-token")
    ran = command("connect", "--json")

    assert json.loads(ran.out)["zoho"]["zgid"] == "700100"
    assert "1000.r" not in ran.out


def test_an_invitation_is_printed_once_and_kept_as_a_hash(command, stage, monkeypatch):
    monkeypatch.setenv("CHATLEDGER_PUBLIC_URL", "https://ledger.example.com/")
    ran = command("admin", "invite", "Ana@Example.com", "--role", "admin")
    secret = ran.out.split("https://ledger.example.com/invitation/")[1].split()[0]

    assert len(secret) >= 43
    with stage.ledger.reading() as session:
        person = people.invited(session, ORGANISATION, secret)
        assert (person.email, person.role) == ("ana@example.com", "admin")


def test_a_new_invitation_ends_the_one_before(command, stage):
    secrets = [command("admin", "invite", "a@example.com").out.split("/invitation/")[1].split()[0] for _ in range(2)]

    with stage.ledger.reading() as session:
        assert [people.invited(session, ORGANISATION, secret) is not None for secret in secrets] == [False, True]


def test_inviting_somebody_again_keeps_their_role(command):
    command("admin", "invite", "a@example.com", "--role", "operator")
    command("admin", "invite", "a@example.com")

    assert json.loads(command("admin", "list", "--json").out)[0]["role"] == "operator"


def test_people_are_listed_changed_and_removed(command):
    command("admin", "invite", "a@example.com", "b@example.com")
    changed = command("admin", "role", "a@example.com", "viewer")
    removed = command("admin", "remove", "b@example.com")
    shown = command("admin", "list").out

    assert (changed.code, removed.code) == (0, 0)
    assert "viewer" in shown
    assert "b@example.com" not in shown


@pytest.mark.parametrize(
    "arguments",
    [("invite", "nobody"), ("role", "x@y.zz", "admin"), ("remove", "x@y.zz"), ("invite", "a@b.co", "--role", "boss")],
)
def test_wrong_use_of_admin_is_exit_code_2(command, arguments):
    assert command("admin", *arguments).code == 2


def test_a_key_file_is_replaced_and_everything_stays_readable(command, monkeypatch, tmp_path):
    monkeypatch.delenv("CHATLEDGER_SECRET_KEY")
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'own.db'}")
    piped(monkeypatch, "tl-token\n")
    command("connect", "--timelines-token")
    key = tmp_path / "home" / "secret.key"
    before = key.read_text()
    ran = command("rotate-key")

    assert (ran.code, "1 secret" in ran.out) == (0, True)
    assert before not in key.read_text()
    assert key.stat().st_mode & 0o077 == 0
    assert "connected: Acme" in command("connect").out


def test_one_key_in_the_environment_cannot_be_rotated(command):
    ran = command("rotate-key")

    assert (ran.code, "put a new one" in ran.err) == (2, True)
