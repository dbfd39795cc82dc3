"""Reasons and rules that only appear when Zoho, or a person, does something out of the ordinary."""

import pytest

from chatledger.ledger import links, messages, phone_index
from sandbox.zoho.faults import Failure
from tests.stage import ANA, ORGANISATION


def outcome(stage, uid):
    row = stage.message(uid)
    return row.outcome, row.reason


def rule(stage, phone=ANA):
    with stage.ledger.reading() as session:
        return links.load(session, ORGANISATION, [phone])[phone].rule


def test_nothing_is_decided_while_the_numbers_of_the_crm_are_being_read(stage):
    stage.activate()
    with stage.ledger.transaction() as session:
        phone_index.start_building(session, ORGANISATION, "Leads", "Mobile", "CO")
    stage.zoho.faults.failures = [Failure(path="/crm/v8/(Leads|coql)", status=503, times=100)]
    uid = stage.receive()

    stage.tick()

    assert outcome(stage, uid) == ("pending", "index_building")

    stage.zoho.faults.failures = []
    stage.tick()

    assert outcome(stage, uid) == ("synced", "note_created")


def test_message_that_its_note_shows_already_is_not_written_again(stage):
    stage.activate()
    uid = stage.receive()
    stage.tick()
    with stage.ledger.transaction() as session:
        messages.reopen(session, messages.by_uid(session, ORGANISATION, uid).id)
    stage.forget_calls()

    stage.tick()

    assert outcome(stage, uid) == ("synced", "note_unchanged")
    assert not [call for call in stage.zoho_calls() if call.startswith(("POST /crm", "PUT /crm"))]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("DUPLICATE_DATA", "duplicate_refused"), ("CANNOT_PROCESS", "record_refused"), ("NO_PERMISSION", "not_permitted")],
)
def test_refusal_that_names_no_field_is_told_by_its_code(stage, code, reason):
    stage.activate()
    stage.zoho.faults.refused_rows = {"Leads": code}
    uid = stage.receive()

    stage.tick()

    assert outcome(stage, uid) == ("parked", reason)
    assert stage.message(uid).detail == code
    assert stage.leads() == []


def test_contact_with_exactly_the_number_is_taken_where_no_lead_has_it(stage):
    contact = stage.zoho.add_record("Contacts", {"Last_Name": "Ana", "Phone": ANA})
    stage.activate()
    uid = stage.receive()

    stage.tick()

    assert rule(stage) == "converted_module_exact"
    assert stage.message(uid).record_id == contact


def test_contact_with_another_spelling_of_the_number_is_taken_where_no_lead_has_it(stage):
    stage.zoho.add_record("Contacts", {"Last_Name": "Bia", "Phone": "+551187654321"})
    stage.activate()
    stage.receive(phone="+5511987654321")

    stage.tick()

    assert rule(stage, "+5511987654321") == "converted_module_alias"


def test_record_that_zoho_names_as_the_duplicate_is_taken(stage):
    stage.zoho.add_field("Leads", {"api_name": "Phone_E164", "data_type": "text", "unique": {"case_sensitive": False}})
    stage.activate(unique_phone_field="Phone_E164")
    twin = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Phone_E164": ANA})
    uid = stage.receive()

    stage.tick()

    assert rule(stage) == "duplicate_refused"
    assert stage.message(uid).record_id == twin
