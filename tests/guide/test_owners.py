"""A new record belongs to whoever connected the WhatsApp number, else to whoever connected the organisation."""

from tests.stage import ADMIN, ANA, LAURA, NUMBER, OTHER_NUMBER

BERTA = "+573004445566"


def owners(stage) -> dict[str, str]:
    return {lead["Mobile"]: lead["Owner"]["id"] for lead in stage.leads()}


def test_owner_of_the_number_owns_the_new_record_whatever_the_case_of_the_address(stage):
    stage.activate()  # TimelinesAI says Laura@example.com, Zoho laura@example.com
    stage.receive(account=NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: LAURA}


def test_each_connected_number_gives_its_records_to_its_own_owner(stage):
    pedro = stage.zoho.add_user("pedro@example.com", "Pedro Paz")
    stage.activate()
    stage.receive(phone=ANA, account=NUMBER)
    stage.receive(phone=BERTA, account=OTHER_NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: LAURA, BERTA: pedro}


def test_number_of_somebody_who_is_no_user_gives_its_records_to_the_connecting_user(stage):
    stage.activate()  # Pedro has no account in Zoho
    stage.receive(account=OTHER_NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN}


def test_user_who_left_does_not_get_new_records(stage):
    stage.zoho.deactivate_user(LAURA)
    stage.activate()
    stage.receive(account=NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN}


def test_user_who_never_confirmed_does_not_get_new_records(stage):
    stage.zoho.edit_user(LAURA, {"confirm": False})
    stage.activate()
    stage.receive(account=NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN}


def test_record_goes_to_the_connecting_user_when_the_owner_left_a_moment_ago(stage):
    stage.activate()
    stage.zoho.deactivate_user(LAURA)
    stage.receive(account=NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN}
    assert len(stage.notes()) == 1


def test_user_who_comes_later_gets_the_records_made_from_then_on(stage):
    stage.activate()
    stage.receive(phone=ANA, account=OTHER_NUMBER)
    stage.tick()
    pedro = stage.zoho.add_user("pedro@example.com", "Pedro Paz")
    stage.advance(3700)
    stage.receive(phone=BERTA, account=OTHER_NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN, BERTA: pedro}


def test_owner_that_an_assignment_rule_chose_is_kept(stage):
    marta = stage.zoho.add_user("marta@example.com", "Marta Mora")
    stage.zoho.faults.assignment_rule_owner = marta
    stage.activate()
    stage.receive("uno")
    stage.tick()
    stage.receive("dos")

    stage.tick()

    assert owners(stage) == {ANA: marta}
    assert "dos" in stage.notes()[0]["Note_Content"]


def test_record_that_was_there_keeps_its_owner(stage):
    stage.zoho.add_record("Leads", {"Last_Name": "Ana", "Mobile": ANA}, owner_id=ADMIN)
    stage.activate()
    stage.receive(account=NUMBER)

    stage.tick()

    assert owners(stage) == {ANA: ADMIN}
    assert len(stage.notes()) == 1
