import time

import httpx
import pytest

from sandbox.timelines.faults import Failure


def failing(stand_in, **switches):
    stand_in.faults.failures = [Failure(**switches)]


def test_by_default_nothing_is_wrong(api, stand_in):
    assert api.get("/chats").status_code == 200
    assert stand_in.requests[-1]["fault"] is None


@pytest.mark.parametrize(("order", "expected"), [("spec", [1, 4, 2, 5, 3]), ("name", [4, 1, 3, 5, 2])])
def test_the_order_of_chats_is_a_switch(api, stand_in, order, expected):
    stand_in.faults.chat_order = order
    assert [chat["id"] for chat in api.get("/chats").json()["data"]["chats"]] == expected


def test_a_shuffle_is_stable_for_its_seed(api, stand_in):
    stand_in.faults.chat_order = "shuffled"
    orders = []
    for seed in (1, 1, 2):
        stand_in.faults.chat_order_seed = seed
        orders.append([chat["id"] for chat in api.get("/chats").json()["data"]["chats"]])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("edge_429", 429, '"error":"Too Many Requests"'),
        ("envelope_429", 429, '"error_code":"rate_limit_exceeded"'),
        ("envelope_429_retry_after", 429, '"error_code":"rate_limit_exceeded"'),
        ("throttle_403", 403, "<!DOCTYPE html>"),
    ],
)
def test_beyond_the_rate_limit_requests_are_refused_until_the_window_passed(api, stand_in, kind, status, body):
    stand_in.faults.rate_limit = kind
    stand_in.faults.rate_limit_requests = 2
    assert [api.get("/workspace").status_code for _ in range(3)] == [200, 200, status]
    refused = api.get("/workspace")
    assert body in refused.text
    assert ("retry-after" in refused.headers) is kind.endswith("retry_after")
    assert stand_in.requests[-1]["fault"] == f"rate_limit:{kind}"
    stand_in.clock.advance(61)
    assert api.get("/workspace").status_code == 200


@pytest.mark.parametrize(
    ("kind", "text"),
    [("json", '"status":"error"'), ("html", "<!DOCTYPE html>"), ("plain", "Service Unavailable"), ("empty", "")],
)
def test_the_next_matching_requests_fail_as_told(api, stand_in, kind, text):
    failing(stand_in, path="/chats$", method="GET", status=502, body=kind, times=2, skip=1)
    assert api.get("/workspace").status_code == 200
    answers = [api.get("/chats") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 502, 502, 200]
    assert text in answers[1].text
    assert [entry["fault"] for entry in stand_in.requests[-3:]] == [f"failure:{kind}"] * 2 + [None]


def test_an_error_may_come_with_status_200(api, stand_in):
    failing(stand_in, status=200)
    assert api.get("/chats").json()["status"] == "error"


def test_a_truncated_answer_is_half_of_the_true_one(api, stand_in):
    whole = api.get("/chats/1").text
    failing(stand_in, status=200, body="truncated")
    assert api.get("/chats/1").text == whole[: len(whole) // 2]


def test_a_cut_answer_breaks_the_connection(api, stand_in):
    failing(stand_in, status=200, body="cut")
    with pytest.raises(httpx.RemoteProtocolError):
        api.get("/chats/1")


@pytest.mark.parametrize("kind", ["cut", "html"])
def test_a_send_may_be_carried_out_although_its_answer_is_lost(api, stand_in, kind):
    failing(stand_in, method="POST", status=200, body=kind, carry_out=True)
    try:
        api.post("/chats/3/messages", json={"text": "once"})
    except httpx.RemoteProtocolError:
        assert kind == "cut"
    assert [message.text for message in stand_in.workspace.chats[3].messages] == ["once"]


def test_a_send_that_is_not_carried_out_leaves_nothing(api, stand_in):
    failing(stand_in, method="POST", status=503)
    assert api.post("/chats/3/messages", json={"text": "never"}).status_code == 503
    assert stand_in.workspace.chats[3].messages == []


def test_an_endless_answer_does_not_end(api, stand_in):
    failing(stand_in, status=200, body="endless")
    with api.stream("GET", "/chats") as answer:
        pieces = answer.iter_bytes()
        assert all(next(pieces).strip() == b"" for _ in range(3))


def test_a_slow_answer_is_whole_in_the_end(api, stand_in):
    whole = api.get("/chats/1").json()
    failing(stand_in, status=200, body="slow", slow_seconds=0.1)
    assert api.get("/chats/1").json() == whole


def test_every_answer_waits_for_the_latency(api, stand_in):
    stand_in.faults.latency_ms = 300
    with pytest.raises(httpx.ReadTimeout):
        api.get("/chats", timeout=0.05)
    started = time.monotonic()
    api.get("/chats")
    assert time.monotonic() - started >= 0.3


def test_the_same_page_may_come_forever(api, stand_in, uid):
    stand_in.faults.same_page_forever = True
    for path in ("/chats", "/chats/5/messages"):
        first, later = (api.get(path, params={"page": page}).json() for page in (1, 7))
        assert first == later
        assert first["data"]["has_more_pages"] is True
    by_cursor = api.get("/chats/5/messages", params={"before_message": uid(120)}).json()["data"]["messages"]
    assert by_cursor[0]["uid"] == uid(219)


def test_the_before_cursor_may_be_ignored(api, stand_in, uid):
    stand_in.faults.ignore_before_message = True
    rows = api.get("/chats/5/messages", params={"before_message": uid(101)}).json()["data"]["messages"]
    assert rows[0]["uid"] == uid(219)


def test_pages_may_shift_while_they_are_read(api, stand_in):
    stand_in.faults.pages_shift = True
    heads = []
    for _ in range(3):
        heads.append(api.get("/chats").json()["data"]["chats"][0]["id"])
        stand_in.clock.advance(1)
    assert heads == [1, 3, 5]
    before, after = (api.get("/chats/5/messages").json()["data"]["messages"][0]["uid"] for _ in range(2))
    assert before != after


def test_objects_may_change_their_form(api, stand_in):
    stand_in.faults.unknown_fields = True
    stand_in.faults.ids_as_strings = True
    stand_in.faults.missing_fields = ["jid", "created_by"]
    stand_in.faults.null_fields = ["text", "name"]
    stand_in.faults.received_timestamp_absent = True
    stand_in.faults.unknown_enum_values = True
    chat = api.get("/chats/1").json()["data"]
    message = api.get("/chats/1/messages").json()["data"]["messages"][0]
    assert (chat["id"], chat["name"], "jid" in chat, "sentiment" in chat) == ("1", None, False, True)
    assert (message["chat_id"], message["text"], message["status"]) == ("1", None, "Shimmering")
    assert not {"created_by", "received_timestamp"} & set(message)


def test_what_is_stored_stays_whole_under_every_form(api, stand_in):
    stand_in.faults.null_fields = ["text"]
    api.get("/chats/1/messages")
    stand_in.faults.null_fields = []
    assert api.get("/chats/1/messages").json()["data"]["messages"][-1]["text"] == "message 1"
