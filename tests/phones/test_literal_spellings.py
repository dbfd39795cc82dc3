"""Spellings found in CRMs of many countries, each with the number a person would read in it, or none."""

import csv
from pathlib import Path

from chatledger.phones import phone_key

with (Path(__file__).parent / "literal_spellings.csv").open(encoding="utf-8", newline="") as lines:
    CASES = tuple(csv.DictReader(lines))


def misread(cases):
    for case in cases:
        key = phone_key(case["raw"], case["default_region"])
        if key != (case["expected"] or None):
            yield case, key


def test_there_are_hundreds_of_cases_from_many_countries():
    assert len(CASES) >= 500
    assert len({case["default_region"] for case in CASES}) >= 40


def test_every_spelling_of_a_number_gives_that_number():
    assert list(misread(case for case in CASES if case["expected"])) == []


def test_dates_prices_ids_short_codes_and_lids_give_no_number():
    assert list(misread(case for case in CASES if not case["expected"])) == []


def test_a_key_reads_as_itself_in_every_region():
    regions = {case["default_region"] for case in CASES}
    for key in {case["expected"] for case in CASES if case["expected"]}:
        assert {phone_key(key, region) for region in regions} == {key}
