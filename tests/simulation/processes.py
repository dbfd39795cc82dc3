"""Processes of a simulated machine: they cross I/O boundaries, and at any of them they may die or be paused.

A process is what its tasks, its view of the ledger and its clients know of it. Once dead, it neither reaches the ledger nor
the network any more, so that whatever its code still does while it is torn down has no effect.
"""

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

from chatledger.ledger import lease, tokens
from chatledger.ledger.database import Ledger

RUNNING: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("RUNNING", default=None)


class SimulatedDeath(BaseException):
    """The process was killed; like a real kill it is no error that anything in it may handle."""


@dataclass(eq=False)
class Process:
    """One process. `fate` is asked at every boundary whether the process dies there."""

    name: str
    fate: Callable[["Process", str], bool]
    crossed: int = 0
    dead: bool = False
    asleep_until: float = 0.0
    request: tuple[str, str] | None = None
    """Method and path of the request it made last."""
    boundaries: list[str] = field(default_factory=list)
    tasks: dict[asyncio.Task, None] = field(default_factory=dict)

    def cross(self, boundary):
        """Cross an I/O boundary, or die there."""
        if self.dead:
            raise SimulatedDeath
        self.crossed += 1
        self.boundaries.append(boundary)
        if self.fate(self, boundary):
            self.die()

    def die(self):
        """Stop for ever, in the middle of whatever the tasks were doing."""
        self.dead = True
        for task in list(self.tasks):
            task.cancel()
        raise SimulatedDeath


class ProcessLedger(Ledger):
    """The ledger as one process sees it: before and after every commit is a boundary."""

    def __init__(self, process, engine, cipher, clock):
        super().__init__(engine, cipher, clock=clock)
        self._process = process

    @contextmanager
    def transaction(self):
        if self._process.dead:
            raise SimulatedDeath
        with super().transaction() as session:
            yield session
            self._process.cross("before_commit")
        self._process.cross("after_commit")

    @contextmanager
    def reading(self):
        if self._process.dead:
            raise SimulatedDeath
        with super().reading() as session:
            yield session


class Machine:
    """Knows which of its processes live; `tells` is False for one whose operating system does not say."""

    def __init__(self, *, tells=True):
        self.tells = tells
        self.processes = {}

    def start(self, fate):
        process = Process(f"process-{len(self.processes) + 1}", fate)
        self.processes[process.name] = process
        return process

    def is_gone(self, name):
        return self.tells and name in self.processes and self.processes[name].dead


def _current_name():
    process = RUNNING.get()
    return process.name if process else "nobody"


@contextmanager
def on_machine(machine):
    """Have the ledger name and look for processes on the simulated machine instead of the real one."""
    real = lease.this_process, lease.is_gone, tokens.this_process
    lease.this_process, lease.is_gone, tokens.this_process = _current_name, machine.is_gone, _current_name
    try:
        yield
    finally:
        lease.this_process, lease.is_gone, tokens.this_process = real


def task_factory(loop, coroutine, **more):
    """Make a task that dies with the process it was started in."""
    context = more.get("context")
    process = context.get(RUNNING) if context is not None else RUNNING.get()
    task = asyncio.Task(coroutine, loop=loop, **more)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(process.tasks.pop)
    return task


async def live(process, work):
    """Run `work` as a process to its end or death; return its result, None when it died."""
    context = contextvars.copy_context()
    context.run(RUNNING.set, process)
    task = asyncio.get_running_loop().create_task(work, context=context)
    await asyncio.wait({task})
    while left := [task for task in process.tasks if not task.done()]:
        for one in left:
            one.cancel()
        await asyncio.wait(left)
    if process.dead:
        _ = task.cancelled() or task.exception()
        return None
    return task.result()
