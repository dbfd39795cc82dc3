"""Every night: texts, payloads and runs that the settings no longer keep are removed."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.personal_data import remove_by_age as remove


@flow(name="remove-by-age")
def remove_by_age(organisation: str = "main") -> State[Any]:
    """Remove what is older than CHATLEDGER_KEEP_TEXTS_DAYS, CHATLEDGER_KEEP_RAW_DAYS and CHATLEDGER_KEEP_RUNS_DAYS."""
    removed = remove(organisation)
    return Completed(message=", ".join(f"{count} {what}" for what, count in removed.items()) + " removed.")
