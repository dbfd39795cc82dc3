"""`python -m tests.simulation`: many seeds, one with its story (`--replay SEED`), the crash points (`--crash-points`)."""

import argparse
import os
import sys
import time
from contextlib import suppress

from tests.simulation.crash_points import boundaries, broken_points, tried_pairs
from tests.simulation.seeds import Tally, run_side_by_side, say, tell_story


def main():
    asked = _arguments()
    if asked.replay is not None:
        return 0 if tell_story(asked.replay) else 1
    broken = 0
    if asked.crash_points:
        broken += _crash_points(asked.jobs)
    if asked.seeds:
        broken += _seeds(asked)
    return 1 if broken else 0


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many seeds to run (0 for none)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes to run side by side")
    parser.add_argument("--replay", type=int, metavar="SEED", help="run one seed and tell its story when it breaks")
    parser.add_argument("--crash-points", action="store_true", help="kill a tick at every boundary and every pair of them")
    return parser.parse_args()


def _seeds(asked):
    begun, tally = time.monotonic(), Tally()
    with suppress(KeyboardInterrupt):  # Ctrl-C ends it with what is known by then
        for part in run_side_by_side(asked.first, asked.seeds, asked.jobs):
            tally.add(part)
            for seed, problem in part.broken.items():
                say(f"\nseed {seed}: {problem}\n  replay: .venv/bin/python -m tests.simulation --replay {seed}")
            say(f"\r{tally.seeds} seeds, {len(tally.broken)} broken", end="")
    seconds = time.monotonic() - begun
    say(f"\n{tally.seeds / seconds:.2f} seeds a second over {asked.jobs} processes")
    for name, number in sorted(tally.fired.items()):
        say(f"  {number:8d} {name}")
    silent = tally.never_fired()
    if silent:
        say(f"never fired, so nothing is known about them: {', '.join(silent)}")
    return len(tally.broken) + len(silent)


def _crash_points(jobs):
    last = boundaries()
    broken = broken_points()
    say(f"{last} crash points, {len(broken)} broken")
    for point, problem in broken:
        say(f"killed at {point}: {problem}")
    return len(broken) + _pairs(range(1, last + 1), jobs)


def _pairs(points, jobs):
    begun, tried, broken = time.monotonic(), 0, 0
    with suppress(KeyboardInterrupt):
        for first, second, *problem in tried_pairs(points, jobs):
            tried += 1
            if problem and problem[0]:
                broken += 1
                say(f"\nkilled at {first} and then at {second}: {problem[0]}")
            say(f"\r{tried} pairs of crash points behind {first} of {points[-1]} first ones, {broken} broken", end="")
    say(f"\n{time.monotonic() - begun:.0f} seconds")
    return broken


if __name__ == "__main__":
    sys.exit(main())
