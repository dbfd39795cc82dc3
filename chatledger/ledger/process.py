"""Naming this process so that another one on the same machine can tell later whether it still lives."""

import os
import platform
import subprocess
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class ProcessName:
    """One process, for ever: a process id comes back after a while, together with its start time it does not.

    `machine` tells apart machines of equal host name, `space` containers of one machine (each counts its own process
    ids); a part that the operating system does not tell is empty, and nothing is concluded from it.
    """

    host: str
    machine: str
    boot: str
    space: str
    pid: int
    started: str

    def __str__(self) -> str:
        return " ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; None for any other text."""
        parts = dict(part.partition("=")[::2] for part in text.split(" "))
        if parts.keys() != {field.name for field in fields(cls)} or not parts["pid"].isdecimal():
            return None
        pid = int(parts.pop("pid"))
        return cls(pid=pid, **parts)


def this_process() -> ProcessName:
    """Name the running process."""
    pid = os.getpid()
    return ProcessName(_word(platform.node()), _machine(), _boot(), _space(), pid, _started(pid))


def is_gone(text: str) -> bool:
    """Say whether the process of that name certainly lives no more; False whenever this machine cannot know."""
    other, here = ProcessName.parse(text), this_process()
    if other is None or not here.boot or not other.boot:
        return False
    if other.boot != here.boot:
        # Without a machine id two machines of equal name would take each other for rebooted ones.
        return bool(here.machine) and (other.host, other.machine) == (here.host, here.machine)
    if (other.host, other.machine, other.space) != (here.host, here.machine, here.space):
        return False
    return not _exists(other.pid) or _started(other.pid) not in {"", other.started}


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks since boot where /proc exists; `ended` for one not yet reaped."""
    stat = _read(f"/proc/{pid}/stat")
    if stat:
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may hold spaces and brackets
        state, *rest = stat.rpartition(")")[2].split()
        return "ended" if state in {"Z", "X"} else rest[18]
    return _word(_output("ps", "-o", "lstart=", "-p", str(pid)))


@cache
def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id") or _word(_output("sysctl", "-n", "kern.bootsessionuuid"))


@cache
def _machine() -> str:
    return _word(_read("/etc/machine-id"))


def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""


def _word(text: str) -> str:
    return "_".join(text.split())
