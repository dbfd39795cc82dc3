"""Deactivate: the schedule is switched off, and everything is kept."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.configuration import deactivate, switch_schedule


@flow(name="deactivate-sync")
def deactivate_sync(organisation: str = "main") -> State[Any]:
    """Switch the sync of an organisation off; links, notes and the log stay."""
    deactivate(organisation)
    switch_schedule(organisation, on=False)
    return Completed(message=f"{organisation} is switched off. Links, notes and the log are kept.")
