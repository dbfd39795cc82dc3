"""Getting in and out: the sign-in page, invitation links, signing out."""

from starlette.routing import BaseRoute, Route

from chatledger.web.parts import WebParts
from chatledger.web.signing_in import pages


def routes(_parts: WebParts) -> list[BaseRoute]:
    """Return the routes of this area."""
    return [
        Route("/sign-in", pages.sign_in_page, methods=["GET"]),
        Route("/sign-out", pages.signed_out, methods=["POST"]),
        Route("/invitation/{secret}", pages.invitation_page, methods=["GET"]),
        Route("/invitation", pages.accept_invitation, methods=["POST"]),
    ]
