"""The alerts: registered once, changed by name, and going off for what they watch."""

import pytest

from chatledger.delivery.alarms import Alarm
from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
from tests.served import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of a Prefect server that runs automations."""
    home = tmp_path_factory.mktemp("alerts")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        with embedded_prefect(home, scheduling=True):
            from prefect.client.orchestration import get_client

            from deployments.automations.registering import register

            with get_client(sync_client=True) as opened:
                register(opened, None)
                yield opened
        stop_embedded_prefect(home)


def registered(client):
    from deployments.automations.table import ALERTS

    return {each.name: client.read_automations_by_name(each.name) for each in ALERTS}


def test_registering_again_changes_nothing_and_keeps_what_was_switched_off(client):
    from deployments.automations.registering import register

    before = registered(client)
    [paused] = before["chatledger: parked messages grow"]
    client.pause_automation(paused.id)

    register(client, None)

    after = registered(client)
    assert {name: [each.id for each in found] for name, found in after.items()} == {
        name: [each.id for each in found] for name, found in before.items()
    }
    assert {len(found) for found in after.values()} == {1}
    assert after[paused.name][0].enabled is False
    client.resume_automation(paused.id)


def test_block_of_the_operators_choice_is_told_and_kept_by_the_next_start(client):
    from prefect.blocks.webhook import Webhook
    from prefect.events.actions import CallWebhook

    from deployments.automations.registering import register

    Webhook(url="http://127.0.0.1:9/hook").save("operators", overwrite=True)
    register(client, "webhook/operators")
    register(client, None)
    assert {type(each.actions[0]) for [each] in registered(client).values()} == {CallWebhook}
    register(client, "log")
    assert {each.actions[0].type for [each] in registered(client).values()} == {"do-nothing"}


def test_refused_connection_goes_off_once_an_hour_for_each_system_and_says_so(client):
    from deployments.serving.alert_log import AlertLog
    from tasks.alarms import tell_of_tick

    alert_log = AlertLog()
    for _ in range(3):
        tell_of_tick("main", "failed", [Alarm("refused", "Zoho CRM"), Alarm("refused", "TimelinesAI")])

    said = []
    wait_until(lambda: said.extend(alert_log.new(client)) or len(said) >= 2)
    said += alert_log.new(client)
    assert said == ["alert: a connection is refused"] * 2


def test_three_failed_ticks_go_off(client):
    from prefect.states import Failed, Pending, Running

    from deployments.serving.alert_log import AlertLog

    alert_log = AlertLog()
    deployment = client.create_deployment(client.create_flow_from_name("sync-chats"), "main")
    for _ in range(3):
        run = client.create_flow_run_from_deployment(deployment)
        for state in (Pending(), Running(), Failed()):
            client.set_flow_run_state(run.id, state)

    assert wait_until(lambda: alert_log.new(client)) == ["alert: 3 ticks failed within 10 minutes"]
