"""Connections: the organisation's to Zoho and TimelinesAI, each person's to Zoho, and who may use the pages."""

from starlette.routing import BaseRoute, Route

from chatledger.web.connecting import answering, configuring, pages, people_pages
from chatledger.web.connecting.consenting import CALLBACK
from chatledger.web.parts import WebParts


def routes(_parts: WebParts) -> list[BaseRoute]:
    """Return the routes of this area."""
    return [
        Route("/connect", pages.connections, methods=["GET"]),
        Route("/connect/zoho", pages.connect_organisation, methods=["POST"]),
        Route("/connect/zoho/disconnect", pages.disconnect_organisation, methods=["POST"]),
        Route("/connect/me", pages.connect_myself, methods=["POST"]),
        Route("/connect/me/disconnect", pages.disconnect_myself, methods=["POST"]),
        Route("/connect/timelines", pages.connect_timelines, methods=["POST"]),
        Route("/connect/timelines/disconnect", pages.disconnect_timelines, methods=["POST"]),
        Route("/connect/configure", configuring.configure, methods=["POST"]),
        Route("/connect/deactivate", configuring.deactivate, methods=["POST"]),
        Route(CALLBACK, answering.zoho_answered, methods=["GET"]),
        Route("/sign-in/zoho", answering.sign_in_with_zoho, methods=["POST"]),
        Route("/connect/people", people_pages.everybody, methods=["GET"]),
        Route("/connect/people/invite", people_pages.invite, methods=["POST"]),
        Route("/connect/people/role", people_pages.change_role, methods=["POST"]),
        Route("/connect/people/remove", people_pages.remove, methods=["POST"]),
    ]
