"""Commands on stage, and one Prefect server for each module of tests."""

import json
from datetime import timedelta

import pytest

from deployments.embedded_prefect import embedded_prefect, stop_embedded_prefect
from tests.deployments.bad_input.refusals import CLOSED, NAME, PRIVATE, TEXT, sentence

SETTINGS = """[sync]
chat_link_field = "WhatsApp_Chat"
timezone = "America/Bogota"
[sync.fixed_fields]
Company = "WhatsApp"
"""


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """Home and URL of one Prefect server for all tests here; in the end its files must hold nothing private."""
    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PREFECT_API_URL", raising=False)
        with embedded_prefect(home) as url:
            yield home, url
        stop_embedded_prefect(home)
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert [word for word in PRIVATE if len(word) > 8 and word.encode() in kept] == []


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(autouse=True)
def home(surroundings, monkeypatch):
    """An environment in which commands start no Prefect server: PREFECT_API_URL names none until a test wants a tick."""
    monkeypatch.setenv("PREFECT_API_URL", f"{CLOSED}/api")
    return surroundings


@pytest.fixture
def activated(command, settings, stage):
    """An organisation activated for the last hour, and a message that waits for its first tick."""
    ran = command("activate", "--settings", str(settings), "--from", (stage.now() - timedelta(hours=1)).isoformat())
    assert ran.code == 0
    stage.receive(TEXT, name=NAME)
    return command


@pytest.fixture
def sync(activated, prefect, monkeypatch):
    """Give a function that runs `chatledger sync` and returns its exit code, summary and sentence."""
    monkeypatch.setenv("PREFECT_API_URL", prefect[1])

    def ran(*options):
        done = activated("sync", "--json", *options)
        return done.code, json.loads(done.out.splitlines()[-1]), sentence(done) if done.err else ""

    return ran
