"""What is put right from outside Prefect, against a real server."""

from datetime import UTC, datetime, timedelta

import pytest

from chatledger.ledger import lease
from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
from deployments.serving import tidying
from deployments.serving.tidying import DeadRuns, LostSlots, drop_overdue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of a Prefect server of its own."""
    home = tmp_path_factory.mktemp("tidying")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        with embedded_prefect(home):
            from prefect.client.orchestration import get_client

            with get_client(sync_client=True) as opened:
                yield opened
        stop_embedded_prefect(home)


@pytest.fixture
def deployment(client, request):
    """A deployment of which one run may be at work."""
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions

    flow = client.create_flow_from_name("sync-chats")
    options = ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    return client.create_deployment(flow, request.node.name, concurrency_limit=1, concurrency_options=options)


@pytest.fixture
def ledger(migrated_file, opened, tmp_path):
    (tmp_path / "ledger.db").write_bytes(migrated_file.read_bytes())
    return opened(f"sqlite:///{tmp_path / 'ledger.db'}")


def at_work(client, deployment):
    """Have a run that Prefect believes to be running."""
    from prefect.states import Pending, Running

    run = client.create_flow_run_from_deployment(deployment)
    for state in (Pending(), Running()):
        client.set_flow_run_state(run.id, state)
    return run.id


def slots(client, deployment):
    return client.read_global_concurrency_limit_by_name(f"deployment:{deployment}").active_slots


def test_tick_without_lease_is_marked_as_crashed_and_gives_its_place_back(client, deployment, ledger):
    run = at_work(client, deployment)
    assert slots(client, deployment) == 1

    [dead] = DeadRuns(ledger, 0).mark(client, "main", deployment, ticks=True)

    assert dead.id == run
    assert client.read_flow_run(run).state.is_crashed()
    assert slots(client, deployment) == 0
    assert client.read_flow_run(at_work(client, deployment)).state.is_running()


def test_tick_is_given_a_minute_to_show_a_sign_of_life(client, deployment, ledger):
    run = at_work(client, deployment)
    dead_runs = DeadRuns(ledger, 60)

    assert dead_runs.mark(client, "main", deployment, ticks=True) == []
    assert dead_runs.mark(client, "main", deployment, ticks=True) == []
    assert client.read_flow_run(run).state.is_running()


def test_tick_that_holds_the_lease_is_left_alone(client, deployment, ledger):
    run = at_work(client, deployment)
    lease.acquire(ledger, "main", 60)

    assert DeadRuns(ledger, 0).mark(client, "main", deployment, ticks=True) == []
    assert client.read_flow_run(run).state.is_running()


def test_other_runs_are_judged_by_their_heartbeats(client, deployment, ledger, monkeypatch):
    run = at_work(client, deployment)

    assert DeadRuns(ledger, 0).mark(client, "main", deployment, ticks=False) == []
    monkeypatch.setattr(tidying, "HEARTBEATS", timedelta())
    assert [dead.id for dead in DeadRuns(ledger, 0).mark(client, "main", deployment, ticks=False)] == [run]


def test_place_that_no_run_occupies_is_freed(client, deployment, monkeypatch):
    from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

    client.update_global_concurrency_limit(f"deployment:{deployment}", GlobalConcurrencyLimitUpdate(active_slots=1))
    lost_slots = LostSlots()
    assert lost_slots.free(client, deployment) is False
    monkeypatch.setattr(tidying, "SLOT_SECONDS", 0)
    assert lost_slots.free(client, deployment) is True
    assert slots(client, deployment) == 0


def test_place_of_a_run_at_work_is_not_freed(client, deployment, monkeypatch):
    monkeypatch.setattr(tidying, "SLOT_SECONDS", 0)
    at_work(client, deployment)
    assert LostSlots().free(client, deployment) is False
    assert slots(client, deployment) == 1


def test_overdue_run_that_a_person_asked_for_stays(client, deployment):
    from prefect.states import Scheduled

    yesterday = datetime.now(UTC) - timedelta(days=1)
    asked = {
        client.create_flow_run_from_deployment(deployment, state=Scheduled(scheduled_time=yesterday)).id for _ in range(60)
    }

    assert drop_overdue(client, [deployment], datetime.now(UTC)) == 0

    assert all(client.read_flow_run(run).state.is_scheduled() for run in asked)
