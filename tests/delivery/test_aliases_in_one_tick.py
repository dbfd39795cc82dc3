"""Two spellings of one subscriber that are first heard of in the same tick."""

from tests.stage import OTHER_NUMBER

WITH_NINE, WITHOUT_NINE = "+5511981230203", "+551181230203"


def test_two_forms_of_one_number_get_one_record(stage):
    stage.activate()
    stage.receive("oi", phone=WITH_NINE)
    stage.receive("oi de novo", phone=WITHOUT_NINE, account=OTHER_NUMBER)

    summary = stage.tick()

    (lead,) = stage.leads()
    assert len(stage.notes(lead["id"])) == 2
    assert summary["records"] == {"matched": 1, "created": 1}
    assert summary["state"] == "completed"
