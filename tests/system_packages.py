"""Make sure that the programs the tests need beside Python are there: `python -m tests.system_packages`.

As root on Debian or Ubuntu a missing one is installed; otherwise one sentence says what to install (exit code 1).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.postgresql import find_binaries

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Program:
    """A program beside Python, the Debian package it comes in, and how to see that it is there."""

    name: str
    package: str
    is_there: Callable[[], bool]


PROGRAMS = (
    Program("the PostgreSQL server", "postgresql", lambda: find_binaries() is not None),
    Program("Chromium", "chromium", lambda: find_chromium() is not None),
    Program("the Redis server", "redis-server", lambda: shutil.which("redis-server") is not None),
)


def find_chromium() -> str | None:
    """Return the path of the installed Chromium, under whichever name; None when there is none."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Return 0 when everything is there in the end, else 1 after one sentence on stderr."""
    missing = [program for program in PROGRAMS if not program.is_there()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install([program.package for program in missing])
        missing = [program for program in missing if not program.is_there()]
    for program in missing:
        sys.stderr.write(
            f"The tests need {program.name}; install it and run again (Debian: apt-get install {program.package}).\n"
        )
    return 1 if missing else 0


def install(packages: list[str]) -> None:
    """Install Debian packages without questions; what goes wrong is on stderr, and shows in what is still missing."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "TZ": "Etc/UTC"}
    sys.stderr.write(f"Installing {', '.join(packages)} with apt-get ...\n")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(
            ["apt-get", "-qq", *command],
            env=os.environ | quiet,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    sys.exit(main())
