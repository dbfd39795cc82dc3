"""A ledger that cannot be written: exit code 1, one sentence naming the file, and nothing lost."""

import subprocess
import sys

import pytest

from tests.deployments.bad_input.refusals import sentence
from tests.deployments.conftest import Ran

PROGRAM = "from deployments.cli.main import run; run()"


def test_ledger_in_a_place_that_cannot_be_written_is_named(command, settings, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert str(tmp_path / "file") in sentence(ran)


def test_home_that_cannot_be_created_is_named(command, settings, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHATLEDGER_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.delenv("CHATLEDGER_LEDGER_URL")
    monkeypatch.delenv("CHATLEDGER_SECRET_KEY")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert str(tmp_path / "file") in sentence(ran)


def test_ledger_that_is_no_database_is_left_as_it_is(command, settings, tmp_path, monkeypatch):
    (tmp_path / "letter.txt").write_text("Dear database, " * 500)
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'letter.txt'}")

    ran = command("activate", "--settings", str(settings))

    assert ran.code == 1
    assert "not a SQLite database" in sentence(ran)
    assert (tmp_path / "letter.txt").read_text() == "Dear database, " * 500


@pytest.mark.usefixtures("activated")
def test_full_disk_ends_the_tick_with_a_sentence_and_loses_nothing(stage, prefect, tmp_path, monkeypatch):
    ledger_file = tmp_path / "stage.db"
    for number in range(60):
        stage.receive("x" * 2000, phone=f"+57310{number:07}")
    limit = ledger_file.stat().st_size + 40_000
    monkeypatch.delenv("PREFECT_API_URL")
    monkeypatch.setenv("CHATLEDGER_HOME", str(prefect[0]))
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));{PROGRAM}"

    done = subprocess.run(
        [sys.executable, "-c", code, "sync"], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
    )

    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert ran.code == 1
    assert str(ledger_file) in sentence(ran)
    stage.advance(3600)
    assert stage.tick()["state"] == "completed"
    assert len(stage.notes()) == 61
