"""Several records carry the number of one chat: the settings choose, or a person does."""

import asyncio

import pytest

from chatledger.delivery import pinning
from chatledger.ledger import links
from chatledger.models import RecordRef
from tests.stage import ANA, ORGANISATION


@pytest.fixture
def twins(stage) -> tuple[str, str]:
    """Two leads with one number: the older one was changed last."""
    older = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.advance(60)
    younger = stage.zoho.add_record("Leads", {"Last_Name": "Anita", "Mobile": "300 111 2233"})
    stage.advance(60)
    return older, younger


def candidates(stage) -> set[str]:
    with stage.ledger.reading() as session:
        return {row["record"] for row in links.load(session, ORGANISATION, [ANA])[ANA].candidates}


def pin(stage, record: RecordRef) -> None:
    async def done() -> None:
        timelines, zoho, _ = stage.clients()
        await pinning.pin(stage.ledger, zoho, ORGANISATION, ANA, record)
        await timelines.aclose()
        await zoho.aclose()

    asyncio.run(done())


def test_most_recently_modified_record_is_chosen_unless_told_otherwise(stage, twins):
    older, younger = twins
    stage.zoho.edit_record("Leads", older, {"Description": "llamó hoy"})
    stage.activate()
    stage.receive()

    stage.tick()

    assert (len(stage.notes(older)), len(stage.notes(younger))) == (1, 0)


def test_oldest_record_is_chosen_when_the_settings_say_so(stage, twins):
    older, younger = twins
    stage.zoho.edit_record("Leads", younger, {"Description": "llamó hoy"})
    stage.activate(several_matches="oldest_created")
    stage.receive()

    stage.tick()

    assert (len(stage.notes(older)), len(stage.notes(younger))) == (1, 0)


def test_all_candidates_are_kept_in_the_log(stage, twins):
    stage.activate()
    stage.receive()

    stage.tick()

    assert candidates(stage) == set(twins)
    assert len(stage.notes()) == 1


def test_choice_stays_when_another_record_is_modified_later(stage, twins):
    older, younger = twins
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.zoho.edit_record("Leads", older, {"Description": "llamó después"})
    stage.advance(120)
    stage.receive("dos")

    stage.tick()

    assert (len(stage.notes(older)), len(stage.notes(younger))) == (0, 1)


def test_several_contacts_follow_the_same_rule(stage):
    older = stage.zoho.add_record("Contacts", {"Last_Name": "Ana", "Phone": ANA})
    stage.advance(60)
    stage.zoho.add_record("Contacts", {"Last_Name": "Anita", "Phone": ANA})
    stage.activate(several_matches="oldest_created")
    stage.receive()

    stage.tick()

    assert len(stage.notes(older)) == len(stage.notes()) == 1


def test_chat_is_held_for_a_person_when_the_settings_say_so(stage, twins):
    stage.activate(several_matches="hold")
    uid = stage.receive()

    summary = stage.tick()

    assert stage.notes() == []
    assert len(stage.leads()) == 2
    parked = stage.message(uid)
    assert (parked.outcome, parked.reason) == ("parked", "several_matches")
    assert all(record in parked.detail for record in twins)
    assert (summary["messages"]["failed"], summary["state"]) == (1, "degraded")


def test_held_chat_goes_to_the_record_a_person_pins(stage, twins):
    _, younger = twins
    stage.activate(several_matches="hold")
    held = stage.receive("en espera")
    stage.tick()
    pin(stage, RecordRef("Leads", younger))

    stage.tick()

    (note,) = stage.notes()
    assert note["parent"]["id"] == younger
    assert "en espera" in note["Note_Content"]
    assert stage.message(held).outcome == "synced"


def test_person_can_pin_another_record_than_the_rule_chose(stage, twins):
    older, younger = twins
    stage.activate()
    stage.receive("uno")
    stage.tick()
    pin(stage, RecordRef("Leads", older))
    stage.receive("dos")

    stage.tick()

    (note,) = stage.notes(older)
    assert "dos" in note["Note_Content"]
    assert "dos" not in stage.notes(younger)[0]["Note_Content"]


def test_held_chat_goes_on_by_itself_when_only_one_record_is_left(stage, twins):
    older, younger = twins
    stage.activate(several_matches="hold")
    held = stage.receive("en espera")
    stage.tick()
    stage.zoho.edit_record("Leads", older, {"Mobile": None})
    stage.advance(120)
    stage.receive("¿hay alguien?")

    stage.tick()

    (note,) = stage.notes(younger)
    assert "en espera" in note["Note_Content"]
    assert "¿hay alguien?" in note["Note_Content"]
    assert stage.message(held).outcome == "synced"
