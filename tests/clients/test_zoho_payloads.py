"""Zoho's JSON into values, and what calls cost."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from chatledger.clients.zoho.payloads import (
    mandatory_in_layouts,
    read_deleted,
    read_field,
    read_module,
    read_note,
    read_organisation,
    read_page,
    read_record,
    read_user,
)
from chatledger.clients.zoho.prices import price
from chatledger.models import RecordRef, ZohoNote


def test_every_id_becomes_a_string_at_any_depth():
    row = {"id": 5725767000000524157, "Owner": {"id": 41, "name": "P"}, "Tag": [{"id": 1}], "Amount": 7, "Converted__s": True}

    expected = {
        "id": "5725767000000524157",
        "Owner": {"id": "41", "name": "P"},
        "Tag": [{"id": "1"}],
        "Amount": 7,
        "Converted__s": True,
    }
    assert read_record(row) == expected


@pytest.mark.parametrize(
    ("info", "more", "token"),
    [
        ({"more_records": True, "next_page_token": "t"}, True, "t"),
        ({"more_records": False, "next_page_token": None}, False, None),
        (None, False, None),
        ("odd", False, None),
    ],
)
def test_a_page_says_whether_there_is_more(info, more, token):
    page = read_page({"info": info}, [{"id": "1"}, {"name": "no id"}, 7], read_record)

    assert (page.items, page.more, page.next_token) == (({"id": "1"},), more, token)
    assert [item.payload for item in page.unreadable] == [{"name": "no id"}, 7]


def test_a_full_page_without_info_has_a_next_one():
    assert read_page({}, [{"id": str(number)} for number in range(200)], read_record).more is True


@pytest.mark.parametrize(
    ("raw", "parent"),
    [
        ({"Parent_Id": {"module": {"api_name": "Leads", "id": "1"}, "id": 7, "name": "Ana"}}, RecordRef("Leads", "7")),
        ({"Parent_Id": {"id": "7", "name": "Ana"}, "$se_module": "Contacts"}, RecordRef("Contacts", "7")),
        ({"Parent_Id": "7", "$se_module": "Contacts"}, RecordRef("Contacts", "7")),
        ({"Parent_Id": {"id": "7"}}, RecordRef("Deals", "7")),
        ({"Parent_Id": None}, RecordRef("Deals", "9")),
        ({}, RecordRef("Deals", "9")),
    ],
)
def test_the_parent_of_a_note_is_read_in_every_form(raw, parent):
    assert read_note({"id": "1", **raw}, RecordRef("Deals", "9")).parent == parent


def test_a_note_without_text_is_empty_and_not_an_error():
    raw = {"id": 1, "Note_Title": None, "Note_Content": None, "Parent_Id": None, "Created_Time": "2026-11-22T10:00:00+05:30"}

    assert read_note(raw) == ZohoNote("1", "", "", RecordRef("", ""), datetime(2026, 11, 22, 4, 30, tzinfo=UTC))


def test_field_metadata_is_read_as_the_vendor_sends_it(sample):
    page = read_page({}, sample("zoho/fields.json")["fields"], read_field)

    mobile, source, unique = page.items
    assert (mobile.data_type, mobile.length, mobile.unique, mobile.mandatory, mobile.read_only) == (
        "phone",
        30,
        False,
        False,
        False,
    )
    assert source.pick_list == ("-None-", "Chat")
    assert (unique.length, unique.unique, unique.mandatory, unique.read_only, unique.creatable, unique.updatable) == (
        20, True, True, True, False, False,
    )  # fmt: skip
    assert len(page.unreadable) == 1


@pytest.mark.parametrize(
    ("status", "confirm", "expected"),
    [
        ("active", True, (True, True)),
        ("Active", None, (True, True)),
        ("inactive", True, (False, True)),
        ("active", False, (True, False)),
        (None, "false", (False, False)),
    ],
)
def test_only_active_and_confirmed_users_are_both(status, confirm, expected):
    user = read_user({"id": 1, "email": None, "full_name": "P", "status": status, "confirm": confirm})

    assert (user.active, user.confirmed) == expected


def test_metadata_survives_missing_parts():
    assert read_module({"api_name": "Leads"}).creatable is True
    assert read_module({"api_name": "Leads", "creatable": False}).creatable is False
    assert read_organisation({"zgid": 123, "time_zone": "America/Bogota"}).kind == "production"
    assert read_deleted({"id": "4", "deleted_time": "long ago"}, "Leads").deleted_at is None
    with pytest.raises(ValidationError):
        read_organisation({"company_name": "no zgid"})


def test_fields_that_some_layout_demands_are_found():
    layout = {
        "sections": [{"fields": [{"api_name": "Company", "required": True}, {"api_name": "Fax", "required": False}, "odd"]}]
    }

    assert mandatory_in_layouts([layout, {"sections": None}, "odd"]) == {"Company"}


@pytest.mark.parametrize(
    ("method", "path", "more", "credits_spent"),
    [
        ("GET", "/Leads", {}, 1),
        ("GET", "/Leads", {"custom_view": True}, 3),
        ("GET", "/Leads/deleted", {}, 2),
        ("GET", "/settings/fields", {}, 1),
        ("POST", "/Leads", {"rows": 1}, 1),
        ("POST", "/Leads", {"rows": 10}, 1),
        ("POST", "/Leads", {"rows": 11}, 2),
        ("PUT", "/Notes", {"rows": 100}, 10),
        ("POST", "/Leads/upsert", {"rows": 21}, 3),
        ("POST", "/Leads/7/actions/convert", {}, 5),
        ("GET", "/Leads/actions/count", {}, 50),
        ("POST", "/read", {}, 50),
        ("POST", "/coql", {"select_query": "select id from Leads where id is not null"}, 1),
        ("POST", "/coql", {"select_query": "select id from Leads where id > 1 limit 0, 200"}, 1),
        ("POST", "/coql", {"select_query": "select id from Leads where id > 1 LIMIT 201"}, 2),
        ("POST", "/coql", {"select_query": "select id from Leads where id > 1 limit 400, 2000"}, 3),
    ],
)
def test_calls_cost_what_the_price_list_says(method, path, more, credits_spent):
    assert price(method, path, **more) == credits_spent
