import pytest


def status(api, uid):
    return api.get(f"/messages/{uid}").json()["data"]["status"]


def history(api, uid):
    return [step["status"] for step in api.get(f"/messages/{uid}/status_history").json()["data"]]


def send(api, path, **body):
    return api.post(path, json=body).json()["data"]["message_uid"]


def test_a_send_is_accepted_first_and_delivered_later(api, stand_in):
    uid = send(api, "/chats/1/messages", text="hello")
    assert (status(api, uid), history(api, uid)) == ("Sending", [])
    stand_in.clock.advance(2.5)
    assert status(api, uid) == "Sent"
    stand_in.clock.advance(2)
    assert (status(api, uid), history(api, uid)) == ("Delivered", ["Sent", "Delivered"])


def test_sends_leave_one_after_the_other(api, stand_in):
    first, second, third = (send(api, "/chats/1/messages", text=str(number)) for number in range(3))
    stand_in.clock.advance(4.5)
    assert [status(api, uid) for uid in (first, second, third)] == ["Delivered", "Sent", "Sending"]


def test_our_send_is_in_the_history_as_ours(api):
    uid = send(api, "/chats/1/messages", text="hello\nthere")
    newest = api.get("/chats/1/messages").json()["data"]["messages"][0]
    assert (newest["uid"], newest["from_me"], newest["origin"]) == (uid, True, "Public API")
    assert newest["data"] == {"whatsapp_from_me": True}


def test_a_send_to_a_new_number_opens_a_chat_on_the_number_connected_last(api):
    uid = send(api, "/messages", phone="14155551234", text="hi", chat_name="New one", label="lead")
    chat = api.get(f"/chats/{api.get(f'/messages/{uid}').json()['data']['chat_id']}").json()["data"]
    assert (chat["phone"], chat["jid"], chat["name"]) == ("+14155551234", "14155551234@s.whatsapp.net", "New one")
    assert (chat["whatsapp_account_id"], chat["labels"]) == ("573105550100@s.whatsapp.net", ["lead"])
    again = send(api, "/messages/to_jid", jid="14155551234@s.whatsapp.net", text="again")
    assert api.get(f"/messages/{again}").json()["data"]["chat_id"] == chat["id"]


def test_the_sending_number_is_chosen_by_whatsapp_account_phone(api):
    uid = send(api, "/messages", phone="+573001112233", text="hi", whatsapp_account_phone="+34600000001")
    assert api.get(f"/messages/{uid}").json()["data"]["chat_id"] == 4
    uid = send(api, "/messages", phone="+573001112233", text="hi", whatsapp_account_id="34600000001@s.whatsapp.net")
    assert api.get(f"/messages/{uid}").json()["data"]["chat_id"] == 1


@pytest.mark.parametrize(
    ("path", "body", "status_code"),
    [
        ("/messages", {"phone": "not-a-phone", "text": "x"}, 400),
        ("/messages", {"text": "x"}, 400),
        ("/messages", {"phone": "+573009998877", "text": "x", "whatsapp_account_phone": "+10000000000"}, 400),
        ("/messages", {"phone": "+573009998877"}, 400),
        ("/messages/to_jid", {"jid": "1@newsletter", "text": "x"}, 400),
        ("/chats/1/messages", {}, 400),
        ("/chats/1/messages", {"text": "x" * 2001}, 400),
        ("/chats/1/messages", {"text": "a\0b"}, 400),
        ("/chats/1/messages", {"text": 5}, 400),
        ("/chats/1/messages", {"text": "x", "label": "x" * 65}, 400),
        ("/chats/1/messages", {"file_uid": "nope"}, 404),
        ("/chats/1/messages", {"text": "x", "reply_to": "nope"}, 404),
        ("/chats/1/messages", {"attachment_template_id": 501}, 404),
        ("/chats/99/messages", {"text": "x"}, 404),
    ],
)
def test_a_refused_send_leaves_nothing_behind(api, stand_in, path, body, status_code):
    before = {chat: len(row.messages) for chat, row in stand_in.workspace.chats.items()}
    answer = api.post(path, json=body)
    assert (answer.status_code, answer.json()["status"]) == (status_code, "error")
    assert {chat: len(row.messages) for chat, row in stand_in.workspace.chats.items()} == before
    assert stand_in.state()["message_credits_used"] == 0


def test_a_reply_stays_on_its_number(api, uid):
    assert api.post("/chats/1/messages", json={"text": "x", "reply_to": uid(1)}).status_code == 200
    assert api.post("/chats/1/messages", json={"text": "x", "reply_to": ""}).status_code == 200
    assert api.post("/chats/1/messages", json={"text": "x", "reply_to": uid(20)}).status_code == 400


def test_a_bad_phone_is_named(api):
    answer = api.post("/messages", json={"phone": "not-a-phone", "text": "x"})
    assert answer.json()["message"] == 'Wrong phone number "not-a-phone"'


def test_text_costs_one_credit_and_text_with_attachment_two(api, stand_in):
    file_uid = api.post("/files_upload", files={"file": ("a.txt", b"abc", "text/plain")}).json()["data"]["uid"]
    for body in ({"text": "a"}, {"file_uid": file_uid}, {"text": "a", "file_uid": file_uid}):
        api.post("/chats/1/messages", json=body)
    assert [entry["credits"] for entry in stand_in.requests[-3:]] == [1, 1, 2]
    assert api.get("/workspace").json()["data"]["messaging_quota"]["used"] == 4


def test_a_failed_send_gives_its_credit_back_later(api, stand_in):
    stand_in.faults.phones_without_whatsapp = ["+573001112233"]
    uid = send(api, "/chats/1/messages", text="x")
    stand_in.clock.advance(10)
    assert (status(api, uid), history(api, uid)) == ("Failed", ["Failed"])
    assert stand_in.state()["message_credits_used"] == 1
    stand_in.clock.advance(7200)
    assert stand_in.state()["message_credits_used"] == 0


def test_the_switch_for_failing_sends_counts_down(api, stand_in):
    stand_in.faults.failing_sends = 1
    uids = [send(api, "/chats/1/messages", text="x") for _ in range(2)]
    stand_in.clock.advance(30)
    assert [status(api, uid) for uid in uids] == ["Failed", "Delivered"]


def test_no_more_is_queued_than_there_are_credits_for(api, stand_in):
    stand_in.workspace.message_credits["total"] = 1
    assert api.post("/chats/1/messages", json={"text": "x"}).status_code == 200
    answer = api.post("/messages", json={"phone": "+573009998877", "text": "x"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "quota_exceeded")
    assert len(stand_in.workspace.chats) == 5


def test_a_disconnected_number_sends_nothing(api, stand_in):
    stand_in.disconnect_account("+573105550100")
    assert api.post("/chats/1/messages", json={"text": "x"}).status_code == 400
    assert api.get("/chats/1").json()["data"]["is_allowed_to_message"] is False
    uid = send(api, "/messages", phone="+573009998877", text="x")
    chat = stand_in.workspace.chats[stand_in.workspace.messages[uid].chat_id]
    assert chat.account_id == "34600000001@s.whatsapp.net"


def test_a_file_and_a_voice_message_travel_with_the_request(api):
    for path, caption in (("/chats/1/file_message", "look"), ("/chats/1/voice_message", None)):
        data = {"caption": caption} if caption else {}
        uid = api.post(path, files={"file": ("note.ogg", b"OggS...", "audio/ogg")}, data=data).json()["data"]["message_uid"]
        message = api.get(f"/messages/{uid}").json()["data"]
        assert (message["attachment_filename"], message["text"]) == ("note.ogg", caption)
