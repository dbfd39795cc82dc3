"""Checking rows against the suites and building the Data Docs. Imports Great Expectations, which takes seconds."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Read by Great Expectations at its import: it would report each use to its makers.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
import pandas as pd
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

from chatledger.quality import suites

Rows = Iterable[Mapping[str, Any]]
_NO_VALUES = {"result_format": "BASIC", "include_unexpected_rows": False, "partial_unexpected_count": 0}
"""Counts only: the values of the rows are names and numbers of people."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation with its own words, and of how many rows how many were against it."""

    suite: str
    words: str
    met: bool
    unexpected: int
    rows: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Every expectation that was checked, and the first page of the Data Docs."""

    expectations: tuple[Expected, ...]
    docs: Path

    @property
    def failed(self) -> tuple[Expected, ...]:
        """The expectations that were not met."""
        return tuple(row for row in self.expectations if not row.met)


def check(rows_of: Mapping[str, Rows], docs: Path) -> Checked:
    """Check the rows of each suite by name, and build the Data Docs in the folder `docs`, replacing older ones.

    Neither the answer nor the Data Docs hold a value of any row. Raises FileNotFoundError for a name without a suite.
    """
    shutil.rmtree(docs, ignore_errors=True)
    context = _context(docs)
    frames = {name: pd.DataFrame(rows, columns=suites.columns(name)) for name, rows in rows_of.items()}
    found = [expected for name, frame in frames.items() for expected in _checked(context, name, frame)]
    context.build_data_docs()
    return Checked(tuple(found), docs / "index.html")


def _context(docs: Path) -> EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # the attribute is typed by its getter
    site: Any = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
    }
    context.update_data_docs_site("local_site", site)
    return context


def _checked(context: EphemeralDataContext, name: str, frame: pd.DataFrame) -> list[Expected]:
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=suites.expectations(name)))
    batch = context.data_sources.add_pandas(name).add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
    checkpoint = gx.Checkpoint(name=name, validation_definitions=[definition], result_format=_NO_VALUES)
    outcome = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    return [
        Expected(
            suite=name,
            words=_words(result),
            met=bool(result.success),
            unexpected=int(result.result.get("unexpected_count") or 0),
            rows=len(frame),
        )
        for run in outcome.run_results.values()
        for result in run.results
    ]


def _words(result: Any) -> str:
    """Return what an expectation says of itself."""
    return str(result.expectation_config.description)
