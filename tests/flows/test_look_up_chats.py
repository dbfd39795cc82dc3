"""Look-ups as flow runs: visible to an operator, without a number in them, and never in the way of the page."""

import asyncio
import time

import pytest

from chatledger.models import ChatsOfRecord, RecordRef
from deployments.look_ups import AccompaniedLookUps
from tests.stage import ANA

NAME = "Canaria Quintero"


@pytest.fixture
def lead(stage):
    stage.receive("mi clave es canario-4711", name=NAME)
    return stage.zoho.add_record("Leads", {"Last_Name": NAME, "Mobile": ANA})


@pytest.fixture
def flow(surroundings):
    from flows.look_up_chats import look_up_chats

    return look_up_chats


def found(record):
    return ChatsOfRecord(record, {}, (), (), ())


async def looked_up(record, *, pause=0.0):
    await asyncio.sleep(pause)
    return found(record)


def accompanied(record, *, prefect_is_set=lambda: True):
    """Carry a look-up out beside its flow run; gives what the page got and how long it waited."""

    async def page():
        runs = AccompaniedLookUps("main", prefect_is_set)
        started = time.monotonic()
        answer = await runs.accompany(record, asyncio.ensure_future(looked_up(record)))
        waited = time.monotonic() - started
        await asyncio.to_thread(runs._threads.shutdown)
        return answer, waited

    return asyncio.run(page())


def names_of_runs(record):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC)
        return [(run.name, run.state.name, run.parameters) for run in runs if record.id in run.name]


def test_a_run_by_hand_says_how_many_there_are(flow, lead):
    state = flow("Leads", lead, return_state=True)

    assert (state.name, state.message) == ("Completed", "1 chat of 1 number.")


def test_a_record_that_is_not_there_fails_the_run_with_a_sentence(flow):
    state = flow("Leads", "5725767000000999999", return_state=True)

    assert state.name == "Failed"
    assert "5725767000000999999" in state.message


def test_a_run_keeps_nothing_personal(flow, lead, prefect):
    flow("Leads", lead, return_state=True)
    time.sleep(1.5)  # until the server has written it
    kept = prefect.stored()

    for secret in (NAME.encode(), ANA.encode(), ANA.removeprefix("+57").encode(), b"canario-4711"):
        assert secret not in kept
    assert not [file for file in prefect.results() if lead.encode() in file.read_bytes()]


@pytest.mark.usefixtures("surroundings")
def test_a_page_s_look_up_has_a_run_beside_it():
    record = RecordRef("Leads", "5725767000000777001")
    answer, _ = accompanied(record)

    assert answer == found(record)
    [(name, state, parameters)] = names_of_runs(record)
    assert (name, state) == ("look-up Leads 5725767000000777001", "Completed")
    assert parameters == {"module": "Leads", "record_id": record.id, "organisation": "main"}


def test_without_a_prefect_address_there_is_no_run():
    record = RecordRef("Leads", "5725767000000777002")
    answer, _ = accompanied(record, prefect_is_set=lambda: False)

    assert answer == found(record)


def test_while_prefect_is_down_the_page_has_its_look_up_all_the_same(prefect):
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    record = RecordRef("Leads", "5725767000000777003")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        answer, _ = accompanied(record)

    assert answer == found(record)
    assert prefect.url
    assert names_of_runs(record) == []


def test_the_failure_of_a_look_up_reaches_page_and_run_alike(surroundings):
    from chatledger.errors import NotFound

    record = RecordRef("Leads", "5725767000000777004")

    async def refused():
        raise NotFound("Zoho CRM shows no such record to this user.", system="Zoho CRM")

    async def page():
        runs = AccompaniedLookUps("main", lambda: True)
        try:
            with pytest.raises(NotFound):
                await runs.accompany(record, asyncio.ensure_future(refused()))
        finally:
            await asyncio.to_thread(runs._threads.shutdown)

    asyncio.run(page())
    assert surroundings
    assert [state for _, state, _ in names_of_runs(record)] == ["Failed"]
