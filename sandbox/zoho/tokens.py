"""The tokens of the accounts server: codes, refresh tokens and access tokens with Zoho's limits."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.zoho.faults import Faults

WINDOW = timedelta(minutes=10)
CODE_LIFE = timedelta(minutes=3)
MAX_REFRESH_TOKENS = 20


@dataclass(slots=True)
class Access:
    """An access token that may still live."""

    value: str = field(repr=False)
    user: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(slots=True)
class Grant:
    """A refresh token: whose it is, what it may do, its live access tokens and when they were asked for."""

    refresh_token: str = field(repr=False)
    client_id: str
    user: str
    scopes: tuple[str, ...]
    live: list[Access] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the consent page, good for one exchange."""

    client_id: str
    user: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: datetime
    offline: bool
    challenge: str = ""
    challenge_method: str = ""


class Throttled(Exception):
    """Too many new access tokens for one refresh token."""


class Tokens:
    """Every token given out, by the stand-in's clock."""

    def __init__(self, now: Callable[[], datetime], faults: Faults) -> None:
        self.clients: dict[str, str] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self._now = now
        self._faults = faults

    def new_code(self, code: Code) -> str:
        """Keep a code and give the word it is asked for by."""
        word = _random()
        self.codes[word] = code
        return word

    def take_code(self, word: str) -> Code | None:
        """Use up a code; None for one that is unknown, used or expired."""
        code = self.codes.pop(word, None)
        return code if code and code.expires_at > self._now() else None

    def new_grant(self, client_id: str, user: str, scopes: tuple[str, ...]) -> Grant:
        """Make a refresh token; the 21st of a user and client silently ends the oldest."""
        grant = Grant(_random(), client_id, user, scopes)
        held = [other for other in self.grants.values() if (other.client_id, other.user) == (client_id, user)]
        if len(held) >= MAX_REFRESH_TOKENS:
            del self.grants[held[0].refresh_token]
        self.grants[grant.refresh_token] = grant
        return grant

    def consented(self, client_id: str, user: str) -> bool:
        """Tell whether this user agreed to this client before."""
        return any((grant.client_id, grant.user) == (client_id, user) for grant in self.grants.values())

    def new_access(self, grant: Grant) -> Access:
        """Make an access token; the oldest live one ends when there are too many. Raises Throttled."""
        now = self._now()
        grant.asked = [moment for moment in grant.asked if moment > now - WINDOW]
        grant.asked.append(now)  # a refused attempt counts too, so asking on and on never ends the wait
        if len(grant.asked) > self._faults.new_access_tokens:
            raise Throttled
        access = Access(_random(), grant.user, grant.scopes, now + timedelta(seconds=self._faults.access_token_seconds))
        grant.live = [*grant.live, access][-self._faults.live_access_tokens :]
        return access

    def access(self, value: str) -> Access | None:
        """Find a live access token."""
        for grant in self.grants.values():
            for access in grant.live:
                if access.value == value and access.expires_at > self._now():
                    return access
        return None

    def revoke(self, value: str) -> bool:
        """End a refresh token with all its access tokens, or one access token."""
        if self.grants.pop(value, None):
            return True
        for grant in self.grants.values():
            kept = [access for access in grant.live if access.value != value]
            if len(kept) < len(grant.live):
                grant.live = kept
                return True
        return False


def fits_challenge(code: Code, verifier: str) -> bool:
    """Check a PKCE verifier against the challenge of its code; without a challenge everything fits."""
    if not code.challenge:
        return True
    if code.challenge_method.upper() == "S256":
        verifier = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return secrets.compare_digest(code.challenge, verifier)


def _random() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
