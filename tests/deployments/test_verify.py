"""`chatledger verify`: what it prints, its last line and its exit code."""

import json

import pytest

pytestmark = [pytest.mark.usefixtures("surroundings"), pytest.mark.slow]


@pytest.fixture
def synced(stage):
    """One message that stands in its note."""
    stage.activate()
    uid = stage.receive("un secreto", name="Ana Ruiz")
    stage.tick()
    return uid


def summary(ran):
    return json.loads(ran.out.splitlines()[-1])


@pytest.mark.usefixtures("synced")
def test_clean_world_is_exit_code_0_and_a_hundred_per_cent(program):
    ran = program("verify")

    found = summary(ran)
    assert ran.code == 0
    assert (found["state"], found["messages"]["total"], found["messages"]["in_note"], found["left"]) == ("clean", 1, 1, 0)
    assert "100 %" in ran.out
    assert "1 of 1 chats compared" in ran.err
    assert "un secreto" not in ran.out


def test_finding_left_is_exit_code_1_and_names_note_record_chat_and_day(stage, synced, program):
    row = stage.message(synced)
    text = stage.notes()[0]["Note_Content"]
    stage.zoho.edit_note(row.note_id, content=text + "\nun añadido")

    ran = program("verify", "--no-repair")

    assert ran.code == 1
    assert summary(ran)["findings"] == {"note_edited": {"found": 1, "repaired": 0}}
    said = " ".join(ran.out.split())
    assert all(part in said for part in (f"note {row.note_id}", row.record_id, f"chat {row.chat_id}", str(row.local_date)))
    assert "un añadido" not in ran.out


@pytest.mark.usefixtures("synced")
def test_json_prints_the_summary_alone(program):
    ran = program("verify", "--json", "--from", "2026-01-01", "--to", "2099-01-01T00:00:00Z")

    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    assert summary(ran)["period"] == {"from": "2026-01-01T05:00:00+00:00", "to": "2099-01-01T00:00:00+00:00"}


def test_system_that_refuses_is_exit_code_1_with_unchecked_messages(stage, synced, program):
    from sandbox.timelines.faults import Failure

    assert synced
    stage.timelines.faults.failures = [Failure(path="/messages$", status=400, times=99)]

    ran = program("verify", "--json")

    assert (ran.code, summary(ran)["state"], summary(ran)["messages"]["unchecked"]) == (1, "incomplete", 1)
    assert len(ran.err.splitlines()) >= 1


@pytest.mark.parametrize("arguments", [["--from", "yesterday"], ["--from", "2026-02-01", "--to", "2026-01-01"]])
def test_wrong_period_is_exit_code_2_with_one_sentence(synced, program, arguments):
    assert synced

    ran = program("verify", *arguments)

    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("chatledger: ")
    assert "Traceback" not in ran.err


def test_before_the_first_tick_it_says_what_comes_first(stage, program):
    stage.activate()

    ran = program("verify")

    assert ran.code == 2
    assert "chatledger sync" in ran.err
    assert "Traceback" not in ran.err
