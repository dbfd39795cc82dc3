"""Who may see a record's chats: Zoho decides about the record, our roles about the page, the record about the chats."""

import pytest

from chatledger.errors import LoginRefused, UsageError
from chatledger.ledger import audit_trail
from tests.stage import ANA, NUMBER, ORGANISATION


def test_nobody_is_led_to_the_sign_in(live):
    answer = live.site.visitor().get(live.address())

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=%2Flive-chat")


@pytest.mark.parametrize("role", ["seller", "viewer", "operator", "admin"])
def test_every_role_may_chat(live, role):
    assert live.site.visitor(role).get(live.address()).status_code == 200


@pytest.mark.parametrize("query", ["", "?module=Leads", "?record=5", "?module=../x&record=5", "?module=Leads&record=1%20or"])
def test_an_address_without_a_record_says_where_to_open_it(live, query):
    answer = live.seller().get(f"/live-chat{query}")

    assert answer.status_code == 400
    assert "open it from one in Zoho" in answer.text


def test_a_record_hidden_by_zoho_is_told_plainly(live):
    stand_in = live.stage.zoho
    stand_in.faults.hidden_records = {stand_in.crm.current_user: [live.lead]}
    page = live.seller().get(live.address())

    assert "This record is not shown to you" in page.text
    assert "quiero el catálogo" not in page.text


def test_a_missing_right_in_zoho_is_told_plainly(live):
    live.stage.zoho.faults.denied = ["Leads.read"]

    assert "You have no right to see this record" in live.seller().get(live.address()).text


def test_a_person_without_a_connection_is_led_to_it(serve_chat):
    async def look_up(_person_id, _record):
        raise UsageError("Your Zoho account is not connected: connect it under /connect.")

    live = serve_chat(look_up=look_up)
    page = live.seller().get(live.address()).text

    assert "Connect your Zoho account" in page
    assert 'href="/connect"' in page


def test_an_ended_connection_is_led_to_it_as_well(serve_chat):
    async def look_up(_person_id, _record):
        raise LoginRefused("The refresh token was revoked.", system="Zoho accounts")

    live = serve_chat(look_up=look_up)

    assert "Connect your Zoho account again" in live.seller().get(live.address()).text


def test_pages_without_any_connection_say_what_to_do(serve_chat):
    live = serve_chat(look_up=None)

    answer = live.seller().get(live.address())
    assert (answer.status_code, "The live chat is not set up" in answer.text) == (503, True)


def test_a_record_without_a_phone_says_so(serve_chat):
    live = serve_chat({"Last_Name": "Ruiz"})
    page = live.seller().get(live.address()).text

    assert "This record has no phone number" in page
    assert "<textarea" not in page


def test_a_field_that_is_no_number_is_named(serve_chat):
    live = serve_chat({"Last_Name": "Ruiz", "Phone": "pregunte"})

    assert "What stands in Phone is not a phone number" in live.seller().get(live.address()).text


def test_a_disconnected_number_can_be_read_but_not_written_from(live):
    live.timelines.disconnect_account(NUMBER)
    page = live.seller().get(live.address()).text

    assert "quiero el catálogo" in page
    assert "is disconnected: this chat can be read" in page
    assert "<textarea" not in page


def test_no_connected_number_at_all_is_told(serve_chat, stage):
    for account in list(stage.timelines.workspace.accounts):
        stage.timelines.disconnect_account(account)
    live = serve_chat()

    assert "No WhatsApp number is connected" in live.seller().get(live.address()).text


def test_another_chat_than_the_record_s_is_not_shown(live):
    live.stage.receive("geheim", phone="+573119998877")
    other = next(chat["id"] for chat in live.timelines.state()["chats"] if chat["phone"] == "+573119998877")
    seller = live.seller()

    for path in (f"/live-chat/chats/{other}/older", f"/live-chat/chats/{other}/latest"):
        assert seller.get(live.address(path)).status_code == 404
    assert live.post(seller, f"/live-chat/chats/{other}/messages", text="hola", attempt="a")["status"] == 404
    assert "geheim" not in seller.get(live.address(chat=other)).text


def test_the_right_to_a_record_is_asked_once_for_many_messages(live):
    seller = live.seller()
    seller.get(live.address())
    for number in range(3):
        live.send(seller, f"hola {number}", f"a-{number}")

    assert len(live.looked_up) == 1


def test_two_people_are_asked_for_one_by_one(live):
    live.seller().get(live.address())
    live.site.visitor("admin").get(live.address())

    assert len(live.looked_up) == 2


@pytest.mark.parametrize(
    ("language", "words"), [("es", "Escriba un mensaje"), ("pt", "Escreva uma mensagem"), ("en", "Write a message")]
)
def test_the_page_speaks_three_languages(live, language, words):
    assert words in live.seller().get(live.address(lang=language)).text


def test_a_form_without_its_token_sends_nothing(live):
    seller = live.seller()
    seller.get(live.address())
    answer = seller.post(live.address(f"/live-chat/chats/{live.chat_id()}/messages"), data={"text": "hola", "attempt": "a"})

    assert answer.status_code == 403
    assert live.sent() == []


def test_who_looked_and_who_sent_is_written_down_without_numbers_or_words(live):
    seller = live.seller()
    seller.get(live.address())
    seller.get(live.address())
    uid = live.send(seller, "Buenas tardes")["uid"]
    with live.stage.ledger.reading() as session:
        entries = audit_trail.page(session, ORGANISATION)

    chat = str(live.chat_id())
    assert [(one.actor, one.act, one.subject, one.details) for one in entries] == [
        ("seller@example.com", "sent", chat, {"message": uid}), ("seller@example.com", "looked", chat, {}),
    ]  # fmt: skip
    assert entries[0].person_hash == audit_trail.person_hash(live.stage.ledger, ANA)
