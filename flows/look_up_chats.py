"""A record's phone numbers and the chats of those numbers on all connected WhatsApp numbers: what the live chat opens with.

The run shows an operator that and how well look-ups work. It holds no phone number, no name and no chat, only counts.
"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from chatledger.counting import counted
from chatledger.errors import ChatledgerError
from chatledger.models import RecordRef
from tasks.looking_up import look_up


@flow(name="look-up-chats", flow_run_name="look-up {module} {record_id}", persist_result=False)
def look_up_chats(module: str, record_id: str, organisation: str = "main") -> State[Any]:
    """Look up the chats of a record and say how many there are."""
    try:
        found = look_up(RecordRef(module, record_id), organisation)
    except ChatledgerError as error:
        return Failed(message=str(error))
    counts = f"{counted(found.chats, 'chat')} of {counted(found.phones, 'number')}"
    if found.only_ledger:
        return Completed(name="Degraded", message=f"{counts}, by the ledger alone: TimelinesAI could not be asked.")
    return Completed(message=f"{counts}.")
