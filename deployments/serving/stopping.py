"""Ctrl-C and SIGTERM as a question that the main thread asks now and then."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOOK_SECONDS = 0.25


class StopSignal:
    """Whether this process was asked to end."""

    def __init__(self) -> None:
        self._terminated = threading.Event()

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """Take note of SIGTERM."""
        self._terminated.set()

    def came(self) -> bool:
        """Say whether this process was asked to end."""
        return self._terminated.is_set() or signal.SIGINT in signal.sigpending()

    def wait(self, seconds: float) -> bool:
        """Wait until this process is asked to end, or so long; say whether it was asked."""
        deadline = time.monotonic() + seconds
        while not self.came() and (left := deadline - time.monotonic()) > 0:
            self._terminated.wait(min(left, LOOK_SECONDS))
        return self.came()


@contextmanager
def stop_signal() -> Iterator[StopSignal]:
    """Have Ctrl-C and SIGTERM noted instead of ending this process.

    SIGINT is blocked rather than handled, which child processes inherit: a Ctrl-C in the terminal reaches the runs at work
    too, and they shall finish while this process sees to the end of everything in its order.
    """
    stop = StopSignal()
    before = signal.signal(signal.SIGTERM, stop.terminate)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield stop
    finally:
        if signal.SIGINT in signal.sigpending():
            signal.sigwait({signal.SIGINT})
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGTERM, before)
