"""`chatledger admin`: who may use the pages."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from blocks.environment import WebSettings, read_web_settings
from blocks.web_address import likely_address
from chatledger.errors import UsageError
from chatledger.ledger import audit_trail, people
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Person
from chatledger.web.connecting import establishing
from chatledger.web.connecting.people_pages import is_email
from deployments.cli.connections import open_ledger
from deployments.cli.screen import console, moment, print_json, table

BY = "command"

app = typer.Typer(name="admin", no_args_is_help=True, help="Invite people to the pages, change their roles, remove them.")

Email = Annotated[str, typer.Argument(metavar="EMAIL")]


class RoleName(StrEnum):
    """What a person may do, from the most to the least."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    SELLER = "seller"


RoleOption = Annotated[
    RoleName | None, typer.Option("--role", help="seller for somebody new, unchanged for somebody known.", show_default=False)
]


@app.command()
def invite(emails: Annotated[list[str], typer.Argument(metavar="EMAIL...")], role: RoleOption = None) -> None:
    """Print a link for each person that signs them in once within 24 hours; somebody unknown is added."""
    for email in emails:
        if not is_email(email):
            raise UsageError(f"{email} is not an e-mail address.")
    settings = read_web_settings()
    with open_ledger(settings) as ledger:
        for email in emails:
            person, secret = _invite(ledger, settings, email, role)
            print(f"{person.email} ({person.role}), once, within 24 hours:")
            print(f"  {likely_address(settings)}/invitation/{secret}")
    if not settings.chatledger_public_url:
        print("This works on this computer while `chatledger serve` runs; for other people set CHATLEDGER_PUBLIC_URL.")


@app.command(name="list")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print the people as JSON.")] = False) -> None:
    """Show everybody who may use the pages."""
    settings = read_web_settings()
    with open_ledger(settings) as ledger, ledger.reading() as session:
        known = people.everybody(session, settings.chatledger_organisation)
    if as_json:
        print_json([{"email": one.email, "role": one.role, "last_sign_in_at": one.last_sign_in_at} for one in known])
        return
    if not known:
        print("Nobody yet: `chatledger admin invite EMAIL --role admin` lets the first person in.")
        return
    shown = table("E-mail", "Role", "Last sign-in (UTC)")
    for one in known:
        shown.add_row(one.email, one.role, moment(one.last_sign_in_at, "UTC"))
    console().print(shown)


@app.command()
def role(email: Email, new_role: Annotated[RoleName, typer.Argument(metavar="ROLE")]) -> None:
    """Give a person another role; it counts at once."""
    settings = read_web_settings()
    with open_ledger(settings) as ledger:
        with ledger.transaction() as session:
            person = _known(people.find_by_email(session, settings.chatledger_organisation, email), email)
            person.role = new_role.value
            session.add(person)
        act = Act(BY, "changed_role", "person", person.id, details={"role": person.role})
        audit_trail.write(ledger, settings.chatledger_organisation, act)
    print(f"{person.email} is {new_role.value} now.")


@app.command()
def remove(email: Email) -> None:
    """Remove a person: sessions end, their own Zoho connection is revoked."""
    settings = read_web_settings()
    with open_ledger(settings) as ledger:
        with ledger.reading() as session:
            person = _known(people.find_by_email(session, settings.chatledger_organisation, email), email)
        seconds = settings.chatledger_http_timeout_seconds
        asyncio.run(establishing.remove_person(ledger, settings.chatledger_organisation, person.id, seconds, by=BY))
    print(f"{person.email} was removed; every session has ended.")


def _invite(ledger: Ledger, settings: WebSettings, email: str, chosen: RoleName | None) -> tuple[Person, str]:
    with ledger.transaction() as session:
        known = people.find_by_email(session, settings.chatledger_organisation, email)
        held = known.role if known else RoleName.SELLER.value
        person = people.add(session, settings.chatledger_organisation, email, chosen.value if chosen else held, BY)
        secret = people.invite(session, person)
    act = Act(BY, "invited", "person", person.id, details={"role": person.role})
    audit_trail.write(ledger, settings.chatledger_organisation, act)
    return person, secret


def _known(person: Person | None, email: str) -> Person:
    if person is None:
        raise UsageError(f"{email} is not known: `chatledger admin list` shows who is.")
    return person
