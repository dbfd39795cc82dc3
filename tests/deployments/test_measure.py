"""`chatledger measure` on a stand-in: it measures, leaves nothing behind and asks before it writes."""

import json

import pytest

from chatledger.delivery.measuring import Measured
from deployments.cli.measure import in_words
from sandbox.zoho.faults import Failure
from tests.stage import Stage

RECORD = {"Last_Name": "Medidas"}

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def record(stage: Stage) -> str:
    stage.activate()
    return f"Leads/{stage.zoho.add_record('Leads', RECORD)}"


def test_nothing_is_written_without_consent(stage, command, record):
    stage.forget_calls()

    ran = command("measure", record, "--notes", "3")

    assert ran.code == 2
    assert "23 notes" in ran.err
    assert stage.zoho_calls() == []


def test_notes_and_records_are_measured_and_removed(stage, command, record):
    ran = command("measure", record, "--notes", "3", "--records", "2", "--given-up", "0", "--yes", "--json")

    measured = json.loads(ran.out)
    assert ran.code == 0
    assert len(measured["notes"]) == 3
    assert len(measured["records"]) == 2
    assert measured["left_over"] == []
    assert stage.notes() == []
    assert [lead["Last_Name"] for lead in stage.leads()] == ["Medidas"]


def test_request_whose_answer_nobody_waited_for_is_watched(stage, command, record):
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="timeout", timeout_seconds=3.0)]

    ran = command("measure", record, "--notes", "0", "--given-up", "1", "--yes", "--json")

    measured = json.loads(ran.out)
    assert len(measured["late"]) == 1
    assert stage.notes() == []


def test_late_list_is_told_with_the_setting_that_cures_it():
    (said, _) = in_words(Measured(notes=[0.3, 41.0]), 180, 30)

    assert "CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS to at least 221" in said


def test_late_carrying_out_is_told_with_the_setting_that_cures_it():
    (said,) = in_words(Measured(late=[170.0]), 180, 30)

    assert "raise CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS" in said


@pytest.mark.parametrize("record", ["5725767000000411001", "Leads/", "Leads/x"])
def test_what_is_no_record_is_wrong_use(command, record):
    assert command("measure", record, "--yes").code == 2
