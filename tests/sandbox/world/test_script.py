import pytest

from sandbox.world.moments import Moment
from sandbox.world.script import drafts

SCRIPT = """
== 3 09:15
< Hola
- con una segunda línea
> {"file": "precios.pdf", "size": 12} Aquí va
== 1 23:59:59
> {"text": "\\u0007", "repeat": 2}
< {"type": "whatsapp_call", "status": "missed"}
"""


def test_arrows_give_the_direction_and_other_lines_go_on():
    assert [(draft.from_me, draft.body) for draft in drafts(SCRIPT)] == [
        (False, "Hola\n- con una segunda línea"),
        (True, "Aquí va"),
        (True, "\u0007\u0007"),
        (False, None),
    ]


def test_a_clock_line_sets_the_time_and_the_next_messages_follow_within_the_day():
    first, second, third, fourth = (draft.when for draft in drafts(SCRIPT))
    assert first == Moment(3, 9 * 3600 + 15 * 60)
    assert first.second < second.second <= first.second + 215
    assert third == fourth == Moment(1, 86_399)


def test_a_file_is_typed_by_its_name():
    assert drafts(SCRIPT)[1].attachment == {"filename": "precios.pdf", "size": 12, "mimetype": "application/pdf"}
    assert drafts('== 0 09:00\n< {"file": "x.unheard"}')[0].attachment["mimetype"] == "application/octet-stream"


@pytest.mark.parametrize("script", ["< Hola", "Hola\n== 1 09:00", "== 1 25:00\n< Hola"])
def test_a_script_that_cannot_be_read_is_refused(script):
    with pytest.raises(ValueError):  # noqa: PT011 - any of three sentences
        drafts(script)
