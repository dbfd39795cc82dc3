"""TimelinesAI refuses, breaks off, says odd things or is down: one sentence, and nothing is lost."""

import json

import pytest

from sandbox.serving import running
from sandbox.timelines.faults import Failure
from tests.deployments.bad_input.refusals import CLOSED, TEXT, nothing_is_lost, sentence
from tests.stage import NUMBER


def test_wrong_token_of_timelines_is_refused_at_activation(command, settings, monkeypatch):
    monkeypatch.setenv("TIMELINES_API_TOKEN", "another-token-than-that")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "TIMELINES_API_TOKEN" in sentence(ran)


def test_token_that_no_longer_counts_ends_the_tick_and_nothing_is_lost(stage, sync):
    stage.timelines.replace_token("renewed")

    code, summary, said = sync()

    assert (code, summary["messages"]["seen"]) == (1, 0)
    assert "TIMELINES_API_TOKEN" in said
    stage.timelines.replace_token("tl-token")
    nothing_is_lost(stage)


def test_wrong_token_given_to_sync_prints_the_summary_all_the_same(stage, sync, monkeypatch):
    monkeypatch.setenv("TIMELINES_API_TOKEN", "another-token-than-that")

    code, summary, said = sync()

    assert (code, summary["messages"]["seen"]) == (1, 0)
    assert "TIMELINES_API_TOKEN" in said
    monkeypatch.setenv("TIMELINES_API_TOKEN", "tl-token")
    nothing_is_lost(stage)


def test_page_of_chats_that_fails_in_the_middle_loses_no_chat(stage, sync):
    for number in range(60):
        stage.receive("hola", phone=f"+57310{number:07}")
    stage.timelines.faults.failures = [Failure(path="/chats$", skip=1, status=400)]

    code, summary, said = sync()

    assert code == 1
    assert "page 2 of the chats" in said
    assert summary["messages"]["synced"] == 50
    assert sync()[:1] == (0,)
    assert len(stage.notes()) == 61


def test_chat_that_cannot_be_read_holds_nothing_else_up(stage, sync):
    stage.receive("hola", phone="+573109999999")
    stage.timelines.faults.failures = [Failure(path="/messages$", status=400)]

    code, summary, said = sync()

    assert (code, summary["messages"]["synced"]) == (1, 1)
    assert "the messages of chat" in said
    assert sync()[0] == 0
    assert len(stage.notes()) == 2


def test_answer_that_is_cut_is_asked_for_again(stage, sync):
    stage.timelines.faults.failures = [Failure(path="/messages$", status=200, body="truncated")]

    assert sync()[0] == 0
    assert len(stage.notes()) == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"unknown_fields": True, "unknown_enum_values": True},
        {"ids_as_strings": True},
        {"missing_fields": ["reactions", "created_by", "origin", "labels"]},
        {"null_fields": ["sender_name", "created_by", "origin"]},
        {"received_timestamp_absent": True},
    ],
)
def test_message_with_unknown_fields_or_types_is_synced(stage, sync, odd):
    for name, value in odd.items():
        setattr(stage.timelines.faults, name, value)

    code, summary, _ = sync()

    assert (code, summary["messages"]["synced"]) == (0, 1)
    assert TEXT in stage.notes()[0]["Note_Content"]


def test_message_that_cannot_be_read_is_parked_and_the_others_go_on(stage, sync):
    stage.receive("hola", phone="+573109999999")
    stage.timelines.faults.missing_fields = ["timestamp"]

    code, summary, _ = sync()

    assert (code, summary["messages"]["failed"], summary["messages"]["synced"]) == (0, 2, 0)
    stage.timelines.faults.missing_fields = []
    stage.receive("otra vez", phone="+573109999999")
    code, summary, _ = sync()
    assert (code, summary["messages"]["synced"]) == (0, 2)


def test_empty_workspace_is_no_trouble(command, settings, prefect, monkeypatch):
    assert command("activate", "--settings", str(settings)).code == 0
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    ran = command("sync", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["messages"]["seen"] == 0


def test_workspace_without_a_connected_number_is_said_at_activation(command, settings, stage):
    for account in list(stage.timelines.workspace.accounts):
        stage.timelines.disconnect_account(account)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 2
    assert "no connected WhatsApp number" in sentence(ran)


def test_timelines_that_is_down_is_said_and_the_summary_printed(stage, command, settings, prefect, monkeypatch):
    with running(stage.timelines.app) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setenv("TIMELINES_API_URL", f"{url}/integrations/api")
        assert command("activate", "--settings", str(settings)).code == 0
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    ran = command("sync", "--json")

    assert ran.code == 1
    assert "TimelinesAI could not be reached" in sentence(ran)
    assert json.loads(ran.out.splitlines()[-1])["messages"]["seen"] == 0
    stage.receive(TEXT, account=NUMBER)
    with running(stage.timelines.app, port):
        assert command("sync", "--json").code == 0
    assert len(stage.notes()) == 1


def test_systems_that_never_answered_are_said_at_activation(command, settings, monkeypatch):
    monkeypatch.setenv("TIMELINES_API_URL", CLOSED)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "could not be reached" in sentence(ran)
