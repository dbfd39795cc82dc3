"""`serve` from its start to its end, in the order in which its parts need each other."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from prefect.client.orchestration import get_client
from starlette.applications import Starlette

from blocks.environment import WebSettings
from blocks.web_address import remember_address
from chatledger.ledger.database import Ledger
from chatledger.web.app import create_app
from deployments.automations.registering import register
from deployments.block_registration import register_types
from deployments.embedded_prefect import revive_embedded_prefect
from deployments.serving.deploying import served_organisations
from deployments.serving.elsewhere import RunsElsewhere
from deployments.serving.health_facts import HealthFacts
from deployments.serving.pages import WebPages
from deployments.serving.ports import listening
from deployments.serving.runs_starter import RunsStarter
from deployments.serving.stopping import StopSignal
from deployments.serving.tick_requests import TickRequests
from deployments.serving.watching import Watch
from deployments.serving.work_pool import WorkPool
from deployments.web_pages import build_parts

LOOK_SECONDS = 10
READY_SECONDS = 180
WEB_PORT = 8460


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person who starts `serve` may choose."""

    host: str
    web_port: int | None
    tick_every: timedelta
    limit: int
    runs: bool
    embedded: bool
    pool: str | None = None


def run_until_stopped(
    settings: WebSettings,
    ledger: Ledger,
    choices: Choices,
    *,
    stop: StopSignal,
    ready: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    """Run deployments, pages and watch until `stop`; `ready` is given the pages' address once everything answers."""
    own = settings.chatledger_organisation
    with ExitStack() as parts:
        requests = TickRequests()
        parts.callback(requests.close)
        listener = listening(choices.host, choices.web_port, customary=WEB_PORT, option="--web-port")
        address = f"http://{choices.host}:{listener.getsockname()[1]}"
        pages = WebPages(_application(settings, ledger, address, requests), listener)
        pages.start()
        parts.callback(pages.stop)
        starter = _starter(ledger, own, choices)
        parts.callback(starter.stop)
        _register()
        ready(address)
        revive = (lambda: revive_embedded_prefect(settings.home)) if choices.embedded else (lambda: None)
        watch = Watch(ledger, own, starter, revive=revive, say=say)
        while not stop.wait(LOOK_SECONDS):
            watch.look()
        say("Stopping ...")


def _starter(ledger: Ledger, own: str, choices: Choices) -> RunsStarter | RunsElsewhere | WorkPool:
    organisations = served_organisations(ledger, own)
    if choices.pool or not choices.runs:
        elsewhere = WorkPool(choices.pool, tick_every=choices.tick_every) if choices.pool else RunsElsewhere()
        elsewhere.serve(organisations)
        return elsewhere
    starter = RunsStarter(organisations, tick_every=choices.tick_every, limit=choices.limit)
    starter.start()
    try:
        starter.wait_until_ready(READY_SECONDS)
    except BaseException:
        starter.stop()
        raise
    return starter


def _register() -> None:
    """Have Prefect know the blocks and the alerts."""
    register_types()
    with get_client(sync_client=True) as client:
        register(client, None)


def _application(settings: WebSettings, ledger: Ledger, address: str, requests: TickRequests) -> Starlette:
    parts = build_parts(settings, ledger, address)
    health = HealthFacts(ledger, settings.home).examine
    remember_address(settings.home, parts.public_url)
    return create_app(replace(parts, health=health, request_tick=requests.request_tick))
