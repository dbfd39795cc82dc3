"""The fault scenarios that come along name only switches that exist."""

import json

import pytest

from sandbox.control import set_switches
from sandbox.timelines.faults import Faults as TimelinesFaults
from sandbox.zoho.faults import Faults as ZohoFaults
from tests.named_tests import ROOT

SCENARIOS = sorted((ROOT / "data" / "fault_scenarios").glob("*.json"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_scenario_can_be_loaded(file):
    switches = json.loads(file.read_text("utf-8"))

    set_switches(TimelinesFaults(), switches["timelines"])
    set_switches(ZohoFaults(), switches["zoho"])

    assert switches.keys() == {"timelines", "zoho"}
