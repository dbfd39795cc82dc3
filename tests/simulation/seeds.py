"""Running many seeds, over several processes, and counting what went wrong on purpose and what went wrong."""

import gc
import traceback
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.faults import KINDS, OTHERS
from tests.simulation.people import ACTS
from tests.simulation.simulation import run_seed

CHUNK = 50
SEEDS_PER_COLLECTION = 10
say = partial(print, flush=True)


@dataclass
class Tally:
    """What came of some seeds: how many ran, how often each fault fired, and what broke, by seed."""

    seeds: int = 0
    fired: Counter = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def add(self, other):
        self.seeds += other.seeds
        self.fired += other.fired
        self.broken |= other.broken

    def never_fired(self):
        """Name the kinds of faults and acts that did not happen in any of the seeds."""
        known = [*(kind.name for kind in KINDS), *OTHERS, *dict.fromkeys(f"person_{act}" for act in ACTS)]
        return [name for name in known if not self.fired[name]]


def run(seeds: Iterable[int]):
    """Run these seeds one after the other in this process."""
    tally = Tally()
    with _collecting_between_seeds() as collect:
        for seed in seeds:
            tally.seeds += 1
            try:
                tally.fired += run_seed(seed)
            except Exception as error:  # noqa: BLE001  whatever breaks a seed is what is looked for
                tally.broken[seed] = f"{type(error).__name__}: {error}"
            if tally.seeds % SEEDS_PER_COLLECTION == 0:
                collect()
    return tally


@contextmanager
def _collecting_between_seeds():
    """Have garbage collected when asked only: looking for it in the middle of seeds takes a tenth of their time."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()
        gc.unfreeze()


def run_side_by_side(first, number, workers):
    """Run `number` seeds from `first` on; yield the tally of each chunk as it is ready."""
    chunks = [range(start, min(start + CHUNK, first + number)) for start in range(first, first + number, CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from pool.map(run, chunks)
        finally:
            pool.shutdown(cancel_futures=True)


def tell_story(seed):
    """Run one seed and print everything that happened in it; return whether the promise held."""
    try:
        run_seed(seed)
    except Exception as error:  # noqa: BLE001  see above
        for moment, *words in getattr(error, "story", []):
            say(f"{moment:10.2f}", *words)
        traceback.print_exception(error)
        return False
    say(f"seed {seed}: everything was delivered exactly once")
    return True
