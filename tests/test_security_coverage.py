"""docs/security.md: every point names at least one test, and every test it names exists."""

import re

from tests.named_tests import ROOT, TEST_ID, collected

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_all_points_are_numbered_in_order():
    numbers = [int(number) for number, *_ in ROW.findall(PAGE)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 40


def test_every_point_names_a_test():
    assert [number for number, _, _, shown in ROW.findall(PAGE) if not TEST_ID.search(shown)] == []


def test_every_test_the_page_names_exists():
    named = set(TEST_ID.findall(PAGE))

    assert named - collected({test_id.partition("::")[0] for test_id in named}) == set()
