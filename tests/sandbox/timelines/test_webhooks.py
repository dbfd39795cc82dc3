import socket
import threading
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import running


class Receiver:
    """A subscriber that answers as told and remembers what it got."""

    def __init__(self):
        self.arrived = threading.Condition()
        self.app = Starlette(routes=[Route("/hook/{name:path}", self._take, methods=["POST"])])
        self.forget()

    def forget(self):
        self.events = []
        self.statuses = []

    async def _take(self, request):
        body = await request.json()
        with self.arrived:
            self.events.append(body)
            status = self.statuses.pop(0) if self.statuses else 200
            self.arrived.notify_all()
        return Response(status_code=status)

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.events) >= count, timeout=60)
        return self.events


@pytest.fixture(scope="module")
def listening():
    receiver = Receiver()
    with running(receiver.app) as receiver.url:
        yield receiver


@pytest.fixture
def receiver(listening, stand_in):
    stand_in.faults.webhook_retry_seconds = 0.01
    listening.forget()
    return listening


@pytest.fixture
def base_url(stand_in, receiver):
    with running(stand_in.app) as url:
        yield url


def subscribe(api, receiver, *event_types):
    rows = [{"event_type": event, "url": f"{receiver.url}/hook/{event}"} for event in event_types]
    return [api.post("/webhooks", json=row).json()["data"] for row in rows]


def settled(check):
    deadline = time.monotonic() + 10
    while not check() and time.monotonic() < deadline:
        time.sleep(0.01)
    return check()


def test_an_incoming_message_is_told_at_the_top_level_of_the_body(api, stand_in, receiver):
    subscribe(api, receiver, "message:received:new")
    uid = stand_in.receive_message(None, chat_id=1, attachment={"filename": "a.pdf", "size": 9, "mimetype": "application/pdf"})
    [event] = receiver.wait_for(1)
    assert (event["event_type"], event["chat"]["chat_id"], event["message"]["direction"]) == (
        "message:received:new",
        1,
        "received",
    )
    assert (event["message"]["message_uid"], event["message"]["text"]) == (uid["uid"], "")
    assert event["whatsapp_account"] == {"full_name": "Laura", "email": "laura@example.com", "phone": "+573105550100"}
    assert "jid" not in event["chat"]
    [attachment] = event["message"]["attachments"]
    assert len(httpx.get(attachment["temporary_download_url"]).content) == attachment["size"] == 9


def test_our_own_send_to_a_new_number_is_echoed_with_its_new_chat(api, receiver):
    events = {"message:new", "message:sent:new", "chat:new", "chat:outgoing:new"}
    subscribe(api, receiver, *events, "message:received:new", "chat:incoming:new")
    api.post("/messages", json={"phone": "+573009998877", "text": "hi"})
    received = receiver.wait_for(4)
    assert {event["event_type"] for event in received} == events
    chats = [event["chat"] for event in received if event["event_type"].startswith("chat:")]
    assert {chat["jid"] for chat in chats} == {"573009998877@s.whatsapp.net"}


def test_a_group_has_an_empty_phone_and_is_no_incoming_chat(api, stand_in, receiver):
    subscribe(api, receiver, "chat:new", "chat:incoming:new", "message:new")
    stand_in.receive_message("hi", jid="120363@g.us", name="Team")
    stand_in.receive_message("hi", phone="+573007770000")
    events = receiver.wait_for(5)
    told = sorted((event["event_type"], event["chat"]["phone"]) for event in events)
    assert told == [
        ("chat:incoming:new", "+573007770000"),
        ("chat:new", ""),
        ("chat:new", "+573007770000"),
        ("message:new", ""),
        ("message:new", "+573007770000"),
    ]


def test_the_state_of_a_number_is_told(api, stand_in, receiver):
    subscribe(api, receiver, "whatsapp:account:disconnected", "whatsapp:account:connected", "whatsapp:account:suspended")
    stand_in.disconnect_account("+573105550100")
    assert receiver.wait_for(1)[0]["whatsapp_account"]["status"] == "disconnected"
    stand_in.reconnect_account("+573105550100")
    assert receiver.wait_for(2)[1]["event_type"] == "whatsapp:account:connected"
    stand_in.disconnect_account("+573105550100", suspended=True)
    assert receiver.wait_for(3)[2]["event_type"] == "whatsapp:account:suspended"


def test_an_assignment_is_told_with_who_had_it_before(api, receiver):
    subscribe(api, receiver, "chat:responsible:assigned")
    api.patch("/chats/1", json={"responsible": "pedro@example.com"})
    [event] = receiver.wait_for(1)
    assert (event["chat"]["responsible_name"], event["chat"]["previous_responsible_name"]) == ("Pedro", "Laura")


def test_calls_and_notes_are_no_message_events(api, stand_in, receiver):
    subscribe(api, receiver, "message:new")
    api.post("/chats/1/notes", json={"text": "secret"})
    stand_in.receive_message(None, chat_id=1, message_type="whatsapp_call", status="missed")
    stand_in.receive_message("hello", chat_id=1)
    assert receiver.wait_for(1)[0]["message"]["text"] == "hello"


def test_an_event_is_tried_three_times_and_then_counted_as_one_error(api, stand_in, receiver):
    [webhook] = subscribe(api, receiver, "message:new")
    receiver.statuses = [500, 302, 404]
    stand_in.receive_message("one", chat_id=1)
    receiver.wait_for(3)
    read = lambda: api.get(f"/webhooks/{webhook['id']}").json()["data"]["errors_counter"]  # noqa: E731
    assert settled(lambda: read() == 1)
    assert [entry["attempt"] for entry in stand_in.webhook_log] == [1, 2, 3]
    receiver.statuses = [500]
    stand_in.receive_message("two", chat_id=1)
    receiver.wait_for(5)
    assert settled(lambda: read() == 0)


def test_an_answer_that_comes_too_late_is_no_answer(api, stand_in):
    stand_in.faults.webhook_timeout_seconds = 0.05
    stand_in.faults.webhook_retry_seconds = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:  # takes the connection and never answers
        api.post("/webhooks", json={"event_type": "message:new", "url": f"http://127.0.0.1:{listener.getsockname()[1]}/"})
        stand_in.receive_message("hi", chat_id=1)
        assert settled(lambda: [entry["status"] for entry in stand_in.webhook_log] == [None] * 3)


def test_duplicates_losses_and_the_old_wrapper_are_switches(api, stand_in, receiver):
    subscribe(api, receiver, "message:new")
    stand_in.faults.lost_webhooks = 2  # one message is two events
    stand_in.receive_message("lost", chat_id=1)
    stand_in.faults.webhook_duplicates = 1
    stand_in.faults.webhook_in_data = True
    stand_in.receive_message("twice", chat_id=1)
    events = receiver.wait_for(2)
    assert [event["data"]["message"]["text"] for event in events] == ["twice", "twice"]


def test_a_disabled_subscription_hears_nothing(api, stand_in, receiver):
    [webhook] = subscribe(api, receiver, "message:new")
    api.put(f"/webhooks/{webhook['id']}", json={"enabled": False})
    stand_in.receive_message("unheard", chat_id=1)
    api.put(f"/webhooks/{webhook['id']}", json={"enabled": True})
    stand_in.receive_message("heard", chat_id=1)
    assert receiver.wait_for(1)[0]["message"]["text"] == "heard"
