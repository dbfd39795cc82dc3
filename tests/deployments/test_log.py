"""`chatledger log`, and the page that explains its codes."""

import json
import re
from pathlib import Path

import pytest

from chatledger.ledger.reasons import reasons_in_words, rules_in_words
from chatledger.models import Reason

PAGE = Path(__file__).parents[2] / "docs" / "sync-log.md"
pytestmark = pytest.mark.usefixtures("surroundings")

CODES = re.compile(r"^\| (?:(\w+) \| )?`([a-z_]+)` \| (.+?) \|(?: (.+?) \|)?$", re.MULTILINE)


def section(title):
    """Return the rows of the table under a heading of the page: outcome (where there is one), code, meaning, remedy."""
    return CODES.findall(PAGE.read_text("utf-8").split(f"## {title}")[1].split("##")[0])


@pytest.fixture
def two_runs(stage):
    stage.activate()
    stage.receive("secreto", name="Ana Ruiz")
    stage.receive(jid="120363000000000001@g.us", name="Grupo")
    first = stage.tick()["run_id"]
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive("otro secreto", phone="+573001119999")
    second = stage.tick()["run_id"]
    return first, second


def test_page_and_catalogue_name_the_same_reasons_with_the_same_words():
    page = {code: (outcome, meaning, remedy) for outcome, code, meaning, remedy in section("Outcomes and reasons")}

    assert page == {code: (row.outcome.value, row.meaning, row.remedy) for code, row in reasons_in_words().items()}
    assert set(page) == set(Reason)


def test_page_and_catalogue_name_the_same_rules_with_the_same_words():
    assert {code: meaning for _, code, meaning, _ in section("Rules")} == rules_in_words()


def test_newest_run_comes_first(command, two_runs):
    first, second = two_runs

    ran = command("log", "--json")

    assert [run["id"] for run in json.loads(ran.out)["runs"]] == [second, first]
    assert ran.code == 0


def test_table_shows_states_and_the_beginning_of_each_id(command, two_runs):
    ran = command("log")

    assert all(run_id[:6] in ran.out for run_id in two_runs)
    assert "degraded" in ran.out
    assert "completed" in ran.out


@pytest.mark.usefixtures("two_runs")
def test_table_fits_eighty_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    lines = command("log").out.splitlines()

    assert lines[1].split()[-1].isdigit()
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("two_runs")
def test_limit_is_the_most_runs(command):
    assert len(json.loads(command("log", "--limit", "1", "--json").out)["runs"]) == 1


def test_run_shows_each_message_with_its_reason_and_what_changed(command, two_runs):
    first, _ = two_runs

    ran = command("log", "--run", first[:6])

    assert reasons_in_words()["group_chat"].meaning in " ".join(ran.out.split())
    assert "record created" in ran.out
    assert "note created" in ran.out
    assert "secreto" not in ran.out


def test_run_as_json_holds_every_message_and_change(command, two_runs):
    first, _ = two_runs

    seen = json.loads(command("log", "--run", first, "--json").out)

    assert seen["run"]["id"] == first
    assert {row["reason"] for row in seen["messages"]} == {"note_created", "group_chat"}
    assert {row["what"] for row in seen["changes"]} == {"linked", "record_created", "note_created"}
    assert not any("text" in row for row in seen["messages"])


def test_run_whose_messages_a_later_run_decided_says_so(stage, command, two_runs):
    stage.zoho.make_mandatory("Leads", "Industry", mandatory=False)
    stage.advance(25 * 3600)
    stage.tick()

    assert "1 message of this run: decided anew by later runs" in command("log", "--run", two_runs[1]).out
    assert json.loads(command("log", "--run", two_runs[1], "--json").out)["decided_later"] == 1
    assert "decided anew" not in command("log", "--run", two_runs[0]).out


@pytest.mark.usefixtures("two_runs")
def test_outcome_finds_messages_of_all_runs_with_their_detail(command):
    ran = command("log", "--outcome", "parked")

    assert "mandatory_field_missing" in ran.out
    assert "Industry" in ran.out
    assert "note_created" not in ran.out


@pytest.mark.usefixtures("two_runs")
def test_reason_finds_messages_of_all_runs(command):
    seen = json.loads(command("log", "--reason", "group_chat", "--json").out)

    assert [row["reason"] for row in seen["messages"]] == ["group_chat"]


def test_no_run_yet_says_what_makes_one(stage, command):
    stage.activate()

    assert "chatledger sync" in command("log").out


def test_unknown_run_and_unknown_codes_are_wrong_use(stage, command):
    stage.activate()

    refused = [command("log", "--run", "nope"), command("log", "--outcome", "nope"), command("log", "--limit", "0")]

    assert [ran.code for ran in refused] == [2, 2, 2]
    assert "chatledger log" in refused[0].err


@pytest.mark.usefixtures("two_runs")
def test_program_lists_runs(program):
    ran = program("log", "--json")

    assert (ran.code, len(json.loads(ran.out)["runs"])) == (0, 2)
