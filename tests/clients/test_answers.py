"""The vendor-neutral reading of bytes, headers and timestamps."""

from datetime import UTC, datetime

import pytest

from chatledger.clients.answers import NotJson, read_json, retry_after, vendor_code
from chatledger.clients.moments import read_moment, read_optional_moment

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [b"", b"Unauthorized", b"<!DOCTYPE html><html>", b'{"data": [{"id": "1"', b"[" * 100_000, b"\xff\xfe"]
)
def test_what_is_not_json_is_told_apart(body):
    with pytest.raises(NotJson):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"text": "a\\u0000b"}', {"text": "ab"}),
        (b'{"text": "a\x00b"}', {"text": "ab"}),
        (b'{"text": "\\ud83d!"}', {"text": "�!"}),
        (b'{"text": "\\ud83d\\ude00"}', {"text": "😀"}),
        (b'{"\\udc00": ["\\u0000"]}', {"�": [""]}),
        (b'\xef\xbb\xbf{"bom": 1}', {"bom": 1}),
        (b'{"text": "caf\xe9"}', {"text": "caf�"}),
        (b'{"text": "line\nbreak"}', {"text": "line\nbreak"}),
    ],
)
def test_nul_lone_surrogates_and_bad_bytes_do_not_get_in(body, expected):
    value = read_json(body)

    assert value == expected
    str(value).encode("utf-8")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999999", 86_400.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_never_as_nonsense(header, expected):
    assert retry_after({"retry-after": header}, NOON) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-18 10:44:21 +0300",
        "2026-05-18T10:44:21+03:00",
        "2026-05-18T07:44:21Z",
        "2026-05-18 07:44:21.000 Z",
        " 2026-05-18 10:44:21+03:00 ",
    ],
)
def test_timestamps_of_both_vendors_are_read(text):
    assert read_moment(text) == datetime(2026, 5, 18, 7, 44, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-05-18 10:44:21", "yesterday", "", None, 1_763_812_800, True, {}, "0001-01-01 00:00:00 +0300"]
)
def test_a_timestamp_is_never_guessed(value):
    with pytest.raises(ValueError, match=r"timestamp|isoformat"):
        read_moment(value)


def test_no_timestamp_is_none():
    assert read_optional_moment(None) is None
    assert read_optional_moment("") is None


@pytest.mark.parametrize("value", ["+57 300 111 2222", "INVALID_DATA 3001112222", "A sentence. Two", None, 7, "X" * 100])
def test_a_code_that_could_quote_our_input_is_no_code(value):
    assert vendor_code(value) is None
