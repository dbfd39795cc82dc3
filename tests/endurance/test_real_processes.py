"""Real processes, killed, restarted and cut off: nothing is lost, nothing twice. `make endure` does more of each."""

from collections.abc import Iterator

import pytest

from tests.endurance import trials
from tests.postgresql import PostgresServer, restartable_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def restartable() -> Iterator[PostgresServer]:
    with restartable_server() as server:
        yield server


def test_ticks_may_be_killed_at_any_moment(tmp_path):
    assert trials.killed_ticks(tmp_path, 6)["killed"] > 0


def test_the_command_itself_may_be_killed(tmp_path):
    assert trials.killed_commands(tmp_path, 1)["messages"] == 3


def test_the_database_may_stop_and_come_back_during_a_tick(tmp_path, restartable):
    assert trials.restarted_database(tmp_path, 2, restartable)["messages"] > 0


def test_two_schedulers_may_run_at_once(tmp_path):
    assert trials.two_schedulers(tmp_path, 2)["busy"] > 0


def test_connections_may_break_in_every_way(tmp_path):
    figures = trials.broken_connections(tmp_path, 8)
    assert sum(figures[kind] for kind in ("reset_before", "reset_after", "stall", "cut_after_commit")) > 0
