"""What becomes of a chat whose lead was converted."""

import pytest

from tests.stage import ANA


def linked_lead(stage, **settings) -> str:
    """Have a chat with its lead, and give the lead's id."""
    stage.activate(**settings)
    stage.receive("antes de convertir", name="Ana Ruiz")
    stage.tick()
    stage.advance(120)
    return stage.leads()[0]["id"]


def test_chat_of_a_converted_lead_goes_on_with_the_contact_it_became(stage):
    contact = stage.zoho.convert_lead(linked_lead(stage, converted="continue"))
    stage.advance(86_400)
    stage.receive("después de convertir")

    stage.tick()

    before, after = stage.notes(contact)
    assert "antes de convertir" in before["Note_Content"]
    assert "después de convertir" in after["Note_Content"]
    assert stage.leads() == []


def test_note_of_the_day_goes_on_where_the_conversion_took_it(stage):
    contact = stage.zoho.convert_lead(linked_lead(stage))
    stage.receive("después de convertir")

    stage.tick()

    (note,) = stage.notes()
    assert note["parent"] == {"module": "Contacts", "id": contact}
    assert "antes de convertir" in note["Note_Content"]
    assert "después de convertir" in note["Note_Content"]


@pytest.mark.parametrize("place", ["stay", "deal"])
def test_day_goes_on_with_the_contact_when_the_conversion_left_its_note_elsewhere(stage, place):
    stage.zoho.faults.notes_on_conversion = "stay" if place == "stay" else "contact"
    lead = linked_lead(stage)
    contact = stage.zoho.convert_lead(lead)
    if place == "deal":
        deal = stage.zoho.add_record("Deals", {"Deal_Name": "Venta", "Stage": "Qualification"})
        stage.zoho.crm.store.move_notes(("Contacts", contact), ("Deals", deal))
    stage.receive("después de convertir")

    stage.tick()

    (note,) = stage.notes(contact)
    assert "antes de convertir" in note["Note_Content"]
    assert "después de convertir" in note["Note_Content"]


def test_conversion_that_left_no_trace_in_the_modified_time_is_noticed_all_the_same(stage):
    stage.zoho.faults.conversion_touches_modified = False
    contact = stage.zoho.convert_lead(linked_lead(stage))
    stage.advance(86_400)
    stage.receive("después de convertir")

    summary = stage.tick()

    assert "después de convertir" in stage.notes(contact)[-1]["Note_Content"]
    assert (stage.leads(), summary["state"]) == ([], "completed")


def test_lead_that_was_converted_before_the_chat_began_leads_to_its_contact(stage):
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    contact = stage.zoho.convert_lead(lead)
    stage.activate()
    stage.receive()

    stage.tick()

    assert len(stage.notes(contact)) == 1
    assert stage.leads() == []


def test_living_lead_with_the_number_comes_before_the_contact_of_a_converted_one(stage):
    contact = stage.zoho.convert_lead(stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA}))
    living = stage.zoho.add_record("Leads", {"Last_Name": "Ana otra vez", "Mobile": ANA})
    stage.activate()
    stage.receive()

    stage.tick()

    assert (len(stage.notes(contact)), len(stage.notes(living))) == (0, 1)


def test_sync_of_a_chat_stops_when_its_lead_is_converted_and_the_rule_is_stop(stage):
    lead = linked_lead(stage, converted="stop")
    contact = stage.zoho.convert_lead(lead)
    uid = stage.receive("después de convertir")

    stage.tick()

    assert stage.leads() == []
    assert [row["id"] for row in stage.records("Contacts")] == [contact]
    assert all("después de convertir" not in note["Note_Content"] for note in stage.notes())
    assert (stage.message(uid).outcome, stage.message(uid).reason) == ("skipped", "converted_stop")


def test_lead_that_was_converted_before_creates_no_second_record_when_the_rule_is_stop(stage):
    stage.zoho.convert_lead(stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA}))
    stage.activate(converted="stop")
    uid = stage.receive()

    stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert stage.message(uid).reason == "converted_stop"


def test_contact_is_found_by_the_number_in_the_chosen_field_when_the_trace_is_gone(stage):
    lead = linked_lead(stage, converted_phone_field="Phone")
    contact = stage.zoho.convert_lead(lead, keep_trace=False)
    stage.zoho.edit_record("Contacts", contact, {"Phone": "300 111 2233", "Mobile": None})
    stage.advance(86_400)
    stage.receive("después de convertir")

    stage.tick()

    assert "después de convertir" in stage.notes(contact)[-1]["Note_Content"]
    assert stage.leads() == []


def test_record_is_created_when_the_trace_is_gone_and_no_contact_has_the_number(stage):
    lead = linked_lead(stage, converted_phone_field="Phone")
    contact = stage.zoho.convert_lead(lead, keep_trace=False)
    stage.advance(86_400)
    stage.receive("después de convertir")

    stage.tick()

    (fresh,) = stage.leads()
    assert fresh["id"] not in {lead, contact}
    assert "después de convertir" in stage.notes(fresh["id"])[0]["Note_Content"]


def test_contact_that_was_deleted_after_the_conversion_is_not_written_to(stage):
    lead = linked_lead(stage)
    contact = stage.zoho.convert_lead(lead)
    stage.zoho.delete_record("Contacts", contact)
    stage.receive("¿siguen ahí?")

    stage.tick()

    (fresh,) = stage.leads()
    (note,) = stage.notes(fresh["id"])
    assert "¿siguen ahí?" in note["Note_Content"]
    assert "antes de convertir" in note["Note_Content"]


def test_other_contact_with_the_number_takes_over_from_a_deleted_one(stage):
    lead = linked_lead(stage)
    contact = stage.zoho.convert_lead(lead)
    other = stage.zoho.add_record("Contacts", {"Last_Name": "Ana", "Phone": ANA})
    stage.zoho.delete_record("Contacts", contact)
    stage.receive("¿siguen ahí?")

    stage.tick()

    assert stage.leads() == []
    assert "¿siguen ahí?" in stage.notes(other)[0]["Note_Content"]
