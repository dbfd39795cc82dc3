import pytest


def listed(api, **params):
    return [chat["id"] for chat in api.get("/chats", params=params).json()["data"]["chats"]]


def test_chats_come_newest_first_and_those_without_messages_last(api):
    assert listed(api) == [1, 4, 2, 5, 3]


def test_a_page_holds_fifty_whatever_size_is_asked_for(api, stand_in):
    for number in range(60):
        stand_in.receive_message("hi", phone=f"+5730100000{number:02d}")
    first = api.get("/chats", params={"limit": 5, "per_page": 5, "page_size": 5}).json()["data"]
    second = api.get("/chats", params={"page": 2}).json()["data"]
    beyond = api.get("/chats", params={"page": 9}).json()["data"]
    assert (len(first["chats"]), first["has_more_pages"]) == (50, True)
    assert (len(second["chats"]), second["has_more_pages"]) == (15, False)
    assert beyond == {"has_more_pages": False, "chats": []}
    assert not {chat["id"] for chat in first["chats"]} & {chat["id"] for chat in second["chats"]}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"label": "vip,other"}, [1]),
        ({"group": "true"}, [2]),
        ({"group": "false", "closed": "false"}, [1, 4, 5]),
        ({"closed": "true"}, [3]),
        ({"responsible": "LAURA@example.com"}, [1]),
        ({"name": "ANA,bru"}, [1, 4, 3]),
        ({"name": "long talk"}, [5]),
        ({"phone": "+573001112233"}, [1, 4]),
        ({"phone": "+57 300 111-22"}, []),
        ({"phone": "0300 111"}, [1, 4]),
        ({"whatsapp_phone": "+573001112233"}, [1, 4, 2]),
        ({"whatsapp_phone": "03001112233,34611222333"}, [1, 4, 2, 5]),
        ({"whatsapp_account_id": "34600000001@s.whatsapp.net"}, [4]),
        ({"created_after": "2026-03-01T12:00:00Z"}, [1, 4, 2, 5, 3]),
        ({"created_before": "2026-03-01T11:59:59Z"}, []),
        ({"read": "false"}, []),
        ({"limit": "1"}, [1, 4, 2, 5, 3]),
    ],
)
def test_filters_are_combined_with_and(api, params, expected):
    assert listed(api, **params) == expected


def test_an_unreadable_filter_is_refused_with_the_field(api):
    answer = api.get("/chats", params={"closed": "maybe"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"fields": ["closed"], "msg": "must be true or false"}]


def test_the_last_message_comes_only_when_asked_for_and_without_reactions(api):
    plain, full = (api.get("/chats", params=params).json()["data"]["chats"] for params in ({}, {"with_msg": "true"}))
    assert "last_message" not in plain[0]
    assert full[0]["last_message"]["message_type"] == "whatsapp_call"
    assert "reactions" not in full[0]["last_message"]
    assert full[-1]["last_message"] is None


def test_members_are_listed_for_groups_only(api):
    assert "group_members" not in api.get("/chats/1").json()["data"]
    assert len(api.get("/chats/2").json()["data"]["group_members"]) == 1
    assert api.get("/chats/2").json()["data"]["phone"] is None


def test_a_chat_without_messages_has_null_for_the_last_one(api):
    chat = api.get("/chats/3").json()["data"]
    assert (chat["last_message_uid"], chat["last_message_timestamp"]) == (None, None)


def test_timestamps_carry_the_offset_of_their_own_season(api, stand_in):
    assert api.get("/chats/1").json()["data"]["last_message_timestamp"] == "2026-03-01 13:30:00 +0100"
    stand_in.receive_message("summer", chat_id=1, at="2026-07-01T12:00:00+00:00")
    assert api.get("/chats/1").json()["data"]["last_message_timestamp"] == "2026-07-01 14:00:00 +0200"


def test_the_link_is_relative_or_absolute_by_switch(api, stand_in, base_url):
    assert api.get("/chats/1").json()["data"]["chat_url"] == "/chat/1/messages/"
    stand_in.faults.chat_url = "absolute"
    assert api.get("/chats/1").json()["data"]["chat_url"] == f"{base_url}/chat/1/messages/"


def test_an_unknown_chat_is_named(api):
    answer = api.get("/chats/99")
    assert (answer.status_code, answer.json()["message"]) == (404, 'Whatsapp chat_id "99" not found')


def test_unknown_keys_are_ignored_and_nothing_changes(api):
    before = api.get("/chats/1").json()
    answer = api.patch("/chats/1", json={"responsible_email": "pedro@example.com", "labels": ["x"]})
    assert (answer.status_code, answer.json()) == (200, before)


def test_a_chat_is_assigned_and_unassigned_by_the_key_responsible(api):
    chat = api.patch("/chats/1", json={"responsible": "pedro@example.com", "closed": True}).json()["data"]
    assert (chat["responsible_email"], chat["responsible_name"], chat["closed"]) == ("pedro@example.com", "Pedro", True)
    assert api.patch("/chats/1", json={"responsible": ""}).json()["data"]["responsible_email"] is None
    assert api.patch("/chats/1", json={"responsible": "x@example.com"}).json()["error_code"] == "validation_error"


def test_a_name_is_unique_in_the_workspace(api):
    assert api.patch("/chats/1", json={"name": "bruno"}).status_code == 400
    assert api.patch("/chats/1", json={"name": "Ana R."}).json()["data"]["name"] == "Ana R."
    refused = api.patch("/chats/1", json={"name": "x" * 257})
    assert refused.json()["errors"][0]["fields"] == ["name"]


def test_posting_labels_replaces_and_putting_adds(api):
    assert api.put("/chats/1/labels", json={"labels": ["new"]}).json()["data"] == {"labels": ["vip", "new"]}
    assert api.post("/chats/1/labels", json={"labels": ["only"]}).json()["data"] == {"labels": ["only"]}
    assert api.get("/chats/1/labels").json()["data"] == {"labels": ["only"]}
    assert api.post("/chats/1/labels", json={"labels": ["x" * 65]}).status_code == 400


def test_notes_come_back_as_messages_of_type_note(api, stand_in):
    uid = api.post("/chats/1/notes", json={"text": "call back"}).json()["data"]["message_uid"]
    note = api.get("/chats/1/messages").json()["data"]["messages"][0]
    assert (note["uid"], note["message_type"], note["text"]) == (uid, "note", "call back")
    assert api.post("/chats/1/notes", content="plain", headers={"content-type": "text/plain"}).status_code == 200
    assert stand_in.state()["message_credits_used"] == 0
