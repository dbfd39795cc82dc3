"""When Prefect repeats a task: only for what waiting cures, and never when a write may have been done."""

from typing import Any

from chatledger.errors import waiting_cures


def worth_retrying(_task: Any, _task_run: Any, state: Any) -> bool:
    """Say whether the error a task ended with goes away by waiting; Prefect asks before each retry."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and waiting_cures(error)
