"""What becomes of a chat whose record was deleted or merged away by a person."""

from chatledger.ledger import links
from chatledger.models import RecordRef
from tests.stage import ANA, ORGANISATION


def linked_lead(stage) -> str:
    """Have a chat with its lead and a note of yesterday, and give the lead's id."""
    stage.activate()
    stage.receive("ayer", name="Ana Ruiz")
    stage.tick()
    stage.advance(86_400)
    stage.receive("hoy temprano")
    stage.tick()
    stage.advance(120)
    return stage.leads()[0]["id"]


def former_records(stage) -> list[RecordRef]:
    with stage.ledger.reading() as session:
        return links.former_records(session, ORGANISATION, ANA)


def test_chat_of_a_deleted_lead_moves_to_another_record_with_the_number(stage):
    lead = linked_lead(stage)
    other = stage.zoho.add_record("Leads", {"Last_Name": "Ana Ruiz", "Mobile": ANA})
    stage.zoho.delete_record("Leads", lead)
    stage.receive("hoy tarde")

    stage.tick()

    assert [row["id"] for row in stage.leads()] == [other]
    (note,) = stage.notes(other)
    assert "hoy tarde" in note["Note_Content"]


def test_chat_of_a_deleted_lead_gets_a_new_one_when_nothing_else_has_the_number(stage):
    lead = linked_lead(stage)
    stage.zoho.delete_record("Leads", lead)
    stage.receive("hoy tarde")

    summary = stage.tick()

    (fresh,) = stage.leads()
    assert fresh["id"] != lead
    assert len(stage.notes(fresh["id"])) == 1
    assert (summary["records"]["created"], summary["state"]) == (1, "completed")


def test_todays_note_of_a_deleted_record_is_remade_in_full_and_past_days_are_not(stage, today):
    lead = linked_lead(stage)
    stage.zoho.delete_record("Leads", lead)
    stage.receive("hoy tarde")

    stage.tick()

    (fresh,) = stage.leads()
    (note,) = stage.notes(fresh["id"])
    assert note["Note_Title"].endswith(f"({today()})")
    assert note["Note_Content"].index("hoy temprano") < note["Note_Content"].index("hoy tarde")
    assert "ayer" not in note["Note_Content"]


def test_deleted_record_alone_makes_nothing_new(stage, crm_writes):
    stage.zoho.delete_record("Leads", linked_lead(stage))
    stage.forget_calls()

    stage.tick()

    assert crm_writes() == []
    assert stage.leads() == []


def test_log_tells_which_record_followed_which(stage):
    lead = linked_lead(stage)
    stage.zoho.delete_record("Leads", lead)
    stage.receive("hoy tarde")

    stage.tick()

    (fresh,) = stage.leads()
    assert former_records(stage)[:2] == [RecordRef("Leads", fresh["id"]), RecordRef("Leads", lead)]


def test_chat_of_a_merged_lead_goes_on_with_the_lead_that_survived(stage):
    lead = linked_lead(stage)
    survivor = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": "300 111 2233"})
    stage.zoho.merge_records("Leads", survivor, lead)
    stage.advance(86_400)
    stage.receive("al día siguiente")

    stage.tick()

    assert [row["id"] for row in stage.leads()] == [survivor]
    texts = [note["Note_Content"] for note in stage.notes(survivor)]
    assert len(texts) == 3
    assert "al día siguiente" in texts[-1]


def test_note_of_the_day_goes_on_where_the_merge_took_it(stage):
    lead = linked_lead(stage)
    survivor = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.zoho.merge_records("Leads", survivor, lead)
    stage.receive("hoy tarde")

    stage.tick()

    texts = [note["Note_Content"] for note in stage.notes(survivor)]
    assert len(texts) == len(stage.notes()) == 2
    assert "hoy tarde" in texts[-1]


def test_chat_leaves_a_merged_lead_whose_survivor_has_another_number(stage, today):
    lead = linked_lead(stage)
    survivor = stage.zoho.add_record("Leads", {"Last_Name": "Otra persona", "Mobile": "+573009998877"})
    stage.zoho.merge_records("Leads", survivor, lead)
    stage.advance(86_400)
    stage.receive("al día siguiente")

    stage.tick()

    (fresh,) = [row for row in stage.leads() if row["id"] != survivor]
    (note,) = stage.notes(fresh["id"])
    assert note["Note_Title"].endswith(f"({today()})")
    assert "al día siguiente" in note["Note_Content"]


def test_files_of_the_day_are_attached_again_to_the_note_that_is_remade(stage):
    stage.activate()
    stage.receive("la factura", attachment={"filename": "factura.pdf", "size": 900, "mimetype": "application/pdf"})
    stage.tick()
    stage.zoho.delete_record("Leads", stage.leads()[0]["id"])
    stage.receive("¿la recibió?")

    stage.tick()

    (note,) = stage.notes(stage.leads()[0]["id"])
    assert [file["File_Name"] for file in stage.zoho.state()["attachments"] if file["note"] == note["id"]] == ["factura.pdf"]


def test_log_names_the_note_that_was_remade_for_every_message_in_it(stage):
    stage.activate()
    first = stage.receive("uno")
    stage.tick()
    stage.zoho.delete_record("Leads", stage.leads()[0]["id"])
    second = stage.receive("dos")

    stage.tick()

    (lead,) = stage.leads()
    (note,) = stage.notes(lead["id"])
    logged = [stage.message(uid) for uid in (first, second)]
    assert [(each.record_id, each.note_id) for each in logged] == [(lead["id"], note["id"])] * 2
