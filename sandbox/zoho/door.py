"""The way into the CRM: login, rights, scopes and credits, in the order Zoho checks them, before a handler sees the call."""

import json
from functools import partial
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.control import mark
from sandbox.zoho.accounts import Accounts, own_address
from sandbox.zoho.calls import Call, Crm
from sandbox.zoho.endpoints import ENDPOINTS, Endpoint
from sandbox.zoho.envelopes import Refusal, json_answer
from sandbox.zoho.fault_layer import DEFER
from sandbox.zoho.scopes import demand
from sandbox.zoho.tokens import Access

API = "/crm/v8"
_SCHEME = "Zoho-oauthtoken "
_RIGHTS = {"GET": "read", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


class Door:
    """Builds the CRM's routes, each behind the same checks."""

    def __init__(self, crm: Crm, accounts: Accounts) -> None:
        self.crm = crm
        self.accounts = accounts

    def routes(self) -> list[Route]:
        """Build a route per endpoint."""
        return [Route(API + endpoint.path, self._guarded(endpoint), methods=[endpoint.method]) for endpoint in ENDPOINTS]

    def _guarded(self, endpoint: Endpoint) -> Any:
        async def answer(request: Request) -> Response:
            if self.crm.faults.api_host not in {"", request.url.netloc}:
                return Response(status_code=401)
            try:
                return self._with_credits(await self._answered(request, endpoint))
            except Refusal as refusal:
                return self._with_credits(json_answer(refusal.row(), refusal.status))

        return answer

    async def _answered(self, request: Request, endpoint: Endpoint) -> Response:
        access = self._login(request)
        self._refuse_without_right(request, endpoint)
        scopes = self.accounts.granted(access)
        for scope in endpoint.scopes:
            demand(scopes, scope.format(**request.path_params))
        call = await self._call(request, access, scopes)
        self._charge(request, endpoint.price(call))
        if (seconds := request.scope.get(DEFER)) is not None:
            self.crm.defer(seconds, partial(endpoint.handle, call))
            return Response()
        return endpoint.handle(call)

    def _login(self, request: Request) -> Access:
        header = request.headers.get("Authorization", "")
        if not header.startswith(_SCHEME) or not header.removeprefix(_SCHEME).strip():
            raise Refusal(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        access = self.accounts.tokens.access(header.removeprefix(_SCHEME).strip())
        if access is None:
            raise Refusal(401, "INVALID_TOKEN", "invalid oauth token")
        if self.crm.store.users[access.user]["status"] != "active":
            raise Refusal(403, "INACTIVE_USER", "the user is inactive")
        return access

    def _refuse_without_right(self, request: Request, endpoint: Endpoint) -> None:
        denied = self.crm.faults.denied
        if "*" in denied:
            raise Refusal(403, "NO_PERMISSION", "permission denied", permissions=["Crm_Implied_Api_Access"])
        module = "Notes" if "Notes" in endpoint.path else request.path_params.get("module")
        right = _RIGHTS[endpoint.method]
        if f"{module}.{right}" in denied:
            raise Refusal(403, "NO_PERMISSION", "permission denied", permissions=[f"Crm_Implied_{right.title()}_{module}"])

    async def _call(self, request: Request, access: Access, scopes: frozenset[str]) -> Call:
        call = Call(
            self.crm, access.user, request.method, {name: str(value) for name, value in request.path_params.items()},
            request.query_params, request.headers, own_address(request), scopes=scopes,
        )  # fmt: skip
        if request.headers.get("Content-Type", "").startswith("multipart/form-data"):
            call.files = await _files(request)
        else:
            call.body = _json(await request.body())
        return call

    def _charge(self, request: Request, price: int) -> None:
        limit = self.crm.faults.credits_limit
        if limit is not None and self.crm.credits.spent() + price > limit:
            raise Refusal(429, "TOO_MANY_REQUESTS", "the number of API calls of the last 24 hours is used up")
        self.crm.credits.spend(price)
        mark(request.scope, credits_used=price)

    def _with_credits(self, response: Response) -> Response:
        limit, fixed = self.crm.faults.credits_limit, self.crm.faults.credits_remaining
        if fixed is not None:
            response.headers["X-API-CREDITS-REMAINING"] = str(fixed)
        elif limit is not None and self.crm.credits.spent() * 2 >= limit:
            response.headers["X-API-CREDITS-REMAINING"] = str(max(0, limit - self.crm.credits.spent()))
        return response


def _json(body: bytes) -> Any:
    """Read a body whatever its content type, as Zoho does; None for one that is no JSON."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


async def _files(request: Request) -> list[tuple[str, bytes, str]]:
    form = await request.form()
    uploads = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    kind = "application/octet-stream"
    return [(part.filename or "file", await part.read(), part.content_type or kind) for part in uploads]
