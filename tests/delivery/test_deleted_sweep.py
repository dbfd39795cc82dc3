"""Deletions that no refused write has told of are found once a day."""

from tests.stage import ANA


def test_a_record_deleted_unnoticed_is_found_within_a_day_and_matched_anew(stage):
    stage.activate()
    stage.receive("hola")
    stage.tick()
    (lead,) = stage.leads()
    stage.zoho.delete_record("Leads", lead["id"])
    stage.advance(25 * 3600)
    stage.receive("otro contacto", phone="+573001119999")
    stage.tick()
    stage.forget_calls()

    stage.receive("hola de nuevo")
    stage.tick()

    again = next(row for row in stage.leads() if row["Mobile"] == ANA)
    assert again["id"] != lead["id"]
    assert len(stage.notes(again["id"])) == 1
    assert stage.zoho_calls().count("POST /crm/v8/Notes") == 1


def test_the_sweep_costs_one_call_a_module_and_day(stage):
    stage.activate()
    stage.advance(25 * 3600)
    for text in ("uno", "dos", "tres"):
        stage.receive(text)
        stage.tick()

    swept = [call for call in stage.zoho_calls() if call.endswith("/deleted")]

    assert swept == ["GET /crm/v8/Leads/deleted", "GET /crm/v8/Contacts/deleted"]
