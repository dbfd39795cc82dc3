"""Inside Zoho's frame: who may frame us, how the frame learns who sits there, what its token is good for."""

import hashlib
import json

import pytest

from chatledger.ledger import people, stored_connections
from chatledger.models import RecordRef
from chatledger.web.live_chat.frames import frame_origins
from chatledger.web.live_chat.tokens import Bound, session_token
from tests.stage import ORGANISATION

JSON = {"Accept": "application/json"}


def code_of(live, seller, secret="s3cret", path=None):
    """Open the window of the handshake as somebody signed in; gives the one-time code in it."""
    challenge = hashlib.sha256(secret.encode()).hexdigest()
    page = seller.get(path or live.address("/live-chat/handshake", challenge=challenge)).text
    return page.partition('data-code="')[2].partition('"')[0]


def session(live, frame, body=None, **headers):
    return frame.post(live.address("/live-chat/session"), content=json.dumps(body or {}), headers=JSON | headers)


@pytest.fixture
def token(live):
    """The token of a framed page."""
    return session(live, live.site.visitor(), {"code": code_of(live, live.seller()), "secret": "s3cret"}).json()["token"]


def bearer(token):
    return JSON | {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("accounts", "origin"),
    [
        ("https://accounts.zoho.com", "https://crm.zoho.com"), ("https://accounts.zoho.eu", "https://crm.zoho.eu"),
        ("https://accounts.zoho.com.au", "https://crm.zoho.com.au"), ("https://accounts.zohocloud.ca", "https://crm.zohocloud.ca"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)  # fmt: skip
def test_only_the_connected_data_centre_may_frame_the_widget(accounts, origin):
    origins = frame_origins(accounts)

    assert origin in origins
    assert origins == tuple(dict.fromkeys(origins))
    assert all(one.endswith(origin.partition("crm")[2]) for one in origins)


def test_the_widget_names_its_frame_and_no_other_page_may_be_framed(live):
    widget = live.site.visitor().get("/zoho-widget")
    page = live.seller().get(live.address())

    assert f"frame-ancestors {live.stage.zoho_url}" in widget.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in widget.headers
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_connection_made_in_the_pages_decides_who_may_frame(live):
    given = {"accounts_url": "https://accounts.zoho.in", "client_id": "", "client_secret": "", "refresh_token": ""}
    stored_connections.put(live.stage.ledger, ORGANISATION, "zoho", given, {})

    assert "https://crm.zoho.in" in live.site.visitor().get("/zoho-widget").headers["Content-Security-Policy"]


def test_the_widget_runs_no_script_but_ours(live):
    policy = live.site.visitor().get("/zoho-widget").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy


def test_a_frame_on_our_own_site_needs_no_window(live):
    seller = live.seller()
    token = session(live, seller).json()["token"]
    panel = live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(token))
    seller.submit("/sign-out")
    after = live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(token))

    assert (panel.status_code, after.status_code) == (200, 401)


def test_a_frame_without_a_session_is_told_to_sign_in(live):
    assert session(live, live.site.visitor()).status_code == 401


def test_a_code_and_its_secret_begin_a_session(live):
    frame = live.site.visitor()
    answer = session(live, frame, {"code": code_of(live, live.seller()), "secret": "s3cret"})

    assert answer.json()["seconds"] == 300
    cookie = answer.headers["Set-Cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/live-chat/session"):
        assert part in cookie


def test_the_token_shows_the_record_it_was_made_for(live, token):
    answer = live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(token))

    assert "quiero el catálogo" in answer.text


def test_the_token_sends(live, token):
    path = live.address(f"/live-chat/chats/{live.chat_id()}/messages")
    answer = live.site.visitor().post(path, data={"text": "hola", "attempt": "a"}, headers=bearer(token))

    assert answer.json()["state"] == "sent"


def test_the_token_shows_no_other_record(live, token):
    other = live.stage.zoho.add_record("Leads", {"Last_Name": "Vega"})
    answer = live.site.visitor().get(f"/live-chat/panel?module=Leads&record={other}", headers=bearer(token))

    assert answer.status_code == 403


def test_the_token_ends_after_five_minutes(live, monkeypatch):
    person = person_id(live)
    bound = Bound(ORGANISATION, person, RecordRef("Leads", live.lead), "hash")
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 0)
    old = session_token(live.stage.ledger, bound)
    monkeypatch.undo()

    assert live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(old)).status_code == 401


def person_id(live):
    live.seller()
    with live.stage.ledger.reading() as reading:
        return people.find_by_email(reading, ORGANISATION, "seller@example.com").id


def test_the_token_ends_with_the_sessions_of_its_person(live, token):
    with live.stage.ledger.transaction() as writing:
        people.end_all_sessions(writing, ORGANISATION, person_id(live))

    assert live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("token", ["x", "eyJhbGciOiJub25lIn0.e30.", "WyJtYWluIl0.aw.x"])
def test_a_forged_token_is_worth_nothing(live, token):
    assert live.site.visitor().get(live.address("/live-chat/panel"), headers=bearer(token)).status_code == 401


def test_a_code_is_good_once(live):
    code = code_of(live, live.seller())
    first = session(live, live.site.visitor(), {"code": code, "secret": "s3cret"})
    second = session(live, live.site.visitor(), {"code": code, "secret": "s3cret"})

    assert (first.status_code, second.status_code) == (200, 401)


def test_a_code_without_the_secret_of_its_frame_is_worth_nothing(live):
    code = code_of(live, live.seller())

    assert session(live, live.site.visitor(), {"code": code, "secret": "guessed"}).status_code == 401


def test_a_code_for_another_record_is_worth_nothing(live):
    other = live.stage.zoho.add_record("Leads", {"Last_Name": "Vega"})
    challenge = hashlib.sha256(b"s3cret").hexdigest()
    path = f"/live-chat/handshake?module=Leads&record={other}&challenge={challenge}"
    code = code_of(live, live.seller(), path=path)

    assert session(live, live.site.visitor(), {"code": code, "secret": "s3cret"}).status_code == 401


def test_the_window_of_the_handshake_asks_to_sign_in_first(live):
    answer = live.site.visitor().get(live.address("/live-chat/handshake", challenge="0" * 64))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=%2Flive-chat%2Fhandshake")


@pytest.mark.parametrize("challenge", ["", "abc", "G" * 64, "0" * 65])
def test_a_window_without_a_proper_challenge_gives_no_code(live, challenge):
    assert live.seller().get(live.address("/live-chat/handshake", challenge=challenge)).status_code == 400


def test_another_site_gets_no_session(live):
    code = code_of(live, live.seller())
    body = {"code": code, "secret": "s3cret"}

    assert session(live, live.site.visitor(), body, Origin="https://evil.example").status_code == 403
    assert session(live, live.site.visitor(), body, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_cookie_of_a_frame_gives_new_tokens_but_opens_no_page(live):
    frame = live.site.visitor()
    session(live, frame, {"code": code_of(live, live.seller()), "secret": "s3cret"})
    cookie = next(iter(frame.cookies.jar))
    again = session(live, frame, None, Cookie=f"{cookie.name}={cookie.value}")
    page = frame.get(live.address(), headers={"Cookie": f"{cookie.name}={cookie.value}"})

    assert again.json()["token"]
    assert page.status_code == 303
