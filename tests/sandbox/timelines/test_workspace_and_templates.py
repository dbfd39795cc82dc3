def test_the_workspace_tells_its_quotas(api):
    workspace = api.get("/workspace").json()["data"]
    assert (workspace["workspace_id"], workspace["plan"]) == ("acme", "CRM Integration")
    assert workspace["api_calls_quota"]["total"] == 200_000
    assert workspace["messaging_quota"]["period_start"][8:19] == "01 00:00:00"
    assert set(workspace["seats"]) == {"total", "used"}
    assert "plan" not in api.get("/workspace/quotas").json()["data"]


def test_accounts_are_active_or_disconnected(api, stand_in):
    stand_in.disconnect_account("34600000001@s.whatsapp.net", suspended=True)
    accounts = api.get("/whatsapp_accounts").json()["data"]["whatsapp_accounts"]
    assert [account["status"] for account in accounts] == ["active", "disconnected"]
    assert "is_visible" not in accounts[0]
    assert api.get("/v2/whatsapp_accounts").json()["data"]["whatsapp_accounts"][0]["is_visible"] is True
    stand_in.reconnect_account("34600000001@s.whatsapp.net", resumed=True)
    assert stand_in.workspace.accounts["34600000001@s.whatsapp.net"].status == "active"


def test_teammates_come_with_their_numbers(api):
    data = api.get("/workspace/teammates").json()["data"]
    assert data["teams"] == [{"title": "Default"}]
    assert [mate["whatsapp_accounts"][0]["phone"] for mate in data["teammates"]] == ["+573105550100", "+34600000001"]
    assert api.get("/workspace/teammates/me").json()["data"] == data["teammates"][0]


def test_there_are_no_waba_accounts(api):
    assert api.get("/waba/accounts").json() == {"status": "ok", "data": {"waba_accounts": []}}


def test_templates_are_created_changed_used_and_deleted(api, stand_in):
    stand_in.clock.advance(1)
    made = api.post("/templates", json={"name": "Bye", "text": "See you"}).json()["data"]
    assert (made["visibility"], made["team_title"], made["created_at"][-1]) == ("public", None, "Z")
    listed = api.get("/templates").json()["data"]
    assert (listed["templates_count"], [one["id"] for one in listed["templates"]]) == (2, [made["id"], 501])
    path = f"/templates/{made['id']}"
    assert api.patch(path, json={"text": "Ciao", "team_title": "Sales"}).json()["data"]["name"] == "Bye"
    assert api.patch(path, json={"team_title": None, "name": None}).json()["data"]["team_title"] is None
    assert api.get(path).json()["data"]["text"] == "Ciao"
    assert api.post(f"{path}/track_usage", json={"origin": "Chat View"}).json() == {"status": "ok"}
    assert api.post(f"{path}/track_usage").status_code == 200
    assert stand_in.workspace.templates[made["id"]].uses == 2
    assert api.delete(path).status_code == 200
    assert api.get(path).status_code == 404


def test_a_template_needs_a_name_and_a_text(api):
    answer = api.post("/templates", json={"name": "", "visibility": "secret"})
    assert {error["fields"][0] for error in answer.json()["errors"]} == {"name", "text", "visibility"}
