"""Many webhooks at once; ten thousand are sent by `python -m tests.bench.webhook_burst`."""

import asyncio

import pytest

from tests.bench.webhook_burst import check, prepare, send
from tests.webhook_stage import Webhooks


@pytest.mark.slow
def test_burst_with_repeats_and_malformed_ones_loses_and_doubles_nothing(stage, receiving, secret):
    burst = prepare(stage, Webhooks(stage), 900)

    asyncio.run(send(f"{receiving.base}/webhooks/timelines/{secret}", burst.bodies))

    check(burst, stage)
