"""Three organisations on two workers, one of which is killed in the middle of a slow tick."""

import pytest

from tests.deployments.machines import trial
from tests.deployments.machines.installation import installation, wait_until
from tests.deployments.machines.organisations import organisations

NAMES = ("norte", "sur", "lenta")
TICK_SECONDS = 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_slow_organisation_and_a_killed_worker_hold_up_nobody_and_nothing_is_lost_or_twice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    with organisations(NAMES) as found:
        first, later, slow = found
        quick = [first, later]
        with installation(folder, workers=2, **trial.settings_for(found, TICK_SECONDS)) as installed:
            trial.activate(installed, [first, slow])
            for each in found:
                each.say(12)
            slow.be_slow(trial.SLOW_MS)
            trial.hold_notes(slow)
            trial.start_runs(installed, 2)
            trial.activate(installed, [later])  # while everything runs: nothing has to be started again for it

            assert "<html" in installed.prefects_page()
            wait_until(lambda: trial.worker_of(installed, slow), f"{slow.name} is at work")
            trial.until_delivered(quick)
            assert not slow.has_everything()  # the others did not wait for it

            slow.be_slow(0)
            killed = trial.kill_in_the_middle(installed, slow, quick)
            for each in found:
                each.say(4)
            trial.until_delivered(quick)  # on the worker that is left
            trial.until_delivered(found)
            for each in found:
                each.check()

            ended = trial.check_runs(installed, found)
            assert killed in [run["id"] for run in installed.runs(slow.name, "CRASHED")]
            assert ended.keys() == {"Completed", "Crashed"}
            assert "marked as crashed" in installed.parts["web"].said()
