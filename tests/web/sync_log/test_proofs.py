"""The pages of the verifications: shares that sum to 100 %, every finding with where it is, in every language."""

import re

import pytest

from chatledger.delivery.comparing import FindingKind, Standing
from chatledger.ledger.tables import Finding, Verification
from chatledger.web.wording import wording
from tests.stage import ORGANISATION
from tests.web.sync_log.conftest import ZOHO

UNMET = {"suite": "messages", "words": "Every message has an outcome.", "met": False, "unexpected": 2, "rows": 9}


@pytest.fixture
def verified(told):
    """A verification with one finding of each kind."""
    now = told.now()
    row = Verification(
        id="v1", organisation_id=ORGANISATION, state="findings", started_at=now, ended_at=now, period_from=now,
        standings={"in_note": 1, "skipped": 1, "parked": 1}, messages=3, found=len(FindingKind), repaired=1,
        expectations=[UNMET, UNMET | {"words": "fine", "met": True}],
    )  # fmt: skip
    with told.ledger.transaction() as session:
        session.add(row)
        for kind in FindingKind:
            session.add(
                Finding(
                    organisation_id=ORGANISATION,
                    verification_id="v1",
                    kind=kind.value,
                    at=now,
                    chat_id=7,
                    module="Leads",
                    record_id="4711",
                    note_id="4712",
                    message_uid="a" * 36,
                    repaired=kind.value == "index_gone",
                )
            )
    return told


def test_list_leads_to_each_verification(site, verified):
    page = site.visitor("viewer").get("/sync-log/proofs").text
    assert "/sync-log/proofs/v1" in page


def test_shares_sum_to_a_hundred(site, verified):
    page = site.visitor("viewer").get("/sync-log/proofs/v1").text
    shares = [float(share) for share in re.findall(r'data-label="%" class="figures-right">([0-9.]+)<', page)]
    assert sorted(shares) == [33.33, 33.33, 33.34]


def test_every_finding_names_its_record_and_what_to_do(site, verified):
    page = site.visitor("viewer").get("/sync-log/proofs/v1").text
    assert page.count(f"{ZOHO}/Leads/4711") == len(FindingKind)
    assert all(wording("sync_log", "en")["findings"][kind.value]["name"].replace("'", "&#39;") in page for kind in FindingKind)


def test_unmet_expectations_are_told_in_their_own_words_and_met_ones_are_not(site, verified):
    page = site.visitor("viewer").get("/sync-log/proofs/v1").text
    assert "Every message has an outcome. (2/9)" in page
    assert "fine" not in page


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_every_standing_and_kind_has_words_in_every_language(language):
    words = wording("sync_log", language)
    assert set(words["standings"]) == {standing.value for standing in Standing}
    assert set(words["findings"]) == {kind.value for kind in FindingKind}


def test_a_verification_of_another_organisation_is_not_found(site, verified):
    with verified.ledger.transaction() as session:
        session.get_one(Verification, "v1").organisation_id = "other"
    assert site.visitor("viewer").get("/sync-log/proofs/v1").status_code == 404
