"""`python -m tests.simulation.mutants [NAME ...]`: each mutant of the safety code must be caught.

What catches it is a directed scenario, a seed or a crash point, and the table says which.

A mutant is loaded in a process of its own by an import hook that changes the text of its modules; the files stay as they are.
"""

import argparse
import importlib.machinery
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.simulation.mutations import MUTANTS, Mutant

MOST_SEEDS = 400
say = partial(print, flush=True)
EVERY_NTH_CRASH_POINT = 2


class _Mutated(importlib.machinery.SourceFileLoader):
    """Loads a module with its text changed."""

    def __init__(self, name, path, pairs):
        super().__init__(name, path)
        self._pairs = pairs

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        text = self.get_data(path).decode()
        for old, new in self._pairs:
            if text.count(old) != 1:
                raise LookupError(f"{fullname} holds this text {text.count(old)} times, not once: {old}")
            text = text.replace(old, new)
        return compile(text, path, "exec")


class _Finder:
    def __init__(self, mutant: Mutant):
        self._mutant = mutant

    def find_spec(self, name, path=None, target=None):
        _ = target
        if name not in self._mutant.changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        spec.loader = _Mutated(name, spec.origin, self._mutant.changes[name])
        return spec


def hunt(name, most_seeds):
    """Load the mutant and look for what catches it; return that in words, None when nothing does."""
    sys.meta_path.insert(0, _Finder(MUTANTS[name]))
    from tests.simulation.crash_points import boundaries, broken_points
    from tests.simulation.scenarios import run_scenario
    from tests.simulation.seeds import run

    scenario = MUTANTS[name].scenario
    if scenario:
        try:
            run_scenario(scenario)
        except AssertionError as error:
            return f"scenario {scenario}: {error!s:.70}"
    for seed in range(most_seeds):
        broken = run([seed]).broken
        if broken:
            return f"seed {seed}: {broken[seed]:.90}"
        if seed == most_seeds // 4:
            points = broken_points(range(1, boundaries() + 1, EVERY_NTH_CRASH_POINT))
            if points:
                return f"crash point {points[0][0]}: {points[0][1]:.90}"
    return None


def _hunted(name, most_seeds):
    command = [sys.executable, "-m", "tests.simulation.mutants", "--hunt", name, "--most", str(most_seeds)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "0"})
    said = ended.stdout.strip() or (ended.stderr.strip().splitlines() or [""])[-1]
    return name, ended.returncode, said


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to hunt (all of them)")
    parser.add_argument("--most", type=int, default=MOST_SEEDS, help="seeds after which a mutant counts as not caught")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes to run side by side")
    parser.add_argument("--hunt", metavar="NAME", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.hunt:
        caught = hunt(asked.hunt, asked.most)
        say(caught or "NOT caught")
        return 0 if caught else 1
    failed = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for name, code, said in pool.map(lambda name: _hunted(name, asked.most), asked.names or MUTANTS):
            say(f"{name:45} {said}")
            failed += code != 0
    say(f"{failed} not caught")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
