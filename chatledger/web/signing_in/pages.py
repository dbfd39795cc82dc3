"""The pages of signing in. Opening an invitation link changes nothing: only its button signs in, so previews do no harm."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.clients.zoho.data_centres import consent_origins
from chatledger.ledger import people
from chatledger.ledger.tables import Person
from chatledger.web.connecting.answering import zoho_login_for_signing_in
from chatledger.web.csrf import posted_form
from chatledger.web.headers import allow
from chatledger.web.limits import limit
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.returning import own_path
from chatledger.web.sessions import person_of, sign_in, sign_out
from chatledger.web.wording import language_of, wording


async def sign_in_page(request: Request) -> Response:
    """Say how to get in; somebody who is in already goes on."""
    after = own_path(request.query_params.get("next"))
    if person_of(request):
        return RedirectResponse(after, 303)
    parts: WebParts = request.app.state.parts
    login = await run_in_threadpool(zoho_login_for_signing_in, parts)
    if login:
        allow(request, "form-action", consent_origins(login.accounts_url))
    problems = wording("signing_in", language_of(request))["problems"]
    problem = request.query_params.get("problem")
    said = problems.get(problem, problems["failed"]) if problem else ""
    return render(request, "signing_in/sign_in.html", after=after, with_zoho=login is not None, problem=said)


async def signed_out(request: Request) -> Response:
    """Sign this browser out."""
    await posted_form(request)
    response = RedirectResponse("/sign-in", 303)
    await run_in_threadpool(sign_out, request, response)
    return response


async def invitation_page(request: Request) -> Response:
    """Show whom an invitation is for, with the button that uses it."""
    limit(request, "sign-in")
    secret = request.path_params["secret"]
    person = await run_in_threadpool(_invited, request.app.state.parts, secret)
    return _invitation(request, secret, person)


async def accept_invitation(request: Request) -> Response:
    """Use an invitation and sign in."""
    limit(request, "sign-in")
    form = await posted_form(request)
    person = await run_in_threadpool(_accept, request.app.state.parts, str(form.get("invitation", "")))
    if person is None:
        return _invitation(request, "", None)
    response = RedirectResponse("/", 303)
    await run_in_threadpool(sign_in, request, response, person, "invitation")
    return response


def _invitation(request: Request, secret: str, person: Person | None) -> Response:
    status = 200 if person else 404
    return render(request, "signing_in/invitation.html", status=status, secret=secret, invited=person)


def _invited(parts: WebParts, secret: str) -> Person | None:
    with parts.ledger.reading() as session:
        return people.invited(session, parts.organisation_id, secret)


def _accept(parts: WebParts, secret: str) -> Person | None:
    with parts.ledger.transaction() as session:
        return people.accept(session, parts.organisation_id, secret)
