"""A tick is killed at each of its I/O boundaries, and the next ones deliver everything exactly once all the same."""

import pytest

from tests.simulation.crash_points import boundaries, broken_points

PARTS = 12


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_tick_may_die_at_any_boundary(part):
    assert broken_points(range(1 + part, boundaries() + 1, PARTS)) == []
