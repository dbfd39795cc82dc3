"""The bare script that a tick is measured against: the same requests again, and nothing else.

    python tests/bench/replay.py PLAN.json

A plan is a list of phases, carried out in order: `{"at_once": n, "requests": [{"method", "url", "headers", "body"}]}`.
Prints how many seconds all of it took.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import httpx

# Those of chatledger's own clients: connections are opened for one request each.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)


async def carry_out(phases):
    """Send every request of every phase and read its answer whole."""
    async with httpx.AsyncClient(limits=LIMITS, timeout=30) as client:
        for phase in phases:
            gate = asyncio.Semaphore(phase["at_once"])

            async def ask(asked, gate=gate):
                async with gate:
                    answer = await client.request(
                        asked["method"], asked["url"], headers=asked["headers"], content=asked["body"]
                    )
                    if answer.is_error:
                        answer.raise_for_status()

            await asyncio.gather(*(ask(asked) for asked in phase["requests"]))


def main():
    """Replay the plan in the file that is named."""
    phases = json.loads(Path(sys.argv[1]).read_text())
    started = time.monotonic()
    asyncio.run(carry_out(phases))
    print(time.monotonic() - started)


if __name__ == "__main__":
    main()
