"""The endpoint of the webhooks: what it takes, what it refuses, what it does then."""

import json

import pytest
from sqlmodel import select

from chatledger.ledger.tables import InboxItem
from tests.stage import ANA
from tests.web.webhooks.conftest import until
from tests.webhook_stage import Webhooks


def kept(stage):
    with stage.ledger.reading() as session:
        return list(session.exec(select(InboxItem).order_by(InboxItem.id)))


def message(uid="u-1", **changes):
    return {
        "event_type": "message:received:new",
        "chat": {"full_name": "Ana", "chat_url": "/chat/7/messages/", "chat_id": 7, "is_group": False, "phone": ANA},
        "whatsapp_account": {"full_name": "Laura", "email": "laura@example.com", "phone": "+573105550100"},
        "message": {
            "text": "hola", "direction": "received", "origin": "WhatsApp", "timestamp": "2026-11-22 10:30:00 +0200",
            "message_uid": uid, "sender": {"full_name": "Ana", "phone": ANA}, "recipient": {"full_name": "Laura"},
        },
        **changes,
    }  # fmt: skip


def test_event_is_kept_as_it_came_and_a_tick_is_asked_for(stage, post, requested):
    answer = post(json.dumps(message()))

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    [item] = kept(stage)
    assert json.loads(item.body) == message()
    assert (item.event_type, item.chat_id, item.message_uid, item.state) == ("message:received:new", 7, "u-1", "waiting")
    assert requested == ["main"]


@pytest.mark.parametrize(
    "body",
    [
        [message(), message("u-2")],
        {"data": [message(), message("u-2")]},
        {"events": [message(), message("u-2")]},
        {"event_type": "message:new", "data": [message(), message("u-2")]},
        [{"event_type": "message:new", "data": {key: part for key, part in message(uid).items() if key != "event_type"}}
         for uid in ("u-1", "u-2")],
        {"chat_id": 7, "phone": ANA, "is_group": False,
         "messages": [message()["message"], message("u-2")["message"]]},
        {**{key: part for key, part in message().items() if key != "message"},
         "messages": [message()["message"], message("u-2")["message"]]},
    ],
)  # fmt: skip
def test_every_shape_holds_its_messages(stage, post, body):
    assert post(json.dumps(body)).status_code == 200
    assert [(item.chat_id, item.message_uid, item.state) for item in kept(stage)] == [
        (7, "u-1", "waiting"),
        (7, "u-2", "waiting"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"{cut", "the body is not JSON"),
        (b"\xff\xfe\x00", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body holds no event"),
        (b"{}", "the body holds no event"),
        (b"null", "an event has to be a JSON object"),
        (b'"text"', "an event has to be a JSON object"),
        (b"[" + b"7," * 1_500 + b"7]", "the body holds more than 1000 events"),
        (b'{"a": 1}', "it names no event type and holds nothing that is known"),
        (b'{"event_type": "message:new", "chat": {"chat_id": "seven"}, "message": {}}',
         "message:new names no chat by a whole number"),
        (b'{"event_type": "message:new", "chat": {"chat_id": 99999999999999999999}, "message": {}}',
         "message:new names no chat by a whole number"),
        (b'{"event_type": "message:new", "chat": {"chat_id": -5}, "message": {}}',
         "message:new names no chat by a whole number"),
        (b'{"event_type": "message:reaction", "chat": {"chat_id": 7}, "reaction": {}}', "the reaction names no message"),
        (b'{"event_type": "message:new", "chat_id": 7, "message": {"uid": "' + b"u" * 300 + b'"}}',
         "the uid of the message is longer than 200 characters"),
    ],
)  # fmt: skip
def test_malformed_body_is_kept_with_the_reason_and_not_sent_again(stage, post, requested, content, reason):
    assert post(content).status_code == 200
    [item] = kept(stage)
    assert (item.state, item.reason) == ("parked", reason)
    assert requested == []


def test_characters_no_database_takes_are_left_out(stage, post):
    assert post(b'{"event_type": "message:new", "chat_id": 7, "message": {"uid": "u\\u0000-1", "text": "\\ud800"}}').is_success
    [item] = kept(stage)
    assert item.message_uid == "u-1"


def test_wrong_secret_is_an_unknown_address(stage, post, secret):
    for wrong in ("x", secret[:-1], secret + "a", "a" * 43, "a" * 5_000, "%00", "ü", secret.swapcase()):
        assert post(b"{}", to=wrong).status_code == 404
    assert kept(stage) == []


def test_secret_has_256_bits_and_no_copy_in_clear_in_the_ledger(secret, tmp_path):
    assert len(secret) == 43
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("stage.db*"))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_refused(post, method):
    assert post(method=method).status_code == 405


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_body_counts_and_not_what_it_is_announced_as(stage, post, kind):
    assert post(json.dumps(message()), kind=kind).status_code == 200
    assert len(kept(stage)) == 1


def test_body_beyond_a_megabyte_is_refused(stage, post):
    assert post(b'{"a": "' + b"x" * 1_100_000 + b'"}').status_code == 413
    assert kept(stage) == []


def test_ledger_that_cannot_be_written_has_the_event_sent_again(stage, post, requested):
    with stage.ledger._engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE webhook_inbox RENAME TO hidden")
        connection.commit()
    answer = post(json.dumps(message()))
    with stage.ledger._engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO webhook_inbox")
        connection.commit()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert requested == []
    assert post(json.dumps(message())).status_code == 200


def test_flood_of_wrong_secrets_is_slowed_down_and_the_right_one_is_not(post):
    assert {post(b"{}", to="wrong").status_code for _ in range(70)} == {404, 429}
    assert post(json.dumps(message())).status_code == 200


@pytest.mark.usefixtures("receiving", "delivering")
def test_message_goes_all_the_way_from_timelines_to_its_note(stage, requested):
    stage.receive("por el camino largo")
    until(lambda: len(kept(stage)) >= 2 and requested)

    assert stage.tick()["messages"]["synced"] == 1
    assert "por el camino largo" in stage.notes()[0]["Note_Content"]
    assert {entry["status"] for entry in stage.timelines.webhook_log} == {200}


def test_registered_webhooks_are_those_of_the_served_address(stage, receiving, secret):
    urls = {webhook["url"] for webhook in stage.timelines.state()["webhooks"]}
    assert urls == {f"{receiving.base}/webhooks/timelines/{secret}"}


@pytest.mark.usefixtures("receiving")
def test_web_process_with_a_public_address_is_heard_of_in_the_ledger(stage):
    until(lambda: Webhooks(stage).health().doubt != "no web process listens for them")
