"""Webhook bodies in every shape the vendor documents or somebody has seen."""

import json

import pytest

from chatledger.clients.timelines.brought_messages import (
    Incomplete,
    read_brought_chat,
    read_brought_message,
    read_brought_reactions,
)
from chatledger.clients.timelines.webhook_events import EventKind, read_event, read_events
from chatledger.models import Attachment, ChatKind, Direction

ORIGIN = "https://app.timelines.ai"
ACCOUNT = {"full_name": "Agent Brown", "email": "agent-brown@example.com", "phone": "+15559876543"}
CHAT = {
    "full_name": "John Doe", "chat_url": "https://app.timelines.ai/chat/123456/messages/", "chat_id": 123456,
    "is_group": False, "phone": "+15551234567",
}  # fmt: skip
CALL_CHAT = {
    "full_name": "Agent Smith", "chat_url": "https://app.timelines.ai/chat/123456/messages/", "chat_id": 123456,
    "chat_type": "direct", "platform": "whatsapp", "phone": "380739833532",
}  # fmt: skip
TEXT = {
    "text": "Hello", "direction": "received", "origin": "WhatsApp", "timestamp": "2024-01-15 10:30:00 +0200",
    "received_timestamp": "2024-01-15 10:30:01 +0200", "message_uid": "u-1",
    "sender": {"full_name": "John Doe", "phone": "+15551234567"},
    "recipient": {"full_name": "Agent Brown", "phone": "+15559876543"},
}  # fmt: skip
FILE = {"temporary_download_url": "https://s3.example/a?X=1", "filename": "c.pdf", "size": 12, "mimetype": "application/pdf"}


def message(event_type="message:new", **changes):
    return {"event_type": event_type, "chat": CHAT, "whatsapp_account": ACCOUNT, "message": {**TEXT, **changes}}


def only(body):
    [event] = read_events(json.dumps(body).encode())
    return event


def read(body):
    event = only(body)
    return read_brought_message(json.loads(event.body), event.chat_id, event.message_uid, ORIGIN)


@pytest.mark.parametrize(
    ("body", "kind", "chat_id", "uid"),
    [
        (message(), EventKind.MESSAGE, 123456, "u-1"),
        (message("message:received:new"), EventKind.MESSAGE, 123456, "u-1"),
        ({"event_type": "chat:new", "chat": {"id": 5, "jid": "1@s.whatsapp.net"}, "whatsapp_account": {}},
         EventKind.CHAT, 5, None),
        ({"event_type": "chat:responsible:assigned", "chat": {"id": 5}, "whatsapp_account": {}}, EventKind.CHAT, 5, None),
        ({"event_type": "whatsapp:account:suspended", "whatsapp_account": {"id": "1@s.whatsapp.net"}},
         EventKind.ACCOUNT, None, None),
        ({"event_type": "call:incoming:missed", "chat": CALL_CHAT, "whatsapp_account": ACCOUNT,
          "call_details": {"duration": None, "direction": "incoming", "message_uid": "c-1"}}, EventKind.CALL, 123456, "c-1"),
        ({"event_type": "message:reaction", "chat": CALL_CHAT, "whatsapp_account": ACCOUNT,
          "reaction": {"message_uid": "u-1", "action": "set", "emoji": "👍", "reactions": {"👍": 1}}},
         EventKind.REACTION, 123456, "u-1"),
        ({"event_type": "waba:message:received", "account": {}, "chat": {"id": 9}, "message": {"message_uid": "w"}},
         EventKind.OTHER, 9, None),
        ({"event_type": "waba:template:approved", "template": {"id": 1}}, EventKind.OTHER, None, None),
        ({"event_type": "something:else", "thing": 1}, EventKind.OTHER, None, None),
        ({"event_type": "message:received:new", "data": {"chat_id": 7, "message_uid": "u-1", "text": "Hello"}},
         EventKind.MESSAGE, 7, "u-1"),
        ({"event_type": "message:new", "data": {"chat": {"chat_id": "7"}, "message": {"uid": "u-1"}}},
         EventKind.MESSAGE, 7, "u-1"),
        ({"chat": CHAT, "message": TEXT}, EventKind.MESSAGE, 123456, "u-1"),
        ({"event": "message:new", "payload": {"chat": CHAT, "message": TEXT}}, EventKind.MESSAGE, 123456, "u-1"),
        ({"event_type": "message:new", "message": {**TEXT, "chat_id": 8}}, EventKind.MESSAGE, 8, "u-1"),
    ],
)  # fmt: skip
def test_event_is_recognised_by_what_it_holds(body, kind, chat_id, uid):
    event = only(body)
    assert (event.kind, event.chat_id, event.message_uid, event.why) == (kind, chat_id, uid, "")
    assert read_event(json.loads(event.body)).kind is kind, "it is read again from the ledger"


def test_message_of_the_documentation_is_read_whole():
    said = read(message(attachments=[FILE]))
    assert (said.uid, said.chat_id, said.text, said.kind) == ("u-1", 123456, "Hello", "whatsapp")
    assert (said.direction, said.sender_name) == (Direction.INCOMING, "John Doe")
    assert said.timestamp.isoformat() == "2024-01-15T08:30:00+00:00"
    assert said.attachments == (Attachment("c.pdf", "https://s3.example/a?X=1", 12, "application/pdf"),)


def test_single_attachment_object_and_null_text_are_a_file():
    said = read(message(text=None, attachment=FILE))
    assert (said.text, said.attachments[0].filename) == ("", "c.pdf")


def test_message_from_our_own_phone_is_complete():
    assert read(message("message:sent:new", direction="sent")).direction is Direction.OUTGOING


@pytest.mark.parametrize(
    ("changes", "event_type", "lacking"),
    [
        ({"direction": "sent", "origin": "Public API"}, "message:new", "the agent is not named"),
        ({"direction": "sent"}, "message:received:new", "type and direction contradict each other"),
        ({"text": ""}, "message:new", "neither text nor file is named"),
        ({"timestamp": "2024-01-15 10:30:00"}, "message:new", "timestamp cannot be read"),
        ({"timestamp": None}, "message:new", "timestamp cannot be read"),
        ({"text": {"body": "x"}}, "message:new", "text cannot be read"),
        ({"message_uid": ""}, "message:new", "the uid is not named"),
    ],
)
def test_message_that_lacks_something_a_note_shows_is_incomplete(changes, event_type, lacking):
    with pytest.raises(Incomplete, match=lacking):
        read(message(event_type, **changes))


def test_what_is_lacking_is_said_without_any_value():
    with pytest.raises(Incomplete) as raised:
        read(message(timestamp="secret value"))
    assert "secret" not in str(raised.value)


def test_repeated_message_with_new_links_has_the_same_fingerprint():
    again = message(attachments=[FILE | {"temporary_download_url": "https://s3.example/a?X=2"}])
    assert only(message(attachments=[FILE])).fingerprint == only(again).fingerprint


@pytest.mark.parametrize("changes", [{"text": "Hi"}, {"message_uid": "u-2"}, {"direction": "sent"}])
def test_another_content_has_another_fingerprint(changes):
    assert only(message()).fingerprint != only(message(**changes)).fingerprint


def test_chat_event_says_whose_the_chat_is_and_a_message_event_does_not():
    told = {"id": 5, "name": "Team", "jid": "120363@g.us", "is_group": True, "whatsapp_account_id": "1@s.whatsapp.net"}
    chat = read_brought_chat({"chat": told | {"chat_url": "/chat/5/messages/"}}, ORIGIN)
    assert (chat.kind, chat.url) == (ChatKind.GROUP, f"{ORIGIN}/chat/5/messages/")
    assert read_brought_chat(message(), ORIGIN) is None


def test_reactions_that_are_left_are_counted():
    assert read_brought_reactions({"reaction": {"reactions": {"👍": 2, "❤️": 0, "total": "x"}}}) == {"👍": 2}
    assert read_brought_reactions({"reaction": {"action": "clear"}}) is None


def test_event_does_not_show_its_content_when_printed():
    assert "Hello" not in repr(only(message()))
