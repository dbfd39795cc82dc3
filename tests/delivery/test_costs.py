"""What a tick may cost in requests, read from the request logs of both stand-ins."""

import asyncio
import re
from collections import Counter
from math import ceil

import pytest

DAY_SECONDS = 86_400
INDEX_OF_ONE_PAGE = {"GET Leads": 1, "GET Contacts": 1}


def phone(number):
    return f"+57300{number:07}"


def requests_of(stand_in):
    """Count the logged requests by method and path, without versions and ids."""
    paths = [re.sub(r"^/(crm/v8|integrations/api)/", "", request["path"]) for request in stand_in.requests]
    shapes = [re.sub(r"/\d+", "/ID", path) for path in paths]
    return Counter(f"{request['method']} {shape}" for request, shape in zip(stand_in.requests, shapes, strict=True))


def tick(stage):
    """Run one tick that has to go well, and give what it asked of TimelinesAI and of Zoho."""
    stage.forget_calls()
    summary = stage.tick()
    asked = requests_of(stage.timelines), requests_of(stage.zoho)
    assert summary["state"] == "completed"
    assert summary["api_calls"] == {"timelines": asked[0].total(), "zoho": asked[1].total()}
    return asked


@pytest.fixture
def active(stage):
    """An organisation that was activated for messages from now on: no other ledger can have written notes of its days."""
    asyncio.run(stage._activate(None))
    return stage


def add_leads(stage, numbers):
    for number in numbers:
        stage.zoho.add_record("Leads", {"Last_Name": f"Lead {number}", "Mobile": phone(number)})


def receive_from(stage, numbers, text="hola"):
    for number in numbers:
        stage.receive(text, phone=phone(number))


def test_idle_tick_reads_one_page_of_chats_and_asks_zoho_nothing(active):
    assert tick(active) == ({"GET chats": 1}, {})


def test_one_message_costs_one_read_the_index_one_record_and_one_note(active):
    receive_from(active, [1])

    assert tick(active) == (
        {"GET chats": 1, "GET chats/ID/messages": 1},
        {**INDEX_OF_ONE_PAGE, "POST Leads": 1, "POST Notes": 1},
    )


def test_further_message_costs_one_read_the_index_and_one_note(active):
    receive_from(active, [1])
    tick(active)
    receive_from(active, [1], "otra vez")

    assert tick(active) == ({"GET chats": 1, "GET chats/ID/messages": 1}, {**INDEX_OF_ONE_PAGE, "PUT Notes": 1})


def test_hundred_known_chats_cost_one_write_of_notes(active):
    add_leads(active, range(100))
    receive_from(active, range(100))

    assert tick(active) == ({"GET chats": 2, "GET chats/ID/messages": 100}, {**INDEX_OF_ONE_PAGE, "POST Notes": 1})


def test_hundred_new_chats_cost_one_write_of_records_and_one_of_notes(active):
    receive_from(active, range(100))

    assert tick(active) == (
        {"GET chats": 2, "GET chats/ID/messages": 100},
        {**INDEX_OF_ONE_PAGE, "POST Leads": 1, "POST Notes": 1},
    )


def test_thousand_mixed_chats_cost_a_write_for_every_started_hundred(active):
    with_notes, known, new = range(230), range(1000, 1410), range(2000, 2360)
    receive_from(active, with_notes)
    tick(active)
    add_leads(active, known)
    receive_from(active, [*with_notes, *known, *new], "otra")

    asked_timelines, asked_zoho = tick(active)

    changed_leads = len(with_notes) + len(known)
    assert asked_timelines == {"GET chats": 20, "GET chats/ID/messages": 1000}
    assert asked_zoho == {
        "GET Leads": ceil(changed_leads / 200),
        "GET Contacts": 1,
        "POST Leads": ceil(len(new) / 100),
        "POST Notes": ceil((len(known) + len(new)) / 100),
        "PUT Notes": ceil(len(with_notes) / 100),
    }


def test_skipped_messages_ask_zoho_nothing(active):
    active.receive("hola a todos", jid="120363041234567890@g.us")
    active.receive(None, message_type="whatsapp_call")

    assert tick(active) == ({"GET chats": 1, "GET chats/ID/messages": 2}, {})


def test_hourly_reads_and_a_fresh_token_come_on_top_once_however_much_is_written(active):
    active.advance(3700)
    receive_from(active, range(150))

    asked_timelines, asked_zoho = tick(active)

    assert asked_timelines == {"GET whatsapp_accounts": 1, "GET chats": 3, "GET chats/ID/messages": 150}
    assert asked_zoho == {
        "POST /oauth/v2/token": 1,
        "GET users": 1,
        "GET settings/fields": 1,
        "GET Leads": 2,  # the first one is refused, because the client's clock did not see the token expire
        "GET Contacts": 1,
        "POST Leads": 2,
        "POST Notes": 2,
    }


def test_costs_do_not_grow_with_history(active):
    costs = []
    for day in range(10):
        receive_from(active, range(3), f"día {day}")
        costs.append(tick(active))
        active.advance(DAY_SECONDS)

    assert costs[9] == costs[1]
    assert len(active.notes()) == 30


def test_idle_tick_costs_the_same_with_history(active):
    for day in range(10):
        receive_from(active, range(120) if day == 9 else range(2), f"día {day}")
        tick(active)
        active.advance(DAY_SECONDS if day < 9 else 60)

    assert tick(active) == ({"GET chats": 1}, {})


def test_adopt_mode_looks_once_at_each_record_that_gets_notes_of_activated_days(stage):
    add_leads(stage, range(5))
    stage.activate()
    receive_from(stage, range(8))

    _, asked_zoho = tick(stage)

    assert asked_zoho == {**INDEX_OF_ONE_PAGE, "POST Leads": 1, "GET Leads/ID/Notes": 5, "POST Notes": 1}


def test_adopt_mode_ends_with_the_day_of_activation(stage):
    add_leads(stage, range(5))
    stage.activate()
    stage.advance(DAY_SECONDS)
    receive_from(stage, range(5))

    _, asked_zoho = tick(stage)

    assert asked_zoho["GET Leads/ID/Notes"] == 0
    assert asked_zoho["POST Notes"] == 1
