"""What goes wrong on the way: every kind of fault with a name, drawn by seed, counted when it fires.

A fault says whether the request is carried out, when, and what the client gets to see. How likely each kind is differs from
seed to seed, and in each seed only some kinds are active, so that rare combinations come up.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import httpx

LONGEST_LATE_COMMIT = 149.0
"""How long after the client gave up Zoho may still carry a request out: just less than the wait minus the time-out."""

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
_HTML = [(b"content-type", b"text/html")]
_JSON = [(b"content-type", b"application/json")]
_PAGE = b"<html><body><h1>502</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """One kind. `answer` turns the true answer into what arrives, an exception included; None: nothing ever arrives."""

    name: str
    answer: Callable[["Draw", Answer], Answer | httpx.TransportError] | None = None
    carried_out: bool = True
    late: bool = False
    writes_only: bool = False
    updates_only: bool = False
    zoho_only: bool = False


@dataclass(frozen=True)
class Draw:
    """A fault that was drawn for one request, with its own randomness."""

    fault: Fault
    share: float

    def between(self, low, high):
        return low + (high - low) * self.share


def _never(_draw, _answer):
    return httpx.ReadTimeout("nothing came")


def _refused(_draw, _answer):
    return httpx.ConnectError("refused")


def _reset(_draw, _answer):
    return httpx.ReadError("reset")


def _busy(_draw, _answer):
    text = {"code": "TOO_MANY_REQUESTS", "status": "error", "message": "too many requests", "details": {}}
    return 429, list(_JSON), json.dumps(text).encode()


def _busy_for(draw, answer):
    status, headers, body = _busy(draw, answer)
    return status, [*headers, (b"retry-after", str(int(draw.between(1, 59))).encode())], body


def _internal_error(_draw, _answer):
    text = {"code": "INTERNAL_ERROR", "status": "error", "message": "Internal Server Error", "details": {}}
    return 500, list(_JSON), json.dumps(text).encode()


def _bad_gateway(_draw, _answer):
    return 502, list(_HTML), _PAGE


def _page(_draw, _answer):
    return 200, list(_HTML), _PAGE


def _cut(_draw, answer):
    status, headers, body = answer
    return status, _without_length(headers), body[: len(body) // 2]


def _other_length(answer, change):
    status, headers, body = answer
    content = json.loads(body) if body else {}
    change(content.get("data", []))
    return status, _without_length(headers), json.dumps(content).encode()


def _fewer(draw, answer):
    return _other_length(answer, lambda rows: rows and rows.pop(min(int(draw.share * len(rows)), len(rows) - 1)))


def _more(_draw, answer):
    return _other_length(answer, lambda rows: rows.extend(rows[-1:]))


def _reversed(_draw, answer):
    return _other_length(answer, lambda rows: rows.reverse())


def _without_length(headers):
    return [(name, value) for name, value in headers if name != b"content-length"]


KINDS = (
    Fault("refused_connection", _refused, carried_out=False),
    Fault("lost_request", carried_out=False),
    Fault("lost_answer"),
    Fault("reset_before", _reset, carried_out=False),
    Fault("reset_after", _reset),
    Fault("busy", _busy, carried_out=False),
    Fault("busy_for_a_while", _busy_for, carried_out=False),
    Fault("error_before", _internal_error, carried_out=False),
    Fault("error_after", _bad_gateway, writes_only=True),
    Fault("page_before", _page, carried_out=False),
    Fault("page_after", _page, writes_only=True),
    Fault("cut_answer", _cut),
    Fault("fewer_rows", _fewer, writes_only=True),
    Fault("more_rows", _more, writes_only=True),
    Fault("reversed_rows", _reversed, writes_only=True, updates_only=True),
    Fault("late_after_timeout", late=True, writes_only=True),
    Fault("late_after_error", _bad_gateway, late=True, writes_only=True),
    Fault("stale_token", zoho_only=True),
)
OTHERS = (
    "death_before_request", "death_request_in_flight", "death_after_request", "death_before_commit", "death_after_commit",
    "pause_before_request", "pause_after_answer", "slow_answer", "busy_run", "lost_lease", "late_message", "same_second",
)  # fmt: skip
"""Kinds that do not happen on the wire."""


class Weather:
    """The faults of one seed; `fired` counts them by name. With `calm()` they end."""

    def __init__(self, random):
        self._random = random
        self.fired = Counter()
        self.rate = random.choice([0.0, 0.02, 0.05, 0.15])
        self.write_rate = random.choice([0.0, 0.2, 0.4, 0.6])
        self.death_rate = random.choice([0.0, 0.002, 0.01, 0.02])
        self.pause_rate = random.choice([0.0, 0.0, 0.02, 0.08])
        self.edge_rate = random.choice([0.0, 0.1, 0.3])
        self.waits = 0.0
        """How long every call waits for its turn, in seconds."""
        self.active = [kind for kind in KINDS if random.random() < 0.4] or list(KINDS)

    def calm(self):
        """Let nothing go wrong any more."""
        self.rate = self.write_rate = self.death_rate = self.pause_rate = self.edge_rate = self.waits = 0.0

    def draw(self, *, write, update, zoho):
        """Draw what happens to a request; None for nothing."""
        if self._random.random() >= (self.write_rate if write else self.rate):
            return None
        fitting = [
            kind
            for kind in self.active
            if (write or not kind.writes_only) and (zoho or not kind.zoho_only) and (update or not kind.updates_only)
        ]
        if not fitting:
            return None
        fault = self._random.choice(fitting)
        self.fired[fault.name] += 1
        return Draw(fault, self._share())

    def _share(self):
        """Draw from 0 to 1, often the utmost, because that is where waits are too short."""
        return 1.0 if self._random.random() < 0.25 else self._random.random()

    def kills(self, _process, boundary):
        """Say whether a process dies at this boundary."""
        if self._random.random() >= self.death_rate:
            return False
        self.fired[f"death_{boundary}"] += 1
        return True

    def late_after_death(self, timeout):
        """Return after how many seconds a request is carried out whose process died."""
        return self._share() * (timeout + LONGEST_LATE_COMMIT)

    def pause(self, kind, longest):
        """Return for how many seconds the process sleeps here."""
        if self._random.random() >= self.pause_rate:
            return self.waits if kind == "pause_before_request" else 0.0
        self.fired[kind] += 1
        return self._random.uniform(1, longest)

    def meets_an_edge(self):
        """Say whether records change in the very second in which a list of records is read, before and after the reading."""
        if self._random.random() >= self.edge_rate:
            return False
        self.fired["same_second"] += 1
        return True

    def travel(self):
        """Return how long a request or an answer is on its way, in seconds."""
        if self.rate and self._random.random() < 0.02:
            self.fired["slow_answer"] += 1
            return self._random.uniform(1, 14)
        return self._random.uniform(0.01, 0.4)
