"""Deactivate: the schedule is switched off, and everything is kept."""

from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.configuration import deactivate, switch_schedule
from tasks.openings import refusal


@flow(name="deactivate-sync")
def deactivate_sync(organisation: str = "main") -> State[Any]:
    """Switch the sync of an organisation off; links, notes and the log stay. An administrator opens it, as configure-sync."""
    if refused := refusal(organisation, runtime.flow_run.id, "chatledger deactivate"):
        return Failed(message=refused)
    deactivate(organisation)
    switch_schedule(organisation, on=False)
    return Completed(message=f"{organisation} is switched off. Links, notes and the log are kept.")
