"""Webhooks in the commands: registered by activate, told of by doctor, removed by deactivate, kept by the upkeep."""

import asyncio

import pytest

from blocks.environment import read_state_settings, read_web_settings
from chatledger.delivery.webhook_registering import EVENTS
from chatledger.ledger import webhook_registrations
from deployments import webhook_upkeep
from deployments.checks.findings import Level
from deployments.cli.doctor import examine
from deployments.webhook_upkeep import WebhookUpkeep
from sandbox.timelines.faults import Failure
from tests.stage import ORGANISATION
from tests.webhook_stage import Webhooks

PUBLIC = "https://chatledger.example"
SETTINGS = """
[sync]
target_module = "Leads"
timezone = "America/Bogota"
fixed_fields = {Company = "WhatsApp"}
"""


@pytest.fixture
def settings(tmp_path, surroundings, monkeypatch):
    """A settings file, and a public address."""
    monkeypatch.setenv("CHATLEDGER_PUBLIC_URL", PUBLIC)
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS)
    return str(path)


def live(stage):
    return [webhook["event_type"] for webhook in stage.timelines.state()["webhooks"] if not webhook["deleted"]]


def found(check):
    return [(finding.level, finding.said) for finding in examine(read_state_settings()) if finding.check == check]


def test_activate_registers_and_deactivate_removes(stage, settings, command):
    done = command("activate", "--settings", settings)
    assert (done.code, "7 webhooks registered" in done.out) == (0, True)
    assert live(stage) == list(EVENTS)

    done = command("deactivate")

    assert (done.code, "Removed from TimelinesAI: 7 webhooks" in done.out) == (0, True)
    assert live(stage) == []


def test_activate_without_a_public_address_says_that_ticks_poll(stage, settings, command, monkeypatch):
    monkeypatch.delenv("CHATLEDGER_PUBLIC_URL")
    assert "no webhooks: CHATLEDGER_PUBLIC_URL is not set" in command("activate", "--settings", settings).out
    assert live(stage) == []
    assert found("webhooks") == [(Level.OK, "none: CHATLEDGER_PUBLIC_URL is not set, so every tick asks TimelinesAI for news")]


def test_activation_stands_where_webhooks_are_refused(stage, settings, command):
    stage.timelines.faults.failures = [Failure(path="/webhooks", status=404, body="html", times=99)]
    done = command("activate", "--settings", settings)
    assert (done.code, "webhooks are not registered yet: TimelinesAI" in done.out) == (0, True)


def test_secret_is_shown_nowhere(stage, settings, command):
    printed = command("activate", "--settings", settings).out + command("doctor").out + command("doctor", "--json").out
    assert webhook_registrations.secret_of(stage.ledger, ORGANISATION) not in printed


def test_doctor_says_whether_webhooks_are_relied_on(stage, settings, command):
    command("activate", "--settings", settings)
    assert found("webhooks") == [(Level.OK, "7 are registered and enabled")]
    assert found("webhooks in use") == [
        (Level.WARNING, "every tick asks TimelinesAI for news, because no web process listens for them")
    ]
    Webhooks(stage).listen()
    assert found("webhooks in use") == [(Level.OK, "ticks rely on them and walk the chat list every 15 minutes")]


def test_doctor_tells_of_disabled_webhooks_and_failed_deliveries_by_get_alone(stage, settings, command):
    command("activate", "--settings", settings)
    stage.timelines.workspace.webhooks[0].enabled = False
    stage.timelines.workspace.webhooks[1].errors_counter = 4
    stage.forget_calls()

    assert found("webhooks") == [(Level.WARNING, "TimelinesAI has no enabled webhook of ours for message:new")]
    assert found("webhook deliveries") == [(Level.WARNING, "TimelinesAI failed to deliver 4 in a row")]
    assert {request["method"] for request in stage.timelines.requests} == {"GET"}


def test_doctor_counts_what_was_parked(stage, settings, command):
    command("activate", "--settings", settings)
    Webhooks(stage).bring([b"{cut", b"[]"])
    assert found("webhooks parked")[0][1].startswith("2 events of the last 24 hours could not be used")


def look(stage, monkeypatch, until):
    """Have the upkeep look until this holds of it."""
    monkeypatch.setattr(webhook_upkeep, "FIRST_CHECK_SECONDS", 0)
    upkeep = WebhookUpkeep(read_web_settings(), stage.ledger)

    async def looked():
        running = asyncio.create_task(upkeep.run())
        async with asyncio.timeout(60):
            while not until(upkeep):  # noqa: ASYNC110  nothing tells of it
                await asyncio.sleep(0.1)
        running.cancel()

    asyncio.run(looked())


@pytest.mark.slow
def test_upkeep_enables_what_was_disabled_and_has_webhooks_relied_on_at_once(stage, settings, command, monkeypatch):
    command("activate", "--settings", settings)
    stage.timelines.workspace.webhooks[0].enabled = False

    look(stage, monkeypatch, until=lambda upkeep: upkeep.on)

    assert stage.timelines.workspace.webhooks[0].enabled


@pytest.mark.slow
def test_upkeep_ends_the_webhooks_of_an_organisation_that_was_switched_off(stage, settings, command, monkeypatch):
    command("activate", "--settings", settings)
    monkeypatch.delenv("TIMELINES_API_TOKEN")
    assert "The webhooks stay at TimelinesAI" in command("deactivate").out
    assert len(live(stage)) == len(EVENTS), "without a token nothing could be removed"
    monkeypatch.setenv("TIMELINES_API_TOKEN", "tl-token")

    look(stage, monkeypatch, until=lambda upkeep: not upkeep.on and not live(stage))
