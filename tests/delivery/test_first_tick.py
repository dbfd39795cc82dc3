"""What one tick does for one message."""

from tests.stage import ANA, LAURA


def test_unknown_contact_becomes_a_lead_with_owner_and_note(stage):
    stage.activate()
    uid = stage.receive("hola, ¿tienen café?", name="Ana Ruiz")

    summary = stage.tick()

    (lead,) = stage.leads()
    assert (lead["Last_Name"], lead["Mobile"], lead["Lead_Source"]) == ("Ana Ruiz", ANA, "TimelinesAI")
    assert lead["Owner"]["id"] == LAURA
    assert lead["WhatsApp_Chat"].startswith("http")
    (note,) = stage.notes(lead["id"])
    assert note["Note_Title"].startswith("Chat de WhatsApp con Ana Ruiz (")
    assert "hola, ¿tienen café?" in note["Note_Content"]
    assert summary["messages"] == {"seen": 1, "synced": 1, "skipped": 0, "failed": 0, "pending": 0}
    assert summary["records"] == {"matched": 0, "created": 1}
    assert summary["state"] == "completed"
    assert stage.message(uid).outcome == "synced"


def test_second_tick_writes_nothing(stage):
    stage.activate()
    stage.receive()
    stage.tick()
    stage.forget_calls()

    summary = stage.tick()

    assert stage.zoho_calls() == []
    assert len(stage.timelines.requests) == 1
    assert summary["messages"]["seen"] == 0


def test_message_in_between_changes_one_note(stage):
    stage.activate()
    stage.receive("uno")
    stage.receive("otro chat", phone="+573001119999")
    stage.tick()
    stage.receive("dos")

    summary = stage.tick()

    assert summary["notes"] == {"created": 0, "updated": 1, "unchanged": 0}
    assert len(stage.leads()) == 2
    assert len(stage.notes()) == 2
