"""Our subscriptions at TimelinesAI: made, repaired, ended, and nobody else's touched."""

import asyncio

import httpx
import pytest

from chatledger.delivery.webhook_registering import EVENTS
from chatledger.ledger import webhook_registrations
from sandbox.timelines.faults import Failure
from tests.stage import ORGANISATION
from tests.webhook_stage import PUBLIC_URL, Webhooks

FOREIGN = "https://others.example/hook"


@pytest.fixture
def webhooks(stage):
    """An activated organisation without subscriptions."""
    asyncio.run(stage._activate(None))
    return Webhooks(stage)


@pytest.fixture
def api(stage):
    """The API as somebody else uses it."""
    headers = {"Authorization": "Bearer tl-token"}
    with httpx.Client(base_url=f"{stage.timelines_url}/integrations/api", headers=headers) as client:
        yield client


def live(stage):
    return [webhook for webhook in stage.timelines.state()["webhooks"] if not webhook["deleted"]]


def methods(stage):
    return [request["method"] for request in stage.timelines.requests if "/webhooks" in request["path"]]


def test_every_useful_event_is_subscribed_under_the_secret_address(webhooks, stage):
    webhooks.subscribe()
    secret = webhook_registrations.secret_of(stage.ledger, ORGANISATION)

    assert {webhook["url"] for webhook in live(stage)} == {f"{PUBLIC_URL}/webhooks/timelines/{secret}"}
    assert [webhook["event_type"] for webhook in live(stage)] == list(EVENTS)
    assert all(webhook["enabled"] for webhook in live(stage))


def test_second_look_changes_nothing(webhooks, stage):
    webhooks.subscribe()
    stage.forget_calls()
    assert not webhooks.subscribe().repaired
    assert methods(stage) == ["GET"]


def test_disabled_one_is_enabled_again(webhooks, stage, api):
    webhooks.subscribe()
    api.put("/webhooks/1", json={"enabled": False})
    before = stage.now()

    assert webhooks.subscribe().repaired
    assert live(stage)[0]["enabled"]
    with stage.ledger.reading() as session:
        since = webhook_registrations.find(session, ORGANISATION).listening_since
    assert since >= before, "messages may have been missed meanwhile, so the next tick walks"


def test_dropped_one_is_made_again(webhooks, stage, api):
    webhooks.subscribe()
    api.delete("/webhooks/1")
    webhooks.subscribe()
    assert sorted(webhook["event_type"] for webhook in live(stage)) == sorted(EVENTS)


def test_subscriptions_of_others_are_left_alone(webhooks, stage, api):
    api.post("/webhooks", json={"event_type": "message:new", "url": FOREIGN, "enabled": False})
    webhooks.subscribe()
    webhooks.give_up()
    assert [(webhook["url"], webhook["enabled"]) for webhook in live(stage)] == [(FOREIGN, False)]


def test_new_public_address_takes_the_place_of_the_old_one(webhooks, stage):
    webhooks.subscribe()
    webhooks.subscribe("https://new.example/base/")
    urls = {webhook["url"].rpartition("/")[0] for webhook in live(stage)}
    assert (urls, len(live(stage))) == ({"https://new.example/base/webhooks/timelines"}, len(EVENTS))


def test_what_an_earlier_ledger_left_under_our_address_is_removed(webhooks, stage, api):
    api.post("/webhooks", json={"event_type": "message:new", "url": f"{PUBLIC_URL}/webhooks/timelines/old-secret"})
    webhooks.subscribe()
    assert "old-secret" not in str(live(stage))
    assert len(live(stage)) == len(EVENTS)


def test_workspace_without_room_keeps_the_event_that_matters_most(webhooks, api):
    for number in range(9):
        api.post("/webhooks", json={"event_type": "message:new", "url": f"{FOREIGN}{number}"})

    done = webhooks.subscribe()

    assert done.events == ("message:new",)
    assert set(done.refused) == set(EVENTS) - {"message:new"}
    webhooks.listen()
    assert webhooks.health().trusted


def test_workspace_without_any_room_says_why_ticks_go_on_polling(webhooks, stage, api):
    for number in range(10):
        api.post("/webhooks", json={"event_type": "message:new", "url": f"{FOREIGN}{number}"})
    webhooks.subscribe()
    assert "quota_exceeded" in webhooks.health().doubt
    assert len(live(stage)) == 10


def test_outage_concludes_nothing(webhooks, stage):
    webhooks.subscribe()
    webhooks.listen()
    stage.timelines.faults.failures = [Failure(path="/webhooks", status=404, body="html", times=9)]
    with pytest.raises(Exception, match="TimelinesAI"):
        webhooks.subscribe()
    assert webhooks.health().trusted


def test_giving_up_forgets_the_secret(webhooks, stage):
    webhooks.subscribe()
    old = webhook_registrations.secret_of(stage.ledger, ORGANISATION)

    assert webhooks.give_up() == len(EVENTS)
    with stage.ledger.reading() as session:
        assert webhook_registrations.organisation_of(session, stage.ledger.cipher, old) is None
    assert live(stage) == []
    assert webhooks.give_up() == 0


def test_empty_answer_to_an_end_is_a_success(webhooks, stage):
    webhooks.subscribe()
    stage.timelines.faults.failures = [
        Failure(path="/webhooks/", method="DELETE", status=200, body="empty", carry_out=True, times=99)
    ]
    assert webhooks.give_up() == len(EVENTS)


def test_a_tick_sends_timelines_nothing_but_get(webhooks, stage):
    webhooks.switch_on()
    stage.forget_calls()
    webhooks.receive()
    stage.tick()
    assert {request["method"] for request in stage.timelines.requests} <= {"GET"}
