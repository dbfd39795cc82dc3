"""`chatledger pin` and `unpin`: a person decides which record the chats of a number belong to."""

import asyncio

import pytest

from chatledger.delivery import pinning
from chatledger.errors import LedgerUnavailable, UsageError
from chatledger.ledger import lease, links, runs
from chatledger.models import RecordRef
from sandbox.zoho.faults import Failure
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def twins(stage):
    """Two leads with Ana's number, the older first; the settings leave the choice to a person."""
    ids = [stage.zoho.add_record("Leads", {"Last_Name": name, "Mobile": ANA}) for name in ("Ana", "Ana Ruiz")]
    stage.activate(several_matches="hold")
    return ids


def pin(stage, record, module="Leads", phone=ANA):
    async def pinned():
        timelines, zoho, _ = stage.clients()
        try:
            return await pinning.pin(stage.ledger, zoho, ORGANISATION, phone, RecordRef(module, record))
        finally:
            await timelines.aclose()
            await zoho.aclose()

    return asyncio.run(pinned())


def link(stage, phone=ANA):
    with stage.ledger.reading() as session:
        return links.load(session, ORGANISATION, [phone]).get(phone)


def changes(stage):
    with stage.ledger.reading() as session:
        return [(row.what, row.actor) for row in runs.changes(session, ORGANISATION) if row.what.endswith("pinned")]


def test_parked_messages_are_written_to_the_pinned_record(stage, twins):
    older, _ = twins
    uid = stage.receive()
    stage.tick()

    done = pin(stage, older)
    summary = stage.tick()

    assert (done.before, done.chats, done.reopened) == (None, 1, 1)
    assert stage.message(uid).record_id == older
    assert summary["messages"] == {"seen": 1, "synced": 1, "skipped": 0, "failed": 0, "pending": 0}
    assert summary["records"] == {"matched": 0, "created": 0}
    assert changes(stage) == [("pinned", "person")]


def test_record_that_zoho_refused_to_create_is_replaced_by_the_pinned_one_at_once(stage):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    uid = stage.receive()
    stage.tick()
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": "+573009990000"})

    pin(stage, lead)
    stage.tick()

    assert (stage.message(uid).outcome, stage.message(uid).record_id) == ("synced", lead)


def test_message_that_rests_goes_to_the_pinned_record_at_the_next_tick(stage):
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    other = stage.zoho.add_record("Leads", {"Last_Name": "Otra"})
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Notes$", method="POST", status=400, code="RECORD_LOCKED"))
    uid = stage.receive()
    stage.tick()
    assert stage.message(uid).record_id in (None, lead)
    assert stage.message(uid).outcome != "synced"

    pin(stage, other)
    stage.tick()

    assert (stage.message(uid).outcome, stage.message(uid).record_id) == ("synced", other)


def test_other_rules_do_not_move_a_pinned_number(stage, twins):
    older, younger = twins
    stage.receive()
    pin(stage, older)
    stage.activate(several_matches="latest_modified")
    stage.zoho.edit_record("Leads", younger, {"Last_Name": "Ana María"})
    stage.advance(120)

    stage.tick()

    assert (link(stage).record_id, link(stage).pinned) == (older, True)


def test_pinned_record_that_is_converted_is_followed_like_any_other(stage, twins):
    older, _ = twins
    pin(stage, older)
    contact = stage.zoho.convert_lead(older)
    stage.advance(120)
    stage.receive()

    stage.tick()

    assert (link(stage).module, link(stage).record_id, link(stage).pinned) == ("Contacts", contact, False)


def test_number_of_a_deleted_pinned_record_is_matched_anew(stage, twins):
    older, younger = twins
    pin(stage, older)
    stage.zoho.delete_record("Leads", older)
    uid = stage.receive()

    stage.tick()

    assert (stage.message(uid).record_id, link(stage).pinned) == (younger, False)


def test_number_is_matched_anew_after_unpin(stage, twins):
    older, younger = twins
    pin(stage, older)
    stage.activate(several_matches="latest_modified")
    stage.zoho.edit_record("Leads", younger, {"Last_Name": "Ana María"})
    stage.advance(120)

    pinning.unpin(stage.ledger, ORGANISATION, ANA)
    stage.receive()
    stage.tick()

    assert link(stage).record_id == younger
    assert changes(stage) == [("unpinned", "person"), ("pinned", "person")]


def test_pinning_reads_zoho_and_writes_nothing_there(stage, twins):
    older, _ = twins
    stage.forget_calls()

    pin(stage, older)

    assert stage.zoho_calls() == ["GET /crm/v8/Leads"]


@pytest.mark.parametrize("gone", ["never", "deleted"])
def test_record_that_does_not_exist_is_refused(stage, twins, gone):
    older, _ = twins
    stage.zoho.delete_record("Leads", older)

    with pytest.raises(UsageError, match="does not exist"):
        pin(stage, "5725767000099999999" if gone == "never" else older)

    assert link(stage) is None


def test_converted_lead_is_refused_and_names_what_it_became(stage, twins):
    older, _ = twins
    contact = stage.zoho.convert_lead(older)

    with pytest.raises(UsageError, match=f"Contacts/{contact}"):
        pin(stage, older)


@pytest.mark.usefixtures("twins")
def test_module_that_is_not_synced_is_refused(stage):
    with pytest.raises(UsageError, match="Leads and Contacts"):
        pin(stage, "5725767000099999999", module="Deals")


def test_pin_waits_for_a_run_at_work(stage, twins):
    older, _ = twins
    fence = lease.acquire(stage.ledger, ORGANISATION, 60)

    with pytest.raises(LedgerUnavailable, match="at work"):
        pin(stage, older)

    lease.release(stage.ledger, ORGANISATION, fence)
    assert pin(stage, older).after == RecordRef("Leads", older)


def test_pin_waits_for_a_creation_that_is_unconfirmed(stage):
    stage.activate()
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana"})
    stage.zoho.faults.failures.append(Failure(path="/Leads$", method="POST", after_commit="reset"))
    stage.receive()
    stage.tick()

    with pytest.raises(LedgerUnavailable, match="a few minutes"):
        pin(stage, lead)


@pytest.mark.usefixtures("twins")
def test_unpin_of_a_number_without_record_is_refused(stage):
    with pytest.raises(UsageError, match="nothing to unpin"):
        pinning.unpin(stage.ledger, ORGANISATION, ANA)


@pytest.mark.parametrize("arguments", [("nobody", "Leads/1"), (ANA, "1"), (ANA, "Leads/x"), (ANA, "Leads/99"), (ANA,)])
@pytest.mark.usefixtures("twins")
def test_wrong_use_is_exit_code_two(command, arguments):
    ran = command("pin", *arguments)

    assert ran.code == 2
    assert ran.err


def test_program_pins_and_unpins(program, stage, twins):
    older, _ = twins
    stage.receive()
    stage.tick()

    pinned, unpinned = program("pin", "300 111 2233", f"Leads/{older}"), program("unpin", ANA)

    assert (pinned.code, unpinned.code) == (0, 0)
    assert f"Leads/{older}" in pinned.out
    assert "1 message of it" in pinned.out
    assert f"Leads/{older}" in unpinned.out
    assert link(stage) is None


def test_notes_that_stay_on_another_record_are_named(program, stage, twins):
    older, newer = twins
    program("pin", ANA, f"Leads/{older}")
    stage.receive()
    stage.tick()

    ran = program("pin", ANA, f"Leads/{newer}")

    assert f"stay on Leads/{older};" in ran.out
