"""Pages from templates: escaped by default, in the reader's language, with what every page shows."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from chatledger.web import csrf
from chatledger.web.navigation import place_of, places
from chatledger.web.parts import WebParts
from chatledger.web.roles import may
from chatledger.web.sessions import Browser, person_of, set_cookie
from chatledger.web.wording import LANGUAGE_COOKIE, LANGUAGES, language_of, wording

TEMPLATES = Path(__file__).parent / "templates"
YEAR_SECONDS = 31_536_000


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["at"] = _at
    return environment


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page from `templates/<area>/<page>.html` with the words of `data/web/<area>.<language>.toml` as `w`.

    Every page also has `pages` (the words all pages share), `language`, `person`, `may`, `csrf_field()`, `here`, `places`.
    """
    parts: WebParts = request.app.state.parts
    language = language_of(request)
    area = template.partition("/")[0] if "/" in template else "pages"
    shared = _shared(request, language)
    text = _environment().get_template(template).render(shared | {"w": wording(area, language)} | context)
    response = HTMLResponse(text, status, headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"})
    browser: Browser | None = getattr(request.state, "browser", None)
    if browser and browser.fresh:
        set_cookie(parts, response, browser.secret)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR_SECONDS, secure=parts.secure, httponly=True, samesite="lax"
        )
    return response


def _shared(request: Request, language: str) -> dict[str, Any]:
    person = person_of(request)
    open_to = places(request, person)
    token = csrf.token(request) if getattr(request.state, "browser", None) else ""
    return {
        "request": request,
        "language": language,
        "languages": [(code, name, _with_language(request, code)) for code, name in LANGUAGES.items()],
        "pages": wording("pages", language),
        "person": person,
        "may": lambda role: may(person, role),
        "here": request.url.path,
        "places": open_to,
        "current": place_of(request.url.path, open_to),
        "csrf_token": token,
        "csrf_field": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, token),
    }


def _with_language(request: Request, code: str) -> str:
    """Return the address of this page in another language."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', code)])}"


def _at(moment: datetime | None, zone: str = "UTC") -> Markup:
    """Show a moment in a time zone, readable by machines too."""
    if moment is None:
        return Markup("&ndash;")
    local = moment.astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), escape(local.strftime("%Y-%m-%d %H:%M")))
