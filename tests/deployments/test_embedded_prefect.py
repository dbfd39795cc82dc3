import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from chatledger.errors import ChatledgerError, UsageError
from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect

WAIT_SECONDS = 120

HOLD = """
import sys
from pathlib import Path
from deployments.embedded_prefect import embedded_prefect
with embedded_prefect(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""

RUN_TASKS_AND_STOP = """
import sys
from pathlib import Path
from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
home = Path(sys.argv[1])
with embedded_prefect(home):
    from prefect import flow, task

    @task
    def nothing(n):
        return n

    @flow
    def many_tasks():
        for n in range(int(sys.argv[2])):
            nothing(n)

    @flow
    def fails():
        raise ValueError("on purpose")

    many_tasks()
    fails(return_state=True)
stop_embedded_prefect(home)
"""


class Command:
    """A process that uses the embedded server of a home until it is told to end."""

    def __init__(self, home):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def url(self):
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.communicate(timeout=WAIT_SECONDS)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate()


def servers_of(home):
    """The living server processes of a home, found by what the operating system says and not by the record."""
    folder = str(Path(home).resolve() / "prefect")
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if folder in line and "deployments.embedded_prefect.server" in line and process.info["status"] != "zombie":
            found.append(process)
    return found


def wait_until(holds):
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def used_database(tmp_path_factory):
    """A database with two runs of 15 days ago; to make one takes longer than everything else here."""
    home = tmp_path_factory.mktemp("used")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        subprocess.run([sys.executable, "-c", RUN_TASKS_AND_STOP, str(home), "1"], timeout=120, check=True)
    database = home / "prefect" / "prefect.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("update flow_run set end_time = datetime('now', '-15 days')")
    return database


@pytest.fixture
def home(tmp_path, monkeypatch, used_database):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("CHATLEDGER_LOG_LEVEL", raising=False)
    monkeypatch.setenv("CHATLEDGER_PREFECT_IDLE_SECONDS", "1")
    home = tmp_path / "home"
    (home / "prefect").mkdir(parents=True)
    shutil.copy(used_database, home / "prefect")
    yield home
    for server in servers_of(home):
        server.kill()


def test_commands_started_together_share_one_server_that_stops_when_idle(home):
    commands = [Command(home), Command(home)]
    urls = {command.url() for command in commands}
    servers = servers_of(home)
    assert len(urls) == len(servers) == 1
    files = ["server.json", "server.log", "server.lock", "users.lock", "prefect.db-wal"]
    assert {(home / "prefect" / name).stat().st_mode & 0o077 for name in files} == {0}
    time.sleep(2)  # twice the idle time: a server in use is not idle, however quiet its users are
    assert servers_of(home) == servers
    assert [command.end() for command in commands] == [0, 0]
    wait_until(lambda: not servers_of(home))
    assert not (home / "prefect" / "server.json").exists()


def test_killed_commands_leave_no_process(home):
    killed_while_the_server_starts = Command(home)
    wait_until(lambda: servers_of(home))
    killed_while_the_server_starts.kill()
    killed_in_use = Command(home)
    assert killed_in_use.url()
    assert len(servers_of(home)) == 1
    killed_in_use.kill()
    wait_until(lambda: not servers_of(home))


def test_killed_server_is_replaced_under_the_url_its_users_know(home):
    first = Command(home)
    url = first.url()
    [killed] = servers_of(home)
    killed.send_signal(signal.SIGKILL)
    wait_until(lambda: not servers_of(home))
    second = Command(home)
    assert second.url() == url
    assert [command.end() for command in (first, second)] == [0, 0]
    stop_embedded_prefect(home)
    assert servers_of(home) == []


def test_deleted_home_ends_the_server_and_stays_deleted(home):
    command = Command(home)
    command.url()
    shutil.rmtree(home)
    wait_until(lambda: not servers_of(home))
    assert command.end() == 0
    assert not home.exists()


def test_given_api_url_is_used_and_nothing_is_started_or_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example/api")
    before = dict(os.environ)
    with embedded_prefect(tmp_path / "home") as url:
        assert url == "http://prefect.example/api"
        assert dict(os.environ) == before
    assert not (tmp_path / "home").exists()


def test_all_task_runs_are_recorded_old_runs_deleted_and_nothing_is_said_on_the_terminal(home):
    answer = subprocess.run(
        [sys.executable, "-c", RUN_TASKS_AND_STOP, str(home), "200"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert servers_of(home) == []
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as database:
        task_runs = database.execute("select state_type, count(*) from task_run group by 1").fetchall()
        flow_runs = database.execute("select state_type, count(*) from flow_run group by 1").fetchall()
        said_there = database.execute("select count(*) from log where message like '%on purpose%'").fetchone()
    assert task_runs == [("COMPLETED", 200)]
    assert sorted(flow_runs) == [("COMPLETED", 1), ("FAILED", 1)]
    assert said_there > (0,)


def test_scheduling_server_takes_the_place_of_one_without_and_serves_both_kinds(home):
    command = Command(home)
    url = command.url()
    [plain] = servers_of(home)
    with embedded_prefect(home, scheduling=True) as scheduling_url:
        assert scheduling_url == url
        [scheduling] = servers_of(home)
        assert scheduling.pid != plain.pid
        third = Command(home)
        assert third.url() == url
        assert servers_of(home) == [scheduling]
        third.end()
    command.end()


def test_start_that_fails_is_one_sentence_naming_the_log(home):
    (home / "prefect" / "prefect.db").write_bytes(b"this is no database" * 1000)
    before = dict(os.environ)
    with pytest.raises(ChatledgerError, match=r"ended while it started; .*server\.log says why\.$"), embedded_prefect(home):
        pass
    assert dict(os.environ) == before
    assert "not a database" in (home / "prefect" / "server.log").read_text()
    assert servers_of(home) == []


def test_stopping_where_nothing_runs_is_fine(tmp_path):
    stop_embedded_prefect(tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("setting", ["soon", "0", "-1", "nan", "inf"])
def test_wrong_idle_time_is_a_usage_error(tmp_path, monkeypatch, setting):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("CHATLEDGER_PREFECT_IDLE_SECONDS", setting)
    with pytest.raises(UsageError, match="CHATLEDGER_PREFECT_IDLE_SECONDS"), embedded_prefect(tmp_path / "home"):
        pass


def test_unknown_log_level_is_a_usage_error(tmp_path, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("CHATLEDGER_LOG_LEVEL", "loud")
    with pytest.raises(UsageError, match="CHATLEDGER_LOG_LEVEL"), embedded_prefect(tmp_path / "home"):
        pass
