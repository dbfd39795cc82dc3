"""docs/faults.md: every fault names what becomes of it and at least one test, and every test it names exists."""

import re

from tests.named_tests import ROOT, TEST_ID, collected

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_all_faults_are_there_in_order():
    assert [int(number) for number, *_ in ROW.findall(PAGE)] == list(range(1, 67))


def test_every_fault_names_a_test():
    assert [number for number, _, _, shown in ROW.findall(PAGE) if not TEST_ID.search(shown)] == []


def test_every_test_the_page_names_exists():
    named = set(TEST_ID.findall(PAGE))
    assert named - collected({test_id.partition("::")[0] for test_id in named}) == set()
