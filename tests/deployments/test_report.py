"""What `chatledger sync` prints of a tick."""

import json

import pytest

from deployments.cli import report
from sandbox.zoho.faults import Failure
from tests.stage import ANA

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def printed(stage, capsys):
    """Give a function that runs a tick and returns what is printed of it."""

    def run():
        summary = stage.tick()
        capsys.readouterr()
        report.tick(stage.ledger, stage.run(), summary)
        return capsys.readouterr().out

    return run


def test_tick_without_news_takes_two_lines(stage, printed):
    stage.activate()
    stage.receive()
    printed()

    lines = printed().splitlines()

    assert len(lines) == 2
    assert "nothing new" in lines[0]


def test_second_line_names_what_is_still_parked(stage, printed):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive()
    printed()

    assert "1 parked (`chatledger log --outcome parked`)" in printed().splitlines()[1]


def test_created_record_is_shown_with_owner_and_address(stage, printed):
    stage.activate()
    stage.receive(name="Ana Ruiz")

    out = printed()

    (lead,) = stage.leads()
    assert "Laura Gil" in out
    assert f"{stage.zoho_url}/crm/Leads/{lead['id']}" in out
    assert "1 created, 0 updated, 0 unchanged" in out


def test_matched_record_is_shown_with_its_own_owner(stage, printed):
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA})
    stage.activate()
    stage.receive()

    out = printed()

    assert "Ada Admin" in out
    assert f"Leads/{lead}" in out
    assert "1 matched, 0 created" in out


def test_parked_and_pending_messages_say_why_and_what_to_do(stage, printed):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive()

    out = " ".join(printed().split())

    assert "mandatory_field_missing" in out
    assert "Zoho demands a field of new records that nobody fills." in out
    assert "[sync.fixed_fields]" in out


def test_trouble_of_an_outside_system_is_said(stage, printed):
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Leads$", method="POST", after_commit="reset"))
    stage.receive()

    out = printed()

    assert "problem" in out
    assert "write_unconfirmed" in out


def test_nothing_private_is_printed(stage, printed):
    stage.activate()
    stage.receive("un secreto", name="Ana Ruiz")

    out = printed()

    assert not any(private in out for private in ("un secreto", "Ana Ruiz", ANA, ANA.removeprefix("+")))


def test_long_lists_are_cut_and_say_where_the_rest_is(stage, printed):
    stage.activate()
    for number in range(12):
        stage.receive(phone=f"+5730011122{number:02}")

    out = printed()

    assert out.count("/crm/Leads/") == report.CREATED_SHOWN
    assert "4 more in `chatledger log --run" in out
    assert len(out.splitlines()) < 30


def test_screen_is_at_most_as_wide_as_the_terminal(stage, printed):
    stage.activate()
    stage.receive()
    stage.receive(jid="120363000000000001@g.us", name="Grupo")

    assert max(map(len, printed().splitlines())) <= 100


def test_busy_run_is_one_sentence(stage, capsys):
    report.tick(stage.ledger, None, {"busy": True})

    assert "Another run is at work" in capsys.readouterr().out


@pytest.mark.slow
def test_program_prints_the_screen_and_then_the_summary_as_last_line(stage, program):
    stage.activate()
    stage.receive()

    ran = program("sync")

    *screen, last = ran.out.splitlines()
    assert ran.code == 0
    assert json.loads(last)["messages"]["synced"] == 1
    assert any("1 created" in line for line in screen)
