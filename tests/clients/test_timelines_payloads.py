"""TimelinesAI's JSON into values: tolerant where it may be, never guessing where it matters."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from chatledger.clients.timelines.payloads import identity, read_account, read_chat, read_each, read_message, read_workspace
from chatledger.models import Attachment, ChatKind, Direction

ORIGIN = "https://app.timelines.ai"
SMALLEST = {"uid": "u1", "timestamp": "2026-05-18 10:44:21 +0300", "from_me": False}


def message(**fields):
    return read_message({**SMALLEST, **fields}, ORIGIN, 5)


def test_a_page_of_messages_is_read_as_the_vendor_sends_it(sample):
    rows = sample("timelines/messages.json")["data"]["messages"]

    items, unreadable = read_each(rows, lambda raw: read_message(raw, ORIGIN, 5), "uid")

    sent, received = items
    assert (sent.direction, sent.agent, sent.kind, sent.text) == (
        Direction.OUTGOING,
        "Quentin Lee",
        "whatsapp",
        "¿A las cinco?",
    )
    assert sent.timestamp == datetime(2026, 5, 18, 7, 44, 21, tzinfo=UTC)
    assert sent.reactions == {"👍": 2}
    assert sent.attachments == ()
    assert (received.chat_id, received.kind, received.status, received.text) == (27616435, "sticker", "Not connected", "")
    assert received.attachments[0].filename == "foto uno.jpg"
    assert [(item.id, item.why) for item in unreadable] == [(rows[2]["uid"], "timestamp cannot be read")]
    assert unreadable[0].payload is rows[2]


def test_a_page_of_chats_is_read_as_the_vendor_sends_it(sample):
    rows = sample("timelines/chats.json")["data"]["chats"]

    items, unreadable = read_each(rows, lambda raw: read_chat(raw, ORIGIN), "id")

    kinds = [ChatKind.DIRECT, ChatKind.GROUP, ChatKind.CHANNEL, ChatKind.BROADCAST, ChatKind.DIRECT]
    assert [chat.kind for chat in items] == kinds
    assert [chat.id for chat in items] == [27616435, 50629714, 3, 4, 5]
    assert items[0].url == "https://app.timelines.ai/chat/27616435/messages/"
    assert items[2].url == "https://app.timelines.ai/chat/3/messages/"
    assert items[0].last_message_at == datetime(2026, 5, 18, 7, 44, 21, tzinfo=UTC)
    assert (items[1].phone, items[1].last_message_at, items[1].last_message_uid) == ("", None, None)
    assert len(unreadable) == 2
    assert len({item.id for item in unreadable}) == 2


def test_an_unnamed_payload_has_the_same_id_at_every_reading():
    assert identity({"b": 1, "a": 2}, "uid") == identity({"a": 2, "b": 1}, "uid")
    assert identity({"uid": 7}, "uid") == "7"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", None, 7])
def test_a_chat_url_that_is_none_is_made_from_the_id(url):
    expected = "https://app.timelines.ai/chat/9/messages/"

    assert read_chat({"id": 9, "chat_url": url}, ORIGIN).url in (expected, "https://app.timelines.ai/7")


def test_a_group_without_jid_is_still_a_group():
    assert read_chat({"id": 9, "is_group": True}, ORIGIN).kind is ChatKind.GROUP
    assert read_chat({"id": 9, "jid": "1@c.us", "is_group": False}, ORIGIN).kind is ChatKind.DIRECT


@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        ({"from_me": True}, Direction.OUTGOING),
        ({"from_me": "false"}, Direction.INCOMING),
        ({"from_me": None, "direction": "sent"}, Direction.OUTGOING),
        ({"from_me": None, "direction": "received"}, Direction.INCOMING),
        ({"from_me": None, "data": {"whatsapp_from_me": True}}, Direction.OUTGOING),
    ],
)
def test_the_direction_is_from_me_or_what_says_the_same(fields, direction):
    assert message(**fields).direction is direction


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"from_me": None}, "from_me"),
        ({"timestamp": "2026-05-18 10:44:21"}, "timestamp"),
        ({"uid": ""}, "uid"),
        ({"uid": None}, "uid"),
        ({"text": {"rich": "text"}}, "text"),
        ({"chat_id": "many"}, "chat_id"),
    ],
)
def test_a_message_whose_core_cannot_be_read_is_kept_raw(fields, reason):
    raw = {**SMALLEST, **fields}

    items, (unreadable,) = read_each([raw], lambda row: read_message(row, ORIGIN, 5), "uid")

    assert items == ()
    assert unreadable.payload is raw
    assert reason in unreadable.why


@pytest.mark.parametrize(
    ("created_by", "agent"),
    [
        ("Ana Ruiz (ana@x.co)", "Ana Ruiz"),
        ("Ana (Ventas)", "Ana (Ventas)"),
        ("Ana (V) (a@x.co) ", "Ana (V)"),
        (None, ""),
        ({}, ""),
    ],
)
def test_the_agent_is_named_without_the_address(created_by, agent):
    assert message(created_by=created_by).agent == agent


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({"status": "Failed"}, "Failed"),
        ({"status": "Failed", "failure_reason": {"code": 131, "title": "Undeliverable", "details": "no"}}, "Undeliverable"),
        ({"status": "Failed", "failure_reason": {"code": 131}}, "131"),
        ({"status": "Read", "failure_reason": None}, ""),
        ({"status": None}, ""),
    ],
)
def test_a_failed_send_says_why(fields, failure):
    assert message(**fields).failure == failure


@pytest.mark.parametrize(
    ("fields", "attachments"),
    [
        ({"attachment_url": "/f/1", "attachment_filename": "a.pdf"}, (Attachment("a.pdf", f"{ORIGIN}/f/1"),)),
        ({"attachment_filename": "a.pdf"}, (Attachment("a.pdf"),)),
        ({"has_attachment": True}, (Attachment("attachment"),)),
        (
            {
                "attachments": [
                    {"temporary_download_url": "https://s3/a", "filename": "a", "size": "12", "mimetype": "image/png"},
                    {"filename": "b"},
                ]
            },
            (Attachment("a", "https://s3/a", 12, "image/png"), Attachment("b")),
        ),
        ({"attachment": {"url": "https://s3/a", "filename": "a"}}, (Attachment("a", "https://s3/a"),)),
        ({"attachments": ["https://s3/x.ogg"]}, (Attachment("x.ogg", "https://s3/x.ogg"),)),
        ({"attachments": [], "attachment_url": None, "has_attachment": False}, ()),
        (
            {"attachments": [{"url": "https://s3/a", "filename": "a"}] * 2, "attachment_url": "https://s3/a"},
            (Attachment("a", "https://s3/a"),),
        ),
    ],
)
def test_files_are_found_in_every_form(fields, attachments):
    assert message(**fields).attachments == attachments


@pytest.mark.parametrize(
    ("raw", "counts"),
    [
        ({"👍": 1}, {"👍": 1}),
        ({"reactions": {"👍": 0, "❤️": 3}, "total": 3}, {"❤️": 3}),
        (None, {}),
        ([], {}),
        ({"users": [], "reactions": None}, {}),
    ],
)
def test_reactions_are_counted(raw, counts):
    assert message(reactions=raw).reactions == counts


def test_words_of_tomorrow_are_let_through():
    odd = message(message_type="Hologram", status="Teleported", origin="Moon", extra=[1])

    assert (odd.kind, odd.status, odd.origin) == ("hologram", "Teleported", "Moon")


@pytest.mark.parametrize(
    ("status", "connected"), [("active", True), ("Active", True), ("disconnected", False), ("banned", False), (None, False)]
)
def test_only_an_active_account_is_connected(status, connected):
    assert read_account({"id": "1@s.whatsapp.net", "status": status}).connected is connected


def test_a_workspace_needs_only_its_id():
    assert (
        read_workspace({"workspace_id": "w", "api_calls_quota": {"total": "200000", "used": None}}).api_calls_total == 200_000
    )
    assert read_workspace({"workspace_id": 7, "api_calls_quota": "many"}).id == "7"
    with pytest.raises(ValidationError):
        read_workspace({"display_name": "W"})
