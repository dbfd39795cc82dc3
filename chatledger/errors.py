"""Every failure this software expects, named by its remedy.

The text of an error is one sentence for a person: it names the field, file, record or setting and says what to do. It never
holds a phone number, a message text or a token, because it may reach logs and Prefect's database.
"""

from typing import Any, Literal

System = Literal["TimelinesAI", "Zoho CRM", "Zoho accounts"]


class ChatledgerError(Exception):
    """Root of all expected failures; `str(error)` is the sentence to show."""


class UsageError(ChatledgerError):
    """The call, the environment or a settings file is wrong: fix it and call again (exit code 2)."""


class LedgerUnavailable(ChatledgerError):
    """The ledger cannot be opened or written: disk full, no permission, database down or locked."""


class LeaseLost(ChatledgerError):
    """Another run took over while this one was away; nothing may be written any more."""


class OutsideError(ChatledgerError):
    """An outside system did not do what was asked.

    `outcome_unknown` is True when a write may have happened all the same; such a write must be looked up before it is
    repeated. `code` is the vendor's own error code where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        system: System,
        status: int | None = None,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.system = system
        self.status = status
        self.code = code
        self.details = details or {}
        self.outcome_unknown = outcome_unknown

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), str(self), self.__dict__)


class RateLimited(OutsideError):
    """Remedy: wait. `retry_after` is in seconds, None where the system did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after = retry_after


class LoginRefused(OutsideError):
    """Remedy: connect again. A token is missing, expired for good, revoked, or belongs to another data centre."""


class TokenExpired(LoginRefused):
    """Remedy: a fresh access token; the Zoho client does that once by itself."""


class NotPermitted(OutsideError):
    """Remedy: a person grants a scope, a profile right, a plan or more quota."""


class Rejected(OutsideError):
    """Remedy: fix the input. The system understood the request and refused its content."""


class NotFound(Rejected):
    """Remedy: read again what exists; the object asked for does not."""


class Unavailable(OutsideError):
    """Remedy: try later. No connection, a time-out, a 5xx, or an answer that is not the documented one."""


class SchemaDrift(Unavailable):
    """Remedy: try later and tell a person: the answer is JSON, but not of the documented shape."""


def waiting_cures(error: BaseException) -> bool:
    """Say whether the same call may simply be made again later: it certainly was not carried out."""
    return isinstance(error, RateLimited | Unavailable) and not error.outcome_unknown


def _restored(kind: type[OutsideError], message: str, attributes: dict[str, Any]) -> OutsideError:
    """Rebuild an error in another process: Prefect hands failures from the run to whoever asks for its result."""
    error = kind(message, system=attributes["system"])
    error.__dict__.update(attributes)
    return error


def why_it_ended(error: BaseException) -> str:
    """Say why a run ended before its end; of an error nobody expected only the class, its words may be somebody's."""
    if isinstance(error, ChatledgerError):
        return str(error)
    if isinstance(error, Exception):
        return f"An unexpected {type(error).__name__} ended the run; its log in Prefect says where."
    return "The run was stopped from outside; the next one takes up what it left."
