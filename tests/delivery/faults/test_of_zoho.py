"""What goes wrong on the way to Zoho loses no message, repeats none, and is said where a person has to act."""

import pytest
from sqlmodel import select

from chatledger.delivery.backfilling import enough_credits
from chatledger.errors import NotPermitted
from chatledger.ledger import notes
from chatledger.ledger.tables import Intent, MessageAttachment, Note
from chatledger.transcript import body_hash
from sandbox.zoho.faults import Failure
from tests.stage import LAURA

BEA = "+573001119999"
MINUTE, HOUR = 60, 3600


def outcome(stage, uid):
    """Outcome and reason of a message."""
    row = stage.message(uid)
    return row.outcome, row.reason


def test_locked_record_makes_its_message_wait_and_then_take_it(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.faults.locked_records = [stage.leads()[0]["id"]]
    uid = stage.receive("dos", account="573105550900@s.whatsapp.net")
    stage.advance(MINUTE)

    stage.tick()
    waiting = outcome(stage, uid)
    stage.zoho.faults.locked_records = []
    stage.advance(HOUR)
    stage.tick()

    assert waiting == ("pending", "back_off")
    assert outcome(stage, uid)[0] == "synced"


def test_field_that_a_layout_demands_from_today_parks_with_its_name_and_is_tried_again(stage):
    stage.activate()
    stage.zoho.faults.layout_mandatory = {"Leads": ["City"]}
    uid = stage.receive()

    stage.tick()
    parked = stage.message(uid)
    stage.zoho.faults.layout_mandatory = {}
    stage.advance(25 * HOUR)
    stage.tick()

    assert (parked.outcome, parked.reason) == ("parked", "mandatory_field_missing")
    assert "City" in parked.detail
    assert outcome(stage, uid)[0] == "synced"


def test_messages_parked_for_want_of_a_record_are_written_with_the_one_that_brings_it(stage):
    stage.activate()
    stage.zoho.faults.layout_mandatory = {"Leads": ["City"]}
    parked = [stage.receive("uno"), stage.receive("dos")]
    stage.tick()
    stage.zoho.faults.layout_mandatory = {}
    last = stage.receive("tres")

    summary = stage.tick()

    assert [outcome(stage, uid)[0] for uid in (*parked, last)] == ["synced"] * 3
    assert (summary["messages"]["synced"], summary["notes"]["created"]) == (3, 1)


def test_value_that_left_its_picklist_parks_with_the_field_and_is_tried_again(stage):
    stage.activate()
    stage.zoho.faults.picklists_strict = True
    uid = stage.receive()

    stage.tick()
    parked = stage.message(uid)
    stage.zoho.faults.picklists_strict = False
    stage.advance(25 * HOUR)
    stage.tick()

    assert (parked.outcome, parked.reason) == ("parked", "field_refused")
    assert "Lead_Source" in parked.detail
    assert outcome(stage, uid)[0] == "synced"


@pytest.mark.parametrize("code", ["DEPENDENT_FIELD_MISSING", "MAPPING_MISMATCH"])
def test_rule_of_a_layout_parks_and_is_tried_again(stage, code):
    stage.activate()
    stage.zoho.faults.failures = [Failure(path="/Leads$", method="POST", status=400, code=code, times=20)]
    uid = stage.receive()

    stage.tick()
    parked = outcome(stage, uid)
    stage.zoho.faults.failures = []
    stage.advance(25 * HOUR)
    stage.tick()

    assert parked[0] == "parked"
    assert outcome(stage, uid)[0] == "synced"
    assert len(stage.leads()) == 1


def test_note_longer_than_zoho_takes_parks_its_day_and_nothing_else(stage):
    stage.zoho.faults.text_length_unit = "utf8"
    stage.activate()
    long = stage.receive("ñ" * 60_000)
    short = stage.receive("hola", phone=BEA)

    stage.tick()

    assert outcome(stage, long) == ("parked", "note_refused")
    assert outcome(stage, short)[0] == "synced"


def test_note_that_is_full_of_files_names_the_one_that_found_no_room(stage):
    stage.activate()
    for number in range(2):
        stage.receive(None, attachment={"filename": f"video{number}.mp4", "size": 15_000_000, "mimetype": "video/mp4"})

    stage.tick()
    stage.advance(MINUTE)
    stage.tick()

    with stage.ledger.reading() as session:
        became = {row.filename: (row.state, row.reason) for row in session.exec(select(MessageAttachment))}
    assert became["video0.mp4"][0] == "uploaded"
    assert became["video1.mp4"] == ("not_uploaded", "note_full")


def test_no_room_for_files_names_them_and_parks_no_message(stage):
    stage.activate()
    uid = stage.receive(None, attachment={"filename": "foto.jpg", "size": 2_000, "mimetype": "image/jpeg"})
    stage.zoho.faults.failures = [
        Failure(path="/Attachments$", method="POST", status=400, code="STORAGE_SPACE_EXCEEDED", times=20)
    ]

    stage.tick()
    stage.advance(MINUTE)
    stage.tick()

    assert outcome(stage, uid)[0] == "synced"
    assert any("foto.jpg" in note["Note_Content"] for note in stage.notes())


def test_credits_that_are_used_up_make_everything_wait_until_they_are_back(stage):
    stage.activate()
    uid = stage.receive()
    stage.zoho.faults.credits_limit = 1

    stage.tick()
    waiting = outcome(stage, uid)
    stage.zoho.faults.credits_limit = None
    stage.advance(25 * HOUR)
    stage.tick()

    assert waiting[0] == "pending"
    assert outcome(stage, uid)[0] == "synced"
    assert len(stage.notes()) == 1


def test_too_many_calls_at_once_are_cured_by_waiting(stage):
    stage.activate()
    uid = stage.receive()
    stage.zoho.faults.failures = [
        Failure(path="/Notes$", method="POST", status=429, code="TOO_MANY_REQUESTS", times=2),
    ]

    stage.tick()

    assert outcome(stage, uid)[0] == "synced"
    assert len(stage.notes()) == 1


def test_list_of_notes_that_never_ends_proves_nothing_and_ends_the_look_up(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    uid = stage.receive("dos", phone=BEA)
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="bad_gateway")]
    stage.advance(MINUTE)
    stage.tick()
    stage.zoho.faults.same_page_forever = True
    stage.advance(stage.options.unknown_write_wait + 1)

    blind = stage.tick()
    stage.zoho.faults.same_page_forever = False
    stage.advance(MINUTE)
    stage.tick()

    assert blind["messages"]["synced"] == 0
    assert outcome(stage, uid)[0] == "synced"
    assert len(stage.notes()) == 2


def test_page_without_rows_in_the_middle_of_a_list_is_not_its_end(stage):
    stage.zoho.faults.page_limit = 3
    stage.activate()
    for number in range(8):
        stage.zoho.add_record("Leads", {"Last_Name": f"N{number}", "Mobile": f"+57300222000{number}"})
    stage.zoho.faults.empty_pages = 1
    stage.receive("hola", phone="+573002220007")
    stage.advance(MINUTE)

    stage.tick()

    assert len(stage.leads()) == 8


def test_answer_about_other_rows_than_were_sent_is_settled_and_nothing_is_done_twice(stage):
    stage.activate()
    for number in range(3):
        stage.receive("hola", phone=f"+57300222000{number}")
    stage.zoho.faults.failures = [Failure(path="/Leads$", method="POST", after_commit="long")]

    stage.tick()
    stage.advance(stage.options.unknown_write_wait + 1)
    stage.tick()

    assert len(stage.leads()) == 3
    assert len(stage.notes()) == 3


def test_batch_refused_as_a_whole_is_halved_until_the_bad_row_stands_alone(stage):
    stage.activate()
    for number in range(5):
        stage.receive("hola", phone=f"+57300222000{number}")
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", status=400, code="INVALID_REQUEST", times=1)]

    stage.tick()

    assert len(stage.notes()) == 5


def test_connected_user_who_left_makes_messages_wait_and_says_so(stage):
    stage.activate()
    uid = stage.receive()
    stage.zoho.faults.denied = ["*"]

    blind = stage.tick()
    stage.zoho.faults.denied = []
    stage.advance(MINUTE)
    stage.tick()

    assert blind["state"] in ("failed", "degraded")
    assert stage.message(uid).outcome == "synced"


def test_workflow_that_hands_new_records_to_somebody_else_is_left_alone(stage):
    stage.zoho.faults.assignment_rule_owner = LAURA
    stage.activate()
    stage.receive(account="573105550900@s.whatsapp.net")

    stage.tick()
    stage.receive("dos", account="573105550900@s.whatsapp.net")
    stage.advance(MINUTE)
    stage.tick()

    assert stage.leads()[0]["Owner"]["id"] == LAURA


def test_note_that_a_workflow_rewrote_gets_its_text_back_with_the_next_message_only(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    (note,) = stage.notes()
    stage.zoho.edit_note(note["id"], content="resumen de la IA")
    stage.advance(MINUTE)
    stage.tick()
    (left_alone,) = stage.notes()
    stage.receive("dos")
    stage.advance(MINUTE)
    stage.tick()

    assert left_alone["Note_Content"] == "resumen de la IA"
    (rewritten,) = stage.notes()
    assert "uno" in rewritten["Note_Content"]
    assert "dos" in rewritten["Note_Content"]


def test_history_leaves_scarce_credits_to_live_messages(stage):
    stage.activate()
    stage.zoho.faults.credits_remaining = 2_000
    uid = stage.receive()
    stage.tick()

    with pytest.raises(NotPermitted, match="which the ticks need"):
        enough_credits(stage.last_tick.zoho.credits_remaining)
    assert outcome(stage, uid)[0] == "synced"


def test_older_note_found_in_place_of_an_unconfirmed_one_gets_todays_body(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    (older,) = stage.notes()
    stage.receive("dos")
    line = older["Note_Content"].splitlines()[-1].replace("uno", "dos")
    with stage.ledger.transaction() as session:
        note = session.exec(select(Note)).one()
        created = session.exec(select(Intent).where(Intent.kind == "create_note")).one()
        created.state, created.settle_after = "unknown", stage.now()
        created.body_hash = body_hash(f"{older['Note_Content']}\n{line}")
        notes.gone(session, note.id)

    stage.tick()

    assert [note["Note_Content"].splitlines()[-1] for note in stage.notes()] == [line]


@pytest.fixture
def astray(stage):
    """Have a note whose creation has no answer, on a lead that was merged into one with another number."""
    stage.activate()
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="bad_gateway")]
    stage.receive("uno")
    stage.tick()
    stage.advance(MINUTE)
    master = stage.zoho.add_record("Leads", {"Last_Name": "Gemelo", "Mobile": BEA})
    stage.zoho.merge_records("Leads", master, stage.leads()[0]["id"])
    stage.advance(stage.options.unknown_write_wait + 1)
    return master


def test_unconfirmed_note_is_found_on_whatever_record_a_merge_took_it_to(stage, astray):
    summary = stage.tick()

    (note,) = stage.notes()
    assert note["parent"]["id"] == astray
    assert summary["messages"]["synced"] == 1


def test_unconfirmed_note_is_not_called_missing_while_the_notes_cannot_be_listed(stage, astray):
    stage.zoho.faults.failures = [Failure(path="/v8/Notes$", method="GET", status=500, times=9)]

    blind = stage.tick()
    stage.zoho.faults.failures = []
    stage.advance(HOUR)
    stage.tick()

    assert blind["messages"]["synced"] == 0
    assert [note["parent"]["id"] for note in stage.notes()] == [astray]


def test_where_only_admins_may_list_all_notes_a_person_is_told_which_one_may_stand_twice(stage, astray):
    stage.zoho.faults.failures = [Failure(path="/v8/Notes$", method="GET", status=403, code="NO_PERMISSION", times=9)]

    summary = stage.tick()

    assert summary["messages"]["synced"] == 1
    assert "A note may stand twice" in stage.run().problem
    assert len(stage.notes()) == 2
