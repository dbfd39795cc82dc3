"""Expectations on what was pulled, written and kept, checked by Great Expectations in the nightly audit."""
