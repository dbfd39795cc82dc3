"""The network of the simulation: the real HTTP client on one side, the stand-ins' apps on the other, weather in between.

A request that has left reaches its stand-in whatever becomes of the process that sent it.
"""

import asyncio
import contextvars
from contextlib import asynccontextmanager

import httpx

from chatledger.clients import CallSlots
from tests.simulation.faults import LONGEST_LATE_COMMIT
from tests.simulation.in_memory import call
from tests.simulation.processes import SimulatedDeath

ZOHO = "http://zoho.simulated"
TIMELINES = "http://timelines.simulated"


class Wire(httpx.AsyncBaseTransport):
    """The network as one process sees it. `world` has the apps and the weather."""

    def __init__(self, process, world):
        self._process = process
        self._world = world

    async def handle_async_request(self, request):
        body = await request.aread()
        zoho = request.url.host.startswith("zoho")
        write = zoho and request.method != "GET" and request.url.path.startswith("/crm")
        draw = self._world.weather.draw(write=write, update=request.method == "PUT", zoho=zoho)
        self._process.request = request.method, request.url.path
        self._process.cross("before_request")
        tell, named = self._world.tell, f"{request.method} {request.url.path}"
        tell(self._process.name, named, draw.fault.name if draw else "")
        loop = asyncio.get_running_loop()
        sent = loop.create_task(_arrives(self._world, request, body, draw), context=contextvars.Context())
        try:
            self._process.cross("request_in_flight")
        except SimulatedDeath:
            # Nobody waits for the answer any more, but the request may still be carried out, as late as any other.
            sent.cancel()
            due = self._world.weather.late_after_death(self._world.options.http_timeout)
            later = loop.create_task(_later(self._world, due, request, body), context=contextvars.Context())
            self._world.under_way.append(later)
            raise
        answer = await asyncio.shield(sent)
        if answer is None:
            await loop.create_future()
        self._process.cross("after_request")
        if isinstance(answer, httpx.TransportError):
            raise answer
        status, headers, content = answer
        return httpx.Response(status, headers=headers, content=content, request=request)


async def _arrives(world, request, body, draw):
    """Bring a request to its stand-in and return the answer as the weather has it; None when it is lost."""
    weather = world.weather
    fault = draw.fault if draw else None
    if fault is not None and fault.late:
        return await _carried_out_late(world, request, body, draw)
    await asyncio.sleep(weather.travel())
    if fault is not None and fault.name == "stale_token":
        world.forget_access_tokens()
    answer = (0, [], b"")
    if fault is None or fault.carried_out:
        edge = request.method == "GET" and request.url.path.endswith("/Leads") and weather.meets_an_edge()
        if edge:
            world.touch()
        answer = await call(world.app_of(request), request, body)
        if edge:
            world.add_unseen()
        world.tell("served", request.url.path, answer[0])
    await asyncio.sleep(weather.travel())
    if fault is None or fault.name == "stale_token":
        return answer
    return fault.answer(draw, answer) if fault.answer else None


async def _carried_out_late(world, request, body, draw):
    """Carry a request out when the client has given up already, by time-out or by an error answered at once."""
    gives_up = world.options.http_timeout if draw.fault.answer is None else 0.0
    due = gives_up + draw.between(0.0, LONGEST_LATE_COMMIT)
    loop = asyncio.get_running_loop()
    later = loop.create_task(_later(world, due, request, body))
    if draw.fault.answer is None:
        await later
        return None
    await asyncio.sleep(world.weather.travel())
    return draw.fault.answer(draw, (0, [], b""))


async def _later(world, seconds, request, body):
    await asyncio.sleep(seconds)
    status, _, _ = await call(world.app_of(request), request, body)
    world.tell("served late", request.url.path, status)


class PausingSlots(CallSlots):
    """The places of Zoho's simultaneous calls; before and after a call its process may be put to sleep."""

    def __init__(self, process, world, clock):
        super().__init__(clock=clock)
        self._process = process
        self._weather = world.weather

    @asynccontextmanager
    async def admitted(self, system):
        await self._sleep("pause_before_request", 60)
        async with super().admitted(system):
            yield
        await self._sleep("pause_after_answer", 400)

    async def _sleep(self, kind, longest):
        seconds = self._weather.pause(kind, longest)
        if seconds:
            until = asyncio.get_running_loop().time() + seconds
            self._process.asleep_until = max(self._process.asleep_until, until)
            await asyncio.sleep(seconds)
