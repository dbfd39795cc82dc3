"""Running the public commands as a person would, each as a process, in a state folder and an environment of their own."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chatledger.errors import ChatledgerError, UsageError
from deployments.embedded_prefect import stop_embedded_prefect
from deployments.embedded_prefect.home import try_lock

PULSE_SECONDS = 3
STOP_SECONDS = 20
IDLE_SECONDS = "30"
"""Should the demo be killed, Prefect's server ends so long after the last command."""
MARK = "this-is-a-demo"
_OTHERS = ("CHATLEDGER_", "TIMELINES_", "ZOHO_", "PREFECT_API_URL")


@dataclass(frozen=True)
class Commands:
    """Runs chatledger in a home. `pulse` is called every few seconds while a command is at work."""

    home: Path
    environment: Mapping[str, str]
    pulse: Callable[[], None]

    def run(self, *arguments: str) -> list[str]:
        """Run one command and return the lines of its output. Raises ChatledgerError with its last words when it fails."""
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as output,
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        ):
            command = [str(program()), *arguments]
            with _ended(subprocess.Popen(command, env=self._environment(), stdout=output, stderr=errors)) as process:  # noqa: S603
                while (code := _code(process)) is None:
                    self.pulse()
            said, complaints = _lines(output), _lines(errors)
        if code:
            last = (complaints or said or ["it said nothing"])[-1].removeprefix("chatledger: ")
            raise ChatledgerError(f"`chatledger {arguments[0]}` ended with exit code {code}: {last}")
        return said

    def sync(self) -> dict[str, Any]:
        """Run one tick and return its summary."""
        summary: dict[str, Any] = json.loads(self.run("sync")[-1])
        return summary

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        own = {
            "CHATLEDGER_HOME": str(self.home),
            "CHATLEDGER_PREFECT_IDLE_SECONDS": IDLE_SECONDS,
            "NO_PROXY": "127.0.0.1",  # a proxy of this machine knows nothing of what runs on it
            "no_proxy": "127.0.0.1",
        }
        return kept | dict(self.environment) | own


def program() -> Path:
    """Return the chatledger program that belongs to this interpreter."""
    return Path(sys.executable).with_name("chatledger")


@contextmanager
def fresh_home(home: Path) -> Iterator[None]:
    """Have `home` empty at the start and keep it to ourselves for the block; afterwards no Prefect server is left in it.

    Raises UsageError when another demo is at work in it, or when it holds something that is not a demo's.
    """
    lock = _locked(home)
    try:
        _empty(home)
        try:
            yield
        finally:
            stop_embedded_prefect(home)
    finally:
        os.close(lock)


def _locked(home: Path) -> int:
    try:
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ChatledgerError(f"The folder {home.parent} cannot be created ({error.strerror}).") from error
    lock = try_lock(home.with_name(f"{home.name}.lock"), fcntl.LOCK_EX)
    if lock is None:
        raise UsageError(f"Another demo is at work in {home}: stop it first, or set another CHATLEDGER_HOME.")
    return lock


def _empty(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        if not (home / MARK).exists() and any(home.iterdir()):
            raise UsageError(f"{home} holds files that no demo made: move them, or set another CHATLEDGER_HOME.")
        (home / MARK).touch()
        stop_embedded_prefect(home)
        for left in home.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name != MARK:
                left.unlink()
    except OSError as error:
        raise ChatledgerError(f"The folder {home} cannot be made ready ({error.strerror}).") from error


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _code(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(PULSE_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _lines(file: IO[str]) -> list[str]:
    file.seek(0)
    return file.read().splitlines()
