import dataclasses
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from sandbox.timelines import faults as timelines_faults
from sandbox.timelines.app import _ACTS
from sandbox.zoho import faults as zoho_faults
from sandbox.zoho.people import ACTIONS

CHATLEDGER = Path(sys.executable).with_name("chatledger")
PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
WAIT_SECONDS = 90


def started(*options):
    return subprocess.Popen([CHATLEDGER, "sandbox", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said_by(process):
    """The lines up to the one that says how to stop it."""
    lines = []
    while not lines or not lines[-1].startswith("Ctrl-C"):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        lines.append(line.rstrip("\n"))
    return lines


def exports(lines):
    pairs = [line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export ")]
    return dict(pairs)


def assert_gone(processes):
    deadline = time.monotonic() + WAIT_SECONDS
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes):
        assert time.monotonic() < deadline, "a stand-in is left"
        time.sleep(0.05)


@pytest.fixture
def running():
    process = started()
    said_by(process)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_the_exported_lines_are_all_a_client_needs_and_the_options_reach_both_stand_ins(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text('{"timelines": {"pages_shift": true}, "zoho": {"page_limit": 50}}')
    process = started("--seed", "7", "--faults", str(faults))
    try:
        environment = exports(said_by(process))
        assert set(environment) == {
            "TIMELINES_API_URL", "TIMELINES_API_TOKEN", "TIMELINES_REQUESTS_PER_SECOND",
            "ZOHO_ACCOUNTS_URL", "ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN",
        }  # fmt: skip
        timelines, zoho = environment["TIMELINES_API_URL"], environment["ZOHO_ACCOUNTS_URL"]
        login = {"Authorization": f"Bearer {environment['TIMELINES_API_TOKEN']}"}
        assert httpx.get(f"{timelines}/chats", headers=login).status_code == 200
        form = {name: environment[f"ZOHO_{name.upper()}"] for name in ("client_id", "client_secret", "refresh_token")}
        assert httpx.post(f"{zoho}/oauth/v2/token", data=form | {"grant_type": "refresh_token"}).json()["access_token"]
        control = timelines.replace("/integrations/api", "/_sandbox/faults")
        assert httpx.get(control).json()["pages_shift"] is True
        assert httpx.get(f"{zoho}/_sandbox/faults").json()["page_limit"] == 50
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_complaint_and_without_a_process_left(running, sign):
    process = running
    stand_ins = psutil.Process(process.pid).children(recursive=True)
    assert len(stand_ins) == 2
    process.send_signal(sign)
    _, complaints = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, complaints) == (0, "")
    assert_gone(stand_ins)


@pytest.mark.slow
def test_stand_ins_end_when_the_command_is_killed(running):
    process = running
    stand_ins = psutil.Process(process.pid).children(recursive=True)
    assert len(stand_ins) == 2
    process.kill()
    assert_gone(stand_ins)


@pytest.mark.slow
def test_it_ends_with_a_sentence_when_a_stand_in_dies(running):
    process = running
    first, second = psutil.Process(process.pid).children(recursive=True)
    first.kill()
    _, complaints = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 1
    assert len(complaints.splitlines()) == 1
    assert complaints.startswith("chatledger: The stand-in for")
    assert_gone([second])


@pytest.mark.slow
def test_a_taken_port_is_one_sentence_and_exit_code_2():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = subprocess.run([CHATLEDGER, "sandbox", "--zoho-port", str(port)], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1
    assert str(port) in answer.stderr


@pytest.mark.slow
def test_a_bad_faults_file_is_one_sentence_and_exit_code_2(tmp_path):
    file = tmp_path / "faults.json"
    file.write_text('{"zoho": {"bad_weather": true}}')
    answer = subprocess.run([CHATLEDGER, "sandbox", "--faults", file], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert len(answer.stderr.splitlines()) == 1
    assert "bad_weather" in answer.stderr


@pytest.mark.parametrize(("heading", "module"), [("TimelinesAI", timelines_faults), ("Zoho CRM", zoho_faults)])
def test_the_page_names_each_fault_switch_with_its_default(heading, module):
    section = PAGE.read_text(encoding="utf-8").partition(f"### Switches of {heading}\n")[2].partition("### ")[0]
    written = {line.rpartition(" | ")[0] for line in section.splitlines() if line.startswith("| `")}
    expected = {
        f"| `{name}` | `{json.dumps(value)}`"
        for switches in (module.Faults(), module.Failure())
        for name, value in dataclasses.asdict(switches).items()
    }
    assert written == expected


def test_the_page_names_each_act_of_people():
    page = PAGE.read_text(encoding="utf-8")
    assert [act for act in (*_ACTS, *ACTIONS) if f"`{act}`" not in page] == []
