"""One list of deployments, two ways to run them."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from deployments.serving.table import DEPLOYMENTS

PROJECT = Path(__file__).parents[2]
WRITTEN = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
ONE_AT_A_TIME = {"limit": 1, "collision_strategy": "CANCEL_NEW", "grace_period_seconds": 120}


def schedules(deployed):
    if deployed.every:
        return [{"interval": deployed.every.total_seconds()}]
    return [{"cron": deployed.cron}] if deployed.cron else None


def without_zone(written):
    return [{name: value for name, value in each.items() if name != "timezone"} for each in written] if written else None


def test_workers_and_serve_run_the_same_deployments():
    assert [each["entrypoint"] for each in WRITTEN] == [deployed.file_path for deployed in DEPLOYMENTS]
    assert [without_zone(each.get("schedules")) for each in WRITTEN] == [schedules(deployed) for deployed in DEPLOYMENTS]
    assert [each.get("concurrency_limit") for each in WRITTEN] == [
        ONE_AT_A_TIME if deployed.one_at_a_time else None for deployed in DEPLOYMENTS
    ]
    assert {(each["name"], each["parameters"]["organisation"]) for each in WRITTEN} == {("main", "main")}


def test_every_flow_is_deployed():
    flows = {path.stem for path in (PROJECT / "flows").glob("*.py")} - {"__init__"}
    assert {deployed.name for deployed in DEPLOYMENTS} == flows


def test_ticks_run_every_minute_one_at_a_time_and_nothing_by_a_recurrence_rule():
    assert (DEPLOYMENTS[0].name, DEPLOYMENTS[0].every, DEPLOYMENTS[0].one_at_a_time) == (
        "sync_chats", timedelta(minutes=1), True,
    )  # fmt: skip
    assert "rrule" not in (PROJECT / "prefect.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("deployed", DEPLOYMENTS, ids=lambda deployed: deployed.name)
def test_every_entrypoint_loads_for_workers_and_for_serve(deployed, monkeypatch):
    """Prefect's loader hides a broken import behind a placeholder unless it is told not to."""
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for entrypoint in (deployed.file_path, deployed.module_path):
        flow = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        assert flow.name == deployed.flow_name
        assert "organisation" in flow.parameters.properties
