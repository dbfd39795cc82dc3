"""What a busy workspace costs in calls while webhooks bring its messages; the whole day is measured by `tests/bench`."""

import pytest

from tests.bench.webhook_day import CALLS_A_DAY, MESSAGES_A_DAY, run, synced

HOURS = 1.0


@pytest.mark.slow
def test_workspace_of_five_thousand_messages_a_day_fits_the_months_quota(stage):
    hourly = MESSAGES_A_DAY / 24

    written, asked = run(stage, messages=int(hourly * HOURS), chats=100, hours=HOURS)

    assert synced(stage) == written
    per_message = asked["GET chats/ID/messages"] / written
    sweeps = 24 * 3_600 / stage.options.sweep_seconds * 4  # pages of the chats that were active in the last hour
    verified = 24 * 100  # each chat that webhooks wrote to once an hour, at the very most
    assert per_message * MESSAGES_A_DAY + sweeps + verified < CALLS_A_DAY
    assert asked["GET chats"] <= 3_600 * HOURS / stage.options.sweep_seconds + 1
