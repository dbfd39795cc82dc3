"""Whose chats a record's page shows: a contact's as well as a lead's, and no group's."""

from tests.stage import ANA


def test_chat_is_read_and_answered_from_a_contact_as_from_a_lead(live):
    contact = live.stage.zoho.add_record("Contacts", {"Last_Name": "Ruiz", "Phone": ANA})
    seller, query = live.seller(), f"?module=Contacts&record={contact}"
    path = f"/live-chat/chats/{live.chat_id()}/messages{query}"

    shown = seller.get(f"/live-chat{query}").text
    answered = seller.submit(path, {"text": "Buenas tardes", "attempt": "a"})

    assert "quiero el catálogo" in shown
    assert answered.status_code == 303
    assert [message["text"] for message in live.sent()] == ["Buenas tardes"]


def test_group_in_which_the_person_writes_is_not_shown(live):
    live.stage.receive("a todo el grupo", name="Grupo de ventas", jid="120363025246125486@g.us", phone=None)

    shown = live.seller().get(live.address()).text

    assert "quiero el catálogo" in shown
    assert "Grupo de ventas" not in shown
    assert "a todo el grupo" not in shown
