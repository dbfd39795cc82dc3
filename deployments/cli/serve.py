"""`chatledger serve`: everything that runs for months, started by one command and stopped by Ctrl-C."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from blocks.credentials import credentials_of
from blocks.environment import PROJECT, WebSettings, read_environment, read_state_settings, read_web_settings
from blocks.web_address import likely_address
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from deployments.cli.activate import activate
from deployments.cli.connections import open_ledger
from deployments.cli.sandbox_processes import running_sandbox
from deployments.embedded_prefect import embedded_prefect, stop_unused_embedded_prefect
from deployments.serving.only_one import only_serve
from deployments.serving.stopping import stop_signal

SAMPLE = PROJECT / "data" / "sample_workspace" / "settings.toml"
SAMPLE_DAYS = 11
PREFECT_PORT = 4200


def serve(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Use stand-ins for TimelinesAI and Zoho CRM.")] = False,
    host: Annotated[str, typer.Option(help="Address the web pages listen on.")] = "127.0.0.1",
    web_port: Annotated[int | None, typer.Option(help="Port of the web pages; 8460 or any free one when left out.")] = None,
    prefect_port: Annotated[int | None, typer.Option(help="Port of Prefect; 4200 or any free one when left out.")] = None,
    every: Annotated[int, typer.Option(min=5, max=240, help="Seconds between two ticks.")] = 60,
    runs: Annotated[bool, typer.Option("--runs/--no-runs", help="Start runs here, or leave them to workers.")] = True,
    pool: Annotated[
        str | None, typer.Option(help="Deploy every organisation to this work pool and leave runs to its workers.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many runs may be at work at once, of all organisations.")] = 10,
) -> None:
    """Run everything: Prefect, a tick every minute, the web pages; Ctrl-C stops it."""
    home, embedded = read_state_settings().home, _is_embedded()
    _log_to_stderr()
    _say("Starting Prefect, the deployments and the web pages ...")
    with stop_signal() as stop, only_serve(home), _systems(sandbox=sandbox), _prefect(home, prefect_port) as prefect_api_url:
        # Not sooner: what is imported here sets up Prefect's logs as the environment says.
        from deployments.serving.running import Choices, run_until_stopped

        settings = read_web_settings()
        choices = Choices(host, web_port, timedelta(seconds=every), limit, runs=runs, embedded=embedded, pool=pool)
        with open_ledger(settings) as ledger:
            if sandbox:
                _activate_sample(ledger, settings.chatledger_organisation)
            run_until_stopped(
                settings,
                ledger,
                choices,
                stop=stop,
                ready=lambda address: _show(ledger, settings, address, prefect_api_url),
                say=lambda line: _say(f"{datetime.now().astimezone():%H:%M:%S} {line}"),
            )
    _say("Stopped.")


@contextmanager
def _systems(*, sandbox: bool) -> Iterator[None]:
    """Have the environment that this process and its runs need: of the sandbox, or as it was given."""
    before = dict(os.environ)
    # Runs are started in this folder, which may hold others' packages of the same names.
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT), before.get("PYTHONPATH")]))
    if not before.get("CHATLEDGER_LOG_LEVEL"):
        # What went wrong in a run is in its log in Prefect and, in one sentence, in what the watch says.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    try:
        if not sandbox:
            yield
            return
        with running_sandbox() as running:
            os.environ.update(running.environment)
            _say(f"Sandbox: TimelinesAI at {running.timelines_url}, Zoho CRM at {running.zoho_url}")
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _prefect(home: Path, port: int | None) -> Iterator[str]:
    embedded = _is_embedded()
    try:
        with embedded_prefect(home, scheduling=True, port=PREFECT_PORT if port is None else port) as url:
            if port and urlsplit(url).port != port:
                raise UsageError(
                    f"--prefect-port {port}: Prefect could only be had at {url}; free the port or leave this out."
                )
            yield url
    finally:
        if embedded:
            stop_unused_embedded_prefect(home)


def _activate_sample(ledger: Ledger, organisation_id: str) -> None:
    with ledger.reading() as session:
        if organisations.find(session, organisation_id) is not None:
            return
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=SAMPLE_DAYS)
    activate(SAMPLE, start.isoformat())


def _show(ledger: Ledger, settings: WebSettings, address: str, prefect_api_url: str) -> None:
    _say(
        "",
        f"Web pages    {address}/",
        f"Prefect UI   {os.environ.get('PREFECT_UI_URL') or prefect_api_url.removesuffix('/api')}",
        f"Prefect API  {prefect_api_url}",
        "",
        *_notices(ledger, settings),
        "Ctrl-C stops everything.",
    )


def _notices(ledger: Ledger, settings: WebSettings) -> Iterator[str]:
    """Say what keeps ticks from running, and what to do."""
    own = settings.chatledger_organisation
    try:
        credentials_of(read_environment(), ledger, own)
    except UsageError as error:
        yield f"Not all connections come from the environment. {error} Or connect at {likely_address(settings)}/connect."
    with ledger.reading() as session:
        organisation = organisations.find(session, own)
    if organisation is None:
        yield f"{own} is not activated: no tick is scheduled. `chatledger activate --settings FILE` switches it on."
    elif not organisation.active:
        yield f"{own} is switched off: no tick is scheduled. `chatledger activate --settings FILE` switches it on."


def _is_embedded() -> bool:
    return not os.environ.get("PREFECT_API_URL")


def _log_to_stderr() -> None:
    """Have the pages and webhooks say what goes wrong in them, without values: an operator reads it where `serve` runs."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logging.getLogger("chatledger").addHandler(handler)


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)
