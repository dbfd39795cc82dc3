"""Every service of the compose file as a process of this machine, with a real PostgreSQL and a real Redis."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from tests.deployments.machines.compose_file import FOLDER, Service, read_services
from tests.postgresql import PASSWORD, PostgresServer, running_server

WAIT_SECONDS = 240
STATE = "/var/lib/chatledger"
PROGRAMS = {
    "prefect": [sys.executable, "-m", "prefect"],
    "chatledger": [sys.executable, "-P", "-c", "from deployments.cli.main import run; run()"],
}
SETTINGS = {
    "POSTGRES_PASSWORD": PASSWORD,
    "REDIS_PASSWORD": "redis-only-for-tests",
    "PREFECT_PASSWORD": "prefect-only-for-tests",
    "CHATLEDGER_SECRET_KEY": "a passphrase only for tests",
}


def wait_until(holds, what, seconds=WAIT_SECONDS):
    """Return what `holds` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"waited {seconds} seconds in vain until {what}"
        time.sleep(0.5)
    return value


class Part:
    """One process of a service."""

    def __init__(self, name, arguments, environment, log):
        self.name, self.log = name, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                arguments, env=environment, cwd=log.parent, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def family(self):
        """Return its processes, those of runs too."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)] if own.is_running() else []

    def runs(self, flow_run_id):
        """Say whether it is a worker that runs this flow run."""
        return any(flow_run_id in _surroundings(each) for each in self.family()[1:])

    def kill(self):
        """End it and whatever it started as a power cut would."""
        for each in self.family() if self.process.poll() is None else []:
            each.kill()
        self.process.wait()

    def stop(self):
        """Ask it to end, and see to it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def until_said(self, words):
        """Wait until its output holds these words."""
        wait_until(lambda: words in self.said() or self._has_ended(), f"{self.name} says {words!r}")

    def said(self):
        """Return its output so far."""
        return self.log.read_text("utf-8", "replace")

    def _has_ended(self):
        assert self.process.poll() is None, f"{self.name} has ended: {self.said()[-2000:]}"


def _surroundings(process):
    try:
        return f"{process.environ()} {process.cmdline()}"
    except psutil.Error:
        return ""


class Installation:
    """The parts that are running, and how the test reaches them."""

    def __init__(self, folder: Path, server: PostgresServer, settings: dict[str, str]):
        self.folder = folder
        self.services = read_services(SETTINGS | settings)
        self.parts: dict[str, Part] = {}
        self.ports = {"4200": _free_port(), "6379": _free_port(), "8460": _free_port()}
        self._server = server
        self.ledger_url = self._here(self.services["web"].environment["CHATLEDGER_LEDGER_URL"], "web")
        self.api_url = f"http://127.0.0.1:{self.ports['4200']}/api"
        self._http = httpx.Client(base_url=self.api_url, auth=("chatledger", SETTINGS["PREFECT_PASSWORD"]), timeout=60)

    def start(self, service: str, number: int | None = None) -> Part:
        """Start a process of a service, as compose would a container."""
        asked = self.services[service]
        name = service if number is None else f"{service}-{number}"
        home = self.folder / name
        home.mkdir(exist_ok=True)
        self.parts[name] = Part(name, self._command(asked, home), self._environment(asked, home), home / "output.log")
        return self.parts[name]

    def ask(self, path, **body):
        """Ask Prefect's REST API."""
        answer = self._http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def runs(self, organisation, *types, flow="sync-chats"):
        """Return the runs of an organisation's flow in these types of state, the first to start at first."""
        chosen = {"name": {"any_": [organisation]}}
        return self.ask(
            "/flow_runs/filter", sort="EXPECTED_START_TIME_ASC", limit=200, flows={"name": {"any_": [flow]}},
            deployments=chosen, flow_runs={"state": {"type": {"any_": list(types)}}},
        )  # fmt: skip

    def is_ready(self):
        """Say whether the API answers and reaches its database."""
        try:
            return self._http.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def prefects_page(self):
        """Return the page that Prefect's UI begins with."""
        return self._http.get(self.api_url.removesuffix("/api"), follow_redirects=True).text

    def workers(self):
        """Return the workers that live."""
        return [part for name, part in self.parts.items() if name.startswith("worker") and part.process.poll() is None]

    def stop(self):
        """End everything, the newest first."""
        for part in reversed(list(self.parts.values())):
            part.stop()
        self._http.close()

    def _command(self, asked: Service, home: Path):
        program, *rest = [self.ports.get(each, each) for each in asked.command]
        arguments = [
            *PROGRAMS.get(program, [shutil.which(program)]),
            *("127.0.0.1" if each == "0.0.0.0" else each for each in rest),
        ]
        return arguments if program != "redis-server" else [*arguments, "--port", self.ports["6379"], "--dir", str(home)]

    def _environment(self, asked: Service, home: Path):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        own = {name: self._here(value, home.name) for name, value in asked.environment.items()}
        return kept | {"HOME": str(home), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "COLUMNS": "200"} | own

    def _here(self, value: str, name: str) -> str:
        value = value.replace(STATE, str(self.folder / name)).replace("prefect-api:4200", f"127.0.0.1:{self.ports['4200']}")
        value = value.replace("redis:6379", f"127.0.0.1:{self.ports['6379']}")
        before, postgres, database = value.partition("postgres:5432/")
        return f"{before}/{database}?host={self._server.sockets}" if postgres else value


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@contextmanager
def installation(folder: Path, *, workers: int, **settings: str) -> Iterator[Installation]:
    """Start every service, in the order in which they wait for each other; the workers are for the caller to start."""
    with ExitStack() as ends:
        server = ends.enter_context(running_server())
        for statement in ["CREATE DATABASE chatledger", (FOLDER / "databases.sql").read_text("utf-8")]:
            server.administer(statement)
        installed = Installation(folder, server, settings | {"WORKERS": str(workers)})
        ends.callback(installed.stop)
        installed.start("redis").until_said("Ready to accept connections")
        assert installed.start("migrate").process.wait(WAIT_SECONDS) == 0, installed.parts["migrate"].said()
        installed.start("prefect-api")
        wait_until(installed.is_ready, "Prefect's API answers")
        installed.start("prefect-services")
        yield installed
