"""`serve` for an hour's worth of ticks: `make soak`. Missed and overlapping ticks, memory, open files, growth on disk.

The hour is accelerated: 60 ticks, one every ten seconds by default, on the sandbox, with a new message now and then. Figures
for a minute between two ticks follow from what one tick costs. Ends with exit code 1 when a rule of operation is broken.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil

from tests.bench.surroundings import StandIn
from tests.served import Serve

SAMPLE_SECONDS = 5
MESSAGE_SECONDS = 10
WARM_UP = 0.25
MOST_GROWTH_MB = 15
MOST_MORE_FILES = 8
TICKS_A_DAY = 1440
TABLES = ("flow_run", "task_run", "flow_run_state", "events", "event_resources", "log", "artifact")


@dataclass(frozen=True)
class Sample:
    """What the processes that stay (`serve` itself and Prefect's server) and Prefect's database hold at one moment."""

    at: float
    bytes: int
    memory_mb: dict[str, float]
    files: dict[str, int]


def main() -> int:
    """Run and report; return the exit code."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="chatledger-soak-") as folder:
        home = Path(folder) / "home"
        serve = Serve(home, "--sandbox", "--every", str(options.every)).until_up()
        try:
            stays = _processes_that_stay(serve)
            samples = _watch(serve, stays, options)
            warm = samples[int(len(samples) * WARM_UP) :]
            problems = _report_ticks(serve, options.every)
            problems += _report_memory(warm)
            _report_cpu(serve, stays)
            _report_disk(serve, warm)
        finally:
            serve.interrupt()
            serve.kill()
    print(*(f"BROKEN: {problem}" for problem in problems), sep="\n")
    return 1 if problems else 0


def _watch(serve, stays, options):
    stand_in = StandIn(serve.said("Sandbox: TimelinesAI at").partition(",")[0])
    chat, samples, deadline, next_message = None, [], time.monotonic() + options.seconds, 0.0
    while time.monotonic() < deadline:
        samples.append(_sample(serve.home, stays))
        if not options.idle and time.monotonic() >= next_message:
            chat = chat or stand_in.get("state")["chats"][0]["id"]
            stand_in.act("receive_message", chat_id=chat, text="¿Sigue en pie lo de mañana?")
            next_message = time.monotonic() + MESSAGE_SECONDS
        time.sleep(SAMPLE_SECONDS)
    return samples


def _processes_that_stay(serve):
    server = serve.prefect_server()
    return {"serve": psutil.Process(serve.process.pid), "Prefect's server": server}


def _sample(home, stays):
    return Sample(
        time.time(),
        sum(path.stat().st_size for path in (home / "prefect").glob("prefect.db*")),
        {name: process.memory_info().rss / 1e6 for name, process in stays.items()},
        {name: process.num_fds() for name, process in stays.items()},
    )


def _report_ticks(serve, every):
    """Print how the ticks went; return what is wrong."""
    deployment = serve.deployment()["id"]
    runs = [run for run in _all_runs(serve, deployment) if run["auto_scheduled"]]
    ended = sorted((run for run in runs if run["state_type"] == "COMPLETED"), key=lambda run: run["start_time"])
    others = [run for run in runs if run["state_type"] in ("FAILED", "CRASHED")]
    spans = [(_moment(run["start_time"]), _moment(run["end_time"])) for run in ended]
    overlapping = sum(later[0] < earlier[1] for earlier, later in pairwise(spans))
    slots = sorted(_moment(run["expected_start_time"]) for run in ended)
    missed = round((slots[-1] - slots[0]) / every) + 1 - len(slots)
    late = [_moment(run["start_time"]) - _moment(run["expected_start_time"]) for run in ended]
    print(f"ticks: {len(ended)} completed, {missed} missed, {overlapping} overlapping, {len(others)} failed or crashed")
    print(f"  start after its time: median {statistics.median(late):.1f} s, most {max(late):.1f} s")
    print(f"  length: median {statistics.median(end - start for start, end in spans):.1f} s")
    counts = {"missed": missed, "overlapping": overlapping, "failed or crashed": len(others)}
    return [f"{number} ticks {what}" for what, number in counts.items() if number]


def _all_runs(serve, deployment):
    found, offset = [], 0
    while page := serve.post(
        "flow_runs/filter", sort="ID_DESC", limit=200, offset=offset, flow_runs={"deployment_id": {"any_": [deployment]}}
    ):
        found, offset = found + page, offset + len(page)
    return found


def _report_memory(warm):
    problems = []
    for name in warm[0].memory_mb:
        third = max(1, len(warm) // 3)
        memory = [statistics.median(each.memory_mb[name] for each in part) for part in (warm[:third], warm[-third:])]
        files = [statistics.median(each.files[name] for each in part) for part in (warm[:third], warm[-third:])]
        print(f"{name}: memory {memory[0]:.0f} -> {memory[1]:.0f} MB, open files {files[0]:.0f} -> {files[1]:.0f}")
        if memory[1] - memory[0] > MOST_GROWTH_MB:
            problems.append(f"the memory of {name} grows")
        if files[1] - files[0] > MOST_MORE_FILES:
            problems.append(f"the open files of {name} grow")
    return problems


def _report_cpu(serve, stays):
    ticks = len(serve.runs("COMPLETED"))
    own = stays["serve"].cpu_times()
    server = stays["Prefect's server"].cpu_times()
    print(f"CPU: {(own.children_user + own.children_system) / ticks:.1f} s a tick in its process,", end=" ")
    print(
        f"{(own.user + own.system) / ticks:.2f} s in serve, {(server.user + server.system) / ticks:.2f} s in Prefect's server"
    )


def _report_disk(serve, warm):
    """Print what a tick adds to Prefect's database once the runs that are scheduled ahead are there."""
    ended = [_moment(run["end_time"]) for run in _all_runs(serve, serve.deployment()["id"]) if run["end_time"]]
    ticks = sum(warm[0].at < moment < warm[-1].at for moment in ended)
    each = (warm[-1].bytes - warm[0].bytes) / ticks
    print(f"disk: {warm[-1].bytes / 1e6:.0f} MB at the end, {each / 1000:.0f} kB more a tick;", end=" ")
    print(f"{each * TICKS_A_DAY / 1e6:.0f} MB a day at one tick a minute")
    with closing(sqlite3.connect(serve.home / "prefect" / "prefect.db")) as database:
        rows = {table: database.execute(f"select count(*) from {table}").fetchone()[0] for table in TABLES}
    print("  rows for each tick that ended: " + ", ".join(f"{table} {rows[table] / len(ended):.1f}" for table in TABLES))


def _moment(text):
    return datetime.fromisoformat(text).timestamp()


def _options():
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--every", type=int, default=10, help="seconds between two ticks")
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    parser.add_argument("--idle", action="store_true", help="nobody writes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
