"""Bad input: one clear sentence, the right exit code, and nothing lost."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
from sandbox.serving import running
from sandbox.timelines.faults import Failure as TimelinesFailure
from sandbox.zoho.faults import Failure as ZohoFailure
from tests.conftest import SECRET_KEY
from tests.deployments.conftest import Ran
from tests.stage import ANA, NUMBER

SETTINGS = """[sync]
chat_link_field = "WhatsApp_Chat"
timezone = "America/Bogota"
[sync.fixed_fields]
Company = "WhatsApp"
"""
TEXT = "el código secreto es canario-4711"
PRIVATE = (TEXT, "canario-4711", ANA, ANA.removeprefix("+"), "Ana Canaria", "tl-token", "1000.r", SECRET_KEY)
CLOSED = "http://127.0.0.1:9"
PROGRAM = "from deployments.cli.main import run; run()"


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """Home and URL of one Prefect server for all tests here; in the end its files must hold nothing private."""
    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        with embedded_prefect(home) as url:
            yield home, url
        stop_embedded_prefect(home)
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert [word for word in PRIVATE if len(word) > 8 and word.encode() in kept] == []


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(autouse=True)
def home(surroundings, monkeypatch):
    """An environment in which commands start no Prefect server: PREFECT_API_URL names none until a test wants a tick."""
    monkeypatch.setenv("PREFECT_API_URL", f"{CLOSED}/api")
    return surroundings


@pytest.fixture
def activated(command, settings, stage):
    """An organisation activated for the last hour, and a message that waits for its first tick."""
    ran = command("activate", "--settings", str(settings), "--from", (stage.now() - timedelta(hours=1)).isoformat())
    assert ran.code == 0
    stage.receive(TEXT, name="Ana Canaria")
    return command


@pytest.fixture
def sync(activated, prefect, monkeypatch):
    """Give a function that runs `chatledger sync` and returns its exit code, summary and sentence."""
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    def ran(*options):
        done = activated("sync", "--json", *options)
        return done.code, json.loads(done.out.splitlines()[-1]), sentence(done) if done.err else ""

    return ran


def sentence(ran):
    """Return the one line a refused command said, without anything private in all it printed."""
    printed = ran.out + ran.err
    assert [word for word in PRIVATE if word in printed] == []
    assert "Traceback" not in printed
    (line,) = ran.err.splitlines()
    assert line.startswith("chatledger: ")
    assert line.endswith(".")
    return line


def nothing_is_lost(stage):
    """Let a tick an hour later, with the fault gone, bring everything to an end."""
    stage.advance(3600)
    assert stage.tick()["state"] == "completed"
    (lead,) = stage.leads()
    (note,) = stage.notes(lead["id"])
    assert TEXT in note["Note_Content"]
    assert len(stage.notes()) == 1


# -- the environment


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


# -- the settings file


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


# -- wrong use


def test_future_start_is_refused(command, settings):
    ran = command("activate", "--settings", str(settings), "--from", (datetime.now(UTC) + timedelta(days=1)).isoformat())

    assert ran.code == 2
    assert "future" in sentence(ran)


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


def test_second_deactivation_is_refused(activated):
    activated("deactivate")

    ran = activated("deactivate")

    assert ran.code == 2
    assert "not active" in sentence(ran)


# -- the ledger


def test_ledger_in_a_place_that_cannot_be_written_is_named(command, settings, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert str(tmp_path / "file") in sentence(ran)


def test_home_that_cannot_be_created_is_named(command, settings, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHATLEDGER_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.delenv("CHATLEDGER_LEDGER_URL")
    monkeypatch.delenv("CHATLEDGER_SECRET_KEY")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert str(tmp_path / "file") in sentence(ran)


def test_ledger_that_is_no_database_is_left_as_it_is(command, settings, tmp_path, monkeypatch):
    (tmp_path / "letter.txt").write_text("Dear database, " * 500)
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'letter.txt'}")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "not a SQLite database" in sentence(ran)
    assert (tmp_path / "letter.txt").read_text() == "Dear database, " * 500


@pytest.mark.usefixtures("activated")
def test_full_disk_ends_the_tick_with_a_sentence_and_loses_nothing(stage, prefect, tmp_path, monkeypatch):
    ledger_file = tmp_path / "stage.db"
    for number in range(60):
        stage.receive("x" * 2000, phone=f"+57310{number:07}")
    limit = ledger_file.stat().st_size + 40_000
    monkeypatch.delenv("PREFECT_API_URL")
    monkeypatch.setenv("CHATLEDGER_HOME", str(prefect[0]))
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));{PROGRAM}"

    done = subprocess.run(
        [sys.executable, "-c", code, "sync"], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
    )

    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert ran.code == 1
    assert str(ledger_file) in sentence(ran)
    stage.advance(3600)
    assert stage.tick()["state"] == "completed"
    assert len(stage.notes()) == 61


# -- TimelinesAI


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
    stage.timelines.faults.failures = [TimelinesFailure(path="/chats$", skip=1, status=400)]

    code, summary, said = sync()

    assert code == 1
    assert "page 2 of the chats" in said
    assert summary["messages"]["synced"] == 50
    assert sync()[:1] == (0,)
    assert len(stage.notes()) == 61


def test_chat_that_cannot_be_read_holds_nothing_else_up(stage, sync):
    stage.receive("hola", phone="+573109999999")
    stage.timelines.faults.failures = [TimelinesFailure(path="/messages$", status=400)]

    code, summary, said = sync()

    assert (code, summary["messages"]["synced"]) == (1, 1)
    assert "the messages of chat" in said
    assert sync()[0] == 0
    assert len(stage.notes()) == 2


def test_answer_that_is_cut_is_asked_for_again(stage, sync):
    stage.timelines.faults.failures = [TimelinesFailure(path="/messages$", status=200, body="truncated")]

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


# -- Zoho


@pytest.mark.parametrize(
    ("name", "value"),
    [("ZOHO_REFRESH_TOKEN", "1000.wrong"), ("ZOHO_CLIENT_ID", "1000.B"), ("ZOHO_CLIENT_SECRET", "not-the-one")],
)
def test_wrong_login_at_zoho_names_the_variable(command, settings, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert name in sentence(ran)


def test_wrong_data_centre_names_the_setting(command, settings, stage):
    stage.zoho.faults.api_host = "www.zohoapis.eu:443"

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "ZOHO_API_URL" in sentence(ran)


def test_missing_scope_is_named_at_activation(command, settings, stage):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.modules.ALL"]

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "scope" in sentence(ran)


def test_revoked_login_ends_the_tick_and_nothing_is_lost(stage, sync):
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)  # the access token that is stored ends

    code, summary, said = sync()

    assert (code, summary["messages"]["pending"]) == (1, 1)
    assert "connect again" in said
    stage.zoho.faults.refresh_token_revoked = False
    nothing_is_lost(stage)


@pytest.mark.parametrize("right", ["Notes.create", "Leads.create", "Leads.read", "*"])
def test_missing_right_ends_the_tick_and_nothing_is_lost(stage, sync, right):
    stage.zoho.faults.denied = [right]

    code, summary, said = sync()

    assert code in (0, 1)
    assert summary["messages"]["synced"] == 0
    assert code == 0 or "permit" in said
    stage.zoho.faults.denied = []
    nothing_is_lost(stage)


def test_server_error_on_a_write_is_settled_and_nothing_is_done_twice(stage, sync):
    stage.zoho.faults.failures = [
        ZohoFailure(path="/Notes$", method="POST", status=502, body="html", after_commit="bad_gateway")
    ]

    code, summary, said = sync()

    assert (code, summary["messages"]["pending"]) == (1, 1)
    assert "unknown" in said
    nothing_is_lost(stage)


# -- a system that cannot be reached


def test_zoho_that_is_down_leaves_messages_pending(stage, command, settings, prefect, monkeypatch):
    with running(stage.zoho.app) as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setenv("ZOHO_ACCOUNTS_URL", url)
        start = (stage.now() - timedelta(hours=1)).isoformat()
        assert command("activate", "--settings", str(settings), "--from", start).code == 0
    stage.receive(TEXT)
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    ran = command("sync", "--json")

    assert ran.code == 1
    assert "could not be reached" in sentence(ran)
    assert json.loads(ran.out.splitlines()[-1])["messages"]["pending"] == 1
    with running(stage.zoho.app, port):
        assert command("sync", "--json").code == 0
    assert len(stage.notes()) == 1


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
