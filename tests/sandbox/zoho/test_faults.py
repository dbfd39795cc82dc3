import httpx
import pytest

from sandbox.zoho.faults import Failure


def lead_count(zoho):
    return len(zoho.stand_in.crm.store.records["Leads"])


def insert(zoho):
    return zoho.post("/Leads", {"Last_Name": "x"}, {"Last_Name": "y"})


@pytest.mark.parametrize(
    ("failure", "content_type", "starts"),
    [
        (Failure(status=500), "application/json", b'{"code": "INTERNAL_ERROR"'),
        (Failure(status=429), "application/json", b'{"code": "TOO_MANY_REQUESTS"'),
        (Failure(status=502, body="html"), "text/html; charset=utf-8", b"<html>"),
        (Failure(status=503, body="plain"), "text/plain; charset=utf-8", b"the service"),
        (Failure(status=500, body="cut"), "application/json", b'{"code"'),
        (Failure(status=401, body="empty"), None, b""),
    ],
)
def test_a_failure_is_answered_once_and_nothing_is_done(zoho, failure, content_type, starts):
    zoho.faults.failures = [failure]
    answer = insert(zoho)

    assert answer.status_code == failure.status
    assert answer.headers.get("Content-Type") == content_type
    assert answer.content.startswith(starts)
    assert "Retry-After" not in answer.headers
    assert lead_count(zoho) == 0
    assert insert(zoho).status_code == 201


def test_failures_choose_path_method_and_number(zoho):
    zoho.faults.failures = [Failure(path="/Leads$", method="POST", skip=1, times=2)]

    assert [insert(zoho).status_code for _ in range(4)] == [201, 500, 500, 201]
    assert zoho.get("/org").status_code == 200


@pytest.mark.parametrize("after_commit", ["reset", "timeout"])
def test_a_write_can_be_done_and_the_connection_broken(zoho, after_commit):
    zoho.faults.failures = [Failure(after_commit=after_commit, timeout_seconds=0.05)]

    with pytest.raises(httpx.TransportError):
        insert(zoho)
    assert lead_count(zoho) == 2
    assert zoho.stand_in.requests[-1]["fault"] == f"{after_commit} after commit"
    assert zoho.stand_in.requests[-1]["status"] is None


def test_a_client_that_gives_up_first_still_finds_the_write_done(zoho):
    zoho.faults.failures = [Failure(after_commit="timeout")]

    with pytest.raises(httpx.ReadTimeout):
        zoho.call("POST", "/Leads", json={"data": [{"Last_Name": "x"}]}, timeout=0.1)
    assert lead_count(zoho) == 1


def test_a_write_can_be_done_behind_a_bad_gateway_or_a_cut_answer(zoho):
    zoho.faults.failures = [Failure(after_commit="bad_gateway"), Failure(after_commit="cut")]
    gateway, cut = insert(zoho), insert(zoho)

    assert (gateway.status_code, cut.status_code) == (502, 201)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        cut.json()
    assert lead_count(zoho) == 4


def test_an_answer_can_have_another_number_of_rows(zoho):
    zoho.faults.failures = [Failure(after_commit="short"), Failure(after_commit="long")]

    assert [len(insert(zoho).json()["data"]) for _ in range(2)] == [1, 3]


def test_a_write_can_be_done_long_after_its_error(zoho):
    zoho.faults.failures = [Failure(status=504, body="html", commit_after_seconds=90)]
    refused = insert(zoho)
    before = zoho.get("/Leads", fields="Created_Time").status_code
    zoho.pass_time(100)
    rows = zoho.get("/Leads", fields="Created_Time").json()["data"]
    due = zoho.stand_in.clock.now().timestamp() - 10

    assert (refused.status_code, before, len(rows)) == (504, 204, 2)
    created = zoho.stand_in.crm.store.records["Leads"][rows[0]["id"]].created_at.timestamp()
    assert created == pytest.approx(due, abs=5)


def test_state_shows_late_writes_as_soon_as_they_are_due(zoho):
    zoho.faults.failures = [Failure(commit_after_seconds=90)]
    insert(zoho)
    zoho.pass_time(100)

    assert len(zoho.stand_in.state()["records"]["Leads"]) == 2


def test_too_many_simultaneous_calls_are_429(zoho):
    zoho.faults.concurrency_limit = 0
    answer = zoho.get("/org")

    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")


@pytest.mark.parametrize(
    ("call", "price"),
    [
        (lambda zoho: zoho.get("/org"), 1),
        (lambda zoho: zoho.post("/Leads", *({"Last_Name": str(n)} for n in range(11))), 2),
        (lambda zoho: zoho.post("/Notes", *({"Note_Title": str(n)} for n in range(21))), 3),
        (lambda zoho: zoho.coql("select id from Leads where id is null limit 200"), 1),
        (lambda zoho: zoho.coql("select id from Leads where id is null limit 1000"), 2),
        (lambda zoho: zoho.coql("select id from Leads where id is null limit 2000"), 3),
        (lambda zoho: zoho.get("/Leads/deleted"), 2),
        (lambda zoho: zoho.post("/Leads/1/actions/convert", {}), 5),
        (lambda zoho: zoho.token(), 0),
    ],
)
def test_calls_cost_what_the_price_list_says(zoho, call, price):
    call(zoho)

    assert zoho.stand_in.requests[-1]["credits"] == price
    assert zoho.stand_in.credits_used == price


def test_remaining_credits_are_said_from_half_on_and_then_429(zoho):
    zoho.faults.credits_limit = 4
    answers = [zoho.get("/org") for _ in range(5)]

    assert [answer.headers.get("X-API-CREDITS-REMAINING") for answer in answers] == [None, "2", "1", "0", "0"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]


def test_credits_come_back_after_a_day(zoho):
    zoho.faults.credits_limit = 1
    zoho.get("/org")
    zoho.pass_time(86_401)
    zoho.login()

    assert zoho.get("/org").status_code == 200


def test_switches_are_set_over_http(zoho):
    given = {"search_delay_seconds": 0, "failures": [{"path": "/org", "status": 503, "body": "html"}]}
    answer = zoho.http.put("/_sandbox/faults", json=given).json()

    assert answer["failures"][0]["times"] == 1
    assert zoho.get("/org").status_code == 503
    assert zoho.get("/org").status_code == 200
