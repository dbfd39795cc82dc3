import httpx
import pytest


@pytest.fixture
def control(base_url):
    with httpx.Client(base_url=f"{base_url}/_sandbox", verify=False) as client:
        yield client


def test_the_log_tells_every_request_but_those_of_the_control(api, control):
    api.get("/chats", params={"page": 2})
    control.get("/state")
    [entry] = control.get("/requests").json()
    assert (entry["n"], entry["method"], entry["path"], entry["query"]) == (1, "GET", "/integrations/api/chats", "page=2")
    assert (entry["status"], entry["credits"], entry["fault"]) == (200, 0, None)
    assert control.delete("/requests").json() == []
    api.get("/chats")
    assert [entry["n"] for entry in control.get("/requests").json()] == [2]


def test_switches_are_set_by_name_and_put_back_together(api, control, stand_in):
    answer = control.put("/faults", json={"latency_ms": 1, "failures": [{"path": "/chats", "status": 503}]})
    assert answer.json()["failures"][0]["times"] == 1
    assert api.get("/chats").status_code == 503
    assert control.get("/faults").json()["failures"][0]["times"] == 0
    control.put("/faults", json={"chat_url": "absolute"})
    assert stand_in.faults.latency_ms == 1
    assert control.delete("/faults").json()["chat_url"] == "relative"
    assert stand_in.faults.latency_ms == 0


@pytest.mark.parametrize("body", [{"nonsense": 1}, {"chat_order": "random"}, {"failures": [{"body": "x"}]}, [], "text"])
def test_a_switch_that_does_not_exist_is_refused_and_nothing_is_set(control, stand_in, body):
    answer = control.put("/faults", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert stand_in.faults.chat_order == "spec"


def test_the_clock_is_moved_forward(control):
    before = control.get("/clock").json()
    assert control.post("/clock", json={"advance_seconds": 3600}).json()["offset_seconds"] == before["offset_seconds"] + 3600
    assert control.post("/clock", json={"seconds": 1}).status_code == 400


def test_the_state_holds_every_message(control):
    state = control.get("/state").json()
    assert [len(chat["messages"]) for chat in state["chats"]] == [4, 1, 0, 1, 120]
    assert state["accounts"][0]["connected_on"] == "2026-02-01 09:00:00 +0100"


def test_people_act_by_control_route_as_well(control, api, uid):
    arrived = control.post(
        "/receive_message", json={"phone": "+573007770000", "text": "hi", "at": "2026-05-01T10:00:00Z"}
    ).json()
    assert api.get(f"/messages/{arrived['uid']}").json()["data"]["timestamp"] == "2026-05-01 12:00:00 +0200"
    control.post("/edit_chat", json={"chat_id": 1, "name": "Ana"})
    control.post("/change_text", json={"uid": uid(1), "text": "edited"})
    control.post("/delete_message", json={"uid": uid(4)})
    control.post("/disconnect_account", json={"account": "+573105550100"})
    assert api.get("/chats/1").json()["data"]["name"] == "Ana"
    assert api.get("/whatsapp_accounts").json()["data"]["whatsapp_accounts"][0]["status"] == "disconnected"
    assert control.post("/reconnect_account", json={"account": "+573105550100"}).json() == {}
    assert control.post("/replace_token", json={"token": "new"}).status_code == 200
    assert api.get("/chats").status_code == 401


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("receive_message", {"text": "hi"}),
        ("receive_message", {"text": "hi", "chat_id": 99}),
        ("receive_message", {"nonsense": 1}),
        ("receive_message", {"chat_id": 1, "attachment": {"filename": "x"}}),
        ("delete_message", {"uid": "nope"}),
        ("edit_chat", {"chat_id": 99, "name": "x"}),
    ],
)
def test_an_impossible_act_is_refused_with_a_reason(control, act, body):
    answer = control.post(f"/{act}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
