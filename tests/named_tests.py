"""Test ids that documents name, and those that pytest finds."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEST_ID = re.compile(r"`(tests/[\w/]+\.py::\w+)`")
PLANNED = re.compile(r"^ +(tests/[\w/]+\.py::\w+).* \(fixtures used: (.*)\)$", re.MULTILINE)


def collected(places: Iterable[str]) -> set[str]:
    """Return the ids pytest itself finds in these files and folders, without their parameters."""
    lines = _pytest("--collect-only", places).splitlines()
    return {line.partition("[")[0] for line in lines if "::" in line}


def fixtures(places: Iterable[str]) -> dict[str, set[str]]:
    """Return the fixtures of every test in these files and folders, those of its fixtures included."""
    return {test_id: set(names.split(", ")) for test_id, names in PLANNED.findall(_pytest("--setup-plan", places))}


def _pytest(option: str, places: Iterable[str]) -> str:
    """Return what pytest prints about these files and folders without running a test."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", option, "-q", "-p", "no:xdist", *sorted(set(places))],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout
