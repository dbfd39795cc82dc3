"""The pages of the sync log: every message with what became of it, and why."""

import re

import pytest

from chatledger.ledger import audit_trail, message_pages, runs
from chatledger.ledger.message_pages import MessageFilter
from chatledger.web.wording import wording
from tests.stage import ANA, ORGANISATION
from tests.web.sync_log.conftest import BERTA, ZOHO

PATHS = ("/sync-log", "/sync-log/messages", "/sync-log/held", "/sync-log/overview", "/sync-log/overview?days=180")
WORDS = wording("sync_log", "en")


def messages_of(stage, **chosen):
    with stage.ledger.reading() as session:
        return message_pages.page(session, ORGANISATION, MessageFilter(**chosen))


def one(stage, reason):
    return messages_of(stage, reasons=(reason,))[0]


@pytest.mark.slow
def test_every_page_can_be_read_in_every_language(site):
    viewer = site.visitor("viewer")

    for path in PATHS:
        for language in ("es", "en", "pt"):
            answer = viewer.get(path, headers={"Accept-Language": language})

            assert answer.status_code == 200
            assert f'lang="{language}"' in answer.text


@pytest.mark.slow
def test_nobody_gets_in_without_the_role(site):
    for path in (*PATHS, "/sync-log/audit", "/sync-log/overview/messages.svg", "/sync-log/overview.csv", "/sync-log/runs/x"):
        assert site.visitor().get(path).status_code == 303
        assert site.visitor("seller").get(path).status_code == 403
    assert site.visitor("viewer").get("/sync-log/audit").status_code == 403


def test_runs_show_what_they_did(site):
    page = site.visitor("viewer").get("/sync-log").text

    assert page.count('class="nowrap"><a href="/sync-log/runs/') == 2
    assert WORDS["states"]["degraded"] in page
    assert f"{WORDS['reasons']['several_matches']['name']}: 1" in page


def test_run_without_news_is_listed_only_when_asked_for(site, told):
    told.tick()
    told.tick()
    viewer = site.visitor("viewer")

    shown = [
        viewer.get(path).text.count("/sync-log/runs/") for path in ("/sync-log", "/sync-log?all=1", "/sync-log?state=failed")
    ]

    assert shown[0] < shown[1]
    assert shown[2] == 0


def test_run_lists_its_messages_with_reasons_and_links(site, told):
    row = one(told, "mandatory_field_missing")

    page = site.visitor("viewer").get(f"/sync-log/runs/{row.run_id}").text

    assert "MANDATORY_NOT_FOUND Industry" in page
    assert f"/sync-log/messages/{row.uid}" in page
    assert WORDS["changes"]["note_updated"] in page
    (lead,) = [lead for lead in told.leads() if lead["Mobile"] == ANA]
    assert f"{ZOHO}/Leads/{lead['id']}" in page


def test_message_says_why_where_and_what_to_do(site, told):
    row = one(told, "mandatory_field_missing")

    page = site.visitor("viewer").get(f"/sync-log/messages/{row.uid}").text

    said = WORDS["reasons"]["mandatory_field_missing"]
    assert all(
        text in page for text in (said["name"], said["meaning"], said["remedy"], row.detail, WORDS["prospects"]["create"])
    )
    assert "Buenas" not in page


def test_synced_message_leads_to_record_note_chat_and_run(site, told):
    row = messages_of(told, outcome="synced")[0]

    page = site.visitor("viewer").get(f"/sync-log/messages/{row.uid}").text

    links = (
        f"{ZOHO}/Leads/{row.record_id}",
        "/sync-log/notes/1",
        f"/sync-log/chats/{row.chat_id}",
        f"/sync-log/runs/{row.run_id}",
    )
    assert all(f'href="{link}"' in page for link in links)
    assert WORDS["open_timelines"] in page
    assert WORDS["rules"]["created"] in page


def test_prefect_run_is_linked_where_there_is_one(site, told):
    row = messages_of(told, outcome="synced")[0]
    with told.ledger.transaction() as session:
        runs.find(session, row.run_id).flow_run_id = "0b7c"

    viewer = site.visitor("viewer")

    for path in (f"/sync-log/messages/{row.uid}", f"/sync-log/runs/{row.run_id}"):
        assert "http://127.0.0.1:4200/runs/flow-run/0b7c" in viewer.get(path).text


def test_note_shows_before_and_after_each_writing(site):
    page = site.visitor("viewer").get("/sync-log/notes/1").text

    updated, created = page.split(WORDS["changes"]["note_created"], 1)
    assert "Gracias, hasta mañana" in updated
    assert "Hola, ¿tienen café?" in created
    assert "Hola, ¿tienen café?" not in updated
    hashes = re.findall(r"<code>([0-9a-f]{14})</code>", page)
    assert len(hashes) == 3
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ana ruiz", {"Ana Ruiz"}), ("RUIZ", {"Ana Ruiz"}), ("nunez", {"&lt;b&gt;Berta&lt;/b&gt; Núñez"}),
        ("300 111 2233", {"Ana Ruiz"}), ("+57 300 777 88 99", {"Carla"}), ("7778899", {"Carla"}),
        ("several records", {"&lt;b&gt;Berta&lt;/b&gt; Núñez"}), ("MANDATORY_NOT", {"Carla"}), ("no_phone", {"Oculta"}),
        ("xyzzy", set()),
    ],
)  # fmt: skip
def test_search_finds_by_phone_name_and_words_of_the_reason(site, text, shown):
    page = site.visitor("viewer").get("/sync-log/messages", params={"q": text}).text

    names = {"Ana Ruiz", "Carla", "Oculta", "&lt;b&gt;Berta&lt;/b&gt; Núñez", "Grupo de ventas"}
    assert {name for name in names if f'">{name}</a><br>' in page} == shown


def test_search_by_id_finds_chat_record_note_message_and_run(site, told):
    row, viewer = messages_of(told, outcome="synced")[0], site.visitor("viewer")

    def found(text):
        return viewer.get("/sync-log/messages", params={"q": text})

    for text in (str(row.chat_id), row.record_id, f"{ZOHO}/Leads/{row.record_id}", row.note_id):
        assert "Ana Ruiz</a><br>" in found(text).text
    assert found(row.uid).headers["location"] == f"/sync-log/messages/{row.uid}"
    assert found(row.run_id[:8]).headers["location"] == f"/sync-log/runs/{row.run_id}"


def test_filters_narrow_the_list(site, told):
    viewer = site.visitor("viewer")

    def rows(**query):
        return viewer.get("/sync-log/messages", params=query).text.count('<td data-label="Outcome">')

    today = told.now().date().isoformat()
    assert (rows(), rows(outcome="synced"), rows(reason="group_chat"), rows(outcome="skipped", reason="no_phone")) == (
        6,
        2,
        1,
        1,
    )
    assert (rows(owner="pedro@example.com"), rows(number="573105550900@s.whatsapp.net", outcome="synced")) == (1, 0)
    assert (rows(to="2020-01-01"), rows(**{"from": "2020-01-01"}), rows(**{"from": today}) <= 6) == (
        0,
        6,
        True,
    )
    assert rows(after="nonsense") == 6


@pytest.mark.parametrize("query", ["outcome=nonsense", "reason=nonsense", "from=nonsense", "to=2026-13-01", "chat=abc"])
def test_filter_that_means_nothing_is_refused_by_its_name(site, query):
    answer = site.visitor("viewer").get(f"/sync-log/messages?{query}")

    assert answer.status_code == 400
    assert f"The filter {query.partition('=')[0]} " in answer.text


def test_text_from_outside_stays_text(site):
    for path in ("/sync-log/messages", "/sync-log/held"):
        page = site.visitor("viewer").get(path).text

        assert "<b>Berta</b>" not in page


def test_what_is_unknown_is_not_found(site):
    viewer = site.visitor("viewer")

    paths = ("runs/x", "messages/x", "chats/7", "notes/77", f"chats/{2**70}", f"notes/{2**70}", "overview/x.svg")
    assert {viewer.get(f"/sync-log/{path}").status_code for path in paths} == {404}


def test_who_looked_is_written_down_once_and_shown_to_admins(site, told):
    row, viewer = messages_of(told, outcome="synced")[0], site.visitor("viewer")

    for _ in range(2):
        viewer.get(f"/sync-log/chats/{row.chat_id}")
    viewer.get("/sync-log/notes/1")

    with told.ledger.reading() as session:
        hashed = audit_trail.person_hash(told.ledger, ANA)
        kinds = [
            (entry.actor, entry.act, entry.subject_kind) for entry in audit_trail.page(session, ORGANISATION, person=hashed)
        ]
    assert kinds == [("viewer@example.com", "looked", "note"), ("viewer@example.com", "looked", "chat")]
    admin = site.visitor("admin")
    assert admin.get("/sync-log/audit").text.count("viewer@example.com") == 2
    assert "viewer@example.com" in admin.get("/sync-log/audit", params={"phone": ANA}).text
    assert "viewer@example.com" not in admin.get("/sync-log/audit", params={"phone": BERTA}).text
    assert WORDS["audit"]["no_number"] in admin.get("/sync-log/audit?phone=x").text


def test_pages_go_on_where_the_last_one_ended(site, told):
    for number in range(60):
        told.receive(f"mensaje {number}")
    told.tick()
    viewer = site.visitor("viewer")

    first = viewer.get("/sync-log/messages").text
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = viewer.get(older).text

    uids = [set(re.findall(r'/sync-log/messages/([0-9a-f-]{36})"', page)) for page in (first, second)]
    assert (len(uids[0]), len(uids[1])) == (50, 16)
    assert uids[0].isdisjoint(uids[1])
    assert WORDS["newest"] in second
