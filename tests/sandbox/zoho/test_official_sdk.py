import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.serving import running
from sandbox.zoho.app import ZohoStandIn
from tests.sandbox.zoho.conftest import small_world

SESSION = Path(__file__).parent / "sdk_session.py"


@pytest.fixture(scope="module")
def session():
    world = small_world()
    stand_in = ZohoStandIn(world)
    stand_in.faults.search_delay_seconds = 0
    with running(stand_in.app) as base:
        command = [sys.executable, str(SESSION), base, json.dumps(world["client"])]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.strip().splitlines()[-1]), stand_in


def test_the_sdk_reads_modules_fields_and_users(session):
    seen = session[0]["metadata"]

    assert {"Leads", "Contacts", "Accounts", "Deals", "Notes", "WhatsApp_Clients"} <= set(seen["modules"])
    assert seen["phones"] == ["Phone", "Mobile"]
    assert seen["users"] == ["ana@example.com", "laura@example.com"]


def test_the_sdk_inserts_lists_and_searches_records(session):
    seen = session[0]["records"]
    lead_id = seen["created"]["details"]["id"]

    assert (seen["created"]["status"], seen["created"]["code"]) == (201, "SUCCESS")
    assert seen["found"] == [lead_id]
    assert seen["nobody"] == [204, None]
    assert seen["listed"] == ["Pérez"]


def test_the_sdk_reads_a_duplicate_as_its_exception(session):
    duplicate = session[0]["records"]["duplicate"]

    assert (duplicate["status"], duplicate["code"], duplicate["type"]) == (400, "DUPLICATE_DATA", "APIException")


def test_the_sdk_creates_updates_and_deletes_notes(session):
    seen = session[0]["notes"]

    assert [seen[step]["status"] for step in ("created", "updated", "deleted")] == [201, 200, 200]
    assert {seen[step]["code"] for step in seen} == {"SUCCESS"}


def test_the_sdk_queries_with_coql_and_converts(session):
    seen, stand_in = session
    lead_id = seen["records"]["created"]["details"]["id"]

    assert seen["coql"] == [lead_id]
    assert seen["conversion"]["status"] == 200
    assert stand_in.crm.store.records["Leads"][lead_id].conversion.contact_id == seen["conversion"]["contact"]


def test_the_sdk_asks_for_one_token_and_writes_without_automations(session):
    _, stand_in = session
    tokens = [entry for entry in stand_in.requests if entry["path"] == "/oauth/v2/token"]

    assert len(tokens) == 1
    assert not any(run["module"] == "Leads" and run["operation"] == "create" for run in stand_in.workflow)
