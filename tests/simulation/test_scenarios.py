"""Rules that random seeds test too rarely, each told as a scenario."""

import pytest

from tests.simulation.scenarios import SCENARIOS, run_scenario


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    run_scenario(name)
