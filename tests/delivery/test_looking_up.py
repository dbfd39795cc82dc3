"""Looking up: from a record to its numbers and to their chats on every connected number."""

import asyncio

import pytest

from chatledger.delivery.looking_up import Known, look_up_chats, spellings
from chatledger.errors import NotFound, NotPermitted, Rejected, Unavailable
from chatledger.ledger import links
from chatledger.models import ChatsOfRecord, RecordRef
from sandbox.timelines.faults import Failure
from tests.stage import ANA, LAURA, NUMBER, ORGANISATION, OTHER_NUMBER

OTHER_PHONE = "+573119998877"


def look_up(stage, record_id, *, module="Leads", known=None) -> ChatsOfRecord:
    async def looked_up():
        timelines, zoho, _ = stage.clients()
        try:
            return await look_up_chats(
                stage.ledger, ORGANISATION, RecordRef(module, record_id), timelines=timelines, zoho=zoho,
                known=known or Known(),
            )  # fmt: skip
        finally:
            await timelines.aclose()
            await zoho.aclose()

    return asyncio.run(looked_up())


def lead(stage, **values):
    return stage.zoho.add_record("Leads", {"Last_Name": "Ruiz", **values})


def test_every_phone_field_counts_on_every_connected_number(stage):
    stage.receive("hola", account=NUMBER)
    stage.receive("hola", account=OTHER_NUMBER)
    stage.receive("hola", phone=OTHER_PHONE)
    found = look_up(stage, lead(stage, Mobile=ANA, Phone="311 999 8877"))

    assert [(phone.key, phone.field) for phone in found.phones] == [(OTHER_PHONE, "Phone"), (ANA, "Mobile")]
    assert sorted((chat.phone, chat.account_id) for chat in found.chats) == [
        (ANA, NUMBER), (ANA, OTHER_NUMBER), (OTHER_PHONE, NUMBER),
    ]  # fmt: skip


def test_it_works_without_an_activated_sync(stage):
    stage.receive("hola")
    found = look_up(stage, lead(stage, Mobile=ANA))

    assert [chat.phone for chat in found.chats] == [ANA]
    assert found.only_ledger is None


def test_the_ledger_alone_answers_while_timelines_cannot(stage):
    record = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("hola")
    stage.tick()
    stage.timelines.faults.failures.append(Failure(path="/chats|/whatsapp_accounts", times=99, status=404, body="html"))
    found = look_up(stage, record)

    assert [chat.phone for chat in found.chats] == [ANA]
    assert isinstance(found.only_ledger, Unavailable)


def test_without_a_chat_in_the_ledger_the_trouble_of_timelines_is_told(stage):
    stage.timelines.faults.failures.append(Failure(path="/chats", times=99, status=404, body="html"))

    with pytest.raises(Unavailable):
        look_up(stage, lead(stage, Mobile=ANA))


def test_a_chat_that_both_know_is_listed_once_as_timelines_describes_it(stage):
    record = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("hola")
    stage.tick()
    chat_id = stage.timelines.state()["chats"][0]["id"]
    stage.timelines.edit_chat(chat_id, name="Ana, la de siempre")

    assert [chat.name for chat in look_up(stage, record).chats] == ["Ana, la de siempre"]


def test_the_chat_of_a_pinned_number_belongs_to_the_record(stage):
    record = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("hola")
    stage.receive("hola", phone=OTHER_PHONE)
    stage.tick()
    with stage.ledger.transaction() as session:
        links.pin(session, ORGANISATION, OTHER_PHONE, RecordRef("Leads", record), now=stage.now())

    assert {chat.phone for chat in look_up(stage, record).chats} == {ANA, OTHER_PHONE}


def test_the_newest_chat_comes_first(stage):
    stage.receive("antes", account=NUMBER)
    stage.advance(60)
    stage.receive("después", account=OTHER_NUMBER)

    assert look_up(stage, lead(stage, Mobile=ANA)).chats[0].account_id == OTHER_NUMBER


def test_groups_and_numbers_that_only_resemble_are_left_out(stage):
    stage.receive("hola", jid="120363@g.us", phone=None)
    stage.receive("hola", phone=f"{ANA}4")
    stage.receive("hola", jid="573001112233@lid", phone=None)

    assert look_up(stage, lead(stage, Mobile=ANA)).chats == ()


def test_national_numbers_are_read_where_the_connected_numbers_are(stage):
    stage.receive("hola")
    found = look_up(stage, lead(stage, Phone="300 111 2233"))

    assert [phone.key for phone in found.phones] == [ANA]
    assert len(found.chats) == 1


def test_brazilian_numbers_are_found_with_and_without_the_ninth_digit(stage):
    stage.receive("oi", phone="+551187654321")
    found = look_up(stage, lead(stage, Mobile="+55 11 98765-4321"))

    assert [chat.phone for chat in found.chats] == ["+551187654321"]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("+5511987654321", {"+5511987654321", "+551187654321"}),
        ("+551187654321", {"+5511987654321", "+551187654321"}),
        ("+525512345678", {"+525512345678", "+5215512345678"}),
        ("+541112345678", {"+541112345678", "+5491112345678"}),
        (ANA, {ANA}),
    ],
)
def test_every_spelling_of_one_subscriber_is_asked_for(key, expected):
    assert set(spellings(key)) == expected
    assert spellings(key)[0] == key


def test_a_field_that_holds_no_number_is_named(stage):
    found = look_up(stage, lead(stage, Phone="pregunte por Ana", Mobile=ANA))

    assert found.unread_phones == ("Phone",)


def test_a_record_without_a_number_asks_timelines_for_no_chat(stage):
    found = look_up(stage, lead(stage))

    assert (found.phones, found.chats) == ((), ())
    assert [request["path"].rpartition("/")[2] for request in stage.timelines.requests] == ["whatsapp_accounts"]


def test_a_converted_lead_still_has_its_chats(stage):
    record = lead(stage, Mobile=ANA)
    stage.receive("hola")
    stage.zoho.convert_lead(record)

    assert len(look_up(stage, record).chats) == 1


def test_a_record_hidden_from_the_user_is_not_found(stage):
    record = lead(stage, Mobile=ANA)
    stage.zoho.faults.hidden_records = {stage.zoho.crm.current_user: [record]}

    with pytest.raises(NotFound):
        look_up(stage, record)


def test_a_record_hidden_from_somebody_else_is_found(stage):
    record = lead(stage, Mobile=ANA)
    stage.zoho.faults.hidden_records = {LAURA: [record]}

    assert look_up(stage, record).phones


def test_a_missing_right_is_told_as_such(stage):
    record = lead(stage, Mobile=ANA)
    stage.zoho.faults.denied = ["Leads.read"]

    with pytest.raises(NotPermitted):
        look_up(stage, record)


def test_an_unknown_record_is_told_as_such(stage):
    with pytest.raises(Rejected):
        look_up(stage, "5725767000000999999")


def test_a_second_look_up_asks_only_for_the_record_and_its_chats(stage):
    record, known = lead(stage, Mobile=ANA), Known()
    look_up(stage, record, known=known)
    stage.forget_calls()
    look_up(stage, record, known=known)

    assert stage.zoho_calls() == [f"GET /crm/v8/Leads/{record}"]
    assert [request["path"].rpartition("/")[2] for request in stage.timelines.requests] == ["chats"]
