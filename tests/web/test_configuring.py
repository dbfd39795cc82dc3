"""Opening Configure and Activate, and its opposite, from the page of connections."""

import pytest

from chatledger.ledger import audit_trail, openings, people
from chatledger.web.acts import Acts, NotStarted
from chatledger.web.wording import LANGUAGES, wording
from tests.browser import PHONE
from tests.stage import ORGANISATION

WORDS = wording("connecting", "en")
RUN = "6b8f1c1e-0000-4000-8000-000000000001"


class Prefect:
    """What the pages asked Prefect for, and what the ledger held when the run could begin."""

    def __init__(self, stage) -> None:
        self.stage = stage
        self.opened, self.might_begin = [], []
        self.away = False
        self.pages = "http://127.0.0.1:4200"

    async def open_run(self, flow, known):
        if self.away:
            raise NotStarted("away")
        known(RUN)
        self.opened.append(flow)
        self.might_begin.append(openings.may_begin(self.stage.ledger, ORGANISATION, RUN))
        return f"{self.pages}/runs/flow-run/{RUN}"


@pytest.fixture
def prefect(stage):
    return Prefect(stage)


@pytest.fixture
def website(serve_pages, prefect):
    return serve_pages(open_run=prefect.open_run, acts=Acts(prefect_url=lambda: prefect.pages))


def acts(stage):
    with stage.ledger.reading() as session:
        entries = audit_trail.page(session, ORGANISATION)
        return [(entry.actor, entry.act, entry.subject, entry.details) for entry in entries]


@pytest.mark.parametrize(("path", "flow"), [("configure", "configure-sync"), ("deactivate", "deactivate-sync")])
def test_an_admin_is_led_to_the_run_and_the_ledger_knows_who_opened_it(website, stage, prefect, path, flow):
    answer = website.visitor("admin").submit(f"/connect/{path}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"http://127.0.0.1:4200/runs/flow-run/{RUN}")
    assert (prefect.opened, prefect.might_begin) == ([flow], [True])
    assert acts(stage) == [("admin@example.com", "opened", RUN, {"flow": flow})]


@pytest.mark.parametrize("role", ["seller", "viewer", "operator"])
def test_others_see_no_button_and_are_refused_in_a_sentence(website, stage, prefect, role):
    stage.activate()
    visitor = website.visitor(role)
    page = visitor.get("/connect").text

    assert (WORDS["configure_button"] in page, WORDS["deactivate_button"] in page) == (False, False)
    assert WORDS["configure_admin"] in page
    for path in ("/connect/configure", "/connect/deactivate"):
        answer = visitor.submit(path)
        assert (answer.status_code, "ask an administrator" in answer.text) == (403, True)
    assert (prefect.opened, acts(stage)) == ([], [])


def test_a_sync_is_only_offered_to_be_switched_off_while_it_is_on(website, stage):
    admin = website.visitor("admin")
    before = admin.get("/connect").text
    stage.activate()
    after = admin.get("/connect").text

    assert [WORDS[key] in before for key in ("configure_button", "sync_never", "deactivate_button")] == [True, True, False]
    assert [WORDS[key] in after for key in ("configure_button", "sync_active", "deactivate_button")] == [True, True, True]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("path", "command"), [("configure", "activate"), ("deactivate", "deactivate")])
def test_without_prefect_the_page_says_so_and_names_the_command(website, stage, prefect, path, command, language):
    prefect.away = True
    admin = website.visitor("admin")
    answer = admin.submit(f"/connect/{path}")
    page = admin.get(answer.headers["Location"], headers={"Accept-Language": language}).text

    assert answer.status_code == 303
    assert "Prefect" in page
    assert f"chatledger {command}" in page.split('role="alert"')[1].split("</div>")[0]
    assert acts(stage) == []


def test_pages_without_prefect_say_the_same(serve_pages):
    answer = serve_pages().visitor("admin").submit("/connect/configure")

    assert answer.headers["Location"] == "/connect?problem=configuration_not_opened"


def test_what_an_admin_opened_may_begin_for_an_hour_and_nothing_else(website, stage):
    website.visitor("admin").submit("/connect/configure")

    assert openings.may_begin(stage.ledger, ORGANISATION, RUN)
    assert not openings.may_begin(stage.ledger, ORGANISATION, "another run")
    stage.advance(3601)
    assert not openings.may_begin(stage.ledger, ORGANISATION, RUN)


def test_who_is_no_admin_any_more_has_opened_nothing(website, stage):
    website.visitor("admin").submit("/connect/configure")
    website.invite("admin", "other@example.com")
    with stage.ledger.transaction() as session:
        people.find_by_email(session, ORGANISATION, "admin@example.com").role = "operator"

    assert not openings.may_begin(stage.ledger, ORGANISATION, RUN)


def test_an_admin_of_one_organisation_opens_nothing_in_another(website, stage):
    website.visitor("admin").submit("/connect/configure")
    with stage.ledger.transaction() as session:
        people.add(session, "north", "admin@example.com", "admin", "tests")

    assert not openings.may_begin(stage.ledger, "north", RUN)


def test_without_any_admin_anybody_may(stage):
    with stage.ledger.transaction() as session:
        people.add(session, ORGANISATION, "operator@example.com", "operator", "tests")

    assert openings.may_begin(stage.ledger, ORGANISATION, RUN)


def test_the_button_leads_out_of_a_real_browser_to_prefect(serve_pages, prefect, chromium_page):
    prefect.pages = serve_pages(public=False).base  # stands for Prefect's pages: another origin
    website = serve_pages(open_run=prefect.open_run, acts=Acts(prefect_url=lambda: prefect.pages))
    page = chromium_page
    website.sign_in(page, "admin")
    page.goto(f"{website.base}/connect")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.get_by_role("button", name=WORDS["configure_button"]).click()
    page.wait_for_url(f"{prefect.pages}/runs/flow-run/{RUN}")
