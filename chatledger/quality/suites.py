"""The expectation suites of `data/expectations`: one JSON file per suite, in the form Great Expectations keeps them in.

Every expectation says in its `description` what it stands for; those words are what a person reads when it fails.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

# `data/` stands beside `chatledger/`, in the project as well as in an installed wheel
FOLDER = Path(__file__).resolve().parents[2] / "data" / "expectations"


def names() -> list[str]:
    """Return the names of all suites; each is checked against the rows of that name."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def expectations(suite: str) -> list[dict[str, Any]]:
    """Return a suite's expectations as `type`, `kwargs` and `description`; FileNotFoundError for an unknown name."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{suite}.json").read_text("utf-8"))["expectations"]
    return found


def columns(suite: str) -> list[str]:
    """Return the columns a suite is about, as its schema names them."""
    [schema] = [
        row["kwargs"]["column_set"] for row in expectations(suite) if row["type"] == "expect_table_columns_to_match_set"
    ]
    return list(schema)
