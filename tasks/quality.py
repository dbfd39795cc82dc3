"""Expectations on the ledger, checked by Great Expectations: its import alone takes seconds, so only the audit does it."""

from dataclasses import asdict
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.environment import read_state_settings
from chatledger.ledger import audit_rows, verifications
from tasks.verification_in_progress import verification_in_progress

DATA_DOCS = "data_docs"
LOOK_BACK = timedelta(days=7)


@task(cache_policy=NO_CACHE, task_run_name="check-expectations")
def check_expectations(verification_id: str) -> list[str]:
    """Check the last 7 days, keep the outcome with the verification, and return what is not met in its own words."""
    from chatledger.quality.checking import check

    verification = verification_in_progress(verification_id).verification
    ledger, organisation = verification.ledger, verification.organisation_id
    now = ledger.now()
    with ledger.reading() as session:
        rows = {
            "messages": list(audit_rows.messages(session, organisation, now - LOOK_BACK)),
            "notes": list(audit_rows.notes(session, organisation, now - LOOK_BACK)),
            "invariants": [audit_rows.invariants(session, organisation, now)],
        }
    checked = check(rows, read_state_settings().home / DATA_DOCS / organisation)
    with ledger.transaction() as session:
        verifications.get(session, verification_id).expectations = [asdict(row) for row in checked.expectations]
    return [f"{row.words} ({row.unexpected} of {row.rows} against it)" for row in checked.failed]
