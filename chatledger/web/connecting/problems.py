"""Why a connection was not made, as a code that the wording explains; never with anything a stranger sent."""

from chatledger.errors import ChatledgerError, LoginRefused, NotPermitted, OutsideError, RateLimited

OF_ZOHO = {
    "invalid_code": "code_over",
    "invalid_client": "client_unknown",
    "invalid_client_secret": "secret_wrong",
    "invalid_redirect_uri": "redirect_unknown",
    "access_denied": "refused",
    "OAUTH_SCOPE_MISMATCH": "scopes_missing",
}


class NotConnected(ChatledgerError):
    """A connection was refused; `problem` is its code in the wording, the text says the same for a command."""

    def __init__(self, problem: str, text: str) -> None:
        super().__init__(text)
        self.problem = problem


def problem_of(error: ChatledgerError) -> str:
    """Return the code under which the wording explains an error."""
    if isinstance(error, NotConnected):
        return error.problem
    if isinstance(error, OutsideError) and (known := OF_ZOHO.get(error.code or "")):
        return known
    kinds = ((RateLimited, "wait"), (LoginRefused, "login_refused"), (NotPermitted, "not_permitted"))
    return next((problem for kind, problem in kinds if isinstance(error, kind)), "unreachable")
