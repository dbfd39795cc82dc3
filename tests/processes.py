"""Real processes for tests of what several of them do at once.

They are forked, which is quick; never start one while a transaction on SQLite is open, because the copy would take the
lock of its parent for its own.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

FORK = multiprocessing.get_context("fork")


def at_once(times: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Run `function` in `times` processes that begin together and live until the last is done; give the results."""
    barrier = FORK.Barrier(times)

    def together() -> Any:
        barrier.wait(30)
        try:
            return function(*arguments)
        finally:
            barrier.wait(30)

    started = [_start(together, ()) for _ in range(times)]
    results = [receiver.recv() for _, receiver in started]
    for process, _ in started:
        process.join()
    failure = next((result for result in results if isinstance(result, BaseException)), None)
    if failure:
        raise failure
    return results


@dataclass(frozen=True)
class Elsewhere:
    """A function that waits in another process: `begin` lets it go, `result.poll` and `result.recv` wait for its result."""

    begin: Callable[[], None]
    result: Connection


def elsewhere(function: Callable[..., Any], *arguments: Any) -> Elsewhere:
    """Prepare another process that runs `function` when it is told to."""
    signal_to_begin = FORK.Event()
    _, receiver = _start(lambda: (signal_to_begin.wait(30), function(*arguments))[1], ())
    return Elsewhere(signal_to_begin.set, receiver)


def until_killed(function: Callable[..., None], *arguments: Any) -> None:
    """Run `function`, which ends by `die`, in another process; returns when that is gone."""
    process = FORK.Process(target=function, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def die() -> None:
    """End this process as a power cut would: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def _start(function: Callable[..., Any], arguments: tuple[Any, ...]):
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_send_result, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    return process, receiver


def _send_result(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        sender.send(function(*arguments))
    except BaseException as error:  # noqa: BLE001 - it is raised again by the test
        sender.send(error)
