"""Every message is accounted for: where it went, or why it did not."""

from tests.stage import ANA


def test_every_message_has_an_outcome_with_a_reason(stage):
    stage.activate()
    uids = [
        stage.receive("uno"),
        stage.receive("grupo", phone=None, jid="120363025246125486@g.us"),
        stage.receive("oculto", phone=None, jid="213456789012345@lid"),
        stage.receive("privado", message_type="note"),
    ]

    summary = stage.tick()

    told = [(stage.message(uid).outcome, stage.message(uid).reason) for uid in uids]
    assert told == [
        ("synced", "note_created"),
        ("skipped", "group_chat"),
        ("skipped", "no_phone"),
        ("skipped", "kind_not_synced"),
    ]
    assert summary["messages"] == {"seen": 4, "synced": 1, "skipped": 3, "failed": 0, "pending": 0}
    assert len(stage.notes()) == 1


def test_log_names_the_record_and_the_note_a_message_went_to(stage):
    stage.activate()
    uid = stage.receive()

    stage.tick()

    (lead,) = stage.leads()
    (note,) = stage.notes()
    logged = stage.message(uid)
    assert (logged.module, logged.record_id, logged.note_id) == ("Leads", lead["id"], note["id"])


def test_refused_record_is_logged_with_the_words_of_the_crm_and_tried_again_later(stage):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Email")
    uid = stage.receive()
    other = stage.receive(phone="+573004445566", attachment={"filename": "a.pdf", "size": 9, "mimetype": "application/pdf"})

    summary = stage.tick()

    parked = stage.message(uid)
    assert (parked.outcome, parked.reason) == ("parked", "mandatory_field_missing")
    assert parked.detail == "MANDATORY_NOT_FOUND Email"
    assert (summary["messages"]["failed"], summary["state"]) == (2, "degraded")
    assert stage.leads() == []

    stage.zoho.make_mandatory("Leads", "Email", mandatory=False)
    stage.advance(301)
    stage.tick()

    assert {lead["Mobile"] for lead in stage.leads()} == {ANA, "+573004445566"}
    assert {stage.message(each).outcome for each in (uid, other)} == {"synced"}


def test_one_refused_chat_does_not_hold_up_the_others(stage):
    stage.activate()
    stage.zoho.faults.locked_records = [stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})]
    held = stage.receive(phone=ANA)
    free = stage.receive(phone="+573004445566")

    stage.tick()

    assert (stage.message(held).outcome, stage.message(held).reason) == ("pending", "back_off")
    assert stage.message(free).outcome == "synced"
    assert len(stage.notes()) == 1
