"""Sending: nothing twice, nothing lost without a word, every refusal with its reason."""

import threading

import pytest

from sandbox.timelines.faults import Failure
from sandbox.timelines.memory import Template
from tests.stage import NUMBER, OTHER_NUMBER

SENDS = "/messages$"
PDF = b"%PDF-1.4\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def fail(live, **how):
    live.timelines.faults.failures.append(Failure(**{"path": SENDS, "method": "POST", **how}))


def texts(live):
    return [message["text"] for message in live.sent()]


def test_a_text_is_sent_and_comes_back_as_it_is_shown(live):
    answer = live.send(live.seller(), "Buenas tardes\n¿todo bien? 🙂")

    assert (answer["status"], answer["state"]) == (200, "sent")
    assert "¿todo bien? 🙂" in answer["html"]
    assert texts(live) == ["Buenas tardes\n¿todo bien? 🙂"]


def test_a_reply_names_the_message_it_answers(live):
    uid = live.timelines.state()["chats"][0]["messages"][0]["uid"]
    live.send(live.seller(), "Sí", reply_to=uid)

    assert [message.reply_to for message in live.timelines.workspace.messages.values() if message.text == "Sí"] == [uid]


def test_the_same_attempt_twice_is_one_message(live):
    seller = live.seller()
    first, second = live.send(seller, "hola"), live.send(seller, "hola")

    assert (first["uid"], first["state"]) == (second["uid"], second["state"])
    assert texts(live) == ["hola"]


def test_the_same_attempt_at_the_same_time_is_one_message(live):
    seller = live.seller()
    live.timelines.faults.latency_ms = 150
    clicks = [threading.Thread(target=live.send, args=(seller, "hola")) for _ in range(3)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert texts(live) == ["hola"]


def test_another_text_is_another_message_even_under_the_same_attempt(live):
    seller = live.seller()
    live.send(seller, "hola")
    live.send(seller, "adiós")

    assert texts(live) == ["hola", "adiós"]


def test_an_answer_that_never_came_is_told_as_unknown_and_not_sent_again(live):
    seller = live.seller()
    fail(live, status=502, body="html", carry_out=True)
    first, second = live.send(seller, "hola"), live.send(seller, "hola")

    assert [(one["status"], one["state"]) for one in (first, second)] == [(202, "unknown")] * 2
    assert "not known whether this message was sent" in first["title"]
    assert texts(live) == ["hola"]


def test_an_unknown_message_that_is_in_the_chat_is_found_instead_of_sent_again(live):
    seller = live.seller()
    fail(live, status=502, body="html", carry_out=True)
    live.send(seller, "hola")
    again = live.send(seller, "hola", again=1)

    assert again["state"] == "sent"
    assert texts(live) == ["hola"]


def test_an_unknown_message_that_is_not_in_the_chat_is_sent_after_the_look(live):
    seller = live.seller()
    fail(live, status=502, body="html")
    live.send(seller, "hola")
    again = live.send(seller, "hola", again=1)

    assert again["state"] == "sent"
    assert texts(live) == ["hola"]


def test_the_same_text_sent_before_is_not_taken_for_the_unknown_one(live):
    seller = live.seller()
    live.send(seller, "hola", "a-1")
    fail(live, status=502, body="html")
    live.send(seller, "hola", "a-2")
    live.send(seller, "hola", "a-2", again=1)

    assert texts(live) == ["hola", "hola"]


@pytest.mark.parametrize(
    ("how", "title"),
    [
        ({"status": 400}, "TimelinesAI refused the message"),
        ({"status": 429}, "TimelinesAI asks for a pause"),
        ({"status": 401}, "TimelinesAI refuses the connection"),
    ],
)
def test_a_refusal_is_told_with_what_helps_and_can_be_tried_again(live, how, title):
    seller = live.seller()
    fail(live, **how)
    refused = live.send(seller, "hola")
    again = live.send(seller, "hola")

    assert (refused["status"], refused["state"], refused["title"]) == (409, "refused", title)
    assert again["state"] == "sent"
    assert texts(live) == ["hola"]


def test_a_used_up_quota_is_told(live):
    live.timelines.workspace.message_credits["total"] = 0
    answer = live.send(live.seller(), "hola")

    assert (answer["state"], answer["title"]) == ("refused", "The quota is used up")


def test_a_number_that_was_disconnected_meanwhile_is_told(live):
    seller = live.seller()
    seller.get(live.address())
    live.timelines.disconnect_account(NUMBER)

    assert live.send(seller, "hola")["title"] == "The sending number is disconnected"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  \n ", "Nothing to send"),
        ("x" * 2001, "The text is too long"),
        ("Hola {{nombre}}", "The text still holds variables"),
    ],
)
def test_what_cannot_be_right_is_not_sent(live, text, title):
    answer = live.send(live.seller(), text)

    assert (answer["state"], answer["title"]) == ("refused", title)
    assert texts(live) == []


@pytest.mark.parametrize(("name", "content"), [("lista.pdf", PDF), ("foto.png", PNG), ("FOTO.PNG", PNG)])
def test_a_file_is_sent_with_its_caption(live, name, content):
    answer = live.send(live.seller(), "Aquí va", files={"file": (name, content)})

    assert answer["state"] == "sent"
    [message] = live.sent()
    assert (message["text"], message["attachment_filename"]) == ("Aquí va", name)
    stored = live.timelines.workspace.messages[message["uid"]].attachment
    assert stored.content == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ\x90\0"), ("dibujo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("foto.png", PDF), ("lista.pdf", b"<html><script>alert(1)</script>"), ("pagina.html", b"<html>"),
        ("sin-extension", PDF), ("nota.ogg", b"hola"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_not_sent(live, name, content):
    answer = live.send(live.seller(), files={"file": (name, content)})

    assert (answer["state"], answer["title"]) == ("refused", "This kind of file cannot be sent")
    assert live.timelines.state()["files"] == []


def test_a_file_that_is_too_large_is_not_sent(live):
    answer = live.send(live.seller(), files={"file": ("foto.png", PNG + bytes(16_000_001))})

    assert (answer["state"], answer["title"]) == ("refused", "The file is too large")


def test_a_file_keeps_its_name_without_folders(live):
    live.send(live.seller(), files={"file": ("..\\..\\windows\\lista.pdf", PDF)})

    assert live.sent()[0]["attachment_filename"] == "lista.pdf"


def test_a_file_that_could_not_be_uploaded_sends_nothing(live):
    live.timelines.faults.failures.append(Failure(path="/files_upload", status=502, body="html"))
    answer = live.send(live.seller(), "hola", files={"file": ("lista.pdf", PDF)})

    assert (answer["state"], answer["title"]) == ("refused", "TimelinesAI cannot be reached")
    assert texts(live) == []


def test_a_new_chat_begins_from_the_chosen_number(serve_chat):
    live = serve_chat()
    seller = live.seller()
    shown = seller.get(live.address()).text
    answer = live.post(seller, "/live-chat/messages", text="Hola", attempt="a", phone=0, number=OTHER_NUMBER)

    assert "No chat matches this person&#39;s number" in shown
    assert answer["state"] == "sent"
    [chat] = live.timelines.state()["chats"]
    assert (chat["id"], chat["whatsapp_account_id"]) == (answer["chat"], OTHER_NUMBER)
    assert "Hola" in seller.get(live.address()).text


@pytest.mark.parametrize("form", [{}, {"phone": 5, "number": NUMBER}, {"phone": 0, "number": "573@s.whatsapp.net"}])
def test_a_new_chat_goes_only_to_the_record_s_numbers_from_connected_ones(serve_chat, form):
    live = serve_chat()
    answer = live.post(live.seller(), "/live-chat/messages", text="Hola", attempt="a", **form)

    assert (answer["state"], answer["title"]) == ("refused", "Choose who writes to whom")
    assert texts(live) == []


def test_a_failed_message_is_shown_with_its_reason_and_can_be_sent_again(live):
    live.timelines.faults.failing_sends = 1
    seller = live.seller()
    live.send(seller, "hola")
    live.stage.advance(5)
    shown = seller.get(live.address()).text

    assert "Not sent" in shown
    assert "data-resend" in shown


def test_a_reaction_is_set(live):
    uid = live.timelines.state()["chats"][0]["messages"][0]["uid"]
    seller = live.seller()
    answer = live.post(seller, f"/live-chat/chats/{live.chat_id()}/reactions", uid=uid, emoji="👍")

    assert answer["state"] == "done"
    assert "<span>👍</span>" in seller.get(live.address()).text


def test_a_reaction_to_another_chat_s_message_is_refused(live):
    own = live.chat_id()
    uid = live.stage.receive("otro", phone="+573119998877")

    assert live.post(live.seller(), f"/live-chat/chats/{own}/reactions", uid=uid, emoji="👍")["status"] == 404


def test_without_scripts_a_form_leads_back_to_the_chat(live):
    seller = live.seller()
    path = live.address(f"/live-chat/chats/{live.chat_id()}/messages")
    answer = seller.submit(path, {"text": "hola", "attempt": "a"})

    assert answer.status_code == 303
    assert "hola" in seller.get(answer.headers["Location"]).text


def test_without_scripts_a_refused_form_keeps_its_text(live):
    fail(live, status=400)
    seller = live.seller()
    path = live.address(f"/live-chat/chats/{live.chat_id()}/messages")
    answer = seller.submit(path, {"text": "no se pierde", "attempt": "a"})

    assert "Not sent: TimelinesAI refused the message" in answer.text
    assert ">no se pierde</textarea>" in answer.text


def test_templates_are_filled_from_the_record(live):
    now = live.stage.now()
    text = "Hola {{name}} de {{company}}, soy {{agente secreto}}"
    live.timelines.workspace.templates[501] = Template(501, "Saludo", text, "Laura", now, now)
    seller = live.seller()
    shown = seller.get(live.address("/live-chat/templates")).text
    without_scripts = seller.get(live.address(templates=1, template=501)).text

    assert 'data-variable="name" value="Ana Ruiz"' in shown
    assert 'data-variable="agente secreto" value=""' in shown
    assert "Hola Ana Ruiz de Café Sol, soy {{agente secreto}}" in without_scripts
