"""`python -m tests.endurance`: the long form of the trials with real processes; prints what each of them did."""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.endurance import trials
from tests.postgresql import restartable_server

say = partial(print, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="ticks to kill, half of them over PostgreSQL")
    parser.add_argument("--commands", type=int, default=10, help="runs of `chatledger sync` to kill")
    parser.add_argument("--restarts", type=int, default=50, help="times to stop and start PostgreSQL during a tick")
    parser.add_argument("--seconds", type=int, default=60, help="how long two schedulers tick at once")
    parser.add_argument("--ticks", type=int, default=100, help="ticks over connections that break")
    asked = parser.parse_args()
    with restartable_server() as server, server.database() as url:
        _told("killed ticks, PostgreSQL", trials.killed_ticks, asked.kills // 2, ledger_url=url)
        _told("killed ticks, SQLite", trials.killed_ticks, asked.kills - asked.kills // 2)
        _told("killed commands", trials.killed_commands, asked.commands)
        _told("database restarts", trials.restarted_database, asked.restarts, server)
        _told("two schedulers", trials.two_schedulers, asked.seconds)
        _told("broken connections", trials.broken_connections, asked.ticks)
    return 0


def _told(name, trial, times, *arguments, **named):
    if not times:
        return
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = trial(Path(folder), times, *arguments, **named)
    said = ", ".join(f"{number} {what}" for what, number in figures.items())
    say(f"{name}: nothing lost, nothing twice ({said}; {time.monotonic() - begun:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
