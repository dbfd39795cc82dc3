"""Commands on stage: in this process, or as a person runs them."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from deployments.cli import main
from tests.conftest import SECRET_KEY
from tests.stage import Stage


@dataclass(frozen=True)
class Ran:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def surroundings(stage: Stage, tmp_path, monkeypatch) -> dict[str, str]:
    """Set the environment of commands that work on the stage's ledger and stand-ins, and return it."""
    names = {
        "CHATLEDGER_HOME": str(tmp_path / "home"),
        "CHATLEDGER_LEDGER_URL": f"sqlite:///{tmp_path / 'stage.db'}",
        "CHATLEDGER_SECRET_KEY": SECRET_KEY,
        "TIMELINES_API_URL": f"{stage.timelines_url}/integrations/api",
        "TIMELINES_API_TOKEN": "tl-token",
        "TIMELINES_REQUESTS_PER_SECOND": "1000",
        "ZOHO_ACCOUNTS_URL": stage.zoho_url,
        "ZOHO_CLIENT_ID": "1000.A",
        "ZOHO_CLIENT_SECRET": "secret",
        "ZOHO_REFRESH_TOKEN": "1000.r",
        "COLUMNS": "100",
        "CHATLEDGER_PREFECT_IDLE_SECONDS": "1",
    }
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    for name in ("PREFECT_API_URL", "ZOHO_API_URL", "CHATLEDGER_ORGANISATION"):
        monkeypatch.delenv(name, raising=False)
    return names


@pytest.fixture
def command(monkeypatch, capsys):
    """Give a function that runs a command in this process, in the test's surroundings, through the program's own door."""

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["chatledger", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.run()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return ran


@pytest.fixture
def program(surroundings, tmp_path):
    """Give a function that runs the program in a process of its own, from a folder that is not the project's."""

    def ran(*arguments: str) -> Ran:
        code = "from deployments.cli.main import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env=os.environ | surroundings,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return ran
