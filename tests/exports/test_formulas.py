"""A text from outside never becomes a formula of whoever opens the file."""

import pytest

from chatledger.exports.formulas import harmless


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", " =1", "\t=1", "\r\n=1", "\x00=1", "\u200b=1", "\u00a0@x",
        "\ufeff=1", "\uff1d1+1", "\uff0b1", "+57 300", "+573001112233=1", "+\u0661",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_calculate_is_set_off(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "a=1", "1-2", "'=1", "+573001112233", "   ", "Ñandú", "(=1)"])
def test_everything_else_is_left_as_it_is(text):
    assert harmless(text) == text
