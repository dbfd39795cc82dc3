"""A message cannot choose where this machine connects to."""

import pytest
from starlette.responses import Response

from chatledger.clients import TOO_LARGE
from chatledger.clients.answers import Asked
from chatledger.clients.sending import Sender
from chatledger.clients.timelines.files import is_public
from chatledger.errors import NotFound, Rejected, Unavailable

pytestmark = pytest.mark.anyio


async def test_a_file_of_the_api_origin_is_fetched_without_credentials(stub, timelines, count):
    stub.will_answer(Response(b"\x00\x01", media_type="image/png"))

    assert await timelines().download(f"{stub.url}/files/1?sig=x", max_bytes=10) == b"\x00\x01"

    assert "authorization" not in stub.requests[0].headers
    assert "cookie" not in stub.requests[0].headers
    assert count.timelines == 1


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_expired_url_is_not_found(stub, timelines, status):
    stub.will_answer("<Error>AccessDenied</Error>", status=status)

    with pytest.raises(NotFound):
        await timelines().download(f"{stub.url}/f", max_bytes=10)


async def test_a_file_larger_than_allowed_is_given_up(stub, timelines, endless):
    stub.will_answer(endless)

    with pytest.raises(Rejected, match="larger than 1000 bytes") as caught:
        await timelines().download(f"{stub.url}/f", max_bytes=1000)

    assert caught.value.code == TOO_LARGE


async def test_a_redirect_is_never_followed(stub, timelines):
    stub.will_answer(Response(status_code=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}))

    with pytest.raises(Unavailable):
        await timelines().download(f"{stub.url}/f", max_bytes=1000)

    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://bucket.s3.amazonaws.com/f",
        "https://evil.example/f",
        "https://amazonaws.com.evil.example/f",
        "https://notamazonaws.com/f",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://localhost/f",
        "http://127.0.0.1:1/f",
        "file:///etc/passwd",
        "ftp://bucket.s3.amazonaws.com/f",
        "https://user:password@bucket.s3.amazonaws.com/f",
        "https://bucket.s3.amazonaws.com@evil.example/f",
        "https://[broken",
        "https:///f",
        "",
    ],
)
async def test_other_hosts_and_schemes_are_refused_before_any_request(timelines, count, url):
    with pytest.raises(Rejected):
        await timelines().download(url, max_bytes=10)

    assert count.timelines == 0


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("52.218.1.1", True),
        ("2600:1fa0::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:52.218.1.1", True),
    ],
)
def test_private_addresses_are_told_apart_in_every_spelling(address, public):
    assert is_public(address) is public


async def test_a_request_goes_to_the_address_that_was_checked_and_keeps_its_host_name(stub):
    stub.will_answer("file")
    port = stub.url.rpartition(":")[2]

    sender = Sender(timeout=5, transport=None)
    answer = await sender.send(
        Asked("TimelinesAI", "x"), "GET", f"http://files.example:{port}/f", left=lambda _: None, at="127.0.0.1"
    )

    assert answer.body == b"file"
    assert stub.requests[0].headers["host"] == f"files.example:{port}"
