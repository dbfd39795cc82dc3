"""What is limited, and what no answer and no log may tell."""

import httpx

from chatledger.ledger import stored_connections
from tests.stage import LAURA, ORGANISATION


def test_too_many_attempts_to_sign_in_are_stopped(website):
    visitor = website.visitor()
    token = visitor.csrf()
    statuses = [
        visitor.post("/invitation", data={"csrf_token": token, "invitation": f"guess{number}"}) for number in range(25)
    ]

    assert [answer.status_code for answer in statuses] == [404] * 20 + [429] * 5
    assert int(statuses[-1].headers["Retry-After"]) in range(1, 62)


def test_an_unexpected_failure_tells_nothing(website, monkeypatch, caplog):
    def fail(*_arguments):
        raise ValueError("canary +573001112233 secret-token")

    monkeypatch.setattr("chatledger.web.connecting.pages.read_connections", fail)
    answer = website.visitor("admin").get("/connect")

    assert answer.status_code == 500
    assert "canary" not in answer.text + caplog.text
    assert "ValueError" in caplog.text


def test_no_secret_of_a_page_reaches_the_log(website, caplog, stage):
    caplog.set_level("DEBUG")
    path = website.invite("admin")
    visitor = website.visitor("admin")
    visitor.get(path)
    visitor.submit("/connect/timelines", {"token": "tl-token"})
    visitor.submit("/connect/timelines", {"token": "canary-token"})
    address = visitor.submit("/connect/zoho").headers["Location"]
    back = httpx.post(
        f"{stage.zoho_url}/oauth/v2/auth", data=dict(httpx.URL(address).params) | {"user": LAURA, "decision": "accept"}
    )
    visitor.get(back.headers["Location"])
    refresh = stored_connections.get(stage.ledger, ORGANISATION, "zoho").credentials["refresh_token"]
    own = [record.getMessage() for record in caplog.records if record.name.startswith("chatledger")]

    assert [text for text in own for secret in (path, "canary-token", refresh, "tl-token") if secret in text] == []
