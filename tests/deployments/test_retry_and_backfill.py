"""`chatledger retry` and `chatledger backfill`, as a person runs them."""

import json
from datetime import timedelta

import pytest

pytestmark = pytest.mark.usefixtures("surroundings")


def summary(ran):
    return json.loads(ran.out.splitlines()[-1])


@pytest.fixture
def history(stage):
    """Three chats with a message of two days ago each, before an activation of today; returns where it begins."""
    for number in range(3):
        stage.receive("hace dos días", phone=f"+57300{number:07}", at=stage.now() - timedelta(days=2))
    stage.activate()
    return (stage.now() - timedelta(days=30)).isoformat()


def test_dry_run_of_a_backfill_writes_nothing_and_counts_exactly_where_everything_was_seen(stage, history, command):
    stage.forget_calls()

    ran = command("backfill", "--from", history, "--dry-run")

    assert (ran.code, summary(ran)["dry_run"]) == (0, True)
    estimate = summary(ran)["estimate"]
    assert (estimate["chats"], estimate["messages"], estimate["days"], estimate["exact"]) == (3, 3, 3, True)
    assert stage.notes() == []
    assert {request["method"] for request in stage.timelines.requests} == {"GET"}


@pytest.mark.slow
def test_program_brings_history_in_and_a_retry_says_what_became_of_messages(stage, history, program):
    stage.zoho.make_mandatory("Leads", "Industry")

    brought = program("backfill", "--from", history)
    retried = program("retry", "--reason", "mandatory_field_missing")

    assert (brought.code, retried.code) == (0, 0), brought.err + retried.err
    assert summary(brought)["messages"] == {"seen": 3, "synced": 0, "skipped": 0, "failed": 3, "pending": 0}
    assert summary(brought)["backfill"] | {"id": ""} == {
        "id": "", "state": "done", "chats": 3, "chats_done": 3, "messages": 3,
    }  # fmt: skip
    assert summary(retried)["retried"] == {"messages": 3, "synced": 0, "skipped": 0, "failed": 3, "pending": 0}


@pytest.mark.parametrize(
    "arguments",
    [
        ("backfill",),
        ("backfill", "--from", "yesterday"),
        ("backfill", "--from", "2999-01-01"),
        ("backfill", "--from", "2020-01-01", "--to", "2019-01-01"),
        ("backfill", "--from", "2020-01-01", "--phone", "nobody"),
        ("backfill", "--from", "2020-01-01", "--chat", "999999"),
        ("backfill", "--from", "2020-01-01", "--chat", "1", "--phone", "+573001112233"),
        ("retry",),
        ("retry", "--reason", "group_chat"),
        ("retry", "--message", "nobody"),
        ("retry", "--run", "nothing"),
        ("retry", "--message", "x", "--run", "y"),
    ],
)
@pytest.mark.usefixtures("history")
def test_wrong_use_is_exit_code_two_and_a_sentence(command, arguments):
    ran = command(*arguments)

    assert ran.code == 2
    assert ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("arguments", [("backfill", "--from", "2020-01-01"), ("retry", "--reason", "unreadable")])
def test_before_the_activation_both_say_what_to_do(command, arguments):
    ran = command(*arguments)

    assert ran.code == 2
    assert "chatledger activate" in ran.err
