"""What holds for every page: who gets in, which headers, which language, what an error looks like."""

from urllib.parse import quote

import pytest

from chatledger.ledger import people
from chatledger.web.error_pages import FOR_SCRIPTS
from chatledger.web.roles import ROLES
from tests.web.routes import ENTRIES


def test_nobody_is_led_to_the_sign_in_page_and_back(website):
    answer = website.visitor().get("/connect?x=1")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fconnect%3Fx%3D1")


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", None])
def test_every_page_leads_a_stranger_to_the_sign_in_page_and_back(website, accept):
    stranger, member = website.visitor(), website.visitor("admin")
    del stranger.headers["Accept"]
    pages = [
        entry.address for entry in ENTRIES if entry.method == "GET" and entry.guard in ROLES and entry.path not in FOR_SCRIPTS
    ]
    assert {"/connect", "/sync-log", "/connect/people"} < set(pages)

    for address in pages:
        answer = stranger.get(address, headers={"Accept": accept} if accept else None)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/sign-in?next={quote(address, safe='')}")
        assert member.get(answer.headers["Location"]).headers["Location"] == address


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream"])
def test_what_only_scripts_ask_for_tells_a_stranger_to_sign_in(website, accept):
    asked = [entry for entry in ENTRIES if entry.path in FOR_SCRIPTS and entry.method == "GET"]
    assert {entry.path for entry in ENTRIES} >= FOR_SCRIPTS

    for entry in asked:
        answer = website.visitor().get(entry.address, headers={"Accept": accept})
        assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"})


def test_a_program_is_told_to_sign_in(website):
    assert website.visitor().get("/connect", headers={"Accept": "application/json"}).status_code == 401


def test_an_invitation_signs_in_once(website):
    path = website.invite("viewer")
    first, second = website.visitor(), website.visitor()
    form = {"invitation": path.rpartition("/")[2]}

    entered = first.post("/invitation", data={**form, "csrf_token": first.csrf(path)})
    again = second.post("/invitation", data={**form, "csrf_token": second.csrf()})

    assert (entered.status_code, first.get("/connect").status_code) == (303, 200)
    assert (again.status_code, second.get("/connect").status_code) == (404, 303)


def test_looking_at_an_invitation_does_not_use_it_up(website):
    path, preview = website.invite("viewer"), website.visitor()

    assert [preview.get(path).status_code for _ in range(3)] == [200, 200, 200]


def test_an_invitation_ends_after_a_day(website, stage):
    path = website.invite("viewer")
    stage.advance(24 * 3600 + 1)

    assert website.visitor().get(path).status_code == 404


def test_a_session_ends_after_twelve_hours(website, stage):
    visitor = website.visitor("viewer")
    stage.advance(12 * 3600 + 1)

    assert visitor.get("/connect").status_code == 303


def test_a_session_ends_when_its_person_is_removed(website):
    visitor = website.visitor("viewer")
    with website.parts.ledger.transaction() as session:
        person = people.find_by_email(session, website.parts.organisation_id, "viewer@example.com")
        people.remove(session, person)

    assert visitor.get("/connect").status_code == 303


def test_signing_out_ends_the_session_for_a_copied_cookie_too(website):
    visitor, thief = website.visitor("viewer"), website.visitor()
    thief.cookies.update(visitor.cookies)
    before = thief.get("/connect").status_code
    visitor.submit("/sign-out")

    assert (before, thief.get("/connect").status_code, visitor.get("/connect").status_code) == (200, 303, 303)


def test_signing_in_replaces_a_planted_cookie(website):
    planted = website.visitor()
    planted.csrf()
    victim = website.visitor()
    victim.cookies.update(planted.cookies)
    path = website.invite("admin")
    victim.post("/invitation", data={"csrf_token": victim.csrf(path), "invitation": path.rpartition("/")[2]})

    assert victim.get("/connect").status_code == 200
    assert planted.get("/connect").status_code == 303


@pytest.mark.parametrize(
    ("header", "language"), [("es-CO,en;q=0.5", "es"), ("pt-BR", "pt"), ("fr", "en"), ("fr;q=x,pt;q=.2", "pt")]
)
def test_pages_speak_the_browser_s_language(website, header, language):
    answer = website.visitor().get("/sign-in", headers={"Accept-Language": header})

    assert answer.headers["Content-Language"] == language


def test_a_chosen_language_stays(website):
    visitor = website.visitor()
    visitor.get("/sign-in?lang=pt")

    assert 'lang="pt"' in visitor.get("/sign-in").text


def test_a_missing_page_is_told_in_the_same_look(website):
    answer = website.visitor().get("/nowhere")

    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    assert "chatledger.css" in answer.text


def test_every_answer_carries_the_policy(website):
    visitor = website.visitor()
    for path in ("/sign-in", "/nowhere", "/static/chatledger.css", "/static/none", "/connect", "/"):
        headers = visitor.get(path).headers
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused(website):
    assert website.visitor().get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_a_real_browser_signs_in(website, chromium_page):
    website.sign_in(chromium_page, "admin")

    assert chromium_page.get_by_role("button", name="Sign out").is_visible()
    assert chromium_page.get_by_role("heading", level=1).inner_text() == "Connections"


def test_whoever_comes_in_is_led_to_the_sync_log_once_there_is_one(website, stage):
    visitor, seller = website.visitor("viewer"), website.visitor("seller")
    before = visitor.get("/").headers["Location"]
    stage.activate()

    assert (before, visitor.get("/").headers["Location"]) == ("/connect", "/sync-log")
    assert seller.get("/").headers["Location"] == "/connect"
