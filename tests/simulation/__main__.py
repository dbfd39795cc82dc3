"""`python -m tests.simulation`: many seeds, one with its story (`--replay SEED`), the crash points (`--crash-points`)."""

import argparse
import os
import sys
import time

from tests.simulation.crash_points import broken_pairs, broken_points
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
    broken = broken_points() + broken_pairs(jobs)
    for points, problem in broken:
        say(f"killed at {points}: {problem}")
    say(f"{len(broken)} crash points broken")
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
