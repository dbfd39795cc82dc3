import httpx


def test_success_is_wrapped_in_the_envelope(api):
    assert set(api.get("/workspace").json()) == {"status", "data"}
    assert api.get("/workspace").json()["status"] == "ok"


def test_a_request_without_credentials_is_refused_with_its_own_code(base_url):
    answer = httpx.get(f"{base_url}/integrations/api/chats")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "missing_credentials")


def test_a_wrong_token_is_refused_with_its_own_code(base_url):
    answer = httpx.get(f"{base_url}/integrations/api/chats", headers={"Authorization": "Bearer other"})
    assert (answer.status_code, answer.json()["status"], answer.json()["error_code"]) == (401, "error", "invalid_token")


def test_a_new_token_ends_the_old_one(stand_in, api):
    stand_in.replace_token("fresh")
    assert api.get("/chats").status_code == 401
    assert api.get("/chats", headers={"Authorization": "Bearer fresh"}).status_code == 200


def test_the_plain_text_login_refusal_is_a_switch(stand_in, base_url):
    stand_in.faults.plain_text_401 = True
    answer = httpx.get(f"{base_url}/integrations/api/chats")
    assert (answer.status_code, answer.text) == (401, "Unauthorized")


def test_a_trailing_slash_and_an_unknown_path_give_the_html_page(api):
    for path in ("/chats/", "/contacts", "/chats/abc"):
        answer = api.get(path)
        assert (answer.status_code, answer.text[:15]) == (404, "<!DOCTYPE html>")
        assert answer.headers["content-type"].startswith("text/html")


def test_notes_can_be_written_but_not_listed(api):
    assert api.get("/chats/1/notes").status_code == 405


def test_what_is_not_json_is_named_as_such(api):
    answer = api.post("/chats/1/notes", content=b'{"text": "\x97"}', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Bad JSON format: 'utf-8' codec can't decode byte 0x97")


def test_the_default_agent_of_python_is_blocked_by_the_edge(api):
    answer = api.get("/chats", headers={"User-Agent": "Python-urllib/3.11"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")


def test_every_call_counts_against_the_monthly_quota(api, stand_in):
    assert api.get("/workspace").json()["data"]["api_calls_quota"]["used"] == 8
    stand_in.workspace.api_calls["total"] = 8
    answer = api.get("/workspace")
    assert (answer.status_code, answer.json()["error_code"]) == (429, "quota_exceeded")


def test_a_broken_surrogate_pair_is_escaped_and_not_fatal(api, stand_in):
    stand_in.receive_message("half \ud83d", chat_id=1)
    answer = api.get("/chats/1/messages")
    assert answer.status_code == 200
    assert "half \\ud83d" in answer.text
