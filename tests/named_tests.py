"""Test ids that documents name, and those that pytest finds."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEST_ID = re.compile(r"`(tests/[\w/]+\.py::\w+)`")


def collected(places: Iterable[str]) -> set[str]:
    """Return the ids pytest itself finds in these files and folders, without their parameters."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", *sorted(places)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return {line.partition("[")[0] for line in found.stdout.splitlines() if "::" in line}
