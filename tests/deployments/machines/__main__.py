"""`python -m tests.deployments.machines`: the long form of the trial with several workers; prints what it measured."""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.deployments.machines import trial
from tests.deployments.machines.installation import installation, wait_until
from tests.deployments.machines.organisations import organisations
from tests.deployments.machines.usage import Usage

say = partial(print, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.deployments.machines", description=__doc__)
    parser.add_argument("--organisations", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--every", type=int, default=120, help="seconds between two ticks of an organisation")
    parser.add_argument("--minutes", type=float, default=20, help="how long people write; a worker is killed half-way")
    asked = parser.parse_args()
    names = [f"organisation-{number:02d}" for number in range(asked.organisations)]
    with tempfile.TemporaryDirectory() as folder, organisations(names) as found:
        settings = trial.settings_for(found, asked.every)
        with installation(Path(folder), workers=asked.workers, **settings) as installed:
            trial.activate(installed, found)
            trial.start_runs(installed, asked.workers)
            say(f"{len(found)} organisations on {asked.workers} workers, a tick every {asked.every} s")
            usage = Usage(installed)
            killed_at = _people_write(installed, found, asked, usage)
            _told_after(found)
            _told_of_ticks(installed, found, killed_at)
            for line in usage.lines():
                say(line)
    return 0


def _people_write(installed, found, asked, usage):
    """Have people write in every organisation, and kill a worker half-way while it is at work; return when that was."""
    half, killed_at = asked.minutes * 30, None
    begun = time.monotonic()
    while time.monotonic() < begun + 2 * half:
        for each in found:
            each.say()
        time.sleep(max(1.0, asked.every / 8))
        usage.look()
        if killed_at is None and time.monotonic() > begun + half:
            killed_at = wait_until(lambda: _kill_one_at_work(installed, found), "a tick is at work")
    return killed_at


def _kill_one_at_work(installed, found):
    for each in found:
        if at_work := trial.worker_of(installed, each):
            worker, _ = at_work
            worker.kill()
            say(f"{worker.name} killed during a tick of {each.name}")
            return datetime.now(UTC)
    return None


def _told_after(found):
    quiet = time.monotonic()
    trial.until_delivered(found)
    for each in found:
        each.check()
    seconds = time.monotonic() - quiet
    say(f"{sum(each.written for each in found)} messages: nothing lost, nothing twice, the last one after {seconds:.0f} s")


def _told_of_ticks(installed, found, killed_at):
    ended = trial.check_runs(installed, found)
    runs = [[run for run in installed.runs(each.name, *trial.ENDED) if run["start_time"]] for each in found]
    late = sorted(_between(run["expected_start_time"], run["start_time"]) for each in runs for run in each)
    say(f"ticks: {dict(ended)}, never two of one organisation; begun {late[len(late) // 2]:.0f} s after their time,")
    say(f"  one in twenty later than {late[len(late) * 19 // 20]:.0f} s")
    say(f"longest time between two good ticks of an organisation: {_longest(runs, None, killed_at):.0f} s before the kill")
    say(f"  and {_longest(runs, killed_at, None):.0f} s after it")


def _longest(runs, since, until):
    """Return the longest time between the beginnings of good ticks of an organisation that follow each other."""
    spans = [0.0]
    for each in runs:
        good = sorted(run["start_time"] for run in each if run["state"]["type"] == "COMPLETED")
        for before, after in pairwise(good):
            begun = datetime.fromisoformat(after)
            if (since is None or begun > since) and (until is None or begun <= until):
                spans.append(_between(before, after))
    return max(spans)


def _between(earlier, later):
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


if __name__ == "__main__":
    sys.exit(main())
