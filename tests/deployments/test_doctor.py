"""`chatledger doctor`: everything is checked, one thing after the other, and each finding says what to do."""

import json

import pytest

from blocks.environment import read_state_settings
from chatledger.clients.zoho.scopes import missing_scopes, needed_scopes
from chatledger.ledger import chats, lease
from deployments.checks.findings import Level
from deployments.cli.doctor import examine
from sandbox.zoho.faults import Failure
from tests.stage import ADMIN, NUMBER, ORGANISATION, OTHER_NUMBER

pytestmark = pytest.mark.usefixtures("surroundings")


@pytest.fixture
def findings():
    """Give a function that examines everything and returns the findings by the name of their check."""
    return lambda: {found.check: found for found in examine(read_state_settings())}


def bad(findings):
    return {name: found.level for name, found in findings.items() if found.level is not Level.OK}


def test_healthy_organisation_has_neither_problem_nor_warning(stage, findings):
    stage.activate(lead_source_field=None)
    stage.receive()
    stage.tick()

    found = findings()

    assert bad(found) == {}
    assert {"ledger", "secret key", "environment", "activation", "phone index", "last good run"} <= set(found)
    assert {"TimelinesAI", "workspace", "TimelinesAI calls", "WhatsApp numbers", "Prefect"} <= set(found)
    assert {"Zoho", "Zoho data centre", "Zoho organisation", "Zoho scopes", "Zoho user", "settings"} <= set(found)


def test_only_get_leaves_and_a_token_refresh(stage, findings):
    stage.activate()
    stage.forget_calls()

    findings()

    writes = [call for call in stage.zoho_calls() if not call.startswith("GET ")]
    assert set(writes) <= {"POST /oauth/v2/token"}
    assert {request["method"] for request in stage.timelines.requests} == {"GET"}


def test_before_activation_it_says_to_activate(findings):
    found = findings()

    assert bad(found) == {"activation": Level.WARNING}
    assert "chatledger activate" in found["activation"].remedy
    assert found["Zoho scopes"].level is Level.OK


def test_doctor_activates_nothing(findings):
    findings()

    assert bad(findings()) == {"activation": Level.WARNING}


def test_missing_variable_is_named(findings, monkeypatch):
    monkeypatch.delenv("ZOHO_REFRESH_TOKEN")

    found = findings()

    assert found["environment"].level is Level.PROBLEM
    assert "ZOHO_REFRESH_TOKEN" in found["environment"].said


def test_key_file_that_others_can_read_is_a_problem_with_its_cure(findings, monkeypatch, tmp_path):
    monkeypatch.delenv("CHATLEDGER_SECRET_KEY")
    findings()
    key = tmp_path / "home" / "secret.key"
    assert findings()["secret key"].level is Level.OK
    key.chmod(0o644)

    found = findings()

    assert found["secret key"].level is Level.PROBLEM
    assert "chmod 600" in found["secret key"].said


def test_ledger_that_cannot_be_opened_is_a_problem(findings, monkeypatch, tmp_path):
    (tmp_path / "text.db").write_text("this is no database, whatever its name says" * 50)
    monkeypatch.setenv("CHATLEDGER_LEDGER_URL", f"sqlite:///{tmp_path / 'text.db'}")

    assert findings()["ledger"].level is Level.PROBLEM


def test_refused_timelines_token_is_a_problem_and_zoho_is_still_checked(stage, findings, monkeypatch):
    stage.activate()
    monkeypatch.setenv("TIMELINES_API_TOKEN", "another-token")

    found = findings()

    assert found["TimelinesAI"].level is Level.PROBLEM
    assert found["Zoho"].level is Level.OK


def test_other_workspace_than_the_bound_one_is_a_problem(stage, findings):
    stage.activate()
    stage.timelines.workspace.slug = "other"

    assert findings()["workspace"].level is Level.PROBLEM


def test_few_calls_left_are_a_warning(stage, findings):
    stage.activate()
    stage.timelines.workspace.api_calls["used"] = 195_000

    found = findings()["TimelinesAI calls"]

    assert found.level is Level.WARNING
    assert "200,000" in found.said


def test_disconnected_number_is_named_by_its_owner(stage):
    stage.activate()
    stage.timelines.disconnect_account(OTHER_NUMBER)

    found = [row for row in examine(read_state_settings()) if row.check == "WhatsApp numbers"]

    assert [row.level for row in found] == [Level.OK, Level.WARNING]
    assert "Pedro" in found[1].said
    assert "5731" not in found[1].said


def test_no_connected_number_is_a_problem(stage, findings):
    stage.activate()
    stage.timelines.disconnect_account(NUMBER)
    stage.timelines.disconnect_account(OTHER_NUMBER)

    assert findings()["WhatsApp numbers"].level is Level.PROBLEM


def test_numbers_whose_owner_is_no_zoho_user_say_who_owns_their_records(stage, findings):
    stage.activate()

    assert "Pedro go to Ada Admin" in findings()["owners"].said


def test_broken_order_of_the_chat_list_is_a_warning(stage, findings):
    stage.activate()
    with stage.ledger.transaction() as session:
        chats.walk_of(session, ORGANISATION).order_broken = True

    assert findings()["chat list"].level is Level.WARNING


def test_revoked_login_is_a_problem_that_names_the_variable(stage, findings):
    stage.activate()
    stage.zoho.revoke_tokens()

    found = findings()["Zoho"]

    assert found.level is Level.PROBLEM
    assert "ZOHO_REFRESH_TOKEN" in found.said


def test_missing_scopes_are_named(stage, findings):
    stage.zoho.faults.scopes_granted = [
        "ZohoCRM.modules.leads.ALL", "ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.notes.READ", "ZohoCRM.org.READ",
        "ZohoCRM.users.READ", "ZohoCRM.settings.ALL",
    ]  # fmt: skip

    found = findings()["Zoho scopes"]

    assert found.level is Level.PROBLEM
    assert found.said == "missing: ZohoCRM.modules.Notes.CREATE, ZohoCRM.modules.Notes.UPDATE"


def test_missing_scopes_are_named_even_where_the_organisation_cannot_be_read(stage, findings):
    stage.zoho.faults.scopes_granted = ["ZohoCRM.modules.ALL", "ZohoCRM.users.READ", "ZohoCRM.settings.ALL"]

    found = findings()

    assert found["Zoho"].level is Level.PROBLEM
    assert found["Zoho scopes"].said == "missing: ZohoCRM.org.READ"


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (["ZohoCRM.modules.ALL", "ZohoCRM.settings.ALL", "zohocrm.USERS.all", "ZohoCRM.org.ALL"], []),
        (
            ["ZohoCRM.modules.custom.ALL", "ZohoCRM.modules.notes.ALL", "ZohoCRM.settings.READ", "ZohoCRM.users.READ",
             "ZohoCRM.org.READ"],
            ["ZohoCRM.modules.Contacts.READ"],
        ),
        (
            ["ZohoCRM.modules.READ", "ZohoCRM.modules.WRITE", "ZohoCRM.settings.ALL", "ZohoCRM.users.ALL", "ZohoCRM.org.ALL"],
            [],
        ),
    ],
)  # fmt: skip
def test_wide_scopes_cover_narrow_ones(granted, missing):
    assert missing_scopes(granted, needed_scopes("Solicitudes", ["Contacts"])) == missing


def test_other_organisation_than_the_bound_one_is_a_problem(stage, findings):
    stage.activate()
    stage.zoho.crm.organisation["zgid"] = "999"

    assert findings()["Zoho organisation"].level is Level.PROBLEM


def test_inactive_user_is_a_problem(stage, findings):
    stage.activate()
    stage.zoho.deactivate_user(ADMIN)

    found = findings()

    assert Level.PROBLEM in (found["Zoho"].level, found.get("Zoho user", found["Zoho"]).level)


def test_scarce_credits_are_a_warning(stage, findings):
    stage.activate()
    stage.zoho.faults.credits_remaining = 250

    found = findings()["Zoho credits"]

    assert (found.level, "250" in found.said) == (Level.WARNING, True)


def test_settings_that_no_longer_fit_are_a_problem(stage, findings):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")

    found = findings()["settings"]

    assert found.level is Level.PROBLEM
    assert "Industry" in found.said


def test_parked_messages_are_counted_by_reason_with_their_cure(stage, findings):
    stage.activate()
    stage.zoho.make_mandatory("Leads", "Industry")
    stage.receive()
    stage.tick()

    found = findings()["parked messages"]

    assert found.level is Level.WARNING
    assert found.said.startswith("1 mandatory_field_missing")
    assert "chatledger log --reason mandatory_field_missing" in found.remedy


def test_unconfirmed_writes_are_a_warning(stage, findings):
    stage.activate()
    stage.zoho.faults.failures.append(Failure(path="/Leads$", method="POST", after_commit="reset"))
    stage.receive()
    stage.tick()

    assert findings()["unconfirmed writes"].level is Level.WARNING


def test_failed_newest_run_is_a_problem_that_says_why(stage, findings):
    stage.activate()
    stage.timelines.replace_token("another")
    stage.tick()
    stage.timelines.replace_token("tl-token")

    found = findings()

    assert found["newest run"].level is Level.PROBLEM
    assert "TimelinesAI" in found["newest run"].said


def test_sync_that_is_switched_off_is_a_warning(stage, findings, command):
    stage.activate()
    command("deactivate")

    assert findings()["activation"].level is Level.WARNING


def test_prefect_server_that_does_not_answer_is_a_problem(findings, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    found = findings()["Prefect"]

    assert found.level is Level.PROBLEM
    assert "PREFECT_API_URL" in found.remedy


def test_doctor_works_beside_a_run(stage, findings):
    stage.activate()
    lease.acquire(stage.ledger, ORGANISATION, 60)

    assert Level.PROBLEM not in bad(findings()).values()


def test_exit_code_is_one_with_a_problem_and_zero_without(stage, command):
    stage.activate()

    well = command("doctor")
    stage.zoho.revoke_tokens()
    ill = command("doctor")

    assert (well.code, ill.code) == (0, 1)
    assert "0 problems" in well.out
    assert "1 problem," in ill.out


def test_json_holds_every_finding(stage, command):
    stage.activate()

    seen = json.loads(command("doctor", "--json").out)

    assert seen["problems"] == 0
    assert {"check", "level", "said", "remedy"} == set(seen["checks"][0])


def test_wrong_use_is_exit_code_two(command):
    assert command("doctor", "--nope").code == 2


def test_program_examines_and_ends_with_its_exit_code(stage, program):
    stage.activate()
    stage.zoho.revoke_tokens()

    ran = program("doctor")

    assert ran.code == 1
    assert "ZOHO_REFRESH_TOKEN" in " ".join(ran.out.split())
