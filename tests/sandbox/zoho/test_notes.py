import pytest


def first(answer):
    return answer.json()["data"][0]


def write(zoho, lead_id, title="WhatsApp", content="10:01 Ana: hola"):
    parent = {"module": {"api_name": "Leads"}, "id": lead_id}
    row = {"Note_Title": title, "Note_Content": content, "Parent_Id": parent}
    return first(zoho.post("/Notes", row))


def listed(zoho, lead_id, **params):
    answer = zoho.get(f"/Leads/{lead_id}/Notes", fields="Note_Title,Note_Content,Parent_Id,Created_Time", **params)
    return [] if answer.status_code == 204 else answer.json()["data"]


def test_both_families_create_notes_that_either_reads(zoho):
    lead_id = zoho.add_lead()
    first_id = write(zoho, lead_id)["details"]["id"]
    second_id = first(zoho.post(f"/Leads/{lead_id}/Notes", {"Note_Content": "hola"}))["details"]["id"]
    note = first(zoho.get(f"/Notes/{first_id}"))

    assert [note["id"] for note in listed(zoho, lead_id)] == [first_id, second_id]
    assert (note["Note_Title"], note["Note_Content"]) == ("WhatsApp", "10:01 Ana: hola")
    assert (note["Parent_Id"]["module"]["api_name"], note["Parent_Id"]["id"]) == ("Leads", lead_id)
    assert note["Parent_Id"]["name"] == "Pérez"
    assert zoho.get(f"/Leads/{lead_id}/Notes/{second_id}").status_code == 200
    assert len(zoho.get("/Notes", fields="id").json()["data"]) == 2


def test_the_order_is_oldest_first_unless_asked_otherwise(zoho):
    lead_id = zoho.add_lead()
    made = [write(zoho, lead_id)["details"]["id"] for _ in range(3)]

    assert [note["id"] for note in listed(zoho, lead_id)] == made
    assert [note["id"] for note in listed(zoho, lead_id, sort_by="id", sort_order="desc")] == made[::-1]


def test_a_list_of_notes_needs_fields_and_is_204_when_empty(zoho):
    lead_id = zoho.add_lead()

    assert zoho.get(f"/Leads/{lead_id}/Notes").json()["code"] == "REQUIRED_PARAM_MISSING"
    assert zoho.get(f"/Leads/{lead_id}/Notes", fields="id").status_code == 204


def test_a_list_cuts_the_content_and_the_note_itself_does_not(zoho):
    lead_id = zoho.add_lead()
    note_id = write(zoho, lead_id, content="x" * 600)["details"]["id"]
    cut = listed(zoho, lead_id)[0]["Note_Content"]
    zoho.faults.list_cuts_notes = False

    assert len(cut) == 500
    assert len(listed(zoho, lead_id)[0]["Note_Content"]) == 600
    assert len(first(zoho.get(f"/Notes/{note_id}"))["Note_Content"]) == 600


def test_an_update_replaces_the_text(zoho):
    lead_id = zoho.add_lead()
    note_id = write(zoho, lead_id)["details"]["id"]
    one = zoho.put(f"/Notes/{note_id}", {"Note_Content": "one"})
    many = zoho.put("/Notes", {"id": note_id, "Note_Content": "two"}, {"id": "1", "Note_Content": "x"}, {"Note_Content": "x"})

    assert (one.status_code, first(one)["message"]) == (200, "record updated")
    assert (many.status_code, [row["code"] for row in many.json()["data"]]) == (
        207, ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"]
    )  # fmt: skip
    assert [(note["Note_Title"], note["Note_Content"]) for note in listed(zoho, lead_id)] == [("WhatsApp", "two")]


def test_a_deleted_note_is_gone_for_every_call(zoho):
    note_id = write(zoho, zoho.add_lead())["details"]["id"]
    deleted = zoho.call("DELETE", "/Notes", params={"ids": note_id})
    again = zoho.call("DELETE", "/Notes", params={"ids": note_id})
    read = zoho.get(f"/Notes/{note_id}")
    zoho.faults.gone_note_answer = "no_content"

    assert (deleted.status_code, first(deleted)["message"]) == (200, "record deleted")
    assert (again.status_code, first(again)["message"]) == (400, "record not deleted")
    assert (read.status_code, read.json()["message"]) == (400, "the id given seems to be invalid")
    assert zoho.put(f"/Notes/{note_id}", {"Note_Content": "x"}).json()["code"] == "INVALID_DATA"
    assert zoho.get(f"/Notes/{note_id}").status_code == 204


@pytest.mark.parametrize(
    ("title", "content", "unit", "code"),
    [
        ("t" * 120, "x" * 65_535, "utf16", "SUCCESS"),
        ("t" * 121, "x", "utf16", "INVALID_DATA"),
        ("t", "x" * 65_536, "utf16", "INVALID_DATA"),
        ("t", "😀" * 32_768, "utf16", "INVALID_DATA"),
        ("t", "😀" * 32_767, "utf16", "SUCCESS"),
        ("t", "😀" * 32_768, "codepoints", "SUCCESS"),
        ("t", "ñ" * 32_768, "utf8", "INVALID_DATA"),
        ("", "", "utf16", "EXPECTED_FIELD_MISSING"),
    ],
)
def test_title_and_content_have_limits_in_utf16_units_by_default(zoho, title, content, unit, code):
    zoho.faults.text_length_unit = unit

    assert write(zoho, zoho.add_lead(), title, content)["code"] == code


def test_a_note_too_long_names_field_and_limit(zoho):
    details = write(zoho, zoho.add_lead(), content="x" * 65_536)["details"]

    assert details == {"maximum_length": 65_535, "api_name": "Note_Content", "json_path": "$.data[0].Note_Content"}


def test_a_gone_parent_refuses_its_row_in_one_family_and_the_request_in_the_other(zoho):
    alive, gone = zoho.add_lead(), zoho.add_lead()
    note_id = write(zoho, gone)["details"]["id"]
    zoho.stand_in.delete_record("Leads", gone)
    rows = [{"Note_Title": "x", "Parent_Id": {"module": {"api_name": "Leads"}, "id": parent}} for parent in (gone, alive)]
    answer = zoho.post("/Notes", *rows)
    by_path = zoho.post(f"/Leads/{gone}/Notes", {"Note_Title": "x"})

    assert (answer.status_code, [row["code"] for row in answer.json()["data"]]) == (207, ["INVALID_DATA", "SUCCESS"])
    assert (by_path.json()["message"], by_path.json()["details"]) == (
        "the related id given seems to be invalid", {"resource_path_index": 1}
    )  # fmt: skip
    assert zoho.get(f"/Notes/{note_id}").json()["code"] == "INVALID_DATA"
    assert first(zoho.get(f"/Leads/deleted/{gone}/Notes", fields="id"))["id"] == note_id


@pytest.mark.parametrize(("switch", "code"), [("refuse", "INVALID_DATA"), ("accept", "SUCCESS")])
def test_a_note_on_a_converted_lead_is_refused_by_default(zoho, switch, code):
    lead_id = zoho.add_lead()
    zoho.stand_in.convert_lead(lead_id)
    zoho.faults.note_on_converted_lead = switch

    assert write(zoho, lead_id)["code"] == code


def test_contents_can_come_back_as_html(zoho):
    zoho.faults.notes_as_html = True
    note_id = write(zoho, zoho.add_lead(), content="a & b\nc")["details"]["id"]

    assert first(zoho.get(f"/Notes/{note_id}"))["Note_Content"] == "<div>a &amp; b<br>c</div>"


def test_a_module_can_be_without_notes(zoho):
    lead_id = zoho.add_lead()
    zoho.faults.modules_without_notes = ["Leads"]

    assert zoho.get(f"/Leads/{lead_id}/Notes", fields="id").json()["code"] == "NOT_SUPPORTED"
    assert write(zoho, lead_id)["code"] == "NOT_SUPPORTED"


def upload(zoho, note_id, name="voice.ogg", content=b"ogg"):
    return zoho.call("POST", f"/Notes/{note_id}/Attachments", files={"file": (name, content, "audio/ogg")})


def test_attachments_are_listed_in_order_and_read_back(zoho):
    note_id = write(zoho, zoho.add_lead())["details"]["id"]
    made = [first(upload(zoho, note_id, name)) for name in ("a.ogg", "ñandú 😀.ogg")]
    rows = zoho.get(f"/Notes/{note_id}/Attachments", fields="id,File_Name,Size").json()["data"]
    content = zoho.get(f"/Notes/{note_id}/Attachments/{rows[0]['id']}").content

    assert [row["code"] for row in made] == ["SUCCESS", "SUCCESS"]
    assert [(row["File_Name"], row["Size"]) for row in rows] == [("a.ogg", "3"), ("ñandú 😀.ogg", "3")]
    assert content == b"ogg"
    assert [file["file_name"] for file in first(zoho.get(f"/Notes/{note_id}"))["$attachments"]] == ["a.ogg", "ñandú 😀.ogg"]


def test_a_note_holds_five_files_of_twenty_megabytes_together(zoho):
    lead_id = zoho.add_lead()
    many, large = (write(zoho, lead_id)["details"]["id"] for _ in range(2))
    for _ in range(5):
        upload(zoho, many)

    assert upload(zoho, many).json()["code"] == "LIMIT_EXCEEDED"
    assert upload(zoho, large, content=bytes(20 * 1024 * 1024 + 1)).json()["code"] == "FILE_SIZE_EXCEEDS"
    assert zoho.get(f"/Notes/{large}/Attachments").status_code == 204
    assert upload(zoho, "1").json()["code"] == "INVALID_DATA"
