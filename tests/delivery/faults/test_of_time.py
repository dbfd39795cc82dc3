"""Clocks that disagree or jump lose no message and repeat none."""

from datetime import datetime, timedelta

import pytest

from sandbox.zoho.faults import Failure

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize("skew", [-HOUR, HOUR])
def test_clocks_of_the_three_systems_may_disagree(stage, skew):
    stage.zoho.clock.advance(skew)
    stage.activate()
    stage.receive("uno")
    stage.tick()
    (lead,) = stage.leads()
    stage.zoho.convert_lead(lead["id"])
    stage.receive("dos")
    stage.advance(MINUTE)

    stage.tick()

    assert len([note for note in stage.notes() if "uno" in note["Note_Content"]]) == 1
    assert len([note for note in stage.notes() if "dos" in note["Note_Content"]]) == 1


@pytest.mark.parametrize("step", [-HOUR, HOUR, 26 * HOUR])
def test_clock_that_steps_while_a_write_is_unconfirmed_repeats_nothing(stage, step):
    stage.activate()
    uid = stage.receive()
    stage.zoho.faults.failures = [Failure(path="/Notes$", method="POST", after_commit="reset")]
    stage.tick()
    stage.offset += timedelta(seconds=step)

    stage.tick()
    stage.offset -= timedelta(seconds=step)
    stage.advance(stage.options.unknown_write_wait + 1)
    stage.tick()

    assert stage.message(uid).outcome == "synced"
    assert len(stage.notes()) == 1


def test_clock_set_back_does_not_stop_the_ticks(stage):
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.offset -= timedelta(hours=2)
    uid = stage.receive("dos")

    stage.tick()

    assert stage.message(uid).outcome == "synced"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_days_on_which_the_clocks_change_have_one_note_each(stage, day, hours):
    midnight = datetime.fromisoformat(f"{day}T00:00:00-05:00" if hours == 23 else f"{day}T00:00:00-04:00")
    stage.activate(start=midnight - timedelta(hours=1), timezone="America/New_York")
    stage.receive("antes", at=midnight - timedelta(seconds=1))
    stage.receive("primero", at=midnight)
    stage.receive("ultimo", at=midnight + timedelta(hours=hours) - timedelta(seconds=1))
    stage.receive("despues", at=midnight + timedelta(hours=hours))

    stage.tick()

    texts = [note["Note_Content"] for note in stage.notes()]
    assert len(texts) == 3
    assert any("primero" in text and "ultimo" in text for text in texts)
