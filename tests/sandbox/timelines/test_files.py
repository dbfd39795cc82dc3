import httpx


def uploaded(api, name="Report.pdf", content=b"%PDF-1.7 body", mimetype="application/pdf", **fields):
    return api.post("/files_upload", files={"file": (name, content, mimetype)}, data=fields).json()["data"]


def test_an_uploaded_file_is_listed_without_a_link_and_found_by_part_of_its_name(api):
    file = uploaded(api)
    [listed] = api.get("/files", params={"filename": "rEPo"}).json()["data"]
    assert listed == {name: value for name, value in file.items() if name != "temporary_download_url"}
    assert (listed["size"], listed["mimetype"], listed["uploaded_by_email"]) == (13, "application/pdf", "laura@example.com")
    assert api.get("/files", params={"filename": "other"}).json()["data"] == []


def test_the_form_overrides_name_and_type(api):
    file = uploaded(api, filename="other.txt", content_type="text/plain")
    assert (file["filename"], file["mimetype"]) == ("other.txt", "text/plain")


def test_the_link_of_a_file_lives_fifteen_minutes(api, stand_in):
    link = api.get(f"/files/{uploaded(api)['uid']}").json()["data"]["temporary_download_url"]
    assert httpx.get(link).content == b"%PDF-1.7 body"
    stand_in.clock.advance(880)
    assert httpx.get(link).status_code == 200
    stand_in.clock.advance(30)
    assert httpx.get(link).status_code == 403


def test_an_altered_link_is_refused(api):
    link = uploaded(api)["temporary_download_url"]
    assert httpx.get(link.replace("expires=", "expires=9")).status_code == 403
    assert httpx.get(link.partition("?")[0]).status_code == 403


def test_an_attachment_downloads_in_its_size_and_type_and_always_the_same(api, uid, stand_in):
    link, other = (api.get(f"/messages/{uid(3)}").json()["data"]["attachment_url"] for _ in range(2))
    answer = httpx.get(link)
    assert (len(answer.content), answer.headers["content-type"]) == (100_000, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer.content == httpx.get(other).content
    stand_in.clock.advance(901)
    assert httpx.get(link).status_code == 403
    assert httpx.get(api.get(f"/messages/{uid(3)}").json()["data"]["attachment_url"]).status_code == 200


def test_a_download_may_be_longer_than_announced(api, uid, stand_in):
    stand_in.faults.download_extra_bytes = 5
    link = api.get(f"/messages/{uid(3)}").json()["data"]["attachment_url"]
    assert len(httpx.get(link).content) == 100_005


def test_a_deleted_file_is_gone(api):
    file = uploaded(api)
    assert api.delete(f"/files/{file['uid']}").json() == {"status": "ok"}
    assert api.get(f"/files/{file['uid']}").status_code == 404
    assert httpx.get(file["temporary_download_url"]).status_code == 404


def test_a_file_is_fetched_from_a_public_address(api):
    source = uploaded(api)["temporary_download_url"]
    file = api.post("/files", json={"download_url": source}).json()["data"]
    assert (file["filename"], file["mimetype"], file["size"]) == ("Report.pdf", "application/pdf", 13)
    named = api.post("/files", json={"download_url": source, "filename": "b.bin", "content_type": "x/y"}).json()["data"]
    assert (named["filename"], named["mimetype"]) == ("b.bin", "x/y")


def test_an_address_without_a_file_is_refused(api, base_url):
    for url in (f"{base_url}/nothing", "https://drive.google.com/file/d/1/view", "ftp://example.com/x", "nonsense"):
        assert api.post("/files", json={"download_url": url}).status_code == 400
    assert api.post("/files", json={"url": "https://example.com/x"}).json()["errors"][0]["fields"] == ["download_url"]


def test_what_is_too_large_is_refused(api):
    answer = api.post("/files_upload", files={"file": ("a.jpg", b"\0" * 16_000_001, "image/jpeg")})
    assert answer.status_code == 413
    assert api.post("/files_upload", data={"filename": "x"}, files={"other": ("a", b"")}).status_code == 400
