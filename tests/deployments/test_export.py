"""`chatledger export`: the ledger as files."""

import csv
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from chatledger.ledger import audit_trail
from tests.stage import ANA, ORGANISATION

pytestmark = pytest.mark.usefixtures("surroundings")
FORMULA = '=HYPERLINK("http://evil.example","Ana")'


@pytest.fixture
def synced(stage):
    stage.activate()
    stage.receive("hola", name=FORMULA)
    stage.receive("grupo", phone=None, jid="120363025246125486@g.us", name="Grupo")
    stage.receive("otra", phone="+573004445566", name="Berta", account="573105550900@s.whatsapp.net")
    stage.tick()
    return stage


@pytest.fixture
def export(command, tmp_path):
    def ran(*arguments, out="out.csv"):
        done = command("export", *arguments, "--out", str(tmp_path / out))
        summary = json.loads(done.out.splitlines()[-1]) if done.code == 0 else done.err
        return summary, tmp_path / out

    return ran


def lines(path: Path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize(("what", "rows"), [("runs", 1), ("messages", 3), ("changes", 6), ("notes", 2)])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_everything_can_be_exported_in_every_format(export, what, rows, kind):
    summary, path = export(what, "--format", kind, out=f"out.{kind}")

    read = {"csv": pd.read_csv, "xlsx": pd.read_excel, "parquet": pd.read_parquet}[kind](path)
    assert (summary["rows"], len(read)) == (rows, rows)
    assert (summary["what"], summary["format"], summary["file"]) == (what, kind, str(path))
    assert "organisation_id" not in read.columns


@pytest.mark.usefixtures("synced")
def test_contact_who_calls_himself_a_formula_stays_a_name(export):
    _, written = export("messages")
    _, book = export("messages", out="out.xlsx")

    assert [row["chat_name"] for row in lines(written)] == [f"'{FORMULA}", "Grupo", "Berta"]
    assert "f" not in {cell.data_type for row in openpyxl.load_workbook(book)["messages"] for cell in row}


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--outcome", "skipped"], ["Grupo"]),
        (["--reason", "note_created"], [f"'{FORMULA}", "Berta"]),
        (["--phone", "300 444 5566"], ["Berta"]),
        (["--owner", "LAURA@example.com"], [f"'{FORMULA}", "Grupo"]),
        (["--owner", "pedro"], ["Berta"]),
        (["--number", "+57 310 5550900"], ["Berta"]),
        (["--from", "2020-01-01", "--to", "2020-12-31"], []),
        (["--to", "2020-12-31"], []),
        (["--from", "2020-01-01"], [f"'{FORMULA}", "Grupo", "Berta"]),
        (["--phone", ANA, "--outcome", "skipped"], []),
    ],
)
def test_filters_narrow_down_what_is_exported(export, filters, names):
    _, path = export("messages", *filters)

    assert [row["chat_name"] for row in lines(path)] == names


def test_filters_by_chat_record_and_run(synced, export):
    (lead,) = [lead for lead in synced.leads() if lead["Mobile"] == ANA]
    everything = lines(export("messages")[1])
    chat = everything[2]["chat_id"]

    assert [row["chat_id"] for row in lines(export("messages", "--chat", chat, out="1.csv")[1])] == [chat]
    assert [row["record_id"] for row in lines(export("notes", "--record", f"Leads/{lead['id']}", out="2.csv")[1])] == [
        lead["id"]
    ]
    assert len(lines(export("changes", "--run", synced.run().id[:6], out="3.csv")[1])) == 6


def test_day_at_the_end_of_a_range_is_included(synced, export):
    today = synced.now().astimezone().date().isoformat()

    assert export("messages", "--from", "2020-01-01", "--to", f"{synced.now().year + 1}-01-01")[0]["rows"] == 3
    assert export("messages", "--to", f"{today}T23:59:59+14:00", "--from", "2020-01-01", out="2.csv")[0]["rows"] <= 3


@pytest.mark.usefixtures("synced")
def test_range_that_ends_before_it_begins_is_refused(export):
    said, path = export("messages", "--from", "2026-11-25", "--to", "2026-11-20")

    assert "--to 2026-11-20 lies before --from 2026-11-25" in said
    assert not path.exists()


def test_message_without_a_readable_time_is_dated_by_its_arrival(stage, export):
    stage.activate()
    stage.timelines.faults.missing_fields = ["timestamp"]
    stage.receive("roto")
    stage.tick()

    rows = lines(export("messages", "--from", "2020-01-01")[1])

    assert [(row["reason"], row["sent_at"]) for row in rows] == [("unreadable", "")]


@pytest.mark.usefixtures("synced")
def test_no_text_of_a_message_leaves(export):
    for what in ("runs", "messages", "changes", "notes"):
        _, path = export(what, out=f"{what}.csv")

        assert "hola" not in path.read_text("utf-8")


@pytest.mark.usefixtures("synced")
def test_existing_file_is_replaced_only_by_force(export):
    export("messages")

    assert "--force" in export("messages")[0]
    assert export("messages", "--force")[0]["rows"] == 3


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runs", "--reason", "new"], "--reason says nothing about runs"),
        (["messages", "--phone", "hello"], "--phone is not a phone number"),
        (["messages", "--from", "yesterday"], "--from yesterday is not a moment"),
        (["messages", "--run", "zzz"], "No run begins with zzz"),
        (["messages", "--owner", "nobody"], "--owner nobody"),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(command, tmp_path, arguments, said):
    done = command("export", *arguments, "--out", str(tmp_path / "out.csv"))

    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("out", ["out.foo", "out"])
def test_file_whose_name_says_no_format_is_refused_unless_the_format_is_given(export, out):
    assert ".xlsx" in export("messages", out=out)[0]
    assert export("messages", "--format", "csv", out=out)[0]["format"] == "csv"


def test_who_exported_what_is_written_down_without_the_number(synced, export):
    export("messages", "--phone", ANA)

    with synced.ledger.reading() as session:
        (entry,) = audit_trail.page(session, ORGANISATION, person=audit_trail.person_hash(synced.ledger, ANA))
    assert (entry.act, entry.subject_kind, entry.details) == ("exported", "messages", {"rows": 1})
    assert entry.actor.startswith("command line (")
    assert ANA not in entry.model_dump_json()
