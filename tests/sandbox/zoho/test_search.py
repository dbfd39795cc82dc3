import pytest


def ids(answer):
    return [] if answer.status_code == 204 else [row["id"] for row in answer.json()["data"]]


def by_phone(zoho, phone, **more):
    return ids(zoho.get("/Leads/search", phone=phone, **more))


def test_search_sees_a_new_record_after_two_minutes(zoho):
    lead_id = zoho.add_lead(Mobile="+573001234567")
    soon = by_phone(zoho, "+573001234567")
    zoho.pass_time(121)

    assert (soon, by_phone(zoho, "+573001234567")) == ([], [lead_id])


def test_search_sees_an_edited_phone_late_and_a_deletion_at_once(zoho):
    lead_id = zoho.add_lead(Mobile="+573001234567")
    zoho.pass_time(121)
    zoho.stand_in.edit_record("Leads", lead_id, {"Mobile": "+573009999999"})
    stale, fresh = by_phone(zoho, "+573001234567"), by_phone(zoho, "+573009999999")
    zoho.stand_in.delete_record("Leads", lead_id)

    assert (stale, fresh) == ([lead_id], [])
    assert by_phone(zoho, "+573001234567") == []


@pytest.mark.parametrize(
    ("strategy", "query", "count"),
    [
        ("last_digits", "+573001234567", 2),  # another country's number shares the last nine digits
        ("last_digits", "1234567", 2),
        ("exact_digits", "573001234567", 1),
        ("exact_digits", "3001234567", 0),
        ("contains", "123456", 2),
        ("contains", "+57 300 123", 1),
    ],
)
def test_phones_match_by_strategy(zoho, strategy, query, count):
    zoho.faults.search_delay_seconds = 0
    zoho.faults.phone_matching = strategy
    zoho.add_lead(Mobile="+57 (300) 123-4567")
    zoho.add_lead(Phone="+1 003001234567")

    assert len(by_phone(zoho, query)) == count


def test_converted_leads_come_only_when_asked_for(zoho):
    zoho.faults.search_delay_seconds = 0
    lead_id = zoho.add_lead(Mobile="+573001234567")
    contact = zoho.stand_in.convert_lead(lead_id)
    row = zoho.get("/Leads/search", phone="573001234567", converted="both").json()["data"][0]

    assert by_phone(zoho, "573001234567") == []
    assert (row["Converted__s"], row["Converted_Contact"]["id"]) == (True, contact)


@pytest.mark.parametrize("phone", ["12", "1" * 51, "abc123"])
def test_a_phone_query_has_a_shape(zoho, phone):
    assert zoho.get("/Leads/search", phone=phone).json()["code"] == "INVALID_DATA"


def test_search_needs_something_to_look_for(zoho):
    assert zoho.get("/Leads/search").json()["code"] == "EXPECTED_PARAM_MISSING"


def test_criteria_win_over_email_phone_and_word(zoho):
    zoho.faults.search_delay_seconds = 0
    ana = zoho.add_lead(Email="ana@example.com")
    luz = zoho.add_lead(Email="luz@example.com", Company="Café (Luz), Ltda")
    quoted = r"((Company:equals:Café \(Luz\)\, Ltda)or(Email:equals:nobody@example.com))"

    assert ids(zoho.get("/Leads/search", criteria="(Email:starts_with:ana)", email="luz@example.com")) == [ana]
    assert ids(zoho.get("/Leads/search", criteria=quoted)) == [luz]
    assert ids(zoho.get("/Leads/search", criteria="(Email:in:ana@example.com,luz@example.com)")) == [luz, ana]
    assert ids(zoho.get("/Leads/search", email="LUZ@example.com")) == [luz]
    assert ids(zoho.get("/Leads/search", word="café")) == [luz]


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        ("(Nope:equals:1)", "INVALID_QUERY"),
        ("(Phone:sounds_like:1)", "INVALID_QUERY"),
        ("((Phone:equals:1)", "INVALID_QUERY"),
        ("(" + "or".join(["(Phone:equals:1)"] * 16) + ")", "CRITERIA_LIMIT_EXCEEDED"),
    ],
)
def test_broken_criteria_are_named(zoho, criteria, code):
    assert zoho.get("/Leads/search", criteria=criteria).json()["code"] == code
