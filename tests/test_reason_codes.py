"""Every reason that the code can give is explained, shown and tested; and nothing is explained that cannot happen."""

import re
import tomllib
from pathlib import Path

import pytest

from chatledger.ledger.reasons import reasons_in_words, rules_in_words
from chatledger.matching import Rule
from chatledger.models import Outcome, Reason

ROOT = Path(__file__).parents[1]
GIVEN = re.compile(r"\bReason\.([A-Z_]+)")
TESTS = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]


def source(*folders):
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py") if path.name != "models.py")
    return "\n".join(path.read_text("utf-8") for path in paths)


def test_every_reason_is_given_somewhere_in_the_code():
    given = set(GIVEN.findall(source("chatledger", "tasks", "flows", "deployments")))

    assert given == {reason.name for reason in Reason}


@pytest.mark.parametrize("reason", Reason)
def test_reason_is_expected_by_a_test(reason):
    named = re.compile(rf"""["']{reason.value}["']|Reason\.{reason.name}\b""")

    assert any(named.search(path.read_text("utf-8")) for path in TESTS)


@pytest.mark.parametrize("rule", Rule)
def test_rule_is_expected_by_a_test(rule):
    named = re.compile(rf"""["']{rule.value}["']|Rule\.{rule.name}\b""")

    assert any(named.search(path.read_text("utf-8")) for path in TESTS)


def test_catalogue_explains_what_the_code_can_give_and_nothing_else():
    assert set(reasons_in_words()) == set(Reason)
    assert set(rules_in_words()) == set(Rule)


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_pages_have_words_for_everything_that_can_be_shown(language):
    words = tomllib.loads((ROOT / "data" / "web" / f"sync_log.{language}.toml").read_text("utf-8"))

    assert set(words["reasons"]) == set(Reason)
    assert set(words["rules"]) == set(Rule)
    assert set(words["outcomes"]) == set(Outcome)
    assert all(all(said.values()) for said in words["reasons"].values())


def test_page_of_the_sync_log_describes_every_column_of_the_views():
    from chatledger.ledger.views import METADATA

    page = (ROOT / "docs" / "sync-log.md").read_text("utf-8").split("## Views for analysts")[1]
    for view in METADATA.tables.values():
        described = re.findall(r"`([a-z_]+)`", page.split(f"**`{view.name}`**")[1].split("\n- **")[0])

        assert {column.name for column in view.columns} <= set(described)
