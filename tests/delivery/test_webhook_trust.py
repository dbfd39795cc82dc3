"""When a tick relies on webhooks, and how nothing gets lost where they fail."""

import asyncio
from datetime import timedelta

import pytest

from chatledger.ledger import webhook_registrations
from tests.delivery.test_costs import requests_of
from tests.stage import ORGANISATION
from tests.webhook_stage import Webhooks

SWEEP = 900
PEDRO = "+573009990000"


@pytest.fixture
def webhooks(stage):
    """Webhooks that are relied on, a second after the first walk."""
    asyncio.run(stage._activate(None))
    on = Webhooks(stage)
    on.switch_on()
    stage.forget_calls()
    return on


def tick(stage):
    stage.forget_calls()
    stage.tick()
    return requests_of(stage.timelines)


def test_without_webhooks_every_tick_walks(stage):
    asyncio.run(stage._activate(None))
    assert [tick(stage), tick(stage)] == [{"GET chats": 1}] * 2
    assert Webhooks(stage).health().doubt == "none are registered"


def test_chat_list_is_walked_at_the_interval_that_is_set(webhooks, stage):
    webhooks.pass_time(SWEEP - 60)
    assert tick(stage) == {}
    webhooks.pass_time(120)
    assert tick(stage)["GET chats"] == 1
    assert tick(stage) == {}


def test_message_whose_webhook_got_lost_is_found_by_the_sweep(webhooks, stage):
    uid = webhooks.lose()
    assert tick(stage) == {}
    webhooks.pass_time(SWEEP + 60)

    assert tick(stage)["GET chats/ID/messages"] == 1
    assert stage.message(uid).outcome == "synced"


def test_lost_message_behind_one_that_came_is_found_within_the_hour(webhooks, stage):
    webhooks.receive("uno")
    tick(stage)
    lost = webhooks.lose("dos")
    webhooks.receive("tres")
    tick(stage)
    for _ in range(5):
        webhooks.pass_time(SWEEP + 60)
        tick(stage)

    assert stage.message(lost).outcome == "synced"
    assert "dos" in stage.notes()[0]["Note_Content"]


def test_lost_message_on_a_page_behind_chats_that_webhooks_brought_is_found_by_the_sweep(webhooks, stage):
    lost = webhooks.lose(phone=PEDRO)
    for number in range(60):
        webhooks.receive(phone=f"+57300{number:07}")
    tick(stage)
    webhooks.pass_time(SWEEP + 60)

    tick(stage)

    assert stage.message(lost).outcome == "synced"


def test_sweep_reads_no_chat_that_webhooks_brought_up_to_its_last_message(webhooks, stage):
    webhooks.receive()
    webhooks.receive(phone=PEDRO)
    tick(stage)
    webhooks.pass_time(SWEEP + 60)

    assert tick(stage) == {"GET chats": 1}


def test_found_message_that_no_webhook_brought_has_ticks_poll_until_one_is_heard_again(webhooks, stage):
    webhooks.lose()
    webhooks.pass_time(SWEEP + 60)
    tick(stage)

    assert webhooks.health().doubt == "a message turned up that no webhook had brought"
    assert [tick(stage)["GET chats"] for _ in range(2)] == [1, 1]
    webhooks.receive(phone=PEDRO)
    webhooks.pass_time(SWEEP + 60)
    tick(stage)
    assert tick(stage) == {}, "heard again, and nothing was missed for the length of a sweep"


def test_message_still_on_its_way_is_no_missed_one(webhooks, stage):
    stage.receive()
    webhooks.bring([b"{broken"])  # has the list walked before the webhook arrives
    tick(stage)
    webhooks.pass_time(60)
    webhooks.bring()
    webhooks.pass_time(60)
    tick(stage)

    assert webhooks.health().trusted


def test_notes_and_calls_that_no_webhook_tells_of_are_no_missed_ones(webhooks, stage):
    webhooks.receive()
    chat = stage.timelines.state()["chats"][0]["id"]
    stage.timelines.receive_message("privado", chat_id=chat, message_type="note")
    stage.timelines.receive_message(None, chat_id=chat, message_type="whatsapp_call", status="missed")
    webhooks.pass_time(SWEEP + 60)
    tick(stage)

    assert webhooks.health().trusted


def test_without_a_listening_web_process_every_tick_walks(webhooks, stage):
    stage.advance(300)
    assert tick(stage)["GET chats"] == 1
    assert webhooks.health().doubt == "no web process listens for them"


def test_gap_in_listening_is_followed_by_a_walk(webhooks, stage):
    stage.advance(150)
    webhooks.listen()
    stage.advance(1)

    assert [tick(stage), tick(stage)] == [{"GET chats": 1}, {}]


def test_message_lost_while_the_pages_were_started_anew_is_found_by_the_next_tick(webhooks, stage):
    webhooks.receive("uno")
    tick(stage)
    lost = webhooks.lose("dos")
    behind = webhooks.lose("tres", phone=PEDRO)
    stage.advance(20)
    webhooks.listen(begins=True)
    webhooks.receive("cuatro")
    webhooks.receive("cinco", phone=PEDRO)

    tick(stage)

    assert [stage.message(uid).outcome for uid in (lost, behind)] == ["synced", "synced"]


def test_history_of_a_chat_that_a_webhook_names_before_the_first_walk_is_read_by_it(stage):
    early = stage.receive("hace una semana")
    stage.advance(7 * 24 * 3600)
    asyncio.run(stage._activate(stage.now() - timedelta(days=11)))
    webhooks = Webhooks(stage)
    webhooks.subscribe()
    webhooks.listen()
    webhooks.receive("ahora")
    stage.advance(1)

    stage.tick()

    assert stage.message(early).outcome == "synced"


def test_refused_subscription_has_every_tick_walk(webhooks, stage):
    with stage.ledger.transaction() as session:
        found = webhook_registrations.Checked("https://x.example", [], problem="no rights")
        webhook_registrations.checked(session, ORGANISATION, found, stage.now())

    assert tick(stage)["GET chats"] == 1
    assert webhooks.health().doubt == "no rights"


def test_list_without_order_is_walked_less_often_the_longer_it_is(webhooks, stage):
    for number in range(1_300):
        stage.receive(phone=f"+57300{number:07}", at=stage.now() - timedelta(days=30, minutes=number))
    webhooks.sent()
    stage.timelines.faults.chat_order = "shuffled"
    webhooks.pass_time(SWEEP)
    assert sum(tick(stage).get("GET chats", 0) for _ in range(3)) == 26
    webhooks.pass_time(SWEEP + 60)

    assert tick(stage) == {}, "26 pages at 40 seconds a page"
    webhooks.pass_time(120)
    assert tick(stage)["GET chats"] > 1


def test_sync_without_anybody_listening_still_takes_the_inbox(webhooks, stage):
    uid = webhooks.receive()
    stage.advance(600)

    tick(stage)

    assert stage.message(uid).outcome == "synced"
    assert webhooks.items()[-1].reason == "stored"
