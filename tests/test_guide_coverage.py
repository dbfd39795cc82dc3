"""docs/guide-coverage.md: every entry names a test, every test named exists, every test of the guide is named."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests import named_tests
from tests.named_tests import ROOT, TEST_ID

MAP = ROOT / "docs" / "guide-coverage.md"
ENTRY = re.compile(r"^- \*\*([A-Z]\d+)\*\* ", re.MULTILINE)
BESIDE_THE_SYNC = ("C", "L", "S")
ON_STAGE = {"stage", "chromium_page"}
READS_OF_THE_CRM = {"leads", "records", "notes", "state"}


@cache
def texts() -> dict[str, str]:
    """What each entry of the map says, by the entry's number."""
    _, *parts = ENTRY.split(MAP.read_text(encoding="utf-8"))
    numbers = parts[::2]
    assert len(set(numbers)) == len(numbers)
    return dict(zip(numbers, parts[1::2], strict=True))


def entries() -> dict[str, list[str]]:
    """The test ids of each entry of the map, by the entry's number."""
    return {number: TEST_ID.findall(text) for number, text in texts().items()}


def named(*, beside_the_sync: bool | None = None) -> set[str]:
    """The ids the map names: all, or only those of the entries that are (or are not) about what stands beside the sync."""
    return {
        test_id
        for number, ids in entries().items()
        if beside_the_sync is None or number.startswith(BESIDE_THE_SYNC) is beside_the_sync
        for test_id in ids
    }


@cache
def collected() -> set[str]:
    """The ids pytest finds in tests/guide and in every file the map names."""
    return named_tests.collected({"tests/guide", *(test_id.partition("::")[0] for test_id in named())})


def used_names(file: Path) -> dict[str, set[str]]:
    """What each function of a test file calls on anything, the functions of the file it uses included."""
    functions = {node.name: node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}

    def used(name: str) -> set[str]:
        nodes = list(ast.walk(functions[name]))
        helpers = {node.id for node in nodes if isinstance(node, ast.Name)} & functions.keys() - {name}
        return {node.attr for node in nodes if isinstance(node, ast.Attribute)}.union(*map(used, helpers))

    return {name: used(name) for name in functions}


def test_every_entry_names_a_test_or_says_that_it_is_not_built():
    assert [number for number, ids in entries().items() if bool(ids) is ("*Not built:*" in texts()[number])] == []


@pytest.mark.parametrize("letter", ["G", "R", "D", "N", "A", *BESIDE_THE_SYNC])
def test_entries_are_numbered_in_order(letter):
    numbers = [number for number in entries() if number.startswith(letter)]

    assert numbers == [f"{letter}{place}" for place in range(1, len(numbers) + 1)]
    assert numbers


def test_ten_rows_of_the_matching_table_are_there_in_order():
    assert [number for number in entries() if number.startswith("R")] == [f"R{row}" for row in range(1, 11)]


def test_every_test_the_map_names_exists():
    assert named() - collected() == set()


def test_every_test_of_the_guide_is_named_in_the_map():
    assert {test_id for test_id in collected() if test_id.startswith("tests/guide/")} - named() == set()


def test_every_test_of_the_sync_runs_a_tick_and_reads_the_crm_back():
    of_the_sync = named(beside_the_sync=False)
    used = {file: used_names(ROOT / file) for file in {test_id.partition("::")[0] for test_id in of_the_sync}}
    idle = {
        test_id
        for test_id in of_the_sync
        for file, _, name in [test_id.partition("::")]
        if "tick" not in used[file][name] or not used[file][name] & READS_OF_THE_CRM
    }
    assert idle == set()


def test_every_other_test_has_the_stand_ins_on_stage_or_a_browser():
    beside = named(beside_the_sync=True)
    fixtures = named_tests.fixtures(test_id.partition("::")[0] for test_id in beside)

    assert {test_id for test_id in beside if not fixtures[test_id] & ON_STAGE} == set()
