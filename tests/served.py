"""`chatledger serve` as a person runs it, on the sandbox, with its real Prefect server."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

WAIT_SECONDS = 180
RUN = "from deployments.cli.main import run; run()"


def wait_until(holds, seconds=WAIT_SECONDS):
    """Return what `holds` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
    return value


def words_of(process):
    """Return a process's command line, nothing for one that has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


class Serve:
    """A running `serve` and what it says."""

    def __init__(self, home, *options, **environment):
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("CHATLEDGER_", "TIMELINES_", "ZOHO_"))
        }
        kept.pop("PREFECT_API_URL", None)
        self.home = home
        self.environment = kept | {"CHATLEDGER_HOME": str(home), "COLUMNS": "100"} | environment
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", RUN, "serve", "--web-port", "0", "--prefect-port", "0", *options],
            env=self.environment, cwd=home.parent, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, beginning):
        """Return the rest of the first line that begins so, once it was said."""
        found = wait_until(
            lambda: [line for line in self.lines if line.startswith(beginning)] or self.process.poll() is not None
        )
        assert found is not True, "\n".join(self.lines)
        return found[0].removeprefix(beginning).strip()

    def until_up(self):
        """Wait until everything answers."""
        self.said("Ctrl-C stops everything.")
        return self

    @property
    def pages(self):
        return self.said("Web pages").rstrip("/")

    @property
    def api(self):
        return self.said("Prefect API")

    def post(self, path, **body):
        """Ask Prefect's REST API."""
        answer = httpx.post(f"{self.api}/{path}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def deployment(self, flow="sync-chats"):
        return httpx.get(f"{self.api}/deployments/name/{flow}/main", timeout=20).json()

    def runs(self, *types, deployment=None, sort="EXPECTED_START_TIME_ASC"):
        """Return the runs of ticks in these types of state."""
        chosen = {"deployment_id": {"any_": [deployment or self.deployment()["id"]]}}
        if types:
            chosen["state"] = {"type": {"any_": list(types)}}
        return self.post("flow_runs/filter", sort=sort, flow_runs=chosen)

    def run_processes(self):
        """Return the processes of runs at work."""
        return [child for child in psutil.Process(self.process.pid).children() if "prefect.engine" in words_of(child)]

    def prefect_server(self):
        """Return the process of the Prefect server."""
        return next(each for each in self.everything() if "deployments.embedded_prefect.server" in words_of(each))

    def everything(self):
        """Return every process that belongs to this `serve`, the detached Prefect server too."""
        folder = str(Path(self.home).resolve() / "prefect")
        servers = [each for each in psutil.process_iter(["cmdline"]) if folder in (each.info["cmdline"] or [])]
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True), *servers]

    def interrupt(self):
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(WAIT_SECONDS)

    def kill(self):
        """End it and whatever it started, however it is."""
        for each in self.everything() if self.process.poll() is None else []:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.kill()
        self.process.wait()
