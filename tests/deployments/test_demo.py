import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chatledger.errors import UsageError
from deployments.cli.demo_commands import fresh_home

CHATLEDGER = Path(sys.executable).with_name("chatledger")
PHONE = "+57 310 555 0777"
EXPORT = """\
31/12/24, 22:15 - Laura: Hola, feliz año
31/12/24, 22:16 - Ana Restrepo: ¡Igual! 🎉
1/1/25, 08:00 - Ana Restrepo: ¿Siguen abiertos?
"""


@pytest.fixture
def environment(tmp_path):
    """The variables of whoever runs it: a home of the test's own, and a proxy and connections that the demo must not use."""
    return os.environ | {
        "CHATLEDGER_HOME": str(tmp_path / "home"),
        "TIMELINES_API_URL": "http://127.0.0.1:9",
        "ZOHO_API_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }


def demo(environment, *options):
    return subprocess.run([CHATLEDGER, "demo", *options], env=environment, capture_output=True, text=True, check=False)


def processes_of(folder):
    """The living processes whose command line names a folder, found by what the operating system says."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE and str(folder) in " ".join(process.info["cmdline"] or [])
    ]


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "Chat de WhatsApp con Ana Restrepo.txt"
    path.write_text(EXPORT, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_is_true_ends_by_itself_and_leaves_no_process(environment, export, tmp_path):
    answer = demo(environment, "--chat-export", str(export), "--phone", PHONE)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    shown = lines[next(number for number, line in enumerate(lines) if line.startswith("First tick:")) :]
    assert len(shown) <= 42
    assert max(map(len, shown[: shown.index("Where to look next:")])) <= 100
    assert sum(line.startswith("  ok  ") for line in shown) == 7
    assert "Your chat: Ana Restrepo, 3 messages of 31 Dec 2024 to 01 Jan 2025" in shown
    assert "  Notes     2, one per day, with 0 files" in shown
    assert any(line.startswith("  Record    created: Ana Restrepo, owner Laura Gómez") for line in shown)
    assert processes_of(tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_demo_that_is_asked_to_stop_leaves_no_process(environment, tmp_path):
    process = subprocess.Popen(
        [CHATLEDGER, "demo"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not process.stdout.readline().startswith("$ chatledger sync"):
        assert process.poll() is None
    deadline = time.monotonic() + 300
    while not processes_of(tmp_path / "home" / "demo" / "prefect"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    descendants = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=300)
    assert (process.returncode, complaints) == (143, "")
    assert [each for each in descendants if each.is_running()] == []
    assert processes_of(tmp_path / "home") == []


@pytest.mark.slow
def test_an_unreadable_export_is_one_sentence_and_exit_code_2(environment, tmp_path):
    file = tmp_path / "chat.txt"
    file.write_text("nothing that WhatsApp wrote")
    answer = demo(environment, "--chat-export", str(file), "--phone", PHONE)
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("chatledger: chat.txt is no exported WhatsApp chat")


def test_files_that_no_demo_made_are_left_alone(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds files that no demo made"), fresh_home(tmp_path / "demo"):
        pass
    assert (tmp_path / "demo" / "precious.txt").read_text() == "mine"


def test_what_an_earlier_demo_left_is_gone_and_two_do_not_meet(tmp_path):
    home = tmp_path / "demo"
    with fresh_home(home):
        (home / "ledger.db").touch()
        with pytest.raises(UsageError, match="Another demo is at work"), fresh_home(home):
            pass
    with fresh_home(home):
        assert not (home / "ledger.db").exists()


@pytest.mark.parametrize("options", [["--chat-export", "chat.txt"], ["--phone", PHONE]])
def test_an_export_needs_its_phone_and_a_phone_its_export(command, options):
    answer = command("demo", *options)
    assert answer.code == 2
    assert answer.err == "chatledger: --chat-export and --phone belong together.\n"
