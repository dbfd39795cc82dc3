"""What a tick tells a person at once."""

from chatledger.delivery.alarms import PARKED_IN_AN_HOUR, Alarm, alarms


def test_tick_without_trouble_has_no_alarm(stage):
    stage.activate()
    stage.receive()
    stage.tick()

    assert alarms(stage.last_tick) == []


def test_refused_login_names_the_system(stage):
    stage.activate()
    stage.receive()
    stage.zoho.faults.refresh_token_revoked = True
    stage.zoho.clock.advance(3700)
    stage.tick()

    assert alarms(stage.last_tick) == [Alarm("refused", "Zoho accounts")]


def test_disconnected_number_is_counted(stage):
    stage.activate()
    stage.timelines.disconnect_account("573105550900@s.whatsapp.net")
    stage.advance(4000)
    stage.tick()

    assert alarms(stage.last_tick) == [Alarm("number_disconnected", "TimelinesAI", {"numbers": 1})]


def test_parked_messages_are_an_alarm_once_they_are_many(stage):
    stage.activate()
    stage.timelines.faults.missing_fields = ["timestamp"]
    for _ in range(PARKED_IN_AN_HOUR - 1):
        stage.receive()
    stage.tick()
    assert alarms(stage.last_tick) == []
    stage.receive()
    stage.tick()

    assert alarms(stage.last_tick) == [Alarm("parked_growing", "chatledger", {"in_an_hour": PARKED_IN_AN_HOUR})]
