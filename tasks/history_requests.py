"""Which backfill a run is to carry out."""

from datetime import datetime
from zoneinfo import ZoneInfo

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.chat_ledger import ChatLedger
from blocks.environment import read_environment
from chatledger.delivery import backfill_requests
from chatledger.errors import UsageError
from chatledger.ledger import backfills, organisations
from chatledger.ledger.database import Ledger


@task(cache_policy=NO_CACHE, task_run_name="begin-backfill")
def wanted_backfill(
    organisation: str, since: datetime | None, until: datetime | None, chats: list[int] | None, backfill_id: str | None
) -> str:
    """Return the id of the backfill that is to go on, or of a new one. Raises UsageError when neither is asked for."""
    ledger = ChatLedger.from_environment(read_environment()).get_ledger()
    try:
        if backfill_id is not None:
            return _known(ledger, organisation, backfill_id)
        if since is None:
            raise UsageError("Give `since`, the moment to begin at, or `backfill`, the id of one to go on with.")
        zone = _zone(ledger, organisation)
        begin, end = _in_zone(since, zone), _in_zone(until, zone) if until else None
        return backfill_requests.begin(ledger, organisation, begin, end, chats or None).id
    finally:
        ledger.close()


def _known(ledger: Ledger, organisation: str, backfill_id: str) -> str:
    with ledger.reading() as session:
        found = backfills.find(session, organisation, backfill_id)
    if found is None:
        raise UsageError(f"{organisation} has no backfill {backfill_id}.")
    return found.id


def _zone(ledger: Ledger, organisation: str) -> ZoneInfo:
    with ledger.reading() as session:
        if organisations.find(session, organisation) is None:
            raise UsageError(f"{organisation} is not activated yet: activate it first.")
        return ZoneInfo(organisations.current_settings(session, organisation).timezone)


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
