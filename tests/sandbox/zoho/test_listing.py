from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.serving import running
from sandbox.zoho.app import ZohoStandIn
from tests.sandbox.zoho.conftest import ADMIN, Zoho, small_world


def ids(answer):
    return [row["id"] for row in answer.json()["data"]]


def add_leads(zoho, count):
    rows = ({"Last_Name": f"Lead {number}"} for number in range(count))
    return [row["details"]["id"] for row in zoho.post("/Leads", *rows).json()["data"]]


def test_a_list_needs_fields_and_at_most_fifty(zoho):
    missing = zoho.get("/Leads").json()
    many = zoho.get("/Leads", fields=",".join(f"F{n}" for n in range(51))).json()

    assert (missing["code"], missing["details"]) == ("REQUIRED_PARAM_MISSING", {"param_name": "fields"})
    assert many["code"] == "LIMIT_EXCEEDED"


def test_nothing_is_204_with_an_empty_body(zoho):
    answer = zoho.get("/Leads", fields="id")

    assert (answer.status_code, answer.content) == (204, b"")


def test_pages_are_newest_first_and_say_whether_more_follow(zoho):
    made = add_leads(zoho, 5)
    one, three = (zoho.get("/Leads", fields="Last_Name", per_page=2, page=page) for page in (1, 3))

    assert ids(one) == made[:-3:-1]
    assert ids(three) == made[:1]
    assert [answer.json()["info"]["more_records"] for answer in (one, three)] == [True, False]
    assert one.json()["data"][0].keys() == {"id", "Last_Name"}


def test_page_tokens_lead_through_everything_even_when_rows_are_added(zoho):
    made = add_leads(zoho, 7)
    seen, token = [], {}
    while True:
        answer = zoho.get("/Leads", fields="id", per_page=3, **token)
        seen += ids(answer)
        add_leads(zoho, 1)
        if not answer.json()["info"]["more_records"]:
            break
        token = {"page_token": answer.json()["info"]["next_page_token"]}

    assert seen == made[::-1]


def test_a_page_token_is_bound_to_its_parameters_and_a_day(zoho):
    add_leads(zoho, 3)
    token = zoho.get("/Leads", fields="id", per_page=1).json()["info"]["next_page_token"]
    other = zoho.get("/Leads", fields="Last_Name", per_page=1, page_token=token).json()
    both = zoho.get("/Leads", fields="id", per_page=1, page_token=token, page=2).json()
    zoho.pass_time(86_401)
    zoho.login()
    late = zoho.get("/Leads", fields="id", per_page=1, page_token=token).json()

    assert other["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    assert both["code"] == "AMBIGUITY_DURING_PROCESSING"
    assert (late["code"], late["details"]) == ("EXPIRED_VALUE", {"param_name": "page_token"})


def test_page_tokens_reach_so_many_rows_and_may_not_be_given_at_all(zoho):
    add_leads(zoho, 3)
    zoho.faults.page_token_reach = 2
    first = zoho.get("/Leads", fields="id", per_page=2).json()["info"]
    second = zoho.get("/Leads", fields="id", per_page=2, page_token=first["next_page_token"]).json()
    zoho.faults.page_tokens = False
    without = zoho.get("/Leads", fields="id", per_page=2).json()["info"]

    assert (second["code"], second["details"]) == ("PAGINATION_LIMIT_EXCEEDED", {"limit": 2})
    assert (without["more_records"], without["next_page_token"]) == (True, None)


def test_pages_by_number_reach_two_thousand_rows(zoho):
    answer = zoho.get("/Leads", fields="id", page=11).json()

    assert (answer["code"], answer["details"]["limit"]) == ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", 2000)


def test_a_smaller_page_limit_cuts_pages(zoho):
    zoho.faults.page_limit = 2
    add_leads(zoho, 3)

    assert len(ids(zoho.get("/Leads", fields="id"))) == 2
    assert zoho.get("/Leads", fields="id", per_page=201).json()["code"] == "INVALID_DATA"


def test_if_modified_since_gives_what_changed_and_304_for_nothing(zoho):
    first, second = add_leads(zoho, 2)
    zoho.pass_time(60)
    since = {"If-Modified-Since": zoho.stand_in.clock.now().isoformat(timespec="seconds")}
    params = {"fields": "id", "sort_by": "Modified_Time", "sort_order": "asc"}
    before = zoho.call("GET", "/Leads", params=params, headers=since)
    zoho.put("/Leads", {"id": first, "Company": "x"})
    after = zoho.call("GET", "/Leads", params=params, headers=since)

    assert (before.status_code, before.content) == (304, b"")
    assert ids(after) == [first]
    assert ids(zoho.get("/Leads", **params)) == [second, first]


def test_if_modified_since_has_to_be_a_time(zoho):
    assert zoho.call("GET", "/Leads", params={"fields": "id"}, headers={"If-Modified-Since": "today"}).status_code == 400


@pytest.mark.parametrize(("converted", "count"), [("", 1), ("false", 1), ("true", 1), ("both", 2)])
def test_converted_leads_are_hidden_unless_asked_for(zoho, converted, count):
    alive, gone = add_leads(zoho, 2)
    zoho.stand_in.convert_lead(gone)
    answer = zoho.get("/Leads", fields="Converted__s", converted=converted)

    assert len(ids(answer)) == count
    assert ids(answer)[0] == (gone if converted in {"true", "both"} else alive)


def test_ids_ask_for_single_records_converted_ones_with_their_trace(zoho):
    alive, gone, deleted = add_leads(zoho, 3)
    contact = zoho.stand_in.convert_lead(gone)
    zoho.stand_in.delete_record("Leads", deleted)
    names = "Last_Name,Converted__s,Converted_Contact,Converted_Date_Time"
    rows = zoho.get("/Leads", ids=f"{alive},{gone},{deleted}", converted="both", fields=names).json()["data"]

    assert [row["id"] for row in rows] == [gone, alive]
    assert rows[0]["Converted_Contact"] == {"name": "Lead 1", "id": contact}
    assert rows[1]["Converted_Contact"] is None


def test_a_hundred_thousand_records_are_paged_through_quickly():
    made = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"id": str(10**18 + number), "Last_Name": "x", "Owner": {"id": ADMIN}, "Mobile": f"+57{number:010}",
         "Created_Time": (made + timedelta(seconds=number)).isoformat()}
        for number in range(100_000)
    ]  # fmt: skip
    stand_in = ZohoStandIn({**small_world(), "records": {"Leads": rows}})
    with running(stand_in.app) as base, httpx.Client(base_url=base, timeout=10) as http:
        zoho = Zoho(stand_in, http)
        seen, token = 0, {}
        for _ in range(100):
            info = zoho.get("/Leads", fields="Mobile", **token).json()["info"]
            seen, token = seen + info["count"], {"page_token": info["next_page_token"]}
        last = zoho.coql("select id from Leads where Mobile like '%0000099999' limit 0, 200").json()["data"]

    assert seen == 20_000
    assert last == [{"id": str(10**18 + 99_999)}]
