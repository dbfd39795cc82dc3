"""What the parts of an installation use of the machine."""

import time
from contextlib import suppress

import psutil

MEGABYTE = 1 << 20


class Usage:
    """CPU time and memory of every part, its runs included, from its making on."""

    def __init__(self, installed):
        self._installed = installed
        self._begun = time.monotonic()
        self._cpu: dict[tuple[str, int, float], float] = {}
        self._memory: dict[str, int] = {}
        self.look()
        self._before = self._sums()

    def look(self):
        """Look once; processes that end between two looks are in the CPU time of the one that started them."""
        for name, part in self._installed.parts.items():
            memory = 0
            for process in part.family() if part.process.poll() is None else []:
                with suppress(psutil.Error):
                    times, begun = process.cpu_times(), process.create_time()
                    own = times.user + times.system
                    root = process.pid == part.process.pid
                    ended = times.children_user + times.children_system if root else 0.0
                    self._cpu[name, process.pid, begun] = own + ended
                    memory += process.memory_info().rss
            self._memory[name] = max(self._memory.get(name, 0), memory)

    def lines(self):
        """Say what each part used."""
        self.look()
        seconds, used = time.monotonic() - self._begun, self._sums()
        for name, memory in self._memory.items():
            cores = (used.get(name, 0.0) - self._before.get(name, 0.0)) / seconds
            yield f"{name}: {cores * 100:.0f} % of a core, at most {memory / MEGABYTE:.0f} MB with its runs"

    def _sums(self):
        """Return CPU seconds by part: of the first process with the ended ones it waited for, and of those that live."""
        living = {process.pid for part in self._installed.parts.values() for process in self._family(part)}
        roots = {part.process.pid for part in self._installed.parts.values()}
        sums: dict[str, float] = {}
        for (name, pid, _), seconds in self._cpu.items():
            if pid in living or pid in roots:
                sums[name] = sums.get(name, 0.0) + seconds
        return sums

    def _family(self, part):
        return part.family() if part.process.poll() is None else []
