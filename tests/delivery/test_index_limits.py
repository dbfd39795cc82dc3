"""The phone index is read in full however few rows Zoho's lists give, and goes on where it was interrupted."""

import pytest

from chatledger.errors import ChatledgerError
from chatledger.ledger import phone_index
from sandbox.zoho.faults import Failure
from tests.stage import ORGANISATION

ROWS = 60


def fill(stage, *, seconds_apart=10, rows=ROWS):
    """Add leads with one number each, from the oldest to the youngest; every tenth is converted to a contact."""
    stage.zoho.clock.advance(-rows * seconds_apart - 3600)
    leads = []
    for number in range(rows):
        leads.append(stage.zoho.add_record("Leads", {"Last_Name": f"L{number}", "Mobile": f"+5730033{number:05}"}))
        stage.zoho.clock.advance(seconds_apart)
    converted = {lead: stage.zoho.convert_lead(lead) for lead in leads[::10]}
    stage.zoho.clock.advance(3600)
    return leads, converted


def indexed(stage):
    with stage.ledger.reading() as session:
        state = phone_index.states(session, ORGANISATION)["Leads"]
        keys = [f"+5730033{number:05}" for number in range(ROWS)]
        found = phone_index.by_key(session, ORGANISATION, "Leads", keys)
    rows = {row.ref.id: row for key in keys for row in found.get(key, [])}
    return state, rows


def narrow(stage, **switches):
    """Lists of ten rows a page, of which page numbers reach twenty."""
    for name, value in ({"page_limit": 10, "unpaged_rows": 20} | switches).items():
        setattr(stage.zoho.faults, name, value)


@pytest.mark.parametrize(
    ("switches", "seconds_apart"),
    [
        pytest.param({}, 10, id="page-tokens"),
        pytest.param({"page_token_reach": 30}, 10, id="more-rows-than-tokens-reach"),
        pytest.param({"page_tokens": False}, 10, id="no-tokens"),
        pytest.param({"page_tokens": False}, 0, id="no-tokens-and-all-rows-of-one-second"),
        pytest.param({"page_tokens": False, "coql_shows_converted": False}, 0, id="and-a-query-that-hides-converted-leads"),
        pytest.param({"page_token_reach": 30}, 0, id="one-second-holds-more-rows-than-tokens-reach"),
    ],
)
def test_every_record_is_indexed_however_few_rows_a_list_gives(stage, switches, seconds_apart):
    leads, converted = fill(stage, seconds_apart=seconds_apart)
    narrow(stage, **switches)

    stage.activate()

    state, rows = indexed(stage)
    assert state.state == "complete"
    assert set(rows) == set(leads)
    assert {row.ref.id: row.converted_contact for row in rows.values() if row.converted} == converted


@pytest.mark.parametrize(
    ("switches", "seconds_apart", "skip"),
    [
        *(pytest.param({"page_token_reach": 30}, 10, skip, id=f"tokens-then-times-{skip}") for skip in range(1, 14, 3)),
        *(pytest.param({"page_tokens": False}, 0, skip, id=f"times-then-ids-{skip}") for skip in (1, 3, 4)),
    ],
)
def test_reading_goes_on_where_it_was_interrupted(stage, switches, seconds_apart, skip):
    leads, _ = fill(stage, seconds_apart=seconds_apart)
    narrow(stage, **switches)
    stage.zoho.faults.failures = [Failure(path="/Leads$|/coql$", skip=skip, times=8, status=401, code="OAUTH_SCOPE_MISMATCH")]
    with pytest.raises(ChatledgerError):
        stage.activate()
    before = indexed(stage)[0]
    stage.zoho.faults.failures = []
    stage.forget_calls()

    stage.activate()

    assert before.state == "building"
    assert set(indexed(stage)[1]) == set(leads)


def test_more_changes_than_a_list_reaches_are_read_all_the_same(stage):
    leads, _ = fill(stage)
    stage.activate()
    narrow(stage, page_tokens=False)
    for lead in leads:
        if not any(row["id"] == lead for row in stage.leads()):
            continue
        stage.zoho.edit_record("Leads", lead, {"Mobile": f"+57 310 {int(lead) % 10_000_000:07}"})
        stage.advance(2)
    stage.advance(60)
    stage.receive(phone=f"+57310{int(leads[1]) % 10_000_000:07}")

    assert stage.tick()["records"] == {"matched": 1, "created": 0}


def test_a_crowded_second_without_the_right_to_query_is_said_in_one_sentence(stage):
    fill(stage, seconds_apart=0)
    narrow(stage, page_tokens=False)
    stage.zoho.faults.failures = [Failure(path="/coql$", times=99, status=401, code="OAUTH_SCOPE_MISMATCH")]

    with pytest.raises(ChatledgerError, match=r"ZohoCRM\.coql\.READ"):
        stage.activate()
