import pytest


def first(answer):
    return answer.json()["data"][0]


def convert(zoho, lead_id, **wanted):
    return zoho.post(f"/Leads/{lead_id}/actions/convert", wanted)


def note_parent(zoho, note_id):
    parent = first(zoho.get(f"/Notes/{note_id}"))["Parent_Id"]
    return parent["module"]["api_name"], parent["id"]


def test_a_conversion_makes_a_contact_and_with_a_company_an_account(zoho):
    lead_id = zoho.add_lead(First_Name="Ana", Mobile="+573001234567", Company="Acme")
    details = first(convert(zoho, lead_id))["details"]
    contact = first(zoho.get(f"/Contacts/{details['Contacts']['id']}"))

    assert (details["Contacts"]["name"], details["Accounts"]["name"], details["Deals"]) == ("Ana Pérez", "Acme", None)
    assert (contact["Mobile"], contact["Account_Name"]["name"]) == ("+573001234567", "Acme")


def test_without_a_company_there_is_no_account(zoho):
    assert first(convert(zoho, zoho.add_lead()))["details"]["Accounts"] is None


def test_an_existing_contact_can_be_named(zoho):
    contact = zoho.stand_in.add_record("Contacts", {"Last_Name": "Pérez"})

    assert first(convert(zoho, zoho.add_lead(), Contacts={"id": contact}))["details"]["Contacts"]["id"] == contact
    assert convert(zoho, zoho.add_lead(), Contacts={"id": "1"}).json()["code"] == "INVALID_DATA"


def test_a_converted_lead_is_204_by_id_unless_asked_for(zoho):
    lead_id = zoho.add_lead()
    convert(zoho, lead_id)
    plain, asked = zoho.get(f"/Leads/{lead_id}"), zoho.get(f"/Leads/{lead_id}", converted="true")
    zoho.faults.converted_by_id = False

    assert (plain.status_code, asked.status_code) == (204, 200)
    assert first(asked)["$converted_detail"]["contact"] == first(asked)["Converted_Contact"]["id"]
    assert zoho.get(f"/Leads/{lead_id}", converted="true").status_code == 204


def test_a_lead_is_converted_once(zoho):
    lead_id = zoho.add_lead()
    convert(zoho, lead_id)
    answer = convert(zoho, lead_id)

    assert (answer.status_code, answer.json()["code"]) == (400, "ID_ALREADY_CONVERTED")


@pytest.mark.parametrize(("switch", "module"), [("contact", "Contacts"), ("deal", "Deals"), ("stay", "Leads")])
def test_notes_keep_their_id_and_move_where_the_switch_says(zoho, switch, module):
    zoho.faults.notes_on_conversion = switch
    lead_id = zoho.add_lead()
    note_id = zoho.stand_in.add_note("Leads", lead_id, "Title", "Text")
    details = first(convert(zoho, lead_id, Deals={"Deal_Name": "Sale", "Stage": "Qualification"}))["details"]
    parent = lead_id if module == "Leads" else details[module]["id"]

    assert note_parent(zoho, note_id) == (module, parent)


@pytest.mark.parametrize("touches", [True, False])
def test_a_conversion_sets_modified_time_by_switch(zoho, touches):
    zoho.faults.conversion_touches_modified = touches
    lead_id = zoho.add_lead()
    zoho.pass_time(60)
    since = {"If-Modified-Since": zoho.stand_in.clock.now().isoformat(timespec="seconds")}
    zoho.stand_in.convert_lead(lead_id)
    answer = zoho.call("GET", "/Leads", params={"fields": "id", "converted": "both"}, headers=since)

    assert answer.status_code == (200 if touches else 304)


def test_people_can_convert_without_leaving_a_trace(zoho):
    lead_id = zoho.add_lead()
    contact = zoho.control("convert_lead", lead_id=lead_id, keep_trace=False)["result"]
    row = first(zoho.get("/Leads", ids=lead_id, converted="both", fields="Converted__s,Converted_Contact"))

    assert (row["Converted__s"], row["Converted_Contact"]) == (True, None)
    assert zoho.get(f"/Contacts/{contact}").status_code == 200


def test_a_merge_keeps_the_master_with_all_notes(zoho):
    master, child = zoho.add_lead(), zoho.add_lead(Mobile="+573001234567")
    note_id = zoho.stand_in.add_note("Leads", child, "Title", "Text")
    body = {"merge": [{"data": [{"id": child, "_fields": [{"api_name": "Mobile"}]}]}]}
    answer = zoho.call("POST", f"/Leads/{master}/actions/merge", json=body)

    assert (answer.status_code, answer.json()["merge"][0]["code"]) == (200, "SUCCESS")
    assert first(zoho.get(f"/Leads/{master}"))["Mobile"] == "+573001234567"
    assert zoho.get(f"/Leads/{child}").status_code == 204
    assert first(zoho.get("/Leads/deleted"))["id"] == child
    assert note_parent(zoho, note_id) == ("Leads", master)
