"""The settings under which Prefect runs: those of the commands, and those of the server they share."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chatledger.errors import UsageError

RUN_RETENTION_SECONDS = 14 * 24 * 3600
EVENT_RETENTION = "P2D"
DRAIN_SECONDS = 10
PROJECT_ROOT = Path(__file__).parents[2]

_NOT_INHERITED = ("PREFECT_", "CHATLEDGER_", "TIMELINES_", "ZOHO_")
_PRIVATE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}

# One write for many task runs: by default each one is a transaction of its own, which SQLite does 19 times a second.
_RECORDING = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
}

# Events are by far the most of the database and serve only the timeline of recent runs.
_RETENTION = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(RUN_RETENTION_SECONDS),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": EVENT_RETENTION,
}

# Without somebody who runs deployments, scheduled runs would only pile up and automations have nothing to act on.
_NOTHING_SCHEDULED = {
    f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false"
    for service in (
        "SCHEDULER",
        "LATE_RUNS",
        "FOREMAN",
        "TRIGGERS",
        "PAUSE_EXPIRATIONS",
        "CANCELLATION_CLEANUP",
        "CLEANUP_RECONCILER",
    )
}


def server_environment(folder: Path, url: str, *, scheduling: bool) -> dict[str, str]:
    """Give the environment of a server that keeps its SQLite database in `folder`.

    Prefect settings of the caller are left out, so that the server is the same whichever command started it, and so are
    our own with their secrets, which it has no use for.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    own = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT_ROOT), inherited.get("PYTHONPATH")])),
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": url,
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_COLORS": "false",
    }
    return inherited | own | _PRIVATE | _RECORDING | _RETENTION | ({} if scheduling else _NOTHING_SCHEDULED)


@contextmanager
def quiet_prefect(folder: Path) -> Iterator[None]:
    """Keep Prefect's files in `folder` and its own chatter off the terminal, for a Prefect that is imported from now on.

    Runs are logged to the API all the same. CHATLEDGER_LOG_LEVEL decides what reaches the terminal; `UsageError` when it
    is not a level.
    """
    level = (os.environ.get("CHATLEDGER_LOG_LEVEL") or "WARNING").upper()
    if level not in logging.getLevelNamesMapping():
        raise UsageError(f"CHATLEDGER_LOG_LEVEL is not a log level: {level!r}; use DEBUG, INFO, WARNING or ERROR.")
    logs = {
        "PREFECT_LOGGING_LEVEL": "DEBUG" if level == "DEBUG" else "INFO",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": level,
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    chosen = {name: os.environ.get(name) or value for name, value in logs.items()}
    with _variables({"PREFECT_HOME": str(folder)} | chosen | _PRIVATE | _without_proxy()):
        yield


@contextmanager
def prefect_at(url: str, *, heartbeats: bool) -> Iterator[None]:
    """Point Prefect, in this process and in its children, at the API at `url` for the life of the context.

    At its end the events and logs that this process still holds are sent, for at most 10 seconds.
    """
    with _variables({"PREFECT_API_URL": url}), _settings(heartbeats=heartbeats), _run_logs_off_the_terminal():
        try:
            yield
        finally:
            _send_what_is_held()


@contextmanager
def _settings(*, heartbeats: bool) -> Iterator[None]:
    """Read the environment again for a Prefect that was imported earlier."""
    from prefect.context import refresh_global_settings_context
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    refresh_global_settings_context()
    updates: dict[Any, Any] = {PREFECT_API_URL: os.environ["PREFECT_API_URL"]}
    if not heartbeats:
        # Nobody acts on them here, and the end of a sync flow waits up to a second for their thread. No variable can
        # switch them off, only an object can.
        updates[PREFECT_FLOWS_HEARTBEAT_FREQUENCY] = None
    with temporary_settings(updates):
        yield


@contextmanager
def _run_logs_off_the_terminal() -> Iterator[None]:
    """Keep the logs of runs, tracebacks included, in Prefect: the command says in its own words what went wrong."""
    loggers = [] if os.environ.get("CHATLEDGER_LOG_LEVEL") else ["prefect.flow_runs", "prefect.task_runs"]
    for name in loggers:
        logging.getLogger(name).propagate = False
    try:
        yield
    finally:
        for name in loggers:
            logging.getLogger(name).propagate = True


def _send_what_is_held() -> None:
    """Empty Prefect's background queues; from a thread of its own, since called inside an event loop they do not wait."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    def drain() -> None:
        for worker in (EventsWorker, APILogWorker):
            worker.drain_all(timeout=DRAIN_SECONDS / 2, at_exit=False)

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    thread.join(DRAIN_SECONDS)


def _without_proxy() -> dict[str, str]:
    """Except this machine from any proxy: one set for the internet would be asked for 127.0.0.1 as well."""
    present = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = ",".join(dict.fromkeys([*filter(None, present.split(",")), "127.0.0.1"]))
    return {"no_proxy": hosts, "NO_PROXY": hosts}


@contextmanager
def _variables(added: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
