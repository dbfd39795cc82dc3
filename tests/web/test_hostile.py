"""Every page and endpoint against people who mean harm, driven by the table of routes."""

import re
import socket
from urllib.parse import quote, urlsplit

import httpx
import pytest
from starlette.routing import Mount, Route

from chatledger.ledger import people, stored_connections
from chatledger.web.health_state import Health
from chatledger.web.limits import LARGER_BODIES, LARGEST_BODY
from chatledger.web.roles import ROLES
from tests.stage import ORGANISATION
from tests.web.hostile import BODIES, BOMB, CORPUS, FORM, LONG, PATHS, QUERY, XSS
from tests.web.routes import ENTRIES

GETS = [entry for entry in ENTRIES if entry.method == "GET" and not entry.stream]
POSTS = [entry for entry in ENTRIES if entry.method == "POST"]
GUARDED = [entry for entry in ENTRIES if entry.guard in ROLES]
PROTECTED = [entry for entry in POSTS if entry.forgery in {"form", "header"}]
ANSWERS_OF_A_STRANGER = {303, 401, 403, 404}
REFUSALS = {400, 401, 403, 404, 413, 415, 422}


class Unlimited:
    """Rate limits that count nothing: here it is about something else."""

    def check(self, *_arguments) -> None:
        """Let everything through."""


@pytest.fixture
def pages(serve_pages, stage):
    async def examine():
        return Health(ledger_reachable=True, prefect_reachable=True, disk_free_bytes=10**10, organisations=())

    website = serve_pages(health=examine)
    website.app.state.rate_limits = Unlimited()
    stage.activate()
    return website


def ask(visitor, method, address, **more):
    """Ask without waiting for the end of a stream."""
    with visitor.stream(method, address, **more) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
        return answer


def with_query(address, query):
    return f"{address}{'&' if '?' in address else '?'}{query}"


def test_every_route_is_in_the_table(pages):
    served = {
        (method, route.path)
        for route in pages.app.routes
        if isinstance(route, Route)
        for method in (route.methods or {"GET"}) - {"HEAD"}
    }

    assert served == {(entry.method, entry.path) for entry in ENTRIES}
    assert [route.path for route in pages.app.routes if isinstance(route, Mount)] == ["/static"]


def test_nobody_gets_in_without_signing_in(pages):
    stranger = pages.visitor()
    answers = {entry: ask(stranger, entry.method, entry.address) for entry in GUARDED}

    assert [entry for entry, answer in answers.items() if answer.status_code not in ANSWERS_OF_A_STRANGER] == []
    assert {answer.headers.get("Location", "/sign-in").partition("?")[0] for answer in answers.values()} == {"/sign-in"}


def test_too_little_a_role_is_refused(pages):
    lower = {role: pages.visitor(ROLES[ROLES.index(role) - 1]) for role in ROLES[1:]}
    answers = {}
    for entry in GUARDED:
        if entry.guard != "seller":
            visitor = lower[entry.guard]
            token = {"csrf_token": visitor.csrf()} if entry.method == "POST" else None
            answers[entry] = ask(visitor, entry.method, entry.address, data=token).status_code

    assert {entry: status for entry, status in answers.items() if status != 403} == {}


def test_a_request_forged_by_another_site_is_refused(pages):
    victim, attacker = pages.visitor("admin"), pages.visitor("seller")
    good, stolen = victim.csrf(), attacker.csrf()
    forged = [
        ({}, ""), ({}, "0" * 64), ({}, stolen), ({"Origin": "https://evil.example"}, good), ({"Origin": "null"}, good),
        ({"Sec-Fetch-Site": "cross-site"}, good), ({"Sec-Fetch-Site": "same-site"}, good),
        ({"Origin": "http://127.0.0.1:1"}, good),
    ]  # fmt: skip
    accepted = []
    for entry in PROTECTED:
        for headers, token in forged:
            sent = {**headers, "X-CSRF-Token": token}
            answer = victim.post(entry.address, data={"csrf_token": token}, headers=sent)
            accepted += [(entry, headers)] if answer.status_code != 403 else []

    assert accepted == []


def check_harmless(answer: httpx.Response, sent: str = "") -> None:
    """Nothing executes, nothing leads away, nothing fell over."""
    what = f"{answer.request.method} {answer.request.url.path} {sent!r}"[:300]
    assert answer.status_code < 500 or answer.status_code == 503, what
    headers = answer.headers
    assert "script-src 'self';" in headers["Content-Security-Policy"], what
    assert headers["X-Content-Type-Options"] == "nosniff", what
    assert "x" not in answer.cookies, what
    location = urlsplit(headers.get("Location", ""))
    assert (location.scheme, location.netloc) == ("", ""), what
    assert not headers.get("Location", "/").startswith(("//", "/\\")), what
    if headers.get("content-type", "").startswith("text/html"):
        assert not ("<" in sent and sent in answer.text), what
        assert not re.search(r"\son\w+=|javascript:|<script(?![^>]* src=)", bare_markup(answer.text), re.IGNORECASE), what
        assert "Traceback" not in answer.text, what


def bare_markup(html: str) -> str:
    """The markup of a page without its texts and without the values of its attributes."""
    return re.sub(r">[^<]*<", "><", re.sub(r'"[^"]*"', '""', html))


@pytest.mark.slow
def test_hostile_queries_do_no_harm(pages):
    visitor = pages.visitor("admin")
    for entry in GETS:
        for shift in range(0, len(CORPUS), 4):
            sent = {name: CORPUS[(shift + place) % len(CORPUS)] for place, name in enumerate(QUERY)}
            query = "&".join(f"{name}={quote(text, safe='')}" for name, text in sent.items())
            answer = visitor.get(with_query(entry.address, query))
            for text in sent.values():
                check_harmless(answer, text)


@pytest.mark.slow
def test_hostile_paths_and_records_do_no_harm(pages):
    visitor = pages.visitor("admin")
    for entry in ENTRIES:
        for text in CORPUS:
            hostile = quote(text, safe="")
            query = entry.at.partition("?")[2].replace("Leads", hostile)
            path = re.sub(r"\{[^}]*\}", lambda _, part=hostile: part, entry.path)
            if "{" in entry.path or query:
                check_harmless(ask(visitor, entry.method, f"{path}?{query}"), text)


@pytest.mark.slow
def test_hostile_forms_do_no_harm(pages, stage):
    visitor = pages.visitor("admin")
    token = visitor.csrf()
    for entry in POSTS:
        for text in (*CORPUS[::3], *LONG) if entry.path != "/sign-out" else ():
            form = {name: text for name in FORM if name != "role"} | {"role": "seller", "csrf_token": token}
            answer = visitor.post(entry.address, data=form, headers={"X-CSRF-Token": token})
            if not answer.headers.get("Location", "").startswith(stage.zoho_url):
                check_harmless(answer, text)


@pytest.mark.slow
def test_wrong_content_types_are_refused(pages):
    visitor = pages.visitor("admin")
    accepted = []
    for entry in POSTS:
        for kind, body in BODIES:
            answer = visitor.post(entry.address, content=body, headers={"Content-Type": kind} if kind else {})
            check_harmless(answer)
            accepted += [(entry, kind)] if answer.status_code not in REFUSALS else []

    assert accepted == []


@pytest.mark.slow
def test_oversized_bodies_are_refused(pages):
    visitor = pages.visitor("admin")
    accepted = []
    for entry in POSTS:
        most = next((size for start, size in LARGER_BODIES.items() if entry.path.startswith(start)), LARGEST_BODY)
        pieces = (b"a" * 65_536 for _ in range(most // 65_536 + 2))
        answer = visitor.post(entry.address, content=pieces, headers={"Content-Type": "application/x-www-form-urlencoded"})
        accepted += [entry] if answer.status_code not in REFUSALS else []

    assert accepted == []


def test_an_announced_size_is_believed_before_the_body_is_read(pages):
    huge = {"Content-Length": str(10**12), "Content-Type": "application/x-www-form-urlencoded"}
    address = urlsplit(pages.base)
    statuses = set()
    for entry in POSTS:
        with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
            lines = [
                f"POST {entry.address} HTTP/1.1",
                f"Host: {address.netloc}",
                *(f"{name}: {value}" for name, value in huge.items()),
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            statuses.add(connection.recv(12)[9:])

    assert statuses == {b"413"}


def test_a_packed_bomb_is_not_unpacked(pages):
    visitor = pages.visitor("admin")
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    answers = {entry: visitor.post(entry.address, content=BOMB, headers=headers).status_code for entry in POSTS}

    assert {entry: status for entry, status in answers.items() if status not in REFUSALS} == {}


@pytest.mark.slow
def test_wrong_methods_change_nothing(pages):
    visitor = pages.visitor("admin")
    accepted = []
    for entry in ENTRIES:
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "X-ODD"):
            status = ask(visitor, method, entry.address).status_code
            accepted += [(method, entry)] if status not in {400, 404, 405} else []

    assert accepted == []


def test_tricks_with_paths_lead_nowhere(pages):
    with httpx.Client(base_url=pages.base) as visitor:
        for path in PATHS:
            answer = visitor.get(httpx.URL(pages.base).copy_with(raw_path=quote(path, safe="/%;\\.").encode()))
            check_harmless(answer, path)
            assert answer.status_code in {200, 303, 400, 401, 404, 405}, path
            assert answer.status_code != 200 or answer.json()["status"] == "ok", path  # /health itself, after /connect/..


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "=", ";;;", '"', "e30.Z.x", "x" * 9_000, "chatledger=chatledger"])
def test_forged_cookies_are_nobody(pages, cookie):
    answer = httpx.get(f"{pages.base}/connect", headers={"Accept": "text/html", "Cookie": f"chatledger={cookie}"})

    assert answer.status_code in {303, 400, 431}


def test_a_cookie_signed_with_another_key_is_nobody(pages):
    visitor = pages.visitor("admin")
    before = visitor.get("/connect").status_code
    pages.parts.ledger.cipher._take(["the key of another installation"])

    assert (before, visitor.get("/connect").status_code) == (200, 303)


def test_hostile_names_from_zoho_are_only_text(pages, chromium_page, stage):
    for text in XSS[::3]:
        facts = {
            "zgid": text, "organisation": text, "user_id": "1", "user_name": text, "user_email": text, "scopes": [text],
            "sees_everything": False, "server": text,
        }  # fmt: skip
        stored_connections.put(stage.ledger, ORGANISATION, "zoho", {"accounts_url": "x"}, facts, connected_by=text)
        facts = {"workspace": text, "workspace_id": text, "numbers": 0}
        stored_connections.put(stage.ledger, ORGANISATION, "timelines", {}, facts, connected_by=text)
        with stage.ledger.transaction() as session:
            person = people.add(session, ORGANISATION, f"{len(text)}{text}", "seller", text)
            person.name = text
        if chromium_page.url == "about:blank":
            pages.sign_in(chromium_page, "admin")
        for path in ("/connect", "/connect/people"):
            chromium_page.goto(pages.base + path)
            assert chromium_page.locator("body").inner_text().count("alert(1)") >= text.count("alert(1)")
            assert chromium_page.locator("main script, main iframe, main img, main svg, main base").count() == 0
