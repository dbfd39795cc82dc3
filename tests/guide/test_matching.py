"""A chat whose number a record carries belongs to that record."""

import pytest

from tests.stage import ANA, NUMBER, OTHER_NUMBER

SAME_END_ELSEWHERE = "+13001112233"


def lead(stage, **values) -> str:
    return stage.zoho.add_record("Leads", {"Last_Name": "Ana de antes", **values})


def contact(stage, **values) -> str:
    return stage.zoho.add_record("Contacts", {"Last_Name": "Ana de antes", **values})


def test_message_goes_as_note_to_the_record_that_carries_the_number(stage):
    known = lead(stage, Mobile="+57 300 111-2233")
    stage.activate()
    uid = stage.receive("hola de nuevo", name="Ana Ruiz")

    summary = stage.tick()

    assert [row["id"] for row in stage.leads()] == [known]
    (note,) = stage.notes(known)
    assert "hola de nuevo" in note["Note_Content"]
    assert summary["records"] == {"matched": 1, "created": 0}
    assert (stage.message(uid).module, stage.message(uid).record_id) == ("Leads", known)


def test_message_we_send_goes_to_the_record_that_carries_the_number(stage):
    known = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("le confirmo la cita", from_me=True)

    stage.tick()

    assert len(stage.notes(known)) == 1


def test_record_found_is_left_as_it_is(stage):
    known = lead(stage, Mobile="300 111 2233", Lead_Source="Facebook", Company="Su taller")
    stage.activate()
    stage.receive(name="Ana Ruiz")

    stage.tick()

    (row,) = stage.leads()
    assert row["id"] == known
    assert (row["Last_Name"], row["Mobile"], row["Lead_Source"]) == ("Ana de antes", "300 111 2233", "Facebook")
    assert row.get("WhatsApp_Chat") is None


def test_same_number_in_another_field_of_the_module_does_not_match(stage):
    other = lead(stage, Phone=ANA)
    stage.activate(phone_field="Mobile")
    stage.receive()

    stage.tick()

    assert len(stage.leads()) == 2
    assert stage.notes(other) == []


def test_mobiles_of_leads_are_searched_before_the_office_numbers_of_contacts(stage):
    first = lead(stage, Mobile=ANA)
    second = contact(stage, Phone=ANA)
    stage.activate(phone_field="Mobile", converted_phone_field="Phone")
    stage.receive()

    stage.tick()

    assert (len(stage.notes(first)), len(stage.notes(second))) == (1, 0)


def test_office_number_of_a_contact_matches_when_no_lead_does(stage):
    lead(stage, Mobile="+573009998877")
    known = contact(stage, Phone=ANA)
    stage.activate(phone_field="Mobile", converted_phone_field="Phone")
    stage.receive()

    stage.tick()

    assert len(stage.notes(known)) == 1
    assert len(stage.leads()) == 1


def test_another_phone_field_of_a_contact_does_not_match(stage):
    known = contact(stage, Mobile=ANA)
    stage.activate(converted_phone_field="Phone")
    stage.receive()

    stage.tick()

    assert stage.notes(known) == []
    assert len(stage.leads()) == 1


def test_contacts_are_not_searched_when_converted_leads_stop(stage):
    known = contact(stage, Phone=ANA)
    stage.activate(converted="stop")
    stage.receive()

    stage.tick()

    assert stage.notes(known) == []
    assert len(stage.leads()) == 1


def test_number_that_only_ends_alike_is_somebody_else(stage):
    stranger = lead(stage, Mobile=SAME_END_ELSEWHERE)
    stage.activate()
    stage.receive(phone=ANA)

    stage.tick()

    assert stage.notes(stranger) == []
    assert sorted(row["Mobile"] for row in stage.leads()) == [SAME_END_ELSEWHERE, ANA]


@pytest.mark.parametrize(
    "written",
    ["300 111 22 33", "(300) 111-2233", "0057 300 111 2233", "573001112233", "+57 300 111 2233 ext. 4", "cel: 300.111.2233"],
)
def test_number_matches_however_a_person_wrote_it(stage, written):
    known = lead(stage, Mobile=written)
    stage.activate(default_region="CO")
    stage.receive(phone=ANA)

    stage.tick()

    assert [row["id"] for row in stage.leads()] == [known]
    assert len(stage.notes(known)) == 1


@pytest.mark.parametrize(
    ("written", "chat"),
    [
        ("+55 11 8765-4321", "5511987654321"),
        ("+55 11 98765-4321", "551187654321"),
        ("+52 1 55 1234 5678", "525512345678"),
        ("+52 55 1234 5678", "5215512345678"),
        ("+54 11 2345-6789", "5491123456789"),
        ("+54 9 11 2345-6789", "541123456789"),
    ],
    ids=["BR without 9", "BR with 9", "MX with 1", "MX without 1", "AR without 9", "AR with 9"],
)
def test_older_form_of_a_mobile_number_finds_the_same_person(stage, written, chat):
    known = lead(stage, Mobile=written)
    stage.activate()
    stage.receive(phone=None, jid=f"{chat}@s.whatsapp.net")

    stage.tick()

    assert [row["id"] for row in stage.leads()] == [known]
    assert len(stage.notes(known)) == 1


def test_exact_number_wins_over_its_older_form(stage):
    older = lead(stage, Mobile="+55 11 8765-4321")
    exact = lead(stage, Mobile="+55 11 98765-4321")
    stage.zoho.edit_record("Leads", older, {"Description": "changed last"})
    stage.activate()
    stage.receive(phone=None, jid="5511987654321@s.whatsapp.net")

    stage.tick()

    assert (len(stage.notes(older)), len(stage.notes(exact))) == (0, 1)


def test_brazilian_landline_is_never_taken_for_a_mobile_without_its_nine(stage):
    landline = lead(stage, Mobile="+55 11 3765-4321")
    stage.activate()
    stage.receive(phone=None, jid="5511937654321@s.whatsapp.net")

    stage.tick()

    assert stage.notes(landline) == []
    assert len(stage.leads()) == 2


def test_record_that_was_linked_once_stays_the_chats_record_when_its_number_is_changed(stage):
    known = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.edit_record("Leads", known, {"Mobile": "+573009998877"})
    stage.advance(120)
    stage.receive("dos")

    stage.tick()

    assert [row["id"] for row in stage.leads()] == [known]
    (note,) = stage.notes(known)
    assert "dos" in note["Note_Content"]


def test_chats_of_one_number_on_two_connected_numbers_share_the_record_and_keep_their_own_notes(stage):
    known = lead(stage, Mobile=ANA)
    stage.activate()
    stage.receive("a la sede norte", account=NUMBER)
    stage.tick()
    stage.receive("a la sede sur", account=OTHER_NUMBER)

    summary = stage.tick()

    north, south = stage.notes(known)
    assert "sede norte" in north["Note_Content"]
    assert "sede sur" not in north["Note_Content"]
    assert "sede sur" in south["Note_Content"]
    assert summary["records"] == {"matched": 0, "created": 0}


def test_record_that_appears_between_two_ticks_is_found_at_once(stage):
    stage.activate()
    stage.receive(phone="+573009998877")
    stage.tick()
    known = lead(stage, Mobile=ANA)
    stage.receive(phone=ANA)

    stage.tick()

    assert len(stage.notes(known)) == 1
    assert len(stage.leads()) == 2
