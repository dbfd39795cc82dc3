from tests.sandbox.zoho.conftest import AGENT


def test_what_people_do_shows_in_the_api(zoho):
    lead_id = zoho.control("add_record", module="Leads", values={"Last_Name": "Web", "Mobile": "300 123 4567"})["result"]
    zoho.control("edit_record", module="Leads", record_id=lead_id, values={"Company": "Acme"}, owner_id=AGENT)
    note_id = zoho.control("add_note", module="Leads", record_id=lead_id, title="T", content="C")["result"]
    zoho.control("edit_note", note_id=note_id, content="<b>D</b>")
    record = zoho.get(f"/Leads/{lead_id}").json()["data"][0]

    assert (record["Mobile"], record["Company"], record["Owner"]["id"]) == ("300 123 4567", "Acme", AGENT)
    assert zoho.get(f"/Notes/{note_id}").json()["data"][0]["Note_Content"] == "<b>D</b>"
    zoho.control("delete_note", note_id=note_id)
    zoho.control("delete_record", module="Leads", record_id=lead_id)
    assert zoho.get(f"/Leads/{lead_id}").status_code == 204


def test_people_merge_by_hand(zoho):
    master, child = zoho.add_lead(), zoho.add_lead()
    zoho.control("merge_records", module="Leads", master_id=master, child_id=child)

    assert zoho.get(f"/Leads/{child}").status_code == 204


def test_users_come_and_go(zoho):
    user = zoho.control("add_user", email="new@example.com", full_name="Nueva Persona")["result"]
    zoho.control("deactivate_user", user_id=AGENT)
    active = zoho.get("/users", type="ActiveConfirmedUsers").json()["users"]

    assert [person["email"] for person in active] == ["ana@example.com", "new@example.com"]
    assert active[1]["id"] == user
    assert [p["email"] for p in zoho.get("/users", type="DeactiveUsers").json()["users"]] == [
        "laura@example.com",
        "gone@example.com",
    ]
    assert zoho.get("/users", type="CurrentUser").json()["users"][0]["email"] == "ana@example.com"
    assert zoho.get("/users", type="DeletedUsers").status_code == 204


def test_fields_can_be_added(zoho):
    zoho.control("add_field", module="Leads", field={"api_name": "Second_Phone", "data_type": "phone"})
    fields = {field["api_name"]: field for field in zoho.get("/settings/fields", module="Leads").json()["fields"]}
    lead_id = zoho.add_lead(Second_Phone="+573001234567")

    assert (fields["Second_Phone"]["length"], fields["Second_Phone"]["custom_field"]) == (30, True)
    assert zoho.coql("select id from Leads where Second_Phone = '+573001234567'").json()["data"] == [{"id": lead_id}]


def test_metadata_tells_modules_apart(zoho):
    modules = {module["api_name"]: module for module in zoho.get("/settings/modules").json()["modules"]}

    assert modules["WhatsApp_Clients"]["generated_type"] == "custom"
    assert modules["Leads"]["convertable"]
    for module in ("Deals", "Products"):
        fields = zoho.get("/settings/fields", module=module).json()["fields"]
        assert not any(field["data_type"] == "phone" for field in fields)
    assert zoho.get("/settings/fields").json()["code"] == "REQUIRED_PARAM_MISSING"
    assert zoho.get("/settings/fields", module="Nope").json()["code"] == "INVALID_MODULE"


def test_the_organisation_has_a_stable_id_and_zone(zoho):
    organisation = zoho.get("/org").json()["org"][0]

    assert (organisation["zgid"], organisation["time_zone"]) == ("700000101", "America/Bogota")


def test_nonsense_is_refused_with_a_sentence(zoho):
    assert "nobody can dance" in zoho.control("dance")["error"]
    assert zoho.http.post("/_sandbox/delete_note", json={"note_id": "1"}).status_code == 400
    assert zoho.http.post("/_sandbox/delete_note", json={}).status_code == 400


def test_state_holds_everything_with_its_flags(zoho):
    lead_id, gone = zoho.add_lead(), zoho.add_lead()
    note_id = zoho.stand_in.add_note("Leads", lead_id, "T", "C")
    zoho.call("POST", f"/Notes/{note_id}/Attachments", files={"file": ("a.txt", b"abc")})
    zoho.stand_in.convert_lead(lead_id)
    zoho.stand_in.delete_record("Leads", gone)
    state = zoho.http.get("/_sandbox/state").json()
    flags = {record["id"]: (record["$converted"], record["$deleted"]) for record in state["records"]["Leads"]}

    assert flags == {lead_id: (True, False), gone: (False, True)}
    assert [(file["note"], file["File_Name"], file["Size"]) for file in state["attachments"]] == [(note_id, "a.txt", 3)]
    assert state["notes"][0]["parent"]["module"] == "Contacts"
    assert len(state["users"]) == 4


def test_users_come_in_pages(zoho):
    one, two = (zoho.get("/users", type="AllUsers", per_page=3, page=page).json() for page in (1, 2))

    assert [len(page["users"]) for page in (one, two)] == [3, 1]
    assert [page["info"]["more_records"] for page in (one, two)] == [True, False]
