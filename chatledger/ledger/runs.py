"""Runs: one row per tick with its totals, which the summary, the sync log and the artifacts are read from."""

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, select, update

from chatledger.ledger.tables import Change, Run

_CRASHED = (
    update(Run)
    .where(col(Run.organisation_id) == bindparam("organisation"), col(Run.state) == "running")
    .values(state="crashed", ended_at=bindparam("now"), problem="the process ended before the run did")
)

_STARTED = insert(Run)
_IDENTITY = {"id", "organisation_id", "flow_run_id", "kind", "started_at", "fence"}
_FINISHED = update(Run).where(col(Run.id) == bindparam("its_id"))


def start(session: Session, run: Run) -> None:
    """Write a run down, and that any earlier one which is still called running has crashed.

    Only the holder of the lease starts runs, so an earlier one cannot be alive.
    """
    session.connection().execute(_CRASHED, {"organisation": run.organisation_id, "now": run.started_at})
    session.connection().execute(_STARTED, run.model_dump())


def finish(session: Session, run: Run) -> None:
    """Write down how a run ended and what it counted; who it is stays as it was written when it started."""
    session.connection().execute(_FINISHED, {"its_id": run.id} | run.model_dump(exclude=_IDENTITY))


def find(session: Session, run_id: str) -> Run:
    """Return a run by its id."""
    return session.get_one(Run, run_id)


def of_flow_run(session: Session, organisation_id: str, flow_run_id: str) -> Run | None:
    """Return the run a Prefect flow run carried out, the newest of its attempts; None when it found another one at work."""
    query = select(Run).where(Run.organisation_id == organisation_id, Run.flow_run_id == flow_run_id)
    return session.exec(query.order_by(col(Run.started_at).desc())).first()


def at_work(session: Session, organisation_id: str) -> Run | None:
    """Return the newest run that is called running; its process may have died."""
    query = select(Run).where(Run.organisation_id == organisation_id, Run.state == "running")
    return session.exec(query.order_by(col(Run.started_at).desc())).first()


def latest(session: Session, organisation_id: str, limit: int) -> list[Run]:
    """Return the newest runs, newest first."""
    query = select(Run).where(Run.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(Run.started_at).desc()).limit(limit)))


def last_good(session: Session, organisation_id: str) -> Run | None:
    """Return the newest run that did its job."""
    query = select(Run).where(Run.organisation_id == organisation_id, col(Run.state).in_(["completed", "degraded"]))
    return session.exec(query.order_by(col(Run.started_at).desc())).first()


def changes(session: Session, organisation_id: str, *, run_id: str | None = None, limit: int | None = 50) -> list[Change]:
    """Return the newest lines of history, newest first."""
    query = select(Change).where(Change.organisation_id == organisation_id)
    if run_id is not None:
        query = query.where(Change.run_id == run_id)
    return list(session.exec(query.order_by(col(Change.id).desc()).limit(limit)))


def record_created(session: Session, change: Change) -> None:
    """Write down that a record was created or adopted."""
    session.add(change)


def records_created(session: Session, organisation_id: str, run_id: str) -> list[Change]:
    """Return the records this run created or adopted."""
    query = select(Change).where(
        Change.organisation_id == organisation_id, Change.run_id == run_id, Change.what == "record_created"
    )
    return list(session.exec(query.order_by(col(Change.id))))
