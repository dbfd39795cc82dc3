"""What an operator does from the sync log."""

import pytest

from chatledger.ledger import audit_trail, message_pages
from chatledger.ledger.message_pages import MessageFilter
from chatledger.web.acts import Acts
from chatledger.web.wording import wording
from tests.stage import ORGANISATION
from tests.web.sync_log.conftest import BERTA

WORDS = wording("sync_log", "en")


def first(stage, reason):
    with stage.ledger.reading() as session:
        return message_pages.page(session, ORGANISATION, MessageFilter(reasons=(reason,)))[0]


def acts(stage):
    with stage.ledger.reading() as session:
        return [
            (entry.actor, entry.act, entry.subject)
            for entry in audit_trail.page(session, ORGANISATION)
            if entry.act != "looked"
        ]


def test_one_message_is_tried_again(site, told, asked):
    row, operator = first(told, "mandatory_field_missing"), site.visitor("operator")
    assert WORDS["retry_one"] in operator.get(f"/sync-log/messages/{row.uid}").text

    done = operator.submit("/sync-log/retry", {"uid": row.uid, "back": f"/sync-log/messages/{row.uid}"})

    assert asked.retries == [([row.uid], [])]
    assert done.headers["location"] == f"/sync-log/messages/{row.uid}?done=retried"
    assert WORDS["done"]["retried"] in operator.get(done.headers["location"]).text
    assert acts(told) == [("operator@example.com", "retried", row.uid)]


def test_selection_and_reason_are_tried_again(site, told, asked):
    operator = site.visitor("operator")
    uids = [first(told, reason).uid for reason in ("mandatory_field_missing", "several_matches")]

    operator.submit("/sync-log/retry", {"uid": uids, "back": "/sync-log/messages"})
    operator.submit("/sync-log/retry", {"reason": "several_matches", "back": "/sync-log/messages?reason=several_matches"})

    assert asked.retries == [(uids, []), ([], ["several_matches"])]
    assert WORDS["retry_reason"] in operator.get("/sync-log/messages?reason=several_matches").text


def test_nothing_chosen_is_said_and_asks_for_nothing(site, asked):
    done = site.visitor("operator").submit("/sync-log/retry", {"back": "/sync-log/messages"})

    assert done.headers["location"] == "/sync-log/messages?done=nothing_chosen"
    assert asked.retries == []


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/connect", "/sync-log\r\nX: y", "javascript:alert(1)"]
)
def test_way_back_never_leads_elsewhere(site, back):
    done = site.visitor("operator").submit("/sync-log/retry", {"back": back})

    assert done.headers["location"] == "/sync-log?done=nothing_chosen"


def test_held_number_is_decided_by_one_click_and_taken_back(site, told):
    operator, row = site.visitor("operator"), first(told, "several_matches")
    page = operator.get("/sync-log/held").text
    candidates = sorted(lead["id"] for lead in told.leads() if lead["Mobile"] == BERTA)
    assert all(f'value="Leads/{record_id}"' in page for record_id in candidates)

    operator.submit("/sync-log/pin", {"chat": row.chat_id, "record": f"Leads/{candidates[0]}", "back": "/sync-log/held"})
    told.tick()

    assert told.message(row.uid).record_id == candidates[0]
    page = operator.get("/sync-log/held").text
    assert WORDS["held"]["none"] in page
    assert WORDS["unpin"] in page

    operator.submit("/sync-log/unpin", {"chat": row.chat_id, "back": "/sync-log/held"})

    assert WORDS["held"]["no_pins"] in operator.get("/sync-log/held").text
    assert [act[1] for act in acts(told)] == ["unpinned", "pinned"]


def test_record_that_does_not_exist_is_refused_in_a_sentence(site, told):
    row = first(told, "several_matches")

    done = site.visitor("operator").submit(
        "/sync-log/pin", {"chat": row.chat_id, "record": "Leads/1", "back": "/sync-log/held"}
    )

    assert done.status_code == 400
    assert "does not exist in Zoho" in done.text


@pytest.mark.parametrize("path", ["retry", "pin", "unpin"])
def test_viewers_change_nothing(site, path):
    assert site.visitor("viewer").submit(f"/sync-log/{path}", {"chat": "1", "reason": "back_off"}).status_code == 403


def test_viewers_are_offered_nothing_to_change(site, told):
    row, viewer = first(told, "several_matches"), site.visitor("viewer")

    pages = [viewer.get(path).text for path in ("/sync-log/messages", "/sync-log/held", f"/sync-log/messages/{row.uid}")]

    assert not any(f'action="/sync-log/{act}"' in page for page in pages for act in ("retry", "pin", "unpin"))


def test_form_without_its_token_is_refused(site, asked):
    operator = site.visitor("operator")

    assert operator.post("/sync-log/retry", data={"reason": "back_off"}).status_code == 403
    assert asked.retries == []


@pytest.mark.usefixtures("told")
def test_installation_that_can_do_nothing_still_shows_everything(serve_pages, told):
    site = serve_pages(acts=Acts())
    operator, row = site.visitor("operator"), first(told, "several_matches")

    pages = [
        operator.get(path) for path in ("/sync-log/held", f"/sync-log/messages/{row.uid}", f"/sync-log/chats/{row.chat_id}")
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert WORDS["message"]["explain_off"] in pages[1].text
    assert operator.submit("/sync-log/retry", {"reason": "back_off"}).status_code == 404
