"""Organisations at work on several workers, one of which is killed in the middle of a tick."""

import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from chatledger.ledger.database import open_ledger
from sandbox.zoho.faults import Failure
from tests.deployments.machines.installation import SETTINGS, wait_until

HELD_SECONDS = 30
WAITS = {
    "CHATLEDGER_HTTP_TIMEOUT_SECONDS": "35", "CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS": "40", "CHATLEDGER_LEASE_SECONDS": "25"
}  # fmt: skip
SLOW_MS = 20_000
ENDED = ("COMPLETED", "FAILED", "CRASHED")


def settings_for(found, tick_seconds):
    """Give the settings in which the first organisation's connections come from the environment."""
    first = found[0]
    more = {"CHATLEDGER_ORGANISATION": first.name, "TICK_SECONDS": str(tick_seconds), "TIMELINES_REQUESTS_PER_SECOND": "100"}
    return first.environment | WAITS | more


def activate(installed, found):
    """Connect and activate organisations; the connections of one are in the environment already."""
    home, in_environment = Path(installed.folder), installed.services["worker"].environment["CHATLEDGER_ORGANISATION"]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("CHATLEDGER_", "TIMELINES_", "ZOHO_"))]:
            patch.delenv(name)
        ledger = open_ledger(installed.ledger_url, home=home, secret_key=SETTINGS["CHATLEDGER_SECRET_KEY"])
        for each in found:
            if each.name != in_environment:
                each.connect(ledger)
            each.activate(ledger)
        ledger.close()


def start_runs(installed, workers):
    """Start the pages with their watch, and the workers."""
    installed.start("web").until_said("Ctrl-C stops everything.")
    for number in range(workers):
        installed.start("worker", number)


def worker_of(installed, organisation):
    """Return the worker that has a tick of an organisation at work, and the id of that run; None while there is none."""
    for run in installed.runs(organisation.name, "RUNNING"):
        for worker in installed.workers():
            if worker.runs(run["id"]):
                return worker, run["id"]
    return None


def hold_notes(organisation):
    """Have the CRM write the next notes and keep silent about it."""
    organisation.zoho.faults.failures = [
        Failure(path="/Notes$", method="POST", after_commit="timeout", timeout_seconds=HELD_SECONDS)
    ]


def kill_in_the_middle(installed, held, others):
    """Kill the worker that waits for an answer about an organisation's notes, which are written; return the run's id."""
    wait_until(held.standing, f"{held.name} has notes")
    worker, run = worker_of(installed, held)
    with suppress(AssertionError):  # then runs of others die as well, which takes longer to put right
        wait_until(lambda: _has_no_other(installed, worker, others), "it is alone", HELD_SECONDS / 2)
    worker.kill()
    return run


def _has_no_other(installed, worker, others):
    elsewhere = [each for each in installed.workers() if each is not worker]
    at_work = [run["id"] for each in others for run in installed.runs(each.name, "PENDING", "RUNNING")]
    return all(any(each.runs(run) for each in elsewhere) for run in at_work)


def check_runs(installed, found):
    """Hold that no two ticks of an organisation were at work at once; return how they ended, of all organisations."""
    ended = Counter()
    for each in found:
        runs = [run for run in installed.runs(each.name, *ENDED) if run["start_time"]]
        ended.update(run["state"]["name"] for run in runs)
        spans = sorted((_moment(run["start_time"]), _moment(run["end_time"])) for run in runs)
        assert all(before[1] <= after[0] for before, after in pairwise(spans)), each.name
    return ended


def until_delivered(found):
    """Wait until every message of these organisations stands in a note."""
    wait_until(lambda: all(each.has_everything() for each in found), "everything is written")


def _moment(text):
    return datetime.fromisoformat(text)
