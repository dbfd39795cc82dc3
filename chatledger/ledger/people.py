"""People, their invitations and their sessions. Secrets are given out once and kept as hashes."""

import secrets
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from sqlmodel import Session, col, delete, select

from chatledger.ledger.database import insert_if_missing, now_in
from chatledger.ledger.tables import Invitation, Person, StoredConnection, WebSession

INVITATION_LIFE = timedelta(hours=24)
SESSION_LIFE = timedelta(hours=12)
SECRET_BYTES = 32


def find(session: Session, organisation_id: str, person_id: str) -> Person | None:
    """Return a person by id."""
    return session.get(Person, (organisation_id, person_id))


def find_by_email(session: Session, organisation_id: str, email: str) -> Person | None:
    """Return a person by e-mail, whatever its case."""
    query = select(Person).where(Person.organisation_id == organisation_id, Person.email == email.strip().casefold())
    return session.exec(query).first()


def everybody(session: Session, organisation_id: str) -> list[Person]:
    """Return all people of an organisation by e-mail."""
    query = select(Person).where(Person.organisation_id == organisation_id)
    return list(session.exec(query.order_by(col(Person.email))).all())


def admins(session: Session, organisation_id: str) -> list[Person]:
    """Return the people of an organisation who may connect, configure and invite."""
    return [person for person in everybody(session, organisation_id) if person.role == "admin"]


def add(session: Session, organisation_id: str, email: str, role: str, added_by: str) -> Person:
    """Return the person with this e-mail, added when unknown; the role becomes the given one in both cases."""
    known = find_by_email(session, organisation_id, email)
    if known is None:
        person = Person(
            organisation_id=organisation_id,
            id=uuid4().hex,
            email=email.strip().casefold(),
            role=role,
            added_at=now_in(session),
            added_by=added_by,
        )
        insert_if_missing(session, person)
        known = find_by_email(session, organisation_id, email)
        if known is None:
            raise LookupError(email)
    known.role = role
    session.add(known)
    return known


def remove(session: Session, person: Person) -> None:
    """Remove a person with everything that lets them in."""
    for table in (Invitation, WebSession, StoredConnection):
        mine = col(table.organisation_id) == person.organisation_id, col(table.person_id) == person.id
        session.exec(delete(table).where(*mine))
    session.delete(person)


def invite(session: Session, person: Person) -> str:
    """Return the secret of a new invitation, good once and for a day; earlier ones of this person end."""
    mine = col(Invitation.organisation_id) == person.organisation_id, col(Invitation.person_id) == person.id
    session.exec(delete(Invitation).where(*mine))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        Invitation(
            token_hash=hash_of(secret),
            organisation_id=person.organisation_id,
            person_id=person.id,
            expires_at=now_in(session) + INVITATION_LIFE,
        )
    )
    return secret


def invited(session: Session, organisation_id: str, secret: str) -> Person | None:
    """Return whom an invitation is for, without using it up; None when it is unknown, used or expired."""
    row = session.get(Invitation, hash_of(secret))
    if row is None or row.organisation_id != organisation_id or row.expires_at <= now_in(session):
        return None
    return find(session, organisation_id, row.person_id)


def accept(session: Session, organisation_id: str, secret: str) -> Person | None:
    """Use an invitation up and return whom it is for; None when it is unknown, used or expired."""
    person = invited(session, organisation_id, secret)
    used = session.exec(delete(Invitation).where(col(Invitation.token_hash) == hash_of(secret)))
    return person if used.rowcount == 1 else None


def start_session(session: Session, person: Person, signed_in_by: str) -> str:
    """Sign a person in and return what the browser's cookie is to hold; sessions that are over are cleared away."""
    now = now_in(session)
    session.exec(delete(WebSession).where(col(WebSession.expires_at) <= now))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        WebSession(
            id_hash=hash_of(secret),
            organisation_id=person.organisation_id,
            person_id=person.id,
            signed_in_by=signed_in_by,
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    person.last_sign_in_at = now
    session.add(person)
    return secret


def signed_in(session: Session, organisation_id: str, secret: str) -> Person | None:
    """Return the person of a session, None when it is over."""
    return of_session(session, organisation_id, hash_of(secret))


def of_session(session: Session, organisation_id: str, id_hash: str) -> Person | None:
    """Return the person of a session by the hash of its secret, None when it is over."""
    row = session.get(WebSession, id_hash)
    if row is None or row.organisation_id != organisation_id or row.expires_at <= now_in(session):
        return None
    return find(session, organisation_id, row.person_id)


def end_session(session: Session, secret: str) -> None:
    """Sign a browser out."""
    session.exec(delete(WebSession).where(col(WebSession.id_hash) == hash_of(secret)))


def end_all_sessions(session: Session, organisation_id: str | None = None, person_id: str | None = None) -> int:
    """Sign everybody out, or one person everywhere; gives how many sessions ended."""
    query = delete(WebSession)
    if organisation_id is not None:
        query = query.where(col(WebSession.organisation_id) == organisation_id)
    if person_id is not None:
        query = query.where(col(WebSession.person_id) == person_id)
    return session.exec(query).rowcount


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits: a plain hash is enough, nobody can try them all."""
    return sha256(secret.encode()).hexdigest()
