"""The two stand-ins as processes of their own: started together, and gone with whoever started them, however that ends."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import IO

from chatledger.errors import ChatledgerError, UsageError

WRONG_USE = 2
STOP_SECONDS = 5
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class StandIn:
    """The process of one stand-in; `complaints` is the file its standard error goes to."""

    product: str
    process: subprocess.Popen[str]
    complaints: IO[str]

    def announced(self) -> tuple[str, dict[str, str]]:
        """Wait until it is ready; return its address and the environment that leads to it.

        Raises UsageError when it was started wrongly, ChatledgerError when it ended for another reason.
        """
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise self._ended()
        ready = json.loads(line)
        return str(ready["ready"]), dict(ready["environment"])

    def check(self) -> None:
        """Raise ChatledgerError when it has ended by itself."""
        if self.process.poll() is not None:
            raise self._ended()

    def stop(self) -> None:
        """End it and wait until it has ended."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        self.complaints.close()

    def _ended(self) -> ChatledgerError:
        code = self.process.wait()
        self.complaints.seek(0)
        said = self.complaints.read().strip().splitlines() or ["it said nothing"]
        if code == WRONG_USE:
            return UsageError(said[-1])
        return ChatledgerError(f"The stand-in for {self.product} ended with exit code {code}: {said[-1]}")


@dataclass(frozen=True)
class Sandbox:
    """Both stand-ins, ready: their addresses, and the environment variables a program needs to use them."""

    timelines_url: str
    zoho_url: str
    environment: dict[str, str]
    stand_ins: tuple[StandIn, StandIn]

    def wait(self) -> None:
        """Wait until a signal ends this process. Raises ChatledgerError when a stand-in ends by itself."""
        while True:
            for stand_in in self.stand_ins:
                with suppress(subprocess.TimeoutExpired):
                    stand_in.process.wait(LOOK_SECONDS)
                stand_in.check()


@contextmanager
def running_sandbox(timelines_options: Sequence[str] = (), zoho_options: Sequence[str] = ()) -> Iterator[Sandbox]:
    """Run both stand-ins for the length of the block, each with its options of `python -m sandbox`.

    Raises UsageError with the stand-in's own sentence when an option is wrong or a port is taken.
    """
    started: list[StandIn] = []
    try:
        started += [_start("TimelinesAI", "timelines", timelines_options)]
        started += [_start("Zoho CRM", "zoho", zoho_options)]
        (timelines_url, timelines), (zoho_url, zoho) = [stand_in.announced() for stand_in in started]
        yield Sandbox(timelines_url, zoho_url, timelines | zoho, (started[0], started[1]))
    finally:
        for stand_in in started:
            stand_in.stop()


def end_on_signals(*, terminated: int, interrupted: int) -> None:
    """Have SIGTERM and Ctrl-C end this process in good order with these exit codes, and ignore more of them meanwhile."""

    def end(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(terminated if number == signal.SIGTERM else interrupted)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)


def _start(product: str, kind: str, options: Sequence[str]) -> StandIn:
    # Its standard input is a pipe that nobody writes to: it ends with this process even when that is killed.
    complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by stop()
    process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
        [sys.executable, "-P", "-m", "sandbox", kind, "--while-stdin-lasts", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        start_new_session=True,  # Ctrl-C is for the command, which stops its stand-ins last
    )
    return StandIn(product, process, complaints)
