"""No server can hold a call longer than its deadline, and what became of a write is told truthfully."""

from datetime import timedelta

import pytest

from chatledger.errors import RateLimited, Unavailable, waiting_cures
from chatledger.models import AccessToken

pytestmark = pytest.mark.anyio

FAR = 3600
NOTE = [{"Note_Title": "t", "Note_Content": "c", "Parent_Id": {"module": {"api_name": "Leads"}, "id": "1"}}]


@pytest.fixture
def writer(zoho, tokens, clock):
    """Make a Zoho client that has a token and writes to a given address."""

    def make(url, **changes):
        tokens.token = AccessToken("1000.a.b", clock.now() + timedelta(seconds=FAR), url)
        return zoho(accounts_url=url, **changes)

    return make


async def test_a_dripping_answer_ends_at_the_deadline(stub, timelines, dripping):
    stub.will_answer(dripping)

    with pytest.raises(Unavailable, match=r"0\.2 seconds"):
        await timelines(timeout=0.2).workspace()


async def test_an_endless_answer_ends_at_the_size_limit(stub, timelines, endless):
    stub.will_answer(endless)

    with pytest.raises(Unavailable, match="more than"):
        await timelines().chat(5)


async def test_a_refusal_with_an_endless_page_is_read_by_its_status(stub, writer, endless):
    def refusal():
        answer = endless()
        answer.status_code = 429
        return answer

    stub.will_answer(refusal)

    with pytest.raises(RateLimited) as caught:
        await writer(stub.url).create_notes(NOTE)

    assert caught.value.outcome_unknown is False


async def test_a_write_without_an_answer_in_time_is_unknown_and_sent_once(stub, writer, dripping, count):
    stub.will_answer(dripping)

    with pytest.raises(Unavailable) as caught:
        await writer(stub.url, timeout=0.2).create_notes(NOTE)

    assert caught.value.outcome_unknown is True
    assert not waiting_cures(caught.value)
    assert len(stub.requests) == count.zoho == 1


async def test_an_endless_answer_to_a_write_is_unknown(stub, writer, endless):
    stub.will_answer(endless)

    with pytest.raises(Unavailable) as caught:
        await writer(stub.url).create_notes(NOTE)

    assert caught.value.outcome_unknown is True


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"",
        b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b'HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{"data": [',
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
    ids=["reset", "closed", "cut", "not gzip", "cut JSON", "not HTTP"],
)
async def test_a_write_whose_answer_broke_is_unknown(wire, writer, reply):
    with pytest.raises(Unavailable) as caught:
        await writer(wire(reply)).create_notes(NOTE)

    assert caught.value.outcome_unknown is True


async def test_a_refused_connection_is_certainly_not_done_and_not_counted(closed_port, writer, count):
    with pytest.raises(Unavailable) as caught:
        await writer(closed_port).create_notes(NOTE)

    assert caught.value.outcome_unknown is False
    assert waiting_cures(caught.value)
    assert (count.zoho, count.zoho_credits) == (0, 0)


async def test_a_read_from_a_closed_port_is_tried_again_and_then_unavailable(closed_port, timelines, clock):
    with pytest.raises(Unavailable, match="could not be reached"):
        await timelines(api_url=closed_port).workspace()

    assert len(clock.slept) == 3


async def test_no_error_shows_a_secret(wire, writer):
    with pytest.raises(Unavailable) as caught:
        await writer(wire(None)).create_notes(NOTE)

    assert "1000.a.b" not in str(caught.value)
    assert caught.value.__suppress_context__ is True
