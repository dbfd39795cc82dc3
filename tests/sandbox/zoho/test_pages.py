import pytest


@pytest.fixture
def lead(zoho):
    lead_id = zoho.add_lead(Last_Name="<script>alert(1)</script>", Mobile="+57 300 123 4567", Lead_Source="TimelinesAI")
    note_id = zoho.stand_in.add_note("Leads", lead_id, "WhatsApp <b>", "10:01 Ana: <i>hola</i>")
    zoho.call("POST", f"/Notes/{note_id}/Attachments", files={"file": ("voice.ogg", b"x" * 2048)})
    return lead_id, note_id


def test_the_home_page_shows_modules_and_the_latest_notes(zoho, lead):
    page = zoho.http.get("/").text

    assert "Café Andino" in page
    assert "/crm/WhatsApp_Clients" in page
    assert "America/Bogota" in page
    assert f"/crm/Leads/{lead[0]}" in page


def test_a_module_page_lists_its_records_and_finds_by_phone(zoho, lead):
    lead_id, _ = lead
    page, found, nothing = (zoho.http.get("/crm/Leads", params=params).text for params in ({}, {"q": "3001234"}, {"q": "zzz"}))

    assert all(part in page for part in (f"/crm/Leads/{lead_id}", "+57 300 123 4567", "Ana Torres", "TimelinesAI"))
    assert lead_id in found
    assert lead_id not in nothing


def test_a_record_page_shows_notes_with_files_and_never_runs_text_as_markup(zoho, lead):
    lead_id, note_id = lead
    answer = zoho.http.get(f"/crm/Leads/{lead_id}")

    assert "<script>" not in answer.text
    assert "&lt;i&gt;hola&lt;/i&gt;" in answer.text
    assert "voice.ogg" in answer.text
    assert "2 KB" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    file_id = zoho.stand_in.crm.store.notes[note_id].attachments[0].id
    download = zoho.http.get(f"/crm/files/{note_id}/{file_id}")
    assert download.headers["Content-Disposition"] == "attachment"


def test_a_page_that_is_not_there_is_404(zoho, lead):
    zoho.stand_in.delete_record("Leads", lead[0])

    assert [zoho.http.get(path).status_code for path in (f"/crm/Leads/{lead[0]}", "/crm/Nope", "/crm/Notes")] == [
        404,
        404,
        404,
    ]


def test_pages_are_not_in_the_request_log(zoho):
    before = len(zoho.stand_in.requests)
    zoho.http.get("/")

    assert len(zoho.stand_in.requests) == before
