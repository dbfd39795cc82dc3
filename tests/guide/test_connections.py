"""Both connections are needed; while one is missing nothing is written and nothing is lost."""

from tests.stage import ANA


def test_messages_wait_while_the_connection_to_zoho_is_withdrawn(stage):
    stage.activate()
    stage.tick()
    stage.zoho.faults.refresh_token_revoked = True
    stage.advance(3700)
    uid = stage.receive("hola")

    summary = stage.tick()

    assert (stage.leads(), stage.notes()) == ([], [])
    assert (stage.message(uid).outcome, summary["state"]) == ("pending", "failed")
    assert "Zoho" in stage.run().problem

    stage.zoho.faults.refresh_token_revoked = False
    stage.tick()

    assert [lead["Mobile"] for lead in stage.leads()] == [ANA]
    assert "hola" in stage.notes()[0]["Note_Content"]


def test_messages_wait_while_timelines_refuses_the_workspaces_token(stage):
    stage.activate()
    stage.timelines.replace_token("otro")
    stage.receive("hola")

    summary = stage.tick()

    assert (stage.leads(), stage.notes(), summary["state"]) == ([], [], "failed")
    assert "TimelinesAI" in stage.run().problem

    stage.timelines.replace_token("tl-token")
    stage.tick()

    assert "hola" in stage.notes(stage.leads()[0]["id"])[0]["Note_Content"]


def test_messages_of_a_number_that_was_disconnected_later_still_arrive(stage):
    stage.activate()
    stage.receive("hola")
    stage.timelines.disconnect_account("573105550100@s.whatsapp.net")
    stage.advance(3700)

    stage.tick()

    assert len(stage.notes(stage.leads()[0]["id"])) == 1
