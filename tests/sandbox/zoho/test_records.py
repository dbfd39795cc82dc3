from datetime import timedelta

import pytest

from tests.sandbox.zoho.conftest import ADMIN, AGENT, GONE, GUEST


def first(answer):
    return answer.json()["data"][0]


def test_an_inserted_record_reads_back_with_its_times_in_the_users_zone(zoho):
    answer = zoho.post("/Leads", {"Last_Name": "Pérez", "First_Name": "Ana", "Mobile": "+57 300 1234567"})
    details = first(answer)["details"]
    record = first(zoho.get(f"/Leads/{details['id']}"))

    assert (answer.status_code, first(answer)["message"]) == (201, "record added")
    assert details["Created_Time"].endswith("-05:00")
    assert "." not in details["Created_Time"]
    assert (record["Full_Name"], record["Mobile"], record["Phone"]) == ("Ana Pérez", "+57 300 1234567", None)
    assert record["Owner"] == {"name": "Ana Torres", "id": ADMIN, "email": "ana@example.com"}
    assert (record["$converted"], record["Converted__s"]) == (False, False)
    assert len(details["id"]) == 19


def test_each_row_has_its_own_answer(zoho):
    answer = zoho.post("/Leads", {"Last_Name": "A"}, {"First_Name": "B"}, {"Last_Name": "C"})
    rows = answer.json()["data"]

    assert answer.status_code == 207
    assert [row["status"] for row in rows] == ["success", "error", "success"]
    assert rows[1]["code"] == "MANDATORY_NOT_FOUND"
    assert rows[1]["details"] == {"api_name": "Last_Name", "json_path": "$.data[1].Last_Name"}


def test_all_rows_refused_is_400_with_the_same_rows(zoho):
    answer = zoho.post("/Leads", {}, {})

    assert answer.status_code == 400
    assert [row["code"] for row in answer.json()["data"]] == ["MANDATORY_NOT_FOUND"] * 2


def test_more_than_a_hundred_rows_are_refused_whole(zoho):
    answer = zoho.post("/Leads", *({"Last_Name": str(n)} for n in range(101)))

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")
    assert answer.json()["details"]["maximum_length"] == 100
    assert zoho.get("/Leads", fields="id").status_code == 204


def test_no_body_is_refused(zoho):
    answer = zoho.call("POST", "/Leads")

    assert (answer.status_code, answer.json()["message"]) == (400, "body")


@pytest.mark.parametrize(
    ("values", "api_name", "why"),
    [
        ({"Last_Name": "x" * 81}, "Last_Name", {"maximum_length": 80}),
        ({"Last_Name": "😀" * 41}, "Last_Name", {"maximum_length": 80}),
        ({"Last_Name": 5}, "Last_Name", {"expected_data_type": "string"}),
        ({"Last_Name": "x", "Mobile": "call me!"}, "Mobile", {"expected_data_type": "phone"}),
        ({"Last_Name": "x", "Email": "nobody"}, "Email", {"expected_data_type": "email"}),
        ({"Last_Name": "x", "Email_Opt_Out": "true"}, "Email_Opt_Out", {"expected_data_type": "boolean"}),
    ],
)
def test_values_that_do_not_fit_name_their_field(zoho, values, api_name, why):
    row = first(zoho.post("/Leads", values))

    assert row["code"] == "INVALID_DATA"
    assert row["details"].items() >= {"api_name": api_name, **why}.items()


def test_several_complaints_become_one_row(zoho):
    row = first(zoho.post("/Leads", {"Mobile": "x!", "Email": "nobody"}))

    assert row["code"] == "MULTIPLE_OR_MULTI_ERRORS"
    assert [error["code"] for error in row["details"]["errors"]] == ["MANDATORY_NOT_FOUND", "INVALID_DATA", "INVALID_DATA"]


@pytest.mark.parametrize("owner", [GONE, GUEST, "1", 99])
def test_an_owner_who_cannot_own_is_refused(zoho, owner):
    row = first(zoho.post("/Leads", {"Last_Name": "x", "Owner": {"id": owner}}))

    assert (row["code"], row["details"]["api_name"]) == ("INVALID_DATA", "Owner")


def test_ids_are_accepted_as_numbers(zoho):
    row = first(zoho.post("/Leads", {"Last_Name": "x", "Owner": {"id": int(AGENT)}}))

    assert first(zoho.get(f"/Leads/{row['details']['id']}"))["Owner"]["id"] == AGENT


def test_unique_fields_refuse_a_twin_and_name_it(zoho):
    lead_id = zoho.add_lead(WhatsApp_Key="+573001234567")
    row = first(zoho.post("/Leads", {"Last_Name": "y", "WhatsApp_Key": "+573001234567"}))

    assert row["code"] == "DUPLICATE_DATA"
    assert row["details"]["duplicate_record"]["id"] == lead_id
    assert zoho.add_lead(Mobile="+573001234567") != zoho.add_lead(Mobile="+573001234567")


def test_an_edited_unique_value_frees_the_old_one(zoho):
    lead_id = zoho.add_lead(WhatsApp_Key="+1")
    zoho.put("/Leads", {"id": lead_id, "WhatsApp_Key": "+2"})

    assert zoho.add_lead(WhatsApp_Key="+1")
    assert first(zoho.post("/Leads", {"Last_Name": "y", "WhatsApp_Key": "+2"}))["code"] == "DUPLICATE_DATA"


def test_mandatory_fields_can_be_added_by_people(zoho):
    zoho.control("make_mandatory", module="Leads", api_name="Company")
    row = first(zoho.post("/Leads", {"Last_Name": "x"}))

    assert (row["code"], row["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", "Company")


def test_the_layout_demands_company_and_the_api_only_by_switch(zoho):
    layout = zoho.get("/settings/layouts", module="Leads").json()["layouts"][0]
    required = {field["api_name"] for section in layout["sections"] for field in section["fields"] if field["required"]}
    zoho.add_lead()
    zoho.faults.layout_mandatory = {"Leads": ["Company"]}

    assert required == {"Company", "Last_Name"}
    assert first(zoho.post("/Leads", {"Last_Name": "x"}))["code"] == "MANDATORY_NOT_FOUND"


@pytest.mark.parametrize(("strict", "status"), [(False, 201), (True, 400)])
def test_unknown_picklist_values_are_stored_unless_strict(zoho, strict, status):
    zoho.faults.picklists_strict = strict

    assert zoho.post("/Leads", {"Last_Name": "x", "Lead_Source": "TimelinesAI"}).status_code == status


@pytest.mark.parametrize(("trigger", "runs"), [(None, 1), ([], 0), (["workflow"], 1)])
def test_trigger_decides_whether_automations_run(zoho, trigger, runs):
    more = {} if trigger is None else {"trigger": trigger}
    zoho.post("/Leads", {"Last_Name": "x"}, **more)

    assert len(zoho.stand_in.workflow) == runs


def test_an_assignment_rule_hands_new_records_over(zoho):
    zoho.faults.assignment_rule_owner = AGENT

    assert first(zoho.get(f"/Leads/{zoho.add_lead()}"))["Owner"]["id"] == AGENT


def test_update_keeps_what_is_not_named_and_null_clears(zoho):
    lead_id = zoho.add_lead(Mobile="+573001234567", Company="Acme")
    answer = zoho.put(f"/Leads/{lead_id}", {"Company": None})
    record = first(zoho.get(f"/Leads/{lead_id}"))

    assert (answer.status_code, first(answer)["message"]) == (200, "record updated")
    assert (record["Company"], record["Mobile"]) == (None, "+573001234567")


def test_update_needs_an_id_that_lives(zoho):
    answer = zoho.put("/Leads", {"Last_Name": "x"}, {"id": "5725767000009999999", "Last_Name": "y"})

    assert [row["code"] for row in answer.json()["data"]] == ["MANDATORY_NOT_FOUND", "INVALID_DATA"]


def test_a_stale_update_is_412(zoho, now):
    lead_id = zoho.add_lead()
    body = {"data": [{"id": lead_id, "Company": "x"}]}
    headers = {"If-Unmodified-Since": (now - timedelta(hours=1)).isoformat(timespec="seconds")}
    answer = zoho.call("PUT", "/Leads", json=body, headers=headers)

    assert (answer.status_code, first(answer)["code"]) == (412, "ALREADY_MODIFIED")


def test_a_converted_lead_cannot_be_updated(zoho):
    lead_id = zoho.add_lead()
    zoho.stand_in.convert_lead(lead_id)

    assert first(zoho.put("/Leads", {"id": lead_id, "Company": "x"}))["code"] == "CONVERTED_RECORD"


def test_locked_records_refuse_every_change(zoho):
    lead_id = zoho.add_lead()
    zoho.faults.locked_records = [lead_id]

    assert first(zoho.put("/Leads", {"id": lead_id, "Company": "x"}))["code"] == "RECORD_LOCKED"
    assert first(zoho.post(f"/Leads/{lead_id}/Notes", {"Note_Title": "x"}))["code"] == "RECORD_LOCKED"


def test_upsert_updates_what_the_unique_field_finds(zoho):
    lead_id = zoho.add_lead(WhatsApp_Key="+1")
    rows = [{"Last_Name": "new", "WhatsApp_Key": "+1"}, {"Last_Name": "other", "WhatsApp_Key": "+2"}]
    answer = zoho.post("/Leads/upsert", *rows, duplicate_check_fields=["WhatsApp_Key"])
    found, made = answer.json()["data"]

    assert answer.status_code == 200
    assert (found["action"], found["duplicate_field"], found["details"]["id"]) == ("update", "WhatsApp_Key", lead_id)
    assert (made["action"], made["duplicate_field"], made["message"]) == ("insert", None, "record added")


def test_deleted_records_are_204_by_id_and_listed_as_deleted(zoho):
    lead_id = zoho.add_lead(First_Name="Ana")
    answer = zoho.call("DELETE", "/Leads", params={"ids": f"{lead_id},123"})
    gone = first(zoho.get("/Leads/deleted", type="all"))

    assert answer.status_code == 207
    assert zoho.get(f"/Leads/{lead_id}").status_code == 204
    assert zoho.get("/Leads/123").json()["details"] == {"resource_path_index": 1}
    assert (gone["id"], gone["display_name"], gone["type"]) == (lead_id, "Ana Pérez", "recycle")
    assert zoho.get("/Leads/deleted", type="permanent").status_code == 204
    assert zoho.get("/Leads/deleted", type="x").json()["code"] == "PATTERN_NOT_MATCHED"


def test_ids_can_be_numbers_by_switch(zoho):
    zoho.faults.ids_as_numbers = True

    assert isinstance(first(zoho.post("/Leads", {"Last_Name": "x"}))["details"]["id"], int)


def test_a_mixed_answer_can_come_reversed(zoho):
    zoho.faults.rows_reversed = True
    answer = zoho.post("/Leads", {"Last_Name": "x"}, {})

    assert [row["status"] for row in answer.json()["data"]] == ["error", "success"]


def test_unknown_modules_and_addresses_say_so(zoho):
    assert zoho.post("/Nope", {"x": 1}).json()["code"] == "INVALID_MODULE"
    assert zoho.get("/Leads/1/2/3/4").json()["code"] == "INVALID_URL_PATTERN"
    assert zoho.call("PATCH", "/Leads").json()["code"] == "INVALID_REQUEST_METHOD"


def test_an_active_owner_can_be_refused_by_switch(zoho):
    zoho.faults.refused_owners = [AGENT]

    assert first(zoho.post("/Leads", {"Last_Name": "x", "Owner": {"id": AGENT}}))["details"]["api_name"] == "Owner"


@pytest.mark.parametrize(("switch", "status"), [(False, 201), (True, 400)])
def test_unique_fields_mind_converted_leads_by_switch_only(zoho, switch, status):
    zoho.stand_in.convert_lead(zoho.add_lead(WhatsApp_Key="+1"))
    zoho.faults.duplicates_among_converted = switch

    assert zoho.post("/Leads", {"Last_Name": "y", "WhatsApp_Key": "+1"}).status_code == status


@pytest.mark.parametrize(("switch", "status"), [(False, 201), (True, 400)])
def test_unknown_fields_are_ignored_unless_refused(zoho, switch, status):
    zoho.faults.unknown_fields_refused = switch

    assert zoho.post("/Leads", {"Last_Name": "y", "Nope": 1}).status_code == status


def test_records_of_a_custom_module_have_notes_too(zoho):
    row = first(zoho.post("/WhatsApp_Clients", {"Name": "Ana", "WhatsApp_Number": "+573001234567"}))
    note = first(zoho.post(f"/WhatsApp_Clients/{row['details']['id']}/Notes", {"Note_Content": "hola"}))

    assert (row["code"], note["code"]) == ("SUCCESS", "SUCCESS")
