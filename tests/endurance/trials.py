"""The trials: each does one thing to real processes many times, and then nothing may be lost, doubled or left waiting."""

import os
import signal
import subprocess
import sys
import time

from tests.endurance.proxy import running_proxy
from tests.endurance.workplace import OPTIONS, SECRET_KEY, ticking, workplace
from tests.processes import elsewhere

LONGEST_TICK = 0.5


def killed_ticks(folder, kills, *, ledger_url=None, seed=0):
    """Kill ticks with SIGKILL at any moment of them."""
    with workplace(folder, ledger_url, seed=seed) as place:
        place.activate()
        for _ in range(kills):
            place.say(place.random.randrange(1, 4))
            place.kill_after(place.start_tick(), place.random.uniform(0.02, LONGEST_TICK))
        place.until_quiet()
        place.check()
        return {"messages": place.written, **place.ended}


def killed_commands(folder, kills, *, seed=0):
    """Kill `chatledger sync` itself with SIGKILL, Prefect included."""
    with workplace(folder, seed=seed) as place:
        place.activate()
        environment = os.environ | place.environment | {
            "CHATLEDGER_HOME": str(folder), "CHATLEDGER_LEDGER_URL": place.ledger_url, "CHATLEDGER_SECRET_KEY": SECRET_KEY,
            "CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS": str(OPTIONS.unknown_write_wait),
            "CHATLEDGER_HTTP_TIMEOUT_SECONDS": str(OPTIONS.http_timeout), "CHATLEDGER_PREFECT_IDLE_SECONDS": "5",
        }  # fmt: skip
        environment.pop("PREFECT_API_URL", None)
        begun = time.monotonic()
        ended = [_sync(environment, None)]
        whole = time.monotonic() - begun
        for _ in range(kills):
            place.say(3)
            ended.append(_sync(environment, place.random.uniform(0.5, 1.1) * whole))
        place.until_quiet()
        place.check()
        return {
            "messages": place.written,
            "killed": sum(code < 0 for code in ended),
            "ended": sum(code >= 0 for code in ended),
        }


def _sync(environment, seconds):
    """Run `chatledger sync`, killed after so many seconds (never), and return its exit code."""
    command = subprocess.Popen(
        [sys.executable, "-c", "from deployments.cli.main import run; run()", "sync"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return command.wait(seconds)
    except subprocess.TimeoutExpired:
        command.send_signal(signal.SIGKILL)
        return command.wait()


def restarted_database(folder, restarts, server, *, seed=0):
    """Stop PostgreSQL at once, as a crash would, and start it again, at any moment of a tick. `server` can be restarted."""
    with server.database() as url, workplace(folder, url, seed=seed) as place:
        place.activate()
        for _ in range(restarts):
            place.say(place.random.randrange(1, 4))
            tick = place.start_tick()
            time.sleep(place.random.uniform(0.02, LONGEST_TICK))
            server.restart()
            place.join(tick)
        place.until_quiet()
        place.check()
        return {"messages": place.written, **place.ended}


def two_schedulers(folder, seconds, *, ledger_url=None, seed=0):
    """Let two schedulers tick at once while people write."""
    with workplace(folder, ledger_url, seed=seed) as place:
        place.activate()
        place.say(20)
        schedulers = [elsewhere(ticking, place, seconds) for _ in range(2)]
        for scheduler in schedulers:
            scheduler.begin()
        counts = [scheduler.result.recv() for scheduler in schedulers]
        place.say(5)
        place.until_quiet()
        place.check()
        return {"messages": place.written, "ticks": sum(done for done, _ in counts), "busy": sum(busy for _, busy in counts)}


def broken_connections(folder, ticks, *, seed=0):
    """Break the connection to Zoho in every way TCP can, under the real client."""
    with (
        workplace(folder, seed=seed) as place,
        running_proxy(place.zoho_url, stall_seconds=OPTIONS.http_timeout + 1, seed=seed) as proxy,
    ):
        place.set_faults(api_domain=proxy.url)
        place.activate()
        for _ in range(ticks):
            place.say(place.random.randrange(1, 4))
            place.tick()
        proxy.quiet.set()
        place.until_quiet()
        place.check()
        return {"messages": place.written, **place.ended, **proxy.fired}
