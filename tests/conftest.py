"""Fixtures that several packages' tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from chatledger.ledger.database import Clock, Ledger, open_ledger
from sandbox.serving import running
from sandbox.timelines.app import TimelinesStandIn
from sandbox.zoho.app import ZohoStandIn
from tests import named_tests
from tests.postgresql import PostgresServer, running_server
from tests.stage import Stage, small_world

SECRET_KEY = "a passphrase only for tests"

# A property holds or it does not: how long an example takes on a busy machine says nothing about it.
settings.register_profile("chatledger", deadline=None)
settings.load_profile("chatledger")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is marked slow last, so that a broken rule is seen early."""
    named_tests.remember(config, items)
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """Start one PostgreSQL server for all tests of this process."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_database(postgresql_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Migrate one PostgreSQL database, to be emptied after every test."""
    name = postgresql_server.create()
    _migrate(postgresql_server.url(name), tmp_path_factory.mktemp("migrated-postgresql"))
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file, to be copied by every test."""
    folder = tmp_path_factory.mktemp("migrated-sqlite")
    _migrate(f"sqlite:///{folder / 'ledger.db'}", folder)
    return folder / "ledger.db"


def _migrate(url: str, home: Path) -> None:
    open_ledger(url, home=home, secret_key=SECRET_KEY).close()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a migrated, empty ledger; the test runs once on each database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "ledger.db")
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    database: str = request.getfixturevalue("migrated_database")
    yield server.url(database)
    server.empty(database)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database that no ledger was opened in yet, once on each database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        yield url


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Give a function that opens the ledger of a URL; whatever it opened is closed after the test."""
    ledgers = []

    def open_at(url: str, *, secret_key: str = SECRET_KEY, clock: Clock | None = None) -> Ledger:
        ledgers.append(open_ledger(url, home=tmp_path, secret_key=secret_key, clock=clock))
        return ledgers[-1]

    yield open_at
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(ledger_url: str, opened: Callable[..., Ledger]) -> Ledger:
    """Give an open, empty ledger; the test runs once on each database."""
    return opened(ledger_url)


class _Relay:
    """Passes requests to the stand-in of the test that is running: one server for all tests spares 0.2 seconds for each."""

    def __init__(self) -> None:
        self.app = None

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def relays():
    """Two servers, each passing on to whichever stand-in is on stage."""
    timelines, zoho = _Relay(), _Relay()
    with running(timelines) as timelines_url, running(zoho) as zoho_url:
        yield timelines, zoho, (timelines_url, zoho_url)


@pytest.fixture
def world():
    """The world of the stage; a test module may override it."""
    return small_world()


@pytest.fixture
def stage(relays, world, migrated_file, tmp_path, opened) -> Stage:
    """A stage with fresh stand-ins and an empty SQLite ledger; nothing is activated yet."""
    timelines_relay, zoho_relay, urls = relays
    timelines, zoho = TimelinesStandIn(world["timelines"]), ZohoStandIn(world["zoho"])
    timelines_relay.app, zoho_relay.app = timelines.app, zoho.app
    shutil.copy(migrated_file, tmp_path / "stage.db")
    on_stage = Stage(timelines, zoho, urls)
    on_stage.ledger = opened(f"sqlite:///{tmp_path / 'stage.db'}", clock=on_stage.now)
    return on_stage
