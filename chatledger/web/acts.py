"""What an operator can have done from the sync log: filled by `deployments/`; None means that this installation cannot."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chatledger.errors import ChatledgerError
from chatledger.models import RecordRef


class NotStarted(ChatledgerError):
    """No run could be started: nothing carries it out, or Prefect is away. The sentence names the command instead."""


class Retry(Protocol):
    """Has messages decided anew by a run of its own."""

    def __call__(self, *, uids: Sequence[str] = (), reasons: Sequence[str] = ()) -> Awaitable[None]:
        """Ask for it; returns once the run is scheduled. Raises NotStarted where that cannot be done."""


@dataclass(frozen=True, slots=True)
class Acts:
    """Explaining, choosing and trying again.

    `explain` takes a uid or a phone key and returns what `delivery/explained.py` describes; it asks no outside system.
    `retriable` are the reasons that `retry` can do something about.
    `record_url` is the address below which `module/id` opens in Zoho, `prefect_url` that of Prefect's pages.
    """

    explain: Callable[[str], Any] | None = None
    pin: Callable[[str, RecordRef], Awaitable[None]] | None = None
    unpin: Callable[[str], None] | None = None
    retry: Retry | None = None
    retriable: frozenset[str] = frozenset()
    record_url: Callable[[], str | None] | None = None
    prefect_url: Callable[[], str | None] | None = None
