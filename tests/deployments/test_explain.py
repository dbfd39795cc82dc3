"""`chatledger explain`: why a message or a phone is where it is, or why not."""

import json

import pytest

from chatledger.delivery.explaining import explain
from chatledger.errors import UsageError
from chatledger.ledger.reasons import reasons_in_words, rules_in_words
from chatledger.matching import Rule
from chatledger.models import Reason, RecordRef
from sandbox.zoho.faults import Failure
from tests.stage import ANA, LAURA, ORGANISATION

pytestmark = pytest.mark.usefixtures("surroundings")

OLD_MEXICAN, NEW_MEXICAN = "+5215555501001", "+525555501001"


def of(stage, what):
    return explain(stage.ledger, ORGANISATION, what, "https://crm.example.com/tab")


def add_lead(stage, phone=ANA, **values):
    return stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": phone, **values})


def test_message_names_its_record_note_and_write(stage):
    stage.activate()
    uid = stage.receive("un secreto", name="Ana Ruiz")
    stage.tick()

    found = of(stage, uid)

    (lead,), (note,) = stage.leads(), stage.notes()
    assert (found.outcome, found.reason) == ("synced", "note_created")
    assert found.record.ref == RecordRef("Leads", lead["id"])
    assert found.record.url == f"https://crm.example.com/tab/Leads/{lead['id']}"
    assert (found.note.id, found.note.title) == (note["id"], note["Note_Title"])
    assert found.chat.number == "Laura"
    assert [(write.kind, write.state) for write in found.writes] == [("create_note", "confirmed")]
    assert found.phone.link.rule == "created"
    assert found.phone.link.record.owner == "Laura Gil"


def test_refused_message_names_zohos_code_field_and_the_next_try(stage):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    uid = stage.receive()
    stage.tick()

    found = of(stage, uid)

    assert (found.outcome, found.reason) == ("parked", "mandatory_field_missing")
    assert "Industry" in found.detail
    assert found.attempts == 1
    assert found.next_try_at > stage.now()
    assert "[sync.fixed_fields]" in found.remedy
    assert found.record is None
    assert [(write.kind, write.state) for write in found.phone.writes] == [("create_record", "refused")]


@pytest.mark.parametrize("spelling", [ANA, "300 111 2233", "573001112233", "wa.me/573001112233"])
def test_phone_is_understood_in_any_spelling(stage, spelling):
    stage.activate()
    stage.receive()
    stage.tick()

    assert of(stage, spelling).key == ANA


def test_form_that_matched_is_named_where_it_is_another_spelling(stage):
    lead = add_lead(stage, NEW_MEXICAN)
    stage.activate()
    stage.receive(phone=OLD_MEXICAN)
    stage.tick()

    found = of(stage, OLD_MEXICAN)

    assert found.alias == NEW_MEXICAN
    assert (found.link.rule, found.link.form, found.link.record.id) == ("alias", NEW_MEXICAN, lead)


def test_all_candidates_are_named_and_the_chosen_one_is_marked(stage):
    stage.zoho.clock.advance(-3600)
    older = add_lead(stage)
    stage.zoho.clock.advance(3600)
    younger = add_lead(stage)
    stage.activate()
    stage.receive()
    stage.tick()

    found = of(stage, ANA)

    assert {row.record.id: row.chosen for row in found.link.candidates} == {older: False, younger: True}


def test_history_names_every_record_the_number_led_over(stage):
    stage.activate()
    stage.receive()
    stage.tick()
    lead = stage.leads()[0]["id"]
    contact = stage.zoho.convert_lead(lead)
    stage.advance(120)
    stage.receive("otra vez")
    stage.tick()

    found = of(stage, ANA)

    first, second = found.moves
    assert (first.what, first.after, first.rule) == ("linked", RecordRef("Leads", lead), "created")
    assert (second.before, second.after) == (RecordRef("Leads", lead), RecordRef("Contacts", contact))
    assert RecordRef("Leads", lead) in second.through
    assert found.link.rule == "conversion_trace"


def test_chats_of_all_numbers_are_counted_by_outcome(stage):
    stage.activate()
    stage.receive("uno")
    stage.receive("dos")
    stage.receive("tres", account="573105550900@s.whatsapp.net")
    stage.receive(message_type="call")
    stage.tick()

    by_number = {chat.number: chat.messages for chat in of(stage, ANA).chats}

    assert by_number == {"Laura": {"skipped": 1, "synced": 2}, "Pedro": {"synced": 1}}


def test_phone_without_link_says_what_would_be_decided_now(stage):
    lead = add_lead(stage)
    stage.activate()

    found = of(stage, ANA)

    assert found.link is None
    assert (found.now.what, found.now.record.id) == ("matched", lead)
    assert found.now.index_read_at is not None


def test_phone_nobody_wrote_from_says_why_it_is_skipped(stage):
    stage.activate(create_on="incoming")
    stage.receive(from_me=True)
    stage.tick()

    found = of(stage, ANA)

    assert (found.link, found.now.what) == (None, "skipped")
    assert found.now.meaning == reasons_in_words()["outgoing_only"].meaning


def test_phone_that_waits_for_a_person_names_the_choice(stage):
    leads = {add_lead(stage), add_lead(stage)}
    stage.activate(several_matches="hold")
    stage.receive()
    stage.tick()

    found = of(stage, ANA)

    assert found.now.what == "parked"
    assert {row.record.id for row in found.now.candidates} == leads


def test_unconfirmed_creation_says_that_it_waits(stage):
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Leads$", method="POST", after_commit="reset"))
    uid = stage.receive()
    stage.tick()

    found = of(stage, uid)

    assert (found.outcome, found.reason) == ("pending", "write_unconfirmed")
    assert found.phone.now.what == "waits"
    (write,) = found.phone.writes
    assert (write.state, write.adopted) == ("unknown", False)
    assert write.settle_after is not None


def test_write_that_was_found_in_zoho_is_called_adopted(stage):
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Leads$", method="POST", after_commit="reset"))
    stage.receive()
    stage.tick()
    stage.advance(300)
    stage.tick()

    found = of(stage, ANA)

    assert [(write.state, write.adopted) for write in found.writes] == [("settled", True)]
    assert found.link.rule == "adopted"


def test_deleted_record_is_called_gone(stage):
    lead = add_lead(stage)
    stage.activate()
    stage.receive()
    stage.tick()
    stage.zoho.delete_record("Leads", lead)
    stage.receive("¿siguen ahí?")
    stage.tick()

    found = of(stage, ANA)

    assert found.link.record.id != lead
    assert [move.what for move in found.moves] == ["linked", "relinked"]


def test_explaining_asks_no_outside_system(stage):
    stage.activate()
    uid = stage.receive()
    stage.tick()
    stage.forget_calls()

    of(stage, uid)

    assert (stage.zoho_calls(), len(stage.timelines.requests)) == ([], 0)


@pytest.mark.parametrize("what", ["no-such-uid", "+57300", ""])
def test_neither_uid_nor_number_is_wrong_use(stage, what):
    stage.activate()

    with pytest.raises(UsageError, match="no phone number"):
        of(stage, what)


def test_number_never_seen_is_told_that_a_record_would_be_created(stage):
    stage.activate()

    found = of(stage, "+573009998877")

    assert (found.link, found.chats, found.moves, found.writes) == (None, (), (), ())
    assert (found.now.what, found.now.record, found.now.candidates) == ("create", None, ())
    assert found.now.index_read_at is not None


def test_number_never_seen_that_a_record_holds_is_told_which_and_by_what_rule(stage):
    lead = add_lead(stage)
    stage.activate()

    found = of(stage, ANA)

    assert (found.now.what, found.now.record.id) == ("matched", lead)
    assert [row.record.id for row in found.now.candidates if row.chosen] == [lead]
    assert rules_in_words()["exact"] in found.now.meaning


def test_note_write_without_an_answer_is_shown_with_the_phone(stage):
    stage.activate()
    stage.receive()
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="reset")]
    stage.tick()

    writes = of(stage, ANA).writes

    assert [(write.kind, write.state) for write in writes] == [("create_record", "confirmed"), ("create_note", "unknown")]


def test_every_reason_and_rule_has_its_words():
    assert set(reasons_in_words()) == set(Reason)
    assert set(rules_in_words()) == set(Rule)


def test_command_prints_sentences_or_json_without_the_text(stage, command):
    stage.activate()
    uid = stage.receive("un secreto", name="[bold]Ana[/bold]")
    stage.tick()

    shown, as_json, phone = command("explain", uid), command("explain", uid, "--json"), command("explain", ANA)

    assert (shown.code, as_json.code, phone.code) == (0, 0, 0)
    assert "It stands in a note that was created in Zoho." in shown.out
    assert "[bold]Ana[/bold]" in shown.out
    assert json.loads(as_json.out)["message"]["reason"] == "note_created"
    assert "No record held this number, so this one was created." in phone.out
    assert not any("un secreto" in ran.out for ran in (shown, as_json, phone))


def test_command_before_activation_says_what_comes_first(command):
    ran = command("explain", ANA)

    assert ran.code == 2
    assert "chatledger activate" in ran.err


def test_program_explains_and_refuses_the_unknown_with_one_sentence(stage, program):
    add_lead(stage, Owner={"id": LAURA})
    stage.activate()
    stage.receive()
    stage.tick()

    known, unknown = program("explain", ANA), program("explain", "no-such-uid")

    assert known.code == 0
    assert "Laura Gil" in known.out
    assert (unknown.code, unknown.out, len(unknown.err.splitlines())) == (2, "", 1)
