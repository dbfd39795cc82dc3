"""How much a tick takes on top of its requests: `make bench`.

A tick over 1,000 chats with a new message each runs against stand-ins that answer after 150 ms; then a bare script sends the
same requests again, as many at once and over the same kind of connections. Ends with exit code 1 when a bar is missed.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import httpx

from chatledger.clients.budget import ZOHO_CALLS_AT_ONCE
from chatledger.delivery.pull import READS_AT_ONCE
from deployments.embedded_prefect import stop_embedded_prefect
from sandbox.world import generate
from tests.bench.surroundings import PROJECT, environment, run, stand_in

LATENCY_MS = 150
MOST_TIMES = 1.25
MOST_MB = 300
SETTINGS = """[sync]
chat_link_field = "WhatsApp_Chat"
lead_source_field = "Lead_Source"
[sync.fixed_fields]
Company = "WhatsApp"
"""
ROWS_PER_WRITE = 100


def world_of(chats):
    """Return a generated world: half of the contacts are known to Zoho, some converted, some chats are groups."""
    return generate(11, datetime.now(UTC), chats=chats, messages_per_chat=1)


def measured(folder, home, world, number):
    """Run one tick and its replay on fresh stand-ins and a fresh ledger; return tick and seconds of the replay."""
    world_file = folder / "world.json"
    world_file.write_text(json.dumps(world))
    (folder / "settings.toml").write_text(SETTINGS)
    with stand_in("timelines", world_file) as timelines, stand_in("zoho", world_file) as zoho:
        variables = environment(home, folder / f"ledger-{number}.db", world, timelines, zoho)
        run(variables, "activate", "--settings", str(folder / "settings.toml"))
        run(variables, "sync", "--json")  # starts the Prefect server where it does not run yet
        for chat in world["timelines"]["chats"]:
            timelines.act("receive_message", chat_id=chat["id"], text="¿Siguen abiertos hoy? Paso a las cinco.")
        for system in (timelines, zoho):
            system.forget_requests()
            system.set(latency_ms=LATENCY_MS)
        tick = run(variables, "sync", "--json")
        plan = folder / "plan.json"
        plan.write_text(json.dumps(phases(timelines, zoho, world)))
        said = subprocess.run(
            [sys.executable, str(PROJECT / "tests/bench/replay.py"), str(plan)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    return tick, float(said)


def phases(timelines, zoho, world):
    """Cut both request logs into phases of requests that the tick may make at once."""
    logs = {timelines: timelines.get("requests"), zoho: zoho.get("requests")}
    token, bodies = zoho_token(zoho, world), written(zoho, world)
    headers = {
        timelines: {"Authorization": f"Bearer {world['timelines']['token']}"},
        zoho: {
            "Authorization": f"Zoho-oauthtoken {token}",
            "If-Modified-Since": datetime.now(UTC).replace(microsecond=0).isoformat(),
        },
    }
    found = []
    for system, log in logs.items():
        for (kind, at_once), asked in groupby(log, key=kind_of):
            requests = [
                {
                    "method": request["method"],
                    "url": f"{system.url}{request['path']}?{request['query']}",
                    "headers": headers[system],
                    "body": bodies[request["method"], kind].pop() if request["method"] in ("POST", "PUT") else None,
                }
                for request in asked
            ]
            found.append({"at_once": at_once, "requests": requests})
    return found


def kind_of(request):
    """Name what a request is one of, and how many such requests the tick has under way at once."""
    if request["path"].endswith("/messages"):
        return "messages", READS_AT_ONCE
    kind = request["path"].rsplit("/", 1)[-1]
    return kind, ZOHO_CALLS_AT_ONCE["free"] if request["method"] != "GET" else 1


def zoho_token(zoho, world):
    """Get an access token of the replay's own, before anything is measured."""
    form = {"grant_type": "refresh_token", **world["zoho"]["client"]}
    return httpx.post(f"{zoho.url}/oauth/v2/token", data=form).raise_for_status().json()["access_token"]


def written(zoho, world):
    """Return request bodies as large as those of the tick, from what it has written."""
    state = zoho.get("state")
    before = {record["id"] for record in world["zoho"]["records"]["Leads"]}
    leads = [
        {name: row[name] for name in ("Last_Name", "Mobile", "WhatsApp_Chat", "Lead_Source", "Company", "Owner")}
        for row in state["records"]["Leads"]
        if row["id"] not in before
    ]
    notes = [
        {
            "Note_Title": note["Note_Title"],
            "Note_Content": note["Note_Content"],
            "Parent_Id": {"module": {"api_name": note["parent"]["module"]}, "id": note["parent"]["id"]},
        }
        for note in state["notes"]
    ]
    return {("POST", "Leads"): cut(leads), ("POST", "Notes"): cut(notes)}


def cut(rows):
    """Cut rows into the bodies of writes."""
    starts = range(0, len(rows), ROWS_PER_WRITE)
    return [json.dumps({"data": rows[start : start + ROWS_PER_WRITE]}) for start in starts]


def report(rounds):
    """Print the measurements and return the median ratio and the highest peak."""
    print(f"\n{'round':>6} {'tick':>9} {'command':>9} {'replay':>9} {'ratio':>7} {'peak':>8}   requests")
    ratios = []
    for number, (tick, replay) in enumerate(rounds, 1):
        ratios.append(tick.summary["seconds"] / replay)
        calls = tick.summary["api_calls"]
        print(
            f"{number:>6} {tick.summary['seconds']:>7.1f} s {tick.seconds:>7.1f} s {replay:>7.1f} s {ratios[-1]:>7.3f} "
            f"{tick.peak_mb:>5.0f} MB   {calls['timelines']} + {calls['zoho']}"
        )
    return statistics.median(ratios), max(tick.peak_mb for tick, _ in rounds)


def main():
    """Measure, print, and say whether both bars are held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chats", type=int, default=1000)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"{options.chats} chats, {LATENCY_MS} ms", flush=True)
    world = world_of(options.chats)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        try:
            rounds = [measured(Path(name), home, world, number) for number in range(options.rounds)]
        finally:
            stop_embedded_prefect(home)
    ratio, peak = report(rounds)
    held = ratio <= MOST_TIMES and peak <= MOST_MB
    print(f"\nmedian ratio {ratio:.3f} (at most {MOST_TIMES}), peak memory {peak:.0f} MB (at most {MOST_MB} MB)")
    print("held" if held else "MISSED")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
