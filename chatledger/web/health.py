"""`/health`: whether this installation does its job, for monitors (JSON, 200 or 503) and for people (a page); no login.

Nothing here is personal: ids of organisations, counts, ages, and sentences of errors, which never hold a person's data.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from chatledger.web.parts import WebParts
from chatledger.web.rendering import render


def routes(parts: WebParts) -> list[BaseRoute]:
    """Offer `/health` where somebody gathers the facts."""
    if parts.health is None:
        return []
    examine = parts.health

    async def health(request: Request) -> Response:
        found = await examine()
        status = 200 if found.well else 503
        if "text/html" in request.headers.get("accept", ""):  # a browser; monitors name JSON, or take anything
            return render(request, "health/health.html", status=status, health=found)
        return JSONResponse(found.as_json(), status, headers={"Cache-Control": "no-store"})

    return [Route("/health", health)]
