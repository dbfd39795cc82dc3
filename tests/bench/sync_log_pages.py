"""How fast the sync log is over five million messages: part of `make bench`.

A generated ledger is served by the real application; every page is asked for several times with other filters, places and
search words. Then a million rows are exported in a process of their own, whose memory is compared with that of a small export.
Ends with exit code 1 when a bar is missed.
"""

import argparse
import json
import os
import random
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from chatledger.delivery.explaining import explain
from chatledger.ledger import people
from chatledger.ledger.database import Ledger, open_ledger
from chatledger.web.acts import Acts
from chatledger.web.app import create_app
from chatledger.web.parts import WebParts
from sandbox.serving import running
from tests.bench.big_ledger import NAMES, ORGANISATION, SURNAMES, make, phone, uid, wid
from tests.bench.surroundings import PROJECT

PAGE_MS, EXPLAIN_MS, EXPORT_MB = 500, 200, 120
SECRET = "a passphrase only for benches"
TIMES = 40
ROWS_EXPORTED = 1_000_000


def pages(messages: int, chance: random.Random) -> dict[str, Callable[[], str]]:
    """Return what is asked for, by name: each call gives another address."""
    chats = messages // 20

    def day(most: int = 700) -> str:
        return (datetime.now(UTC) - timedelta(days=chance.randrange(most))).date().isoformat()

    listed = "/sync-log/messages"
    return {
        "runs": lambda: f"/sync-log?to={day(300)}",
        "all runs": lambda: f"/sync-log?all=1&to={day(300)}",
        "run": lambda: f"/sync-log/runs/{chance.randrange(1, 500_000):08x}-tick",
        "messages": lambda: listed,
        "messages from a day": lambda: f"{listed}?to={day()}",
        "synced": lambda: f"{listed}?outcome=synced&to={day()}",
        "parked": lambda: f"{listed}?outcome=parked",
        "skipped, by reason": lambda: f"{listed}?reason=no_phone&to={day()}",
        "busy number": lambda: f"{listed}?number={wid(0)}&to={day()}",
        "quiet number": lambda: f"{listed}?number={wid(10)}&outcome=parked",
        "owner": lambda: f"{listed}?owner=carlos@example.com&from={day()}",
        "search phone": lambda: f"{listed}?q={phone(chance.randrange(chats))}",
        "search part of a phone": lambda: f"{listed}?q={chance.randrange(10_000, 99_999)}",
        "search name": lambda: f"{listed}?q={chance.choice(SURNAMES)}+{chance.randrange(997)}",
        "search frequent name": lambda: f"{listed}?q={chance.choice(NAMES)}",
        "search record": lambda: f"{listed}?q={10**18 + chance.randrange(chats)}",
        "search words of a reason": lambda: f"{listed}?q=several+records",
        "search nothing": lambda: f"{listed}?q=xyzzy",
        "message": lambda: f"{listed}/{uid(chance.randrange(messages))}",
        "chat": lambda: f"/sync-log/chats/{chance.randrange(chats)}",
        "busiest chats": lambda: f"/sync-log/chats/{chance.randrange(chats // 100)}",
        "note": lambda: f"/sync-log/notes/{chance.randrange(1, messages // 2)}",
        "to decide": lambda: "/sync-log/held",
        "overview of a week": lambda: f"/sync-log/overview?days=7&to={day()}",
        "overview of a month": lambda: f"/sync-log/overview?days=30&to={day()}",
        "overview of a quarter": lambda: f"/sync-log/overview?days=90&to={day(600)}",
        "overview of half a year": lambda: f"/sync-log/overview?days=180&to={day(500)}",
        "chart": lambda: f"/sync-log/overview/messages.svg?days=30&to={day()}",
        "audit trail": lambda: "/sync-log/audit",
    }


@contextmanager
def served(ledger: Ledger) -> Iterator[httpx.Client]:
    """Serve the pages and give a client with an administrator signed in."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    acts = Acts(explain=lambda what: explain(ledger, ORGANISATION, what, None))
    parts = WebParts(ledger, ORGANISATION, f"http://127.0.0.1:{port}", acts=acts)
    with running(create_app(parts), port) as base, httpx.Client(base_url=base, headers={"Accept": "text/html"}) as client:
        with ledger.transaction() as session:
            person = people.add(session, ORGANISATION, f"bench-{time.time()}@example.com", "admin", "bench")
            invitation = people.invite(session, person)
        page = client.get(f"/invitation/{invitation}").text
        token = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', page)[1]
        client.post("/invitation", data={"csrf_token": token, "invitation": invitation})
        yield client


def asked(client: httpx.Client, address: str, *, follow: int) -> list[float]:
    """Ask for a page, and for as many further ones as its link to older rows leads to; return the milliseconds of each."""
    took = []
    for _ in range(follow + 1):
        began = time.perf_counter()
        answer = client.get(address, follow_redirects=True, timeout=120)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code in (200, 404), (address, answer.status_code)
        older = re.search(r'rel="next" href="([^"]+)"', answer.text)
        if not older:
            break
        address = older[1].replace("&amp;", "&")
    return took


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[min(int(len(values) * 0.95), len(values) - 1)]


def measure_pages(client: httpx.Client, messages: int, chance: random.Random) -> list[float]:
    """Ask for every page, print what each took, and return the 95th percentiles."""
    found = []
    print(f"{'page':28} {'median':>9} {'p95':>9}   answers")
    for name, address in pages(messages, chance).items():
        took = [each for number in range(TIMES) for each in asked(client, address(), follow=2 if number % 4 == 0 else 0)]
        found.append(p95(took))
        print(f"{name:28} {statistics.median(took):>6.0f} ms {found[-1]:>6.0f} ms   {len(took)}", flush=True)
    return found


def measure_explain(ledger: Ledger, messages: int, chance: random.Random) -> float:
    """Explain messages and numbers; print and return the 95th percentile."""
    took = []
    for number in range(100):
        what = uid(chance.randrange(messages)) if number % 2 else phone(chance.randrange(messages // 20))
        began = time.perf_counter()
        explain(ledger, ORGANISATION, what, None)
        took.append((time.perf_counter() - began) * 1000)
    print(f"{'explain':28} {statistics.median(took):>6.0f} ms {p95(took):>6.0f} ms   {len(took)}")
    return p95(took)


def exported(ledger_file: Path, rows: int, messages: int, kind: str) -> tuple[int, float, float]:
    """Export so many of the newest rows; return rows, seconds and the peak memory in MB."""
    days = 730 * rows / messages
    start = (datetime.now(UTC) - timedelta(days=days)).replace(microsecond=0).isoformat()
    out = ledger_file.parent / f"export.{kind}"
    # Not getrusage: its maximum is that of this process, out of which the other one was made.
    code = (
        "import re, sys; from pathlib import Path; from deployments.cli.main import app; "
        "app(sys.argv[1:], standalone_mode=False); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    variables = {
        "CHATLEDGER_HOME": str(ledger_file.parent), "CHATLEDGER_LEDGER_URL": f"sqlite:///{ledger_file}",
        "CHATLEDGER_SECRET_KEY": SECRET,
    }  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, "export", "messages", "--out", str(out), "--from", start, "--force"],
        check=True, capture_output=True, text=True, cwd=PROJECT, env=os.environ | variables,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    summary, peak = done.stdout.splitlines()[-2:]
    out.unlink()
    return json.loads(summary)["rows"], seconds, int(peak) / 1024


def measure_exports(ledger_file: Path, messages: int) -> float:
    """Export a little and a lot in each format; print, and return by how much the memory grew at most."""
    grown = []
    for kind in ("csv", "parquet", "xlsx"):
        few = exported(ledger_file, 20_000, messages, kind)
        many = exported(ledger_file, min(ROWS_EXPORTED, messages), messages, kind)
        grown.append(many[2] - few[2])
        print(
            f"export {kind:8} {many[0]:>9,} rows {many[1]:>6.1f} s   {many[2]:>4.0f} MB   (20,000 rows: {few[2]:.0f} MB)",
            flush=True,
        )
    return max(grown)


def main() -> int:
    """Measure, print, and say whether every bar is held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--ledger", type=Path, help="a ledger made before, to be measured again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.ledger or Path(folder) / "ledger.db"
        if not path.exists():
            print(f"Making a ledger of {options.messages:,} messages ...", flush=True)
            make(path, options.messages)
        print(f"{path.stat().st_size / 2**30:.1f} GB, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
        ledger = open_ledger(f"sqlite:///{path}", home=path.parent, secret_key=SECRET)
        chance = random.Random(11)
        with served(ledger) as client:
            slowest = max(measure_pages(client, options.messages, chance))
        explaining = measure_explain(ledger, options.messages, chance)
        ledger.close()
        grown = measure_exports(path, options.messages)
    print(f"\nserver's peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    held = slowest < PAGE_MS and explaining < EXPLAIN_MS and grown < EXPORT_MB
    print(f"slowest page {slowest:.0f} ms (p95, under {PAGE_MS}), explain {explaining:.0f} ms (under {EXPLAIN_MS}),")
    print(f"memory of a large export over that of a small one {grown:.0f} MB (under {EXPORT_MB})")
    print("held" if held else "MISSED")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
