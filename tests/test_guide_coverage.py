"""docs/guide-coverage.md: every entry names a test, every test named exists, every test of the guide is named."""

import ast
import re
from functools import cache
from pathlib import Path

from tests import named_tests
from tests.named_tests import ROOT, TEST_ID

MAP = ROOT / "docs" / "guide-coverage.md"
ENTRY = re.compile(r"^- \*\*([A-Z]\d+)\*\* ", re.MULTILINE)
READS_OF_THE_CRM = {"leads", "records", "notes", "state"}


@cache
def entries() -> dict[str, list[str]]:
    """The test ids of each entry of the map, by the entry's number."""
    _, *parts = ENTRY.split(MAP.read_text(encoding="utf-8"))
    numbers, texts = parts[::2], parts[1::2]
    assert len(set(numbers)) == len(numbers)
    return {number: TEST_ID.findall(text) for number, text in zip(numbers, texts, strict=True)}


def named() -> set[str]:
    return {test_id for ids in entries().values() for test_id in ids}


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


def test_every_entry_names_a_test():
    assert [number for number, ids in entries().items() if not ids] == []


def test_ten_rows_of_the_matching_table_are_there_in_order():
    assert [number for number in entries() if number.startswith("R")] == [f"R{row}" for row in range(1, 11)]


def test_every_test_the_map_names_exists():
    assert named() - collected() == set()


def test_every_test_of_the_guide_is_named_in_the_map():
    assert {test_id for test_id in collected() if test_id.startswith("tests/guide/")} - named() == set()


def test_every_test_the_map_names_runs_a_tick_and_reads_the_crm_back():
    used = {file: used_names(ROOT / file) for file in {test_id.partition("::")[0] for test_id in named()}}
    idle = {
        test_id
        for test_id in named()
        for file, _, name in [test_id.partition("::")]
        if "tick" not in used[file][name] or not used[file][name] & READS_OF_THE_CRM
    }
    assert idle == set()
