import pytest


def ids(answer):
    return [] if answer.status_code == 204 else [row["id"] for row in answer.json()["data"]]


@pytest.fixture
def leads(zoho):
    """Three leads: Ana with a Colombian mobile, O'Brien converted, Zoe without any number."""
    ana = zoho.add_lead(Last_Name="Ana", Mobile="+57 300 123-4567", Annual_Revenue=10)
    brien = zoho.add_lead(Last_Name="O'Brien", Phone="+353 1 234 5678", Annual_Revenue=20.5)
    zoho.stand_in.convert_lead(brien)
    return {"ana": ana, "brien": brien, "zoe": zoho.add_lead(Last_Name="Zoe")}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Last_Name = 'ana'", ["ana"]),
        ("Last_Name = 'O''Brien'", ["brien"]),
        ("Last_Name != 'Ana'", ["brien", "zoe"]),
        ("Mobile like '%4567'", ["ana"]),
        ("Mobile not like '%4567'", ["brien", "zoe"]),
        ("Mobile like '+57%'", ["ana"]),
        ("Mobile like '%300%'", ["ana"]),
        ("Mobile is null", ["brien", "zoe"]),
        ("Mobile is not null", ["ana"]),
        ("Last_Name in ('Ana', 'Zoe')", ["ana", "zoe"]),
        ("Last_Name not in ('Ana', 'Zoe')", ["brien"]),
        ("Annual_Revenue > 10", ["brien"]),
        ("Annual_Revenue >= 10", ["ana", "brien"]),
        ("Annual_Revenue < 20.5", ["ana"]),
        ("Annual_Revenue <= 20.5", ["ana", "brien"]),
        ("Converted__s = 'false'", ["ana", "zoe"]),
        ("Converted__s = true", ["brien"]),
        ("Converted_Contact is not null", ["brien"]),
        ("Created_Time > '2020-01-01T00:00:00+00:00'", ["ana", "brien", "zoe"]),
        ("((Last_Name = 'Ana' or Last_Name = 'Zoe') and Mobile is null)", ["zoe"]),
        ("(Last_Name = 'Ana' or (Mobile is null and Phone is null))", ["ana", "zoe"]),
    ],
)
def test_where_selects_over_the_live_table(zoho, leads, where, found):
    answer = zoho.coql(f"select id, Last_Name from Leads where {where} order by id asc limit 0, 200")

    assert ids(answer) == [leads[name] for name in found]


@pytest.mark.usefixtures("leads")
def test_columns_are_what_was_selected_and_lookups_carry_names(zoho):
    query = "select Last_Name, Owner, Owner.email, Converted_Contact from Leads where Last_Name like 'O%'"
    row = zoho.coql(query).json()["data"][0]

    assert row["Owner"]["name"] == "Ana Torres"
    assert row["Owner.email"] == "ana@example.com"
    assert row["Converted_Contact"]["name"] == "O'Brien"
    assert row.keys() == {"id", "Last_Name", "Owner", "Owner.email", "Converted_Contact"}


def test_order_limit_and_offset_page_through(zoho, leads):
    one = zoho.coql("select id from Leads where id is not null order by Last_Name desc limit 2")
    rest = zoho.coql("select id from Leads where id is not null order by Last_Name desc limit 2, 2")
    keyset = zoho.coql(f"select id from Leads where id > {leads['ana']} order by id asc limit 1")

    assert ids(one) == [leads["zoe"], leads["brien"]]
    assert one.json()["info"] == {"count": 2, "more_records": True}
    assert ids(rest) == [leads["ana"]]
    assert ids(keyset) == [leads["brien"]]


def test_a_deleted_record_is_never_found(zoho, leads):
    zoho.stand_in.delete_record("Leads", leads["zoe"])

    assert zoho.coql("select id from Leads where Last_Name = 'Zoe'").status_code == 204


def test_notes_are_found_by_their_parents(zoho, leads):
    note = zoho.stand_in.add_note("Leads", leads["ana"], "Title", "Text")
    answer = zoho.coql(f"select id, Note_Title, Parent_Id from Notes where Parent_Id in ('{leads['ana']}', '{leads['zoe']}')")

    assert ids(answer) == [note]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select id from Leads", "SYNTAX_ERROR"),
        ("select id from Leads where", "SYNTAX_ERROR"),
        ("select id from Leads where Phone = +57", "SYNTAX_ERROR"),
        ("select id from Leads where Phone = '1' and Phone = '2' and Phone = '3'", "SYNTAX_ERROR"),
        ("select id from Leads where (Phone = '1'", "SYNTAX_ERROR"),
        ("select id from Leads where Phone = '1' garbage", "SYNTAX_ERROR"),
        ("select id from Leads where Nope = '1'", "INVALID_QUERY"),
        ("select id from Leads where Description = '1'", "INVALID_QUERY"),
        ("select id from Leads where Created_Time > 'yesterday'", "INVALID_QUERY"),
        ("select id from Nope where id = 1", "INVALID_MODULE"),
        ("select id from Leads where id is not null limit 2001", "LIMIT_EXCEEDED"),
        ("select id from Leads where Phone in (" + ",".join(["'1'"] * 101) + ")", "LIMIT_EXCEEDED"),
        ("", "MANDATORY_NOT_FOUND"),
    ],
)
def test_broken_queries_are_named(zoho, query, code):
    answer = zoho.coql(query)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_the_brackets_rule_can_be_lifted(zoho, leads):
    zoho.faults.coql_pairwise_brackets = False
    query = "select id from Leads where Last_Name = 'Ana' or Last_Name = 'Zoe' or Last_Name = 'x' order by id"

    assert ids(zoho.coql(query)) == [leads["ana"], leads["zoe"]]


def test_converted_leads_are_shown_or_hidden(zoho, leads):
    query = "select id from Leads where id > 0 order by id"
    shown = ids(zoho.coql(query))
    zoho.faults.coql_shows_converted = False

    assert shown == list(leads.values())
    assert ids(zoho.coql(query)) == [leads["ana"], leads["zoe"]]
