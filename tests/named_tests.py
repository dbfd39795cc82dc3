"""Test ids that documents name, and those that pytest finds."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEST_ID = re.compile(r"`(tests/[\w/]+\.py::\w+)`")
PLANNED = re.compile(r"^ +(tests/[\w/]+\.py::\w+).* \(fixtures used: (.*)\)$", re.MULTILINE)

_of_this_run: dict[str, set[str]] = {}


def remember(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Keep what a run of all tests has found, so that nobody has to look for it again."""
    if config.args == config.getini("testpaths") and not config.option.keyword:
        _of_this_run.update((_without_parameters(item.nodeid), set(getattr(item, "fixturenames", ()))) for item in items)


def collected(places: Iterable[str]) -> set[str]:
    """Return the ids pytest itself finds in these files and folders, without their parameters."""
    if _of_this_run:
        return {test_id for test_id in _of_this_run if test_id.startswith(tuple(places))}
    lines = _pytest("--collect-only", places).splitlines()
    return {_without_parameters(line) for line in lines if "::" in line}


def fixtures(places: Iterable[str]) -> dict[str, set[str]]:
    """Return the fixtures of every test in these files and folders, those of its fixtures included."""
    if _of_this_run:
        wanted = tuple(places)
        return {test_id: names for test_id, names in _of_this_run.items() if test_id.startswith(wanted)}
    return {test_id: set(names.split(", ")) for test_id, names in PLANNED.findall(_pytest("--setup-plan", places))}


def _without_parameters(test_id: str) -> str:
    return test_id.partition("[")[0]


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
