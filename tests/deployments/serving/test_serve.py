"""Rules of `chatledger serve`, through the addresses it prints."""

import subprocess
import sys
from contextlib import suppress
from itertools import pairwise

import httpx
import psutil
import pytest

from deployments.embedded_prefect.environment import prefect_at
from deployments.serving.table import DEPLOYMENTS
from deployments.serving.tick_requests import TickRequests
from tests.served import RUN, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def command(served, *arguments):
    return subprocess.run(
        [sys.executable, "-P", "-c", RUN, *arguments],
        env=served.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def answers(url):
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def test_all_three_addresses_answer(served):
    assert httpx.get(f"{served.pages}/health").json()["prefect_reachable"] is True
    assert served.api.startswith("http://127.0.0.1:")
    assert served.api.endswith("/api")
    assert httpx.get(f"{served.api}/health").json() is True
    assert "<html" in httpx.get(served.said("Prefect UI"), follow_redirects=True).text


def test_every_deployment_is_served_and_ticks_are_scheduled(served):
    for deployed in DEPLOYMENTS:
        deployment = served.deployment(deployed.flow_name)
        assert deployment["parameters"] == {"organisation": "main"}
        assert [each["active"] for each in deployment["schedules"]] == ([True] if deployed.every or deployed.cron else [])
    ticks = served.deployment()
    assert ticks["schedules"][0]["schedule"]["interval"] == 5
    assert ticks["global_concurrency_limit"]["limit"] == 1
    assert ticks["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_ticks_run_by_schedule_and_health_says_so(served):
    completed = wait_until(lambda: [run for run in served.runs("COMPLETED") if run["auto_scheduled"]])
    assert completed[0]["parameters"] == {"organisation": "main"}
    answer = httpx.get(f"{served.pages}/health")
    [organisation] = answer.json()["organisations"]
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert organisation["seconds_since_good_tick"] is not None


def test_ticks_never_overlap(served):
    wait_until(lambda: len(served.runs("COMPLETED")) >= 4)
    spans = sorted((run["start_time"], run["end_time"]) for run in served.runs("COMPLETED", "CRASHED", "FAILED"))
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


def test_health_is_a_page_for_browsers_and_tells_nothing_personal(served):
    page = httpx.get(f"{served.pages}/health", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Everything that must work does." in page.text
    assert "+57" not in page.text
    assert "@" not in page.text


def test_commands_beside_serve_share_its_prefect(served):
    done = command(served, "alerts")
    assert done.returncode == 0, done.stderr
    assert "no good tick for 5 minutes" in done.stdout
    names = [each["name"] for each in served.post("automations/filter", limit=100)]
    assert len(names) == len(set(names)) == 8  # registered by serve and by the command, and still one of each


def test_blocks_are_registered(served):
    slugs = {each["slug"] for each in served.post("block_types/filter", limit=200)}
    assert {"timelines-workspace", "zoho-crm-connection", "chatledger-ledger", "chatledger-sync-settings"} <= slugs


def test_unknown_block_to_notify_is_one_sentence(served):
    done = command(served, "alerts", "--notify", "slack-webhook/nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Prefect has no such block" in done.stderr


def test_second_serve_of_a_home_is_refused(served):
    done = command(served, "serve")
    assert done.returncode == 2
    assert "Another `chatledger serve` is at work" in done.stderr


def test_many_requests_for_a_tick_are_one_extra_run(served):
    def requested():
        return [run for run in served.runs() if "requested" in run["tags"]]

    with prefect_at(served.api, heartbeats=True):
        requests = TickRequests(pause=600)
        for _ in range(20):
            requests.request_tick("main")
        requests.request_tick("unknown")
        wait_until(requested)
        requests.request_tick("main")
        requests.close()
    assert len(requested()) == 1


def test_killed_tick_shows_as_crashed_and_the_next_one_goes_on(served):
    def killed():
        for process in served.run_processes():
            with suppress(psutil.NoSuchProcess):  # a tick lasts a moment
                process.kill()
        return served.runs("CRASHED")

    wait_until(killed)
    before = {run["id"] for run in served.runs("COMPLETED")}
    wait_until(lambda: {run["id"] for run in served.runs("COMPLETED")} - before)
    assert served.process.poll() is None
    wait_until(lambda: [line for line in served.lines if "tick of main: well again" in line])
    assert [line for line in served.lines if "tick of main: crashed" in line]


def test_killed_prefect_server_is_started_anew_under_its_address_and_ticks_go_on(served):
    server = served.prefect_server()
    before = {run["id"] for run in served.runs("COMPLETED")}
    server.kill()
    wait_until(lambda: answers(f"{served.api}/health"))
    wait_until(lambda: {run["id"] for run in served.runs("COMPLETED")} - before)
    assert httpx.get(f"{served.pages}/health").json()["prefect_reachable"] is True
    assert served.process.poll() is None
