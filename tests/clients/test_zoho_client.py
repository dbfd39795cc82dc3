"""The Zoho client over real HTTP."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from starlette.responses import Response

from chatledger.errors import NotFound, NotPermitted, RateLimited, Rejected, SchemaDrift, Unavailable
from chatledger.models import RecordRef, RowDone, RowRefused

pytestmark = pytest.mark.anyio

DONE = {"code": "SUCCESS", "details": {"id": 11}, "message": "record added", "status": "success"}
NOTE = {
    "id": 5,
    "Note_Title": "t",
    "Note_Content": "full",
    "Parent_Id": {"module": {"api_name": "Leads"}, "id": 7},
    "Created_Time": None,
}


def envelope(code, **details):
    return {"code": code, "details": details, "message": "invalid data", "status": "error"}


async def test_records_are_asked_for_as_documented(stub, zoho):
    stub.will_answer({"data": [{"id": 1, "Owner": {"id": 2}}], "info": {"more_records": True, "next_page_token": "tok"}})
    since = datetime(2026, 11, 22, 7, 0, 0, 999, tzinfo=timezone(timedelta(hours=-5)))

    page = await zoho().records("Leads", ["id", "Mobile"], changed_since=since, converted="both", sort_by="Modified_Time")

    (seen,) = stub.requests
    assert seen.path == "/crm/v8/Leads"
    expected = {"fields": "id,Mobile", "per_page": "200", "page": "1", "converted": "both"}
    assert seen.query == {**expected, "sort_by": "Modified_Time", "sort_order": "asc"}
    assert seen.headers["if-modified-since"] == "2026-11-22T12:00:00+00:00"
    assert (page.items, page.more, page.next_token) == (({"id": "1", "Owner": {"id": "2"}},), True, "tok")


async def test_a_page_token_replaces_the_page_number_and_ids_are_joined(stub, zoho):
    stub.will_answer(204)

    page = await zoho().records("Contacts", ["id"], ids=["1", "2"], page_token="tok")

    assert stub.requests[0].query == {
        "fields": "id",
        "per_page": "200",
        "page_token": "tok",
        "ids": "1,2",
        "sort_by": "id",
        "sort_order": "asc",
    }
    assert "if-modified-since" not in stub.requests[0].headers
    assert (page.items, page.more) == ((), False)


async def test_nothing_changed_is_an_empty_page(stub, zoho):
    stub.will_answer(304)

    assert (await zoho().records("Leads", ["id"], changed_since=datetime(2026, 1, 1, tzinfo=UTC))).items == ()


async def test_deleted_records_are_listed_and_priced(stub, zoho, count):
    stub.will_answer(
        {"data": [{"id": 4, "deleted_time": "2026-06-19T11:19:38+05:30", "type": "recycle"}], "info": {"more_records": False}}
    )

    (row,) = (await zoho().deleted("Leads")).items

    assert (row.ref, row.deleted_at) == (RecordRef("Leads", "4"), datetime(2026, 6, 19, 5, 49, 38, tzinfo=UTC))
    assert stub.requests[0].query["type"] == "all"
    assert count.zoho_credits == 2


@pytest.mark.parametrize(("run_automations", "trigger"), [(True, {}), (False, {"trigger": []})])
async def test_automations_are_left_alone_or_switched_off(stub, zoho, run_automations, trigger):
    stub.will_answer({"data": [DONE]}, status=201)

    rows = await zoho().create_records("Leads", [{"Last_Name": "Ñandú \ud83d"}], run_automations=run_automations)

    assert rows == [RowDone("11", "insert")]
    assert stub.requests[0].json == {"data": [{"Last_Name": "Ñandú \ufffd"}], **trigger}
    assert stub.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 207, 400])
async def test_each_row_tells_its_own_outcome_whatever_the_status(stub, zoho, sample, status):
    stub.will_answer(sample("zoho/mixed_write.json"), status=status)

    rows = await zoho().create_records("Leads", [{}] * 6)

    assert [type(row) for row in rows] == [RowDone] + [RowRefused] * 5


async def test_a_batch_of_100_costs_10_credits_and_one_of_101_is_a_mistake(stub, zoho, count):
    stub.will_answer({"data": [DONE] * 100}, status=201)
    client = zoho()

    await client.create_notes([{}] * 100)

    assert (count.zoho, count.zoho_credits) == (2, 10)
    with pytest.raises(ValueError, match="101"):
        await client.create_notes([{}] * 101)


async def test_writing_nothing_calls_nobody(zoho, count):
    assert await zoho().create_notes([]) == []
    assert count.zoho == 0


async def test_notes_are_updated_by_id(stub, zoho):
    stub.will_answer({"data": [DONE]})

    assert await zoho().update_notes([{"id": "11", "Note_Content": "new"}]) == [RowDone("11", "update")]
    assert (stub.requests[0].method, stub.requests[0].path) == ("PUT", "/crm/v8/Notes")


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        ({"data": [DONE]}, 201, (SchemaDrift, True)),
        ({"data": [DONE] * 3}, 201, (SchemaDrift, True)),
        ({"info": {}}, 201, (SchemaDrift, True)),
        ("<html>", 200, (Unavailable, True)),
        (204, 204, (Unavailable, True)),
        (502, 502, (Unavailable, True)),
        (envelope("INTERNAL_ERROR"), 500, (Unavailable, True)),
        (envelope("INVALID_DATA", api_name="data", maximum_length=100), 400, (Rejected, False)),
        (envelope("INVALID_DATA", resource_path_index=1), 400, (NotFound, False)),
        (envelope("NO_PERMISSION"), 403, (NotPermitted, False)),
        (envelope("TOO_MANY_REQUESTS"), 429, (RateLimited, False)),
    ],
)
async def test_a_write_is_sent_once_and_its_outcome_told(stub, zoho, answer, status, outcome):
    kind, unknown = outcome
    stub.will_answer(answer, status=status)

    with pytest.raises(kind) as caught:
        await zoho().create_notes([{}, {}])

    assert caught.value.outcome_unknown is unknown
    assert len(stub.requests) == 1


async def test_reads_are_asked_again_after_too_many_calls(stub, zoho):
    stub.will_answer(envelope("TOO_MANY_REQUESTS"), status=429)
    stub.will_answer({"data": [{"id": "1"}], "info": {}})

    assert len((await zoho().coql("select id from Leads where id > 0")).items) == 1
    assert stub.requests[0].json == {"select_query": "select id from Leads where id > 0"}


async def test_a_coql_row_without_id_is_a_row(stub, zoho):
    stub.will_answer({"data": [{"COUNT(id)": 7}], "info": {"more_records": False}})

    assert (await zoho().coql("select COUNT(id) from Leads where id > 0")).items == ({"COUNT(id)": 7},)


async def test_a_note_is_read_in_full(stub, zoho):
    stub.will_answer({"data": [NOTE]})

    note = await zoho().note("5")

    assert (note.id, note.content, note.parent) == ("5", "full", RecordRef("Leads", "7"))
    assert "Note_Content" in stub.requests[0].query["fields"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (204, 204),
        (envelope("INVALID_DATA", resource_path_index=1), 400),
        (envelope("INVALID_DATA", api_name="id"), 400),
        ({"data": []}, 200),
    ],
)
async def test_a_note_that_is_gone_is_none(stub, zoho, answer, status):
    stub.will_answer(answer, status=status)

    assert await zoho().note("5") is None


async def test_an_unreachable_note_is_not_taken_for_gone(stub, zoho):
    stub.will_answer("<html>", status=404)

    with pytest.raises(Unavailable):
        await zoho().note("5")


async def test_the_notes_of_a_record_are_listed_oldest_first(stub, zoho):
    row = {key: value for key, value in NOTE.items() if key != "Parent_Id"}
    stub.will_answer({"data": [row, {"Note_Title": "no id"}], "info": {"more_records": True, "next_page_token": "t"}})

    page = await zoho().notes_of(RecordRef("Leads", "7"))

    assert stub.requests[0].path == "/crm/v8/Leads/7/Notes"
    assert (stub.requests[0].query["sort_by"], stub.requests[0].query["sort_order"]) == ("Created_Time", "asc")
    assert page.items[0].parent == RecordRef("Leads", "7")
    assert (len(page.unreadable), page.more, page.next_token) == (1, True, "t")


async def test_a_file_is_attached_to_a_note(stub, zoho):
    stub.will_answer({"data": [DONE]})

    assert await zoho().attach_to_note("5", 'añ"o\r\n\udc00.txt', b"content") == RowDone("11", "insert")

    (seen,) = stub.requests
    assert seen.path == "/crm/v8/Notes/5/Attachments"
    assert seen.headers["content-type"].startswith("multipart/form-data")
    assert b"content" in seen.body


async def test_users_are_read_page_by_page(stub, zoho):
    stub.will_answer(
        {"users": [{"id": 1, "email": "a@x.co", "status": "active", "confirm": True}], "info": {"more_records": True}}
    )
    stub.will_answer(
        {"users": [{"id": 2, "email": "b@x.co", "status": "inactive"}, {"email": "no id"}], "info": {"more_records": False}}
    )

    users = await zoho().users()

    assert [(user.id, user.active) for user in users] == [("1", True), ("2", False)]
    assert [seen.query["page"] for seen in stub.requests] == ["1", "2"]
    assert stub.requests[0].query["type"] == "AllUsers"


async def test_the_organisation_and_its_connected_user_are_read(stub, zoho):
    stub.will_answer({"org": [{"zgid": 60, "company_name": "Acme", "time_zone": "America/Bogota", "type": "sandbox"}]})
    stub.will_answer({"users": [{"id": "1", "email": "a@x.co", "full_name": "Ana", "status": "active", "confirm": True}]})
    client = zoho()

    assert ((await client.organisation()).zgid, (await client.current_user()).name) == ("60", "Ana")


@pytest.mark.parametrize("answer", [204, {"org": []}, {"org": [{}]}, {"users": []}])
async def test_an_organisation_that_cannot_be_read_is_drift(stub, zoho, answer):
    stub.will_answer(answer)

    with pytest.raises(SchemaDrift):
        await zoho().organisation()


async def test_modules_and_fields_are_read(stub, zoho, sample):
    stub.will_answer(
        {"modules": [{"api_name": "Leads", "plural_label": "Leads", "creatable": True, "generated_type": "default"}]}
    )
    stub.will_answer(sample("zoho/fields.json"))
    client = zoho()

    assert (await client.modules())[0].api_name == "Leads"
    assert [item.api_name for item in await client.fields("Leads")] == ["Mobile", "Lead_Source", "Phone_E164"]
    assert stub.requests[1].query == {"module": "Leads"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (envelope("OAUTH_SCOPE_MISMATCH"), 401),
        (envelope("INVALID_MODULE"), 400),
        ({"layouts": None}, 200),
        ("<html>", 200),
        (204, 204),
    ],
)
async def test_mandatory_fields_of_layouts_are_optional_knowledge(stub, zoho, answer, status):
    stub.will_answer(answer, status=status)

    assert await zoho().layout_mandatory("Leads") == frozenset()


async def test_remaining_credits_are_kept_until_told_anew(stub, zoho):
    stub.will_answer(Response(status_code=204, headers={"X-API-CREDITS-REMAINING": "2345"}))
    stub.will_answer(204)
    client = zoho()
    assert client.credits_remaining is None

    await client.records("Leads", ["id"])
    await client.records("Leads", ["id"])

    assert client.credits_remaining == 2345
