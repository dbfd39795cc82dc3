"""The accounts server: consent, tokens, revocation. Its errors mostly come with HTTP 200."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.zoho.calls import Crm
from sandbox.zoho.consent_page import consent_page
from sandbox.zoho.scopes import EVERYTHING, read_scopes
from sandbox.zoho.tokens import CODE_LIFE, Access, Code, Grant, Throttled, Tokens, fits_challenge

_THROTTLED = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


class Accounts:
    """Zoho's accounts server for one organisation. In a browser any active user may consent, else it is the current one."""

    def __init__(self, crm: Crm, client: dict[str, str]) -> None:
        self.crm = crm
        self.tokens = Tokens(crm.now, crm.faults)
        self.tokens.clients[client["client_id"]] = client["client_secret"]
        if refresh_token := client.get("refresh_token"):
            scopes = tuple(read_scopes(client.get("scope", ""))) or EVERYTHING
            self.tokens.grants[refresh_token] = Grant(refresh_token, client["client_id"], crm.current_user, scopes)

    def routes(self) -> list[Route]:
        """Build the routes under /oauth."""
        return [
            Route("/oauth/serverinfo", self.server_info, methods=["GET"]),
            Route("/oauth/v2/auth", self.consent, methods=["GET"]),
            Route("/oauth/v2/auth", self.decided, methods=["POST"]),
            Route("/oauth/v2/token", self.token, methods=["POST"]),
            Route("/oauth/v2/token/revoke", self.revoke, methods=["POST"]),
        ]

    async def server_info(self, request: Request) -> Response:
        """List where the accounts servers are: here, whatever the location."""
        base = own_address(request)
        return JSONResponse({"result": "success", "locations": {"us": base}})

    async def consent(self, request: Request) -> Response:
        """Ask the person in a browser; send a program back with the current user's code at once. Saying no is a switch too."""
        asked = request.query_params
        if asked.get("client_id") not in self.tokens.clients or not asked.get("redirect_uri"):
            return JSONResponse({"error": "invalid_client"}, 200)
        if self.crm.faults.consent_refused:
            return _refused(asked)
        if "text/html" in request.headers.get("Accept", ""):
            return consent_page(self.crm, asked)
        return self._agreed(request, asked, self.crm.current_user)

    async def decided(self, request: Request) -> Response:
        """Send the browser back with the person's decision."""
        asked = {name: str(value) for name, value in (await request.form()).items()}
        if asked.get("client_id") not in self.tokens.clients or not asked.get("redirect_uri"):
            return JSONResponse({"error": "invalid_client"}, 200)
        if asked.get("decision") != "accept" or asked.get("user") not in self.crm.store.users:
            return _refused(asked)
        return self._agreed(request, asked, asked["user"])

    def _agreed(self, request: Request, asked: Mapping[str, str], user: str) -> Response:
        client_id = asked["client_id"]
        # Who consented before gets a refresh token only when asked to consent again.
        again = asked.get("prompt") == "consent" or not self.tokens.consented(client_id, user)
        code = Code(
            client_id, user, asked["redirect_uri"], tuple(read_scopes(asked.get("scope", ""))), self.crm.now() + CODE_LIFE,
            offline=asked.get("access_type") == "offline" and again,
            challenge=asked.get("code_challenge", ""), challenge_method=asked.get("code_challenge_method", "plain"),
        )  # fmt: skip
        answer = {"code": self.tokens.new_code(code), "location": "us", "accounts-server": own_address(request)}
        return _back(asked["redirect_uri"], {"state": asked.get("state", ""), **answer})

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token; parameters come in the query or in a form body."""
        given = {**request.query_params, **{name: str(value) for name, value in (await request.form()).items()}}
        if complaint := self._client_complaint(given):
            return JSONResponse({"error": complaint})
        kinds: dict[str, Callable[[dict[str, str]], tuple[Grant, bool] | str]] = {
            "refresh_token": self._refreshed,
            "authorization_code": self._exchanged,
        }
        exchange = kinds.get(given.get("grant_type", ""))
        found = exchange(given) if exchange else "invalid_grant"
        if isinstance(found, str):
            return JSONResponse({"error": found})
        grant, new = found
        try:
            access = self.tokens.new_access(grant)
        except Throttled:
            return JSONResponse(_THROTTLED, self.crm.faults.throttle_status)
        return JSONResponse(self._answer(request, access, grant.refresh_token if new else None))

    async def revoke(self, request: Request) -> Response:
        """End a refresh token or an access token."""
        given = {**request.query_params, **{name: str(value) for name, value in (await request.form()).items()}}
        if self.tokens.revoke(given.get("token", "")):
            return JSONResponse({"status": "success"})
        return JSONResponse({"error": "invalid_token", "status": "failure"}, 400)

    def console_code(self, scope: str) -> str:
        """Make a code as the API console does for a Self Client: no consent page, no redirect address."""
        client_id = next(iter(self.tokens.clients))
        code = Code(client_id, self.crm.current_user, "", tuple(read_scopes(scope)), self.crm.now() + CODE_LIFE, offline=True)
        return self.tokens.new_code(code)

    def granted(self, access: Access) -> frozenset[str]:
        """Give what a token may do; the switch decides over what was asked for."""
        switched = self.crm.faults.scopes_granted
        return frozenset(access.scopes if switched is None else switched)

    def _client_complaint(self, given: dict[str, str]) -> str | None:
        secret = self.tokens.clients.get(given.get("client_id", ""))
        if secret is None:
            return "invalid_client"
        return None if given.get("client_secret") == secret else "invalid_client_secret"

    def _refreshed(self, given: dict[str, str]) -> tuple[Grant, bool] | str:
        grant = self.tokens.grants.get(given.get("refresh_token", ""))
        if grant is None or grant.client_id != given["client_id"] or self.crm.faults.refresh_token_revoked:
            return "invalid_code"
        return grant, False

    def _exchanged(self, given: dict[str, str]) -> tuple[Grant, bool] | str:
        code = self.tokens.take_code(given.get("code", ""))
        if code is None or code.client_id != given["client_id"] or not fits_challenge(code, given.get("code_verifier", "")):
            return "invalid_code"
        if given.get("redirect_uri", "") != code.redirect_uri:
            return "invalid_redirect_uri"
        if code.offline:
            return self.tokens.new_grant(code.client_id, code.user, code.scopes), True
        whose = (code.client_id, code.user)
        held = [grant for grant in self.tokens.grants.values() if (grant.client_id, grant.user) == whose]
        return (held[-1] if held else self.tokens.new_grant(*whose, code.scopes)), False

    def _answer(self, request: Request, access: Access, refresh_token: str | None) -> dict[str, object]:
        answer: dict[str, object] = {
            "access_token": access.value,
            "scope": " ".join(sorted(self.granted(access))),
            "api_domain": self.crm.faults.api_domain or own_address(request),
            "token_type": "Bearer",
            "expires_in": self.crm.faults.access_token_seconds,
        }
        return answer | ({"refresh_token": refresh_token} if refresh_token else {})


def own_address(request: Request) -> str:
    """Give the address this request came to, without a trailing slash."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _refused(asked: Mapping[str, str]) -> Response:
    return _back(asked["redirect_uri"], {"error": "access_denied", "state": asked.get("state", "")})


def _back(redirect_uri: str, answer: dict[str, str]) -> Response:
    joint = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", status_code=302)
