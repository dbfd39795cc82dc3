from collections import Counter
from datetime import datetime, timedelta

import phonenumbers
import pytest

from sandbox.world import generate, invented
from sandbox.world.grown_chats import DECK


@pytest.fixture(scope="module")
def large(now):
    return generate(7, now, chats=2000)


def people(world):
    return {chat["phone"] for chat in world["timelines"]["chats"] if chat["jid"].endswith("@s.whatsapp.net")} - {"+0"}


def test_the_same_seed_gives_the_same_world_and_another_seed_another(now):
    assert generate(3, now) == generate(3, now)
    assert generate(3, now) != generate(4, now)


def test_ids_and_texts_do_not_depend_on_now(now):
    def told(world):
        return [(c["id"], c["phone"], [(m["uid"], m["text"]) for m in c["messages"]]) for c in world["timelines"]["chats"]]

    assert told(generate(3, now)) == told(generate(3, now + timedelta(hours=9)))


@pytest.mark.parametrize("chats", [0, 1, 40, 333])
def test_a_world_has_as_many_chats_as_asked(now, chats):
    grown = generate(1, now, chats=chats)["timelines"]["chats"]
    assert len({chat["id"] for chat in grown}) == chats


def test_it_has_the_form_of_the_sample(world, large):
    assert large.keys() == world.keys()
    assert all(large[half].keys() == world[half].keys() for half in world)
    assert large["timelines"]["chats"][0].keys() >= world["timelines"]["chats"][0].keys() - {"group_members"}
    keys = {frozenset(message) for w in (world, large) for chat in w["timelines"]["chats"] for message in chat["messages"]}
    assert len(keys) == 1


def test_uids_and_record_ids_are_unique(large):
    uids = [message["uid"] for chat in large["timelines"]["chats"] for message in chat["messages"]]
    ids = [record["id"] for module in large["zoho"]["records"].values() for record in module]
    assert len(uids) == len(set(uids))
    assert len(ids) == len(set(ids))


def test_messages_are_oldest_first_within_the_days_asked_for(large, now):
    for chat in large["timelines"]["chats"]:
        times = [datetime.fromisoformat(message["timestamp"]) for message in chat["messages"]]
        assert times == sorted(times)
        assert all(now - timedelta(days=10, seconds=1) <= time <= now for time in times)


def test_messages_per_chat_are_about_as_asked(large):
    counts = [len(chat["messages"]) for chat in large["timelines"]["chats"] if chat["messages"]]
    assert 5.5 < sum(counts) / len(counts) < 6.5


def test_the_shares_of_known_and_converted_people_are_kept(large):
    zoho = large["zoho"]
    twins = len(zoho["records"]["Leads"]) - round(len(people(large)) * 0.5)
    assert 0 < twins < 0.05 * len(zoho["records"]["Leads"])
    assert len(zoho["conversions"]) == len(zoho["records"]["Contacts"]) == round(len(people(large)) * 0.1)
    assert {conversion["trace"] for conversion in zoho["conversions"]} == {True, False}


def test_nobody_is_known_when_nobody_shall_be(now):
    zoho = generate(1, now, known_share=0)["zoho"]
    assert (zoho["records"], zoho["conversions"]) == ({"Leads": [], "Contacts": []}, [])


def test_every_awkward_kind_of_chat_appears_in_forty(now):
    chats = generate(5, now, chats=40)["timelines"]["chats"]
    endings = Counter(chat["jid"].split("@")[1] for chat in chats)
    assert endings == {"s.whatsapp.net": 35, "g.us": DECK.count("group"), "lid": 1, "broadcast": 1, "newsletter": 1}
    assert sum(not chat["messages"] for chat in chats) == DECK.count("empty")


def test_one_person_on_two_numbers_has_two_chats_on_different_accounts(large):
    chats = [(chat["phone"], chat["whatsapp_account_id"]) for chat in large["timelines"]["chats"] if chat["phone"] != "+0"]
    assert any(count == 2 for count in Counter(phone for phone, _ in chats).values())
    assert [chat for chat, count in Counter(chats).items() if chat[0] and count > 1] == []


def test_every_awkward_kind_of_message_appears_by_share(large):
    messages = [message for chat in large["timelines"]["chats"] for message in chat["messages"]]
    assert {m["message_type"] for m in messages} == {"whatsapp", "whatsapp_call", "note", "email"}
    assert {"Failed", "Not connected"} <= {m["status"] for m in messages}
    assert any(m["reactions"] for m in messages)
    assert any(m["attachment"] and m["attachment"]["size"] > 20_000_000 for m in messages)
    assert any(m["message_type"] == "whatsapp" and m["text"] is None and m["attachment"] is None for m in messages)


@pytest.mark.parametrize("country", invented.COUNTRIES)
def test_invented_numbers_are_valid_mobiles_of_their_country_and_all_different(country):
    numbers = [phonenumbers.parse(invented.number(country, index).e164) for index in range(0, 60_000, 29)]
    assert all(phonenumbers.is_valid_number_for_region(number, country) for number in numbers)
    assert len({number.national_number for number in numbers}) == len(numbers)
