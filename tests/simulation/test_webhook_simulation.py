"""Exact delivery where webhooks bring the messages, and bring them late, twice, broken or not at all."""

import os
from collections import Counter

import pytest

from tests.simulation.webhooks import run_seed

SEEDS = int(os.environ.get("WEBHOOK_SEEDS", "6"))
FAULTS = ("webhook", "webhook_lost", "webhook_twice", "webhook_broken")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_message_is_delivered_exactly_once_whatever_webhooks_do():
    fired = Counter()
    for seed in range(SEEDS):
        fired.update(run_seed(seed))

    assert all(fired[fault] for fault in FAULTS)
