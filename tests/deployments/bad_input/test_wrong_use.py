"""Wrong environment, wrong settings, wrong moment: exit code 2 and one sentence with what to correct."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.deployments.bad_input.refusals import sentence


@pytest.mark.parametrize("name", ["TIMELINES_API_URL", "TIMELINES_API_TOKEN", "ZOHO_ACCOUNTS_URL", "ZOHO_CLIENT_ID",
                                  "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN"])  # fmt: skip
@pytest.mark.parametrize("arguments", [("sync",), ("activate", "--settings", "settings.toml")])
def test_missing_variable_is_named(command, settings, monkeypatch, name, arguments):
    monkeypatch.chdir(settings.parent)
    monkeypatch.delenv(name)

    ran = command(*arguments)

    assert ran.code == 2
    assert name in sentence(ran)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS", "30"),
        ("CHATLEDGER_HTTP_TIMEOUT_SECONDS", "soon"),
        ("CHATLEDGER_LEASE_SECONDS", "1"),
        ("TIMELINES_REQUESTS_PER_SECOND", "0"),
        ("TIMELINES_API_URL", "app.timelines.ai"),
        ("ZOHO_ACCOUNTS_URL", "accounts.zoho.eu"),
        ("ZOHO_API_URL", "zoho"),
        ("TIMELINES_API_TOKEN", "con eñe"),
        ("CHATLEDGER_LEDGER_URL", "mysql://user:tl-token@host/name"),
        ("CHATLEDGER_LEDGER_URL", "no url tl-token"),
        ("CHATLEDGER_SECRET_KEY", "short"),
    ],
)
def test_wrong_variable_is_named_and_its_value_is_not_shown(command, settings, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 2
    said = sentence(ran)
    assert name in said
    assert "con eñe" not in said


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[sync\n", "not valid TOML"),
        (b"\xff\xfe[sync]", "UTF-8"),
        (b"", "[sync]"),
        (b"[syncs]\n", "syncs"),
        (b"[sync]\ntarget_modul = 'Leads'\n", "target_modul is not a setting"),
        (b"[sync]\nrun_automations = 'sometimes'\n", "run_automations"),
        (b"[sync]\nphone_field = 7\n", "phone_field"),
        (b"[sync]\ncreate_on = 'never'\n", "create_on"),
        (b"[sync]\ntimezone = 'Bogota'\n", "timezone"),
        (b"[sync]\ndefault_region = 'Colombia'\n", "default_region"),
        (b"[sync]\nlanguage = 'fr'\n", "language"),
        (b"[sync.fixed_fields]\nMobile = '+57'\n", "Mobile"),
    ],
)
def test_unreadable_settings_file_is_named_with_what_is_wrong(command, settings, content, named):
    settings.write_bytes(content)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 2
    said = sentence(ran)
    assert named in said
    assert settings.name in said


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_settings_file_that_is_none_is_named(command, settings, path):
    ran = command("activate", "--settings", str(settings.parent / path))

    assert ran.code == 2
    assert str(settings.parent / path) in sentence(ran)


def test_future_start_is_refused(command, settings):
    ran = command("activate", "--settings", str(settings), "--from", (datetime.now(UTC) + timedelta(days=1)).isoformat())

    assert ran.code == 2
    assert "future" in sentence(ran)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("bogus",), "bogus"),
        (("activate",), "--settings"),
        (("log", "--outcome", "bogus"), "'synced'"),
        (("backfill", "--from", "2026-01-01", "--chat", "abc"), "--chat"),
        (("export",), "runs"),
        (("sync", "--bogus"), "--bogus"),
        (("sync", "extra"), "extra"),
        (("admin", "bogus"), "bogus"),
    ],
)
def test_wrong_words_on_the_command_line_are_named_in_one_sentence(command, arguments, named):
    ran = command(*arguments)

    assert ran.code == 2
    assert named in sentence(ran)
    assert "Value error" not in ran.err


@pytest.mark.slow
@pytest.mark.usefixtures("activated")
def test_prefect_server_that_does_not_answer_is_told_in_one_sentence_behind_an_empty_summary(program):
    ran = program("sync")

    assert ran.code == 1
    assert "PREFECT_API_URL" in sentence(ran)
    assert json.loads(ran.out.splitlines()[-1])["messages"]["seen"] == 0


def test_help_is_shown_on_demand(command):
    ran = command("sync", "--help")

    assert ran.code == 0
    assert "--dry-run" in ran.out


def test_start_that_is_no_moment_is_refused(command, settings):
    ran = command("activate", "--settings", str(settings), "--from", "yesterday")

    assert ran.code == 2
    assert "--from yesterday" in sentence(ran)


def test_sync_before_activation_says_what_to_do(command):
    ran = command("sync")

    assert ran.code == 2
    assert "chatledger activate" in sentence(ran)


def test_sync_after_deactivation_says_what_to_do(activated):
    assert activated("deactivate").code == 0

    ran = activated("sync")

    assert ran.code == 2
    assert "chatledger activate" in sentence(ran)


def test_second_deactivation_changes_nothing_and_says_so(activated):
    activated("deactivate")

    ran = activated("deactivate")

    assert ran.code == 0
    assert "off already" in ran.out


def test_deactivation_of_what_was_never_activated_is_refused(command):
    ran = command("deactivate")

    assert ran.code == 2
    assert "never activated" in sentence(ran)


def test_number_that_is_none_is_named_by_its_option(activated):
    ran = activated("backfill", "--from", "2026-01-01", "--chat", "abc")

    assert ran.code == 2
    assert "--chat" in sentence(ran)


def test_verification_of_the_future_is_refused(activated):
    ran = activated("verify", "--from", "2999-01-01")

    assert ran.code == 2
    assert "--from" in sentence(ran)


def test_backup_into_a_folder_that_is_missing_names_the_folder(activated, tmp_path):
    ran = activated("backup", str(tmp_path / "missing" / "ledger.db"))

    assert ran.code == 2
    assert str(tmp_path / "missing") in sentence(ran)


def test_erasing_asks_for_the_variables_of_zoho_alone(activated, monkeypatch):
    monkeypatch.delenv("TIMELINES_API_TOKEN")
    assert activated("erase", "+573009998877", "--yes").code == 0

    monkeypatch.delenv("ZOHO_CLIENT_ID")
    ran = activated("erase", "+573009998877", "--yes")
    assert ran.code == 2
    assert "ZOHO_CLIENT_ID" in sentence(ran)
    assert ran.out == ""
