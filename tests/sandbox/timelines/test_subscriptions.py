import pytest


def test_creating_the_same_subscription_again_is_the_same_subscription(api):
    row = {"event_type": "message:new", "url": "https://example.com/hook", "enabled": False}
    first = api.post("/webhooks", json=row).json()["data"]
    assert first["enabled"] is False
    again = api.post("/webhooks", json=row).json()["data"]
    assert (again["id"], again["enabled"]) == (first["id"], True)
    assert api.delete(f"/webhooks/{first['id']}").status_code == 200
    assert api.get("/webhooks").json()["data"] == []
    restored = api.post("/webhooks", json=row).json()["data"]
    assert (restored["id"], restored["enabled"]) == (first["id"], True)
    assert api.get(f"/webhooks/{first['id']}").json()["data"] == restored


def test_a_subscription_is_changed_in_part(api):
    made = api.post("/webhooks", json={"event_type": "message:new", "url": "https://example.com/a"}).json()["data"]
    changed = api.put(f"/webhooks/{made['id']}", json={"enabled": False}).json()["data"]
    assert changed == {**made, "enabled": False}


@pytest.mark.parametrize(
    "row",
    [
        {"event_type": "message:new", "url": "example.com/a"},
        {"event_type": "message:new", "url": "https://a+b:c@example.com/a"},
        {"event_type": "chat:closed", "url": "https://example.com/a"},
        {"events": ["message:new"], "url": "https://example.com/a"},
    ],
)
def test_a_malformed_subscription_is_refused(api, row):
    answer = api.post("/webhooks", json=row)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_error")


def test_a_workspace_has_ten_subscriptions(api):
    rows = [{"event_type": "message:new", "url": f"https://example.com/{number}"} for number in range(11)]
    assert [api.post("/webhooks", json=row).status_code for row in rows] == [200] * 10 + [403]
    assert api.get("/webhooks/77").status_code == 404
