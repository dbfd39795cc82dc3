"""What a measured tick runs in: both stand-ins as processes, a state folder with a warm Prefect server, and the real CLI."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]
IDLE_SECONDS = 600


@dataclass(frozen=True)
class Answer:
    """What became of a command: its summary, how long it ran, and the most memory it had at once."""

    summary: dict
    seconds: float
    peak_mb: float


class StandIn:
    """A stand-in process, driven by its control routes."""

    def __init__(self, url):
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_sandbox", timeout=60)

    def get(self, name):
        return self._http.get(name).raise_for_status().json()

    def act(self, name, **arguments):
        return self._http.post(name, json=arguments).raise_for_status().json()

    def set(self, **switches):
        self._http.put("faults", json=switches).raise_for_status()

    def forget_requests(self):
        self._http.delete("requests").raise_for_status()


@contextmanager
def stand_in(kind, world_file):
    """Run a stand-in as a process for the length of the block."""
    command = [sys.executable, "-u", "-m", "sandbox", kind, "--port", "0", "--world", str(world_file)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        yield StandIn(json.loads(process.stdout.readline())["ready"])
    finally:
        process.terminate()
        process.wait(20)


def environment(home, ledger, world, timelines, zoho):
    """Return the environment of the CLI; TimelinesAI's own limit is lifted, or it alone would be measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHATLEDGER", "PREFECT"))}
    client = {f"ZOHO_{name.upper()}": value for name, value in world["zoho"]["client"].items()}
    return {
        **kept,
        **client,
        "CHATLEDGER_HOME": str(home),
        "CHATLEDGER_LEDGER_URL": f"sqlite:///{ledger}",
        "CHATLEDGER_PREFECT_IDLE_SECONDS": str(IDLE_SECONDS),
        "TIMELINES_API_URL": f"{timelines.url}/integrations/api",
        "TIMELINES_API_TOKEN": world["timelines"]["token"],
        "TIMELINES_REQUESTS_PER_SECOND": "100000",
        "ZOHO_ACCOUNTS_URL": zoho.url,
    }


def run(variables, *arguments):
    """Run a command of the CLI to its end; raises CalledProcessError when it fails."""
    command = [sys.executable, "-c", "from deployments.cli.main import run; run()", *arguments]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    last = said.splitlines()[-1]
    return Answer(json.loads(last) if last.startswith("{") else {}, seconds, used.ru_maxrss / 1024)
