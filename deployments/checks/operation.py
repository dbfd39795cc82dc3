"""What keeps ticks coming, seen from outside Prefect: room on the disk, `serve`, its Prefect server, the lease."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from chatledger.ledger import lease, organisations, runs
from chatledger.ledger.database import Ledger
from chatledger.web.health_state import LEAST_DISK_BYTES, NO_GOOD_TICK_SECONDS
from deployments.checks.findings import Finding, ok, problem, warning
from deployments.embedded_prefect.home import PrefectHome, try_lock
from deployments.embedded_prefect.process import answers

SCARCE_DISK_BYTES = 5 * LEAST_DISK_BYTES
SERVE_LOCK = "serve.lock"


def machine(home: Path) -> Iterator[Finding]:
    """Check what needs no ledger: the disk, and the Prefect server of this home where one is at work."""
    yield _disk(home)
    if not os.environ.get("PREFECT_API_URL") and (server := PrefectHome.of(home).read_record()):
        if answers(server):
            yield ok("Prefect server", f"the one of this state folder answers at {server.url}")
        else:
            remedy = f"The next command starts it anew; {PrefectHome.of(home).log_file} says why it ended."
            yield warning("Prefect server", f"the one of this state folder does not answer at {server.url}", remedy)


def ticks(ledger: Ledger, home: Path, organisation_id: str) -> Iterator[Finding]:
    """Check that whatever is to start ticks does."""
    serving = serve_is_at_work(home)
    if serving:
        yield ok("serve", "`chatledger serve` is at work in this state folder")
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
        good = runs.last_good(session, organisation_id)
    if organisation is None or not organisation.active:
        return
    since = max(moment for moment in (good.started_at if good else None, organisation.activated_at) if moment)
    age = ledger.now() - since
    if serving and age > timedelta(seconds=NO_GOOD_TICK_SECONDS):
        said = f"none of them has been good for {age.total_seconds() / 60:.0f} minutes although `chatledger serve` is at work"
        yield problem("ticks", said, "Look at its last lines and at the newest runs of sync-chats in Prefect.")
    if lease.is_held(ledger, organisation_id):
        yield ok("lease", "a run is at work for this organisation")


def serve_is_at_work(home: Path) -> bool:
    """Say whether a `chatledger serve` holds the lock of this home."""
    path = home / SERVE_LOCK
    if not path.exists():
        return False
    lock = try_lock(path, fcntl.LOCK_SH)
    if lock is not None:
        os.close(lock)
    return lock is None


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    said = f"{free / 1e9:.1f} GB are free where the state folder is"
    if free < LEAST_DISK_BYTES:
        return problem("disk", said, "Make room: nothing is lost without it, but nothing is written either.")
    return warning("disk", said, "Make room soon.") if free < SCARCE_DISK_BYTES else ok("disk", said)
