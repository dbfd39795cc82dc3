import pytest


def numbers(api, chat=5, **params):
    rows = api.get(f"/chats/{chat}/messages", params=params).json()["data"]["messages"]
    return [int(row["uid"][-12:]) for row in rows]


def test_history_is_newest_first_in_pages_of_fifty(api):
    first = api.get("/chats/5/messages").json()["data"]
    assert first["has_more_pages"] is True
    assert numbers(api) == list(range(219, 169, -1))
    assert numbers(api, page=3) == list(range(119, 99, -1))
    assert api.get("/chats/5/messages", params={"page": 3}).json()["data"]["has_more_pages"] is False


def test_the_message_cursors_exclude_the_message_itself(api, uid):
    assert numbers(api, before_message=uid(103)) == [102, 101, 100]
    assert numbers(api, after_message=uid(217)) == [219, 218]
    assert numbers(api, after_message=uid(101), before_message=uid(104)) == [103, 102]


def test_walking_back_by_cursor_sees_every_message_once(api, uid):
    seen = numbers(api)
    while page := numbers(api, before_message=uid(seen[-1])):
        seen += page
    assert seen == list(range(219, 99, -1))


def test_messages_of_one_second_are_not_lost_at_the_cursor(api, stand_in):
    uids = [stand_in.receive_message(str(n), chat_id=3, at="2026-03-05T10:00:00Z")["uid"] for n in range(3)]
    rows = api.get("/chats/3/messages", params={"before_message": uids[2]}).json()["data"]["messages"]
    assert [row["uid"] for row in rows] == [uids[1], uids[0]]
    stand_in.faults.cursor_skips_same_second = True
    assert api.get("/chats/3/messages", params={"before_message": uids[2]}).json()["data"]["messages"] == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"after": "2026-03-01 13:20"}, [4, 3]),
        ({"after": "2026-03-01T12:20:00Z"}, [4, 3]),
        ({"before": "2026-03-01 13:10:00"}, [2, 1]),
        ({"after": "2026-03-01", "before": "2026-03-01"}, [4, 3, 2, 1]),
        ({"after": "2026-03-02"}, []),
        ({"from_me": "true"}, [2]),
        ({"from_me": "false", "sorting_order": "asc"}, [1, 3, 4]),
    ],
)
def test_dates_are_inclusive_and_meant_in_the_zone_of_the_workspace(api, params, expected):
    assert numbers(api, chat=1, **params) == expected


def test_a_cursor_of_another_chat_is_unknown(api, uid):
    assert api.get("/chats/5/messages", params={"before_message": uid(1)}).status_code == 404
    assert api.get("/chats/5/messages", params={"sorting_order": "up"}).status_code == 400


def test_a_message_has_the_fields_of_the_history(api, uid):
    message = api.get(f"/messages/{uid(2)}").json()["data"]
    assert message["sender_phone"] == "+573105550100"
    assert message["recipient_phone"] == "+573001112233"
    assert (message["attachment_url"], message["attachment_filename"], message["has_attachment"]) == (None, None, False)
    assert message["reactions"] == {"users": [], "reactions": {}, "total": 0}
    assert message["created_by"] == "Laura (laura@example.com)"


def test_an_attachment_has_no_text_and_a_link(api, uid):
    message = api.get(f"/messages/{uid(3)}").json()["data"]
    assert (message["text"], message["attachment_filename"], message["has_attachment"]) == (None, "café.jpg", True)
    assert message["attachment_url"].startswith("http")
    assert message["reactions"]["reactions"] == {"👍": 2}


def test_unknown_messages_are_named(api):
    for path in ("/messages/nope", "/messages/nope/status_history", "/messages/nope/reactions"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["message"]) == (404, 'Message uid "nope" not found')


def test_a_reaction_of_ours_is_set_replaced_and_cleared(api, uid):
    path = f"/messages/{uid(3)}/reactions"
    assert api.patch(path, json={"reaction": "❤️"}).json()["data"] == {"message_uid": uid(3)}
    api.patch(path, json={"reaction": "\\uD83D\\uDC4D"})
    reactions = api.get(path).json()["data"]
    assert (reactions["total"], reactions["reactions"]) == (3, {"👍": 3})
    assert [user["phone"] for user in reactions["users"] if user["current"]] == ["+573105550100"]
    api.patch(path, json={"reaction": ""})
    assert api.get(path).json()["data"]["total"] == 2
