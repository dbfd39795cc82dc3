"""The lease: at most one run writes for an organisation, and a late one is told so.

Every change of holder increases the fence. A run remembers the fence it was given and has it checked in the very
transaction that commits a decision; a run that slept through the end of its lease finds another number there.
"""

from datetime import datetime, timedelta

from sqlalchemy import Row, bindparam
from sqlmodel import Session, col, select, update

from chatledger.errors import LeaseLost
from chatledger.ledger.database import Ledger, insert_if_missing, now_in
from chatledger.ledger.process import is_gone, this_process
from chatledger.ledger.tables import Lease

FREE = ""

# Built once, because every write checks the lease three times.
_TERMS = (
    select(col(Lease.holder), col(Lease.fence), col(Lease.expires_at))
    .where(col(Lease.organisation_id) == bindparam("organisation"))
    .with_for_update()
)
_TAKEN = (
    update(Lease)
    .where(col(Lease.organisation_id) == bindparam("organisation"))
    .values(holder=bindparam("its_holder"), fence=bindparam("its_fence"), expires_at=bindparam("until"))
)
_RENEWED = update(Lease).where(col(Lease.organisation_id) == bindparam("organisation")).values(expires_at=bindparam("until"))
_GIVEN_BACK = (
    update(Lease)
    .where(col(Lease.organisation_id) == bindparam("organisation"), col(Lease.fence) == bindparam("its_fence"))
    .values(holder=FREE, expires_at=bindparam("now"))
)


def acquire(ledger: Ledger, organisation_id: str, seconds: float) -> int | None:
    """Take the lease for `seconds` and return its fence; None while another live run holds it.

    A holder that died on this machine is replaced at once, any other one when its time by the database's clock is over.
    """
    with ledger.transaction() as session:
        return take(session, organisation_id, seconds)


def take(session: Session, organisation_id: str, seconds: float) -> int | None:
    """Do what `acquire` does within a transaction: the lease is taken together with what the run first writes."""
    lease = _locked(session, organisation_id)
    if lease is None:
        first = Lease(organisation_id=organisation_id, holder=FREE, fence=0, expires_at=now_in(session))
        insert_if_missing(session, first)
        lease = _locked(session, organisation_id)
    now = now_in(session)
    # A lease that was given back is free even where its end lies ahead because the clock was set back since.
    if lease is None or (lease.holder != FREE and lease.expires_at > now and not is_gone(lease.holder)):
        return None
    fence: int = lease.fence + 1
    taken = {"its_holder": str(this_process()), "its_fence": fence, "until": now + timedelta(seconds=seconds)}
    session.connection().execute(_TAKEN, taken | {"organisation": organisation_id})
    return fence


def is_held(ledger: Ledger, organisation_id: str) -> bool:
    """Say whether a run holds the lease that is not known to have died."""
    with ledger.reading() as session:
        lease = session.get(Lease, organisation_id)
        return bool(lease and lease.holder != FREE and lease.expires_at > now_in(session) and not is_gone(lease.holder))


def renew(ledger: Ledger, organisation_id: str, fence: int, seconds: float) -> None:
    """Extend the lease to `seconds` from now; LeaseLost when it has another holder or was given back.

    A lease that ran out is renewed all the same as long as nobody took it: then nothing was written meanwhile.
    """
    with ledger.transaction() as session:
        lease = _locked(session, organisation_id)
        if lease is None or lease.fence != fence or lease.holder == FREE:
            raise _lost()
        renewed = {"organisation": organisation_id, "until": now_in(session) + timedelta(seconds=seconds)}
        session.connection().execute(_RENEWED, renewed)


def release(ledger: Ledger, organisation_id: str, fence: int) -> None:
    """Give the lease back, so that the next run may start at once; nothing happens when it is no longer ours."""
    with ledger.transaction() as session:
        give_back(session, organisation_id, fence)


def give_back(session: Session, organisation_id: str, fence: int) -> None:
    """Do what `release` does within a transaction: the lease is free as soon as what the run last writes is."""
    ours = {"organisation": organisation_id, "its_fence": fence, "now": now_in(session)}
    session.connection().execute(_GIVEN_BACK, ours)


def check(session: Session, organisation_id: str, fence: int, seconds_left: float = 0) -> None:
    """Raise LeaseLost unless `fence` still holds the lease for more than `seconds_left`.

    The lease stays locked until the transaction of `session` ends, so that nobody can take it between this check and the
    commit of what was decided.
    """
    lease = _locked(session, organisation_id)
    needed_until = now_in(session) + timedelta(seconds=seconds_left)
    if lease is None or lease.fence != fence or lease.holder == FREE or lease.expires_at <= needed_until:
        raise _lost()


def _locked(session: Session, organisation_id: str) -> Row[tuple[str, int, datetime]] | None:
    # A SQLite transaction is alone from its beginning.
    return session.connection().execute(_TERMS, {"organisation": organisation_id}).one_or_none()


def _lost() -> LeaseLost:
    return LeaseLost("Another run has taken over this organisation, or this one was away too long; it stops without writing.")
