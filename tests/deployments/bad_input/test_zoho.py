"""Zoho refuses the login, the data centre, a scope or a right, or is down: one sentence, and nothing is lost."""

import json
from datetime import timedelta

import pytest

from sandbox.serving import running
from sandbox.zoho.faults import Failure
from tests.deployments.bad_input.refusals import TEXT, nothing_is_lost, sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [("ZOHO_REFRESH_TOKEN", "1000.wrong"), ("ZOHO_CLIENT_ID", "1000.B"), ("ZOHO_CLIENT_SECRET", "not-the-one")],
)
def test_wrong_login_at_zoho_names_the_variable(command, settings, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert name in sentence(ran)


def test_wrong_data_centre_names_the_setting(command, settings, stage):
    stage.zoho.faults.api_host = "www.zohoapis.eu:443"

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "ZOHO_API_URL" in sentence(ran)


def test_missing_scope_is_named_at_activation(command, settings, stage):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.modules.ALL"]

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "scope" in sentence(ran)


def test_revoked_login_ends_the_tick_and_nothing_is_lost(stage, sync):
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)  # the access token that is stored ends

    code, summary, said = sync()

    assert (code, summary["messages"]["pending"]) == (1, 1)
    assert "connect again" in said
    stage.zoho.faults.refresh_token_revoked = False
    nothing_is_lost(stage)


@pytest.mark.parametrize("right", ["Notes.create", "Leads.create", "Leads.read", "*"])
def test_missing_right_ends_the_tick_and_nothing_is_lost(stage, sync, right):
    stage.zoho.faults.denied = [right]

    code, summary, said = sync()

    assert code in (0, 1)
    assert summary["messages"]["synced"] == 0
    assert code == 0 or "permit" in said
    stage.zoho.faults.denied = []
    nothing_is_lost(stage)


def test_server_error_on_a_write_is_settled_and_nothing_is_done_twice(stage, sync):
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", status=502, body="html", after_commit="bad_gateway")]

    code, summary, said = sync()

    assert (code, summary["messages"]["pending"]) == (1, 1)
    assert "unknown" in said
    nothing_is_lost(stage)


def test_zoho_that_is_down_leaves_messages_pending(stage, command, settings, prefect, monkeypatch):
    with running(stage.zoho.app) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setenv("ZOHO_ACCOUNTS_URL", url)
        start = (stage.now() - timedelta(hours=1)).isoformat()
        assert command("activate", "--settings", str(settings), "--from", start).code == 0
    stage.receive(TEXT)
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    ran = command("sync", "--json")

    assert ran.code == 1
    assert "could not be reached" in sentence(ran)
    assert json.loads(ran.out.splitlines()[-1])["messages"]["pending"] == 1
    with running(stage.zoho.app, port):
        assert command("sync", "--json").code == 0
    assert len(stage.notes()) == 1


@pytest.mark.parametrize("status", [403, 503])
def test_backfill_that_zoho_does_not_take_ends_with_a_sentence_and_nothing_is_lost(
    stage, activated, prefect, monkeypatch, status
):
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])
    stage.receive("de antes", phone="+573004445566", at=stage.now() - timedelta(days=3))
    stage.zoho.faults.failures = [Failure(path="/Leads", status=status, body="html", times=99)]

    ran = activated("backfill", "--from", (stage.now() - timedelta(days=5)).isoformat(), "--yes")

    assert ran.code == 1
    sentence(ran)
    assert "Done" not in ran.out
    assert json.loads(ran.out.splitlines()[-1])["messages"]["pending"] == 1
    stage.zoho.faults.failures = []
    stage.advance(3600)
    stage.tick()
    assert len(stage.leads()) == 2
