from datetime import UTC, datetime, timedelta

import pytest


def newest(api, chat):
    return api.get(f"/chats/{chat}/messages").json()["data"]["messages"][0]


def test_a_message_to_a_known_number_lands_in_its_chat(stand_in, api):
    arrived = stand_in.receive_message("hi", phone="+573001112233", account="+34600000001")
    assert arrived["chat_id"] == 4
    assert (newest(api, 4)["uid"], newest(api, 4)["from_me"]) == (arrived["uid"], False)
    assert api.get("/chats").json()["data"]["chats"][0]["id"] == 4
    assert api.get("/chats/4").json()["data"]["read"] is False


def test_a_message_from_somebody_new_opens_a_chat(stand_in, api):
    arrived = stand_in.receive_message("hi", jid="236974988349577@lid", name="Hidden")
    chat = api.get(f"/chats/{arrived['chat_id']}").json()["data"]
    assert (chat["phone"], chat["jid"], chat["name"]) == ("+236974988349577", "236974988349577@lid", "Hidden")


def test_a_late_message_is_taken_in_now_with_an_old_time(stand_in, api):
    last = api.get("/chats/1").json()["data"]["last_message_uid"]
    arrived = stand_in.receive_message("late", chat_id=1, at="2026-03-01T12:15:00Z", late=True)
    message = api.get(f"/messages/{arrived['uid']}").json()["data"]
    assert message["timestamp"] == "2026-03-01 13:15:00 +0100"
    received = datetime.strptime(message["received_timestamp"], "%Y-%m-%d %H:%M:%S %z")
    assert abs(received - datetime.now(UTC)) < timedelta(minutes=1)
    assert api.get("/chats/1").json()["data"]["last_message_uid"] == last


def test_our_own_phone_writes_as_us(stand_in, api):
    stand_in.receive_message("from my phone", chat_id=3, from_me=True)
    message = newest(api, 3)
    assert (message["from_me"], message["sender_phone"], message["created_by"]) == (True, "+573105550100", "")


def test_a_uid_that_exists_is_not_stored_twice(stand_in, api, uid):
    assert stand_in.receive_message("again", chat_id=1, uid=uid(1)) == {"uid": uid(1), "chat_id": 1}
    assert len(api.get("/chats/1/messages").json()["data"]["messages"]) == 4


def test_messages_are_edited_and_deleted_without_a_trace(stand_in, api, uid):
    stand_in.change_text(uid(1), "edited")
    assert api.get(f"/messages/{uid(1)}").json()["data"]["text"] == "edited"
    stand_in.delete_message(uid(4))
    assert api.get(f"/messages/{uid(4)}").status_code == 404
    assert api.get("/chats/1").json()["data"]["last_message_uid"] == uid(3)


def test_a_chat_gets_another_number_and_is_found_under_it(stand_in, api):
    stand_in.edit_chat(1, name="Ana", phone="+573009990000", jid="573009990000@s.whatsapp.net")
    assert api.get("/chats/1").json()["data"]["name"] == "Ana"
    assert stand_in.receive_message("hi", phone="+573009990000")["chat_id"] == 1
    assert stand_in.receive_message("hi", phone="+573001112233")["chat_id"] not in {1, 4}


def test_impossible_acts_are_refused(stand_in):
    for impossible in ({}, {"chat_id": 99}, {"phone": "12"}, {"phone": "+573009990000", "account": "+1"}):
        with pytest.raises((LookupError, ValueError)):
            stand_in.receive_message("hi", **impossible)
