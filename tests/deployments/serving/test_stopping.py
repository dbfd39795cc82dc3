"""How `serve` ends, and how it begins again after days."""

import sqlite3
from contextlib import closing

import httpx
import psutil
import pytest

from tests.served import Serve, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def started(home):
    """Give a function that starts `serve`; whatever it leaves is ended after the test."""
    serves = []

    def start(*options, **environment):
        serves.append(Serve(home, *options, **environment))
        return serves[-1].until_up()

    yield start
    for serve in serves:
        serve.kill()


def move_schedule_into_the_past(home):
    """Make what is scheduled look as if it had been scheduled three days ago; return how many runs that are."""
    with closing(sqlite3.connect(home / "prefect" / "prefect.db", isolation_level=None)) as database:
        moved = "strftime('%Y-%m-%d %H:%M:%f000', julianday({}) - 3)"
        return database.execute(
            f"update flow_run set expected_start_time = {moved.format('expected_start_time')},"
            f" next_scheduled_start_time = {moved.format('next_scheduled_start_time')} where state_type = 'SCHEDULED'"
        ).rowcount


def test_ctrl_c_leaves_no_process_and_missed_runs_are_dropped_at_the_next_start(started, home):
    first = started("--sandbox", "--every", "5")
    wait_until(lambda: first.runs("COMPLETED"))
    missed = {run["id"] for run in first.runs("SCHEDULED")}
    processes = first.everything()
    assert len(processes) >= 4  # itself, two stand-ins, Prefect

    assert first.interrupt() == 0

    _, left = psutil.wait_procs(processes, timeout=60)
    assert left == []
    assert first.lines[-1] == "Stopped."
    assert move_schedule_into_the_past(home) >= 50

    again = started("--sandbox", "--every", "5")

    wait_until(lambda: [run for run in again.runs("COMPLETED") if run["auto_scheduled"]])
    kept = {run["id"]: run["state_type"] for run in again.runs() if run["id"] in missed}
    assert set(kept.values()) <= {"COMPLETED"}  # what ran before the end; none of the missed ones was started or is left
    assert again.process.poll() is None


def test_serve_comes_up_without_connections_and_schedules_nothing(started):
    serve = started()
    said = "\n".join(serve.lines)
    assert "main is not activated: no tick is scheduled." in said
    assert "TIMELINES_API_TOKEN" in said
    assert serve.deployment()["schedules"][0]["active"] is False
    assert httpx.get(f"{serve.pages}/health").json()["organisations"] == []
    assert serve.runs() == []
    serve.process.terminate()
    assert serve.process.wait(30) == 0
