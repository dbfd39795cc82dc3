"""What counts as well."""

import json

import pytest

from chatledger.web.health_state import LEAST_DISK_BYTES, NO_GOOD_TICK_SECONDS, Health, OrganisationHealth

WELL = {"ledger_reachable": True, "prefect_reachable": True, "disk_free_bytes": LEAST_DISK_BYTES}


def organisation(**changes):
    values = {
        "id": "main", "active": True, "seconds_since_good_tick": 10.4, "seconds_without_good_tick": 10.4,
        "state_of_newest_tick": "completed", "at_work": False, "pending": 0, "parked": 0, "problem": None,
    }  # fmt: skip
    return OrganisationHealth(**values | changes)


@pytest.mark.parametrize(
    "trouble", [{"ledger_reachable": False}, {"prefect_reachable": False}, {"disk_free_bytes": LEAST_DISK_BYTES - 1}]
)
def test_whatever_every_message_needs_must_work(trouble):
    assert Health(**WELL, organisations=()).well
    assert not Health(**WELL | trouble, organisations=()).well


@pytest.mark.parametrize(
    ("active", "seconds", "well"),
    [
        (True, NO_GOOD_TICK_SECONDS, True),
        (True, NO_GOOD_TICK_SECONDS + 1, False),
        (False, NO_GOOD_TICK_SECONDS + 1, True),
    ],
)
def test_active_organisation_needs_a_good_tick_every_five_minutes(active, seconds, well):
    health = Health(**WELL, organisations=(organisation(), organisation(active=active, seconds_without_good_tick=seconds)))
    assert health.well is well


def test_json_is_for_monitors():
    health = Health(**WELL, organisations=(organisation(), organisation(seconds_since_good_tick=None)))
    said = json.loads(json.dumps(health.as_json()))
    assert said["status"] == "ok"
    assert [each["seconds_since_good_tick"] for each in said["organisations"]] == [10, None]
