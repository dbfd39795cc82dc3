"""The figures of the overview, added up in the ways the page shows them. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from chatledger.ledger.figures import Bucket, Cost, Count, Lag
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.tables import Account
from chatledger.models import Outcome

OUTCOMES = (Outcome.SYNCED, Outcome.SKIPPED, Outcome.PENDING, Outcome.PARKED)
Tally = Counter[str]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview of a period shows. `days` is the length of a bucket."""

    first: date
    last: date
    days: int
    buckets: Sequence[Bucket]
    counts: Sequence[Count]
    costs: Sequence[Cost]
    lag: Lag
    numbers: Sequence[Account]
    unreadable: int

    @property
    def outcomes(self) -> Tally:
        """Messages by outcome."""
        return _tally((_outcome(count), count.messages) for count in self.counts)

    @property
    def total(self) -> int:
        """All messages that were sent in the period."""
        return sum(count.messages for count in self.counts)

    @property
    def by_bucket(self) -> list[Tally]:
        """Messages by outcome, for each bucket."""
        found = [Tally() for _ in self.buckets]
        for count in self.counts:
            found[count.bucket][_outcome(count)] += count.messages
        return found

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Messages by reason, most frequent first."""
        return _tally((count.reason, count.messages) for count in self.counts).most_common()

    @property
    def by_number(self) -> list[tuple[Account, Tally]]:
        """Messages by outcome for each connected number that has any, the busiest first."""
        found: dict[str, Tally] = {}
        for count in self.counts:
            found.setdefault(count.account_id, Tally())[_outcome(count)] += count.messages
        rows = [(number, found[number.id]) for number in self.numbers if number.id in found]
        return sorted(rows, key=lambda row: -row[1].total())

    @property
    def by_owner(self) -> list[tuple[str, Tally]]:
        """Messages by outcome for each owner of numbers."""
        found: dict[str, Tally] = {}
        for number, tally in self.by_number:
            found.setdefault(number.owner_name or number.owner_email, Tally()).update(tally)
        return sorted(found.items(), key=lambda row: -row[1].total())

    @property
    def cost(self) -> Cost:
        """What all runs of the period cost."""
        return Cost(
            runs=sum(cost.runs for cost in self.costs),
            failed=sum(cost.failed for cost in self.costs),
            credits=sum(cost.credits for cost in self.costs),
            calls_zoho=sum(cost.calls_zoho for cost in self.costs),
            calls_timelines=sum(cost.calls_timelines for cost in self.costs),
            seconds=sum(cost.seconds for cost in self.costs),
        )

    def labels(self) -> list[str]:
        """Name each bucket by its first day."""
        return [f"{bucket.day.day:02}/{bucket.day.month:02}" for bucket in self.buckets]


def _outcome(count: Count) -> str:
    return reasons_in_words()[count.reason].outcome.value


def _tally(pairs: Iterable[tuple[str, int]]) -> Tally:
    found = Tally()
    for name, number in pairs:
        found[name] += number
    return found
