"""When and how a read is asked again. Writes never come here: their repetition is decided where the ledger is."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar

from chatledger.clients.budget import PATIENCE_SECONDS
from chatledger.clients.clock import Clock
from chatledger.errors import OutsideError, RateLimited, SchemaDrift, Unavailable

ATTEMPTS = 4
TOTAL_SECONDS = 150.0
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 20.0

Result = TypeVar("Result")


def worth_asking_again(error: OutsideError) -> bool:
    """Say whether the same question may get another answer soon."""
    if isinstance(error, RateLimited):
        return (error.retry_after or 0.0) <= PATIENCE_SECONDS
    if not isinstance(error, Unavailable) or isinstance(error, SchemaDrift):
        return False
    return (
        error.status is None or error.status < HTTPStatus.MULTIPLE_CHOICES or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


async def with_retries(
    call: Callable[[], Awaitable[Result]],
    *,
    clock: Clock,
    attempts: int = ATTEMPTS,
    total_seconds: float = TOTAL_SECONDS,
    worth: Callable[[OutsideError], bool] = worth_asking_again,
) -> Result:
    """Make a call that is harmless to repeat until it succeeds, at most `attempts` times and `total_seconds` long.

    Only what `worth` says is repeated, after a Retry-After or else a delay with full jitter. The last error is raised.
    """
    give_up_at = clock.now() + timedelta(seconds=total_seconds)
    for attempt in range(1, attempts):
        try:
            return await call()
        except (RateLimited, Unavailable) as error:
            wait = delay(error, attempt)
            if not worth(error) or clock.now() + timedelta(seconds=wait) > give_up_at:
                raise
        await clock.sleep(wait)
    return await call()


def delay(error: OutsideError, attempt: int) -> float:
    """Return the seconds to wait after the given attempt: what the system asked for, spread by up to a second, or jitter."""
    asked_for = getattr(error, "retry_after", None)
    if asked_for is not None:
        return float(asked_for) + random.random()  # noqa: S311  # spreads callers, protects nothing
    longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    return random.uniform(0.0, longest)  # noqa: S311  # full jitter spreads callers, protects nothing
