"""A person is erased on request. The person is named by a chat: a phone number would stay in Prefect as a parameter."""

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from chatledger.delivery.erasing import ZohoNotes
from tasks.personal_data import erase_person_behind


@flow(name="erase-person")
def erase_person(
    chat: Annotated[int, Field(description="TimelinesAI's id of any chat with the person.")],
    organisation: str = "main",
    zoho_notes: Annotated[ZohoNotes, Field(description="What happens with the notes in Zoho.")] = ZohoNotes.DELETE,
) -> State[Any]:
    """Erase everything the ledger holds of a person, and the notes in Zoho; the next sync does not bring them back."""
    receipt = erase_person_behind(organisation, chat, zoho_notes)
    return Completed(message=f"Erased; the receipt is {receipt}.")
