"""What became of each row of a write."""

import pytest

from chatledger.clients.answers import Asked
from chatledger.clients.zoho.rows import read_rows
from chatledger.errors import SchemaDrift
from chatledger.models import RowDone, RowRefused

ASKED = Asked("Zoho CRM", "the creation of rows", write=True)
DONE = {"code": "SUCCESS", "details": {"id": "11"}, "message": "record added", "status": "success"}


def read(*rows, sent_ids=None, action="insert"):
    return read_rows({"data": list(rows)}, ASKED, sent_ids=sent_ids or [None] * len(rows), action=action)


def test_each_row_of_a_mixed_answer_has_its_own_outcome(sample):
    body = sample("zoho/mixed_write.json")

    done, mandatory, duplicate, parent, several, older = read_rows(body, ASKED, sent_ids=[None] * 6)

    assert done == RowDone("5725767000000524157", "insert")
    assert (mandatory.code, mandatory.api_name, mandatory.message) == (
        "MANDATORY_NOT_FOUND",
        "Last_Name",
        "required field not found",
    )
    assert (duplicate.duplicate_id, duplicate.details["duplicate_record"]["module"]) == ("5725767000000111111", "Leads")
    assert (parent.code, parent.message) == ("INVALID_DATA", "the related id given seems to be invalid")
    assert (several.api_name, several.details["errors"][0]["maximum_length"]) == ("Mobile", 30)
    assert older.duplicate_id == "5725767000000222222"


def test_a_refusal_never_repeats_a_sentence_that_could_quote_us(sample):
    refused = read_rows(sample("zoho/mixed_write.json"), ASKED, sent_ids=[None] * 6)[5]

    assert isinstance(refused, RowRefused)
    assert "300" not in repr(refused)


def test_upsert_says_what_it_did():
    assert read({**DONE, "action": "update"}, {**DONE, "action": "insert"}) == [
        RowDone("11", "update"),
        RowDone("11", "insert"),
    ]


def test_an_update_without_id_in_its_answer_keeps_the_id_sent():
    assert read({"code": "SUCCESS", "status": "success"}, sent_ids=["7"], action="update") == [RowDone("7", "update")]


@pytest.mark.parametrize(
    "rows",
    [
        [DONE],
        [DONE, DONE, DONE],
        [DONE, "odd"],
        [DONE, {"code": "SUCCESS", "status": "success", "details": {}}],
        [DONE, {"code": "INTERNAL_ERROR", "status": "error"}],
        [DONE, {"status": "error"}],
        [DONE, {}],
        [{"code": "INVALID_DATA", "status": "error", "details": {"json_path": "$.data[1].Mobile"}}, DONE],
    ],
    ids=["one too few", "one too many", "no object", "no id", "uncertain", "no code", "empty", "another order"],
)
def test_an_answer_that_does_not_tell_every_row_leaves_all_unknown(rows):
    with pytest.raises(SchemaDrift) as caught:
        read_rows({"data": rows}, ASKED, sent_ids=[None, None])

    assert caught.value.outcome_unknown is True


def test_updates_answered_in_another_order_are_unknown():
    with pytest.raises(SchemaDrift):
        read({**DONE, "details": {"id": "2"}}, {**DONE, "details": {"id": "1"}}, sent_ids=["1", "2"])


@pytest.mark.parametrize("payload", [None, {}, {"data": None}, {"data": {}}])
def test_an_answer_without_rows_is_unknown(payload):
    with pytest.raises(SchemaDrift) as caught:
        read_rows(payload, ASKED, sent_ids=[None])

    assert caught.value.outcome_unknown is True
