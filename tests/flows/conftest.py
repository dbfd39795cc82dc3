"""Flows under a real Prefect API: one embedded server for each module of tests."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
from tests.conftest import SECRET_KEY

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Prefect:
    """A running Prefect server, and what it knows of runs once everything has reached it."""

    home: Path
    url: str

    def task_runs(self, flow_run_id):
        """Return the task runs of a flow run by the first words of their names; they arrive as events, so late."""
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
        from prefect.client.schemas.sorting import TaskRunSort

        ours = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
        deadline, before = time.monotonic() + WAIT_SECONDS, None
        with get_client(sync_client=True) as client:
            while time.monotonic() < deadline:
                runs = client.read_task_runs(flow_run_filter=ours, limit=200, sort=TaskRunSort.ID_DESC)
                names = sorted(run.name.rstrip("-0123456789") for run in runs)
                if names and names == before and all(run.state and run.state.is_final() for run in runs):
                    return names
                before = names
                time.sleep(1.5)  # longer than the recorder's flush interval
        raise AssertionError("task runs did not arrive")

    def results(self):
        """Return the files of results that were kept."""
        return {path for path in (self.home / "prefect").glob("storage/**/*") if path.is_file()}

    def stored(self):
        """Return every byte that this server keeps on disk."""
        return b"".join(path.read_bytes() for path in (self.home / "prefect").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """Start a server, with this process set up to use it."""
    home = tmp_path_factory.mktemp("prefect-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        with embedded_prefect(home) as url:
            yield Prefect(home, url)
        stop_embedded_prefect(home)


@pytest.fixture
def surroundings(prefect, stage, tmp_path, monkeypatch):
    """Set the environment of a run on the stage's ledger and stand-ins."""
    names = {
        "PREFECT_API_URL": prefect.url,
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
    }
    for name in [name for name in os.environ if name.startswith(("CHATLEDGER_", "TIMELINES_", "ZOHO_"))]:
        monkeypatch.delenv(name)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return names


@pytest.fixture
def run(surroundings):
    """Give a function that runs the flow once and returns its final state."""
    from flows.sync_chats import sync_chats

    def ran(organisation="main"):
        return sync_chats(organisation, return_state=True)

    return ran
