import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from chatledger.errors import LeaseLost
from chatledger.ledger import process
from chatledger.ledger.lease import acquire, check, release, renew
from chatledger.ledger.process import ProcessName, is_gone, this_process
from chatledger.ledger.tables import Lease, ZohoUser
from tests.processes import at_once, die, elsewhere, until_killed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.time = NOON

    def __call__(self):
        return self.time

    def advance(self, seconds):
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_again(opened, ledger_url, clock):
    """Open the same ledger once more, as another process has to."""
    return lambda: opened(ledger_url, clock=clock)


@pytest.fixture
def ledger(open_again):
    return open_again()


def a_row():
    return ZohoUser(organisation_id="o", id="1", email="", name="", active=True, confirmed=True)


def held_by(ledger, holder, seconds=60):
    with ledger.transaction() as session:
        lease = session.exec(select(Lease)).one()
        lease.holder, lease.expires_at = str(holder), ledger.now() + timedelta(seconds=seconds)
        session.add(lease)


def checked(ledger, fence, **more):
    with ledger.transaction() as session:
        check(session, "o", fence, **more)


def test_one_run_at_a_time_holds_the_lease_of_an_organisation(ledger):
    assert acquire(ledger, "o", 60) == 1
    assert acquire(ledger, "o", 60) is None
    assert acquire(ledger, "another", 60) == 1


def test_of_processes_that_ask_at_once_one_gets_the_lease(open_again):
    assert sorted(at_once(4, lambda: acquire(open_again(), "o", 60) or 0)) == [0, 0, 0, 1]


def test_the_fence_grows_with_every_holder(ledger, clock):
    fences = []
    for _ in range(3):
        fences.append(acquire(ledger, "o", 60))
        release(ledger, "o", fences[-1])
    fences.append(acquire(ledger, "o", 60))
    clock.advance(61)
    fences.append(acquire(ledger, "o", 60))

    assert fences == [1, 2, 3, 4, 5]


def test_a_lease_given_back_late_stays_with_its_new_holder(ledger, clock):
    late = acquire(ledger, "o", 60)
    clock.advance(61)
    new = acquire(ledger, "o", 60)
    release(ledger, "o", late)

    checked(ledger, new)


def test_a_renewed_lease_lasts_from_now(ledger, clock):
    fence = acquire(ledger, "o", 60)
    clock.advance(50)
    renew(ledger, "o", fence, 60)
    clock.advance(50)

    checked(ledger, fence)
    assert acquire(ledger, "o", 60) is None


def test_a_lease_that_ran_out_is_renewed_while_nobody_took_it(ledger, clock):
    fence = acquire(ledger, "o", 60)
    clock.advance(3600)
    renew(ledger, "o", fence, 60)

    checked(ledger, fence)


def test_a_lease_that_was_taken_or_given_back_is_not_renewed(ledger, clock):
    late = acquire(ledger, "o", 60)
    clock.advance(61)
    new = acquire(ledger, "o", 60)
    with pytest.raises(LeaseLost):
        renew(ledger, "o", late, 60)
    release(ledger, "o", new)

    with pytest.raises(LeaseLost):
        renew(ledger, "o", new, 60)


def test_the_check_asks_for_the_time_still_needed(ledger, clock):
    fence = acquire(ledger, "o", 60)
    clock.advance(29)
    checked(ledger, fence, seconds_left=30)
    clock.advance(1)

    with pytest.raises(LeaseLost):
        checked(ledger, fence, seconds_left=30)


def test_a_late_writer_is_refused_and_writes_nothing(ledger, clock):
    late = acquire(ledger, "o", 60)
    clock.advance(61)
    acquire(ledger, "o", 60)

    def write_late():
        with ledger.transaction() as session:
            session.add(a_row())
            session.flush()
            check(session, "o", late)

    with pytest.raises(LeaseLost):
        write_late()
    with ledger.reading() as session:
        assert session.exec(select(ZohoUser)).all() == []


def test_without_a_lease_nothing_passes_the_check(ledger):
    with pytest.raises(LeaseLost):
        checked(ledger, 0)


def test_nobody_takes_over_between_the_check_and_its_commit(ledger, clock, open_again):
    def take_over():
        other = open_again()
        clock.advance(61)
        fence = acquire(other, "o", 60)
        with other.reading() as session:
            return fence, len(session.exec(select(ZohoUser)).all())

    fence = acquire(ledger, "o", 60)
    other = elsewhere(take_over)
    with ledger.transaction() as session:
        check(session, "o", fence)
        other.begin()
        assert not other.result.poll(0.2)
        session.add(a_row())

    assert other.result.recv() == (2, 1)


# dead holders


def test_a_killed_holder_is_replaced_at_once(ledger, open_again):
    def hold_and_die():
        acquire(open_again(), "o", 60)
        die()

    until_killed(hold_and_die)

    assert acquire(ledger, "o", 60) == 2


def test_a_living_holder_in_another_process_is_not_replaced(ledger):
    with subprocess.Popen(["sleep", "60"]) as other:
        acquire(ledger, "o", 60)
        held_by(ledger, replace(this_process(), pid=other.pid, started=process._started(other.pid)))
        assert acquire(ledger, "o", 60) is None
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)

        assert acquire(ledger, "o", 60) == 2, "a process that ended counts as gone even before its parent noticed"


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(process, "_machine", lambda: "machine-1")
    return this_process()


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({}, False),
        ({"started": "1"}, True),  # the process id was given to another process
        ({"boot": "earlier"}, True),
        ({"boot": "earlier", "machine": "machine-2"}, False),
        ({"boot": "earlier", "host": "elsewhere"}, False),
        ({"boot": ""}, False),
        ({"host": "elsewhere", "started": "1"}, False),
        ({"machine": "machine-2", "started": "1"}, False),
        ({"space": "pid:[1]", "started": "1"}, False),  # a container of this machine counts its own processes
    ],
)
def test_only_a_process_of_this_machine_is_known_to_be_gone(here, change, gone):
    assert is_gone(str(replace(here, **change))) is gone


def test_without_a_machine_id_another_boot_proves_nothing(here, monkeypatch):
    monkeypatch.setattr(process, "_machine", lambda: "")

    assert not is_gone(str(replace(here, boot="earlier", machine="")))


@pytest.mark.parametrize("text", ["", "somebody", "host=a pid=b"])
def test_a_holder_of_unknown_form_is_waited_for(text):
    assert not is_gone(text)


def test_a_holder_elsewhere_is_replaced_when_its_time_is_over(ledger, clock):
    acquire(ledger, "o", 60)
    held_by(ledger, replace(this_process(), host="elsewhere"))
    clock.advance(59)
    assert acquire(ledger, "o", 60) is None
    clock.advance(1)

    assert acquire(ledger, "o", 60) == 2


def test_the_name_of_a_process_can_be_read_again():
    assert ProcessName.parse(str(this_process())) == this_process()
