"""Exact delivery under everything that goes wrong, by seed. `make simulate` runs many more of these."""

import os
import subprocess
import sys

import pytest

from tests.simulation.seeds import Tally, run

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "200"))
CHUNK = 20
_TALLY = Tally()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_message_is_delivered_exactly_once(first):
    tally = run(range(first, first + CHUNK))
    _TALLY.add(tally)

    assert tally.broken == {}


@pytest.mark.slow
def test_every_kind_of_fault_and_act_has_happened():
    if _TALLY.seeds < SEEDS:
        pytest.skip("the seeds ran in other processes")

    assert _TALLY.never_fired() == []


@pytest.mark.slow
def test_a_seed_takes_the_same_course_in_every_process():
    program = (
        "from tests.simulation.seeds import run\ntally = run(range(3, 5))\nprint(sorted(tally.fired.items()), tally.broken)"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }  # fmt: skip

    assert len(said) == 1
