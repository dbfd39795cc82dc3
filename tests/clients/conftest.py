"""Fixtures of the client tests: a stub server that answers by script, a clock that never really waits, and samples."""

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatledger.clients import ZohoClient
from chatledger.clients.timelines import TimelinesClient
from chatledger.models import AccessToken, CallCount
from sandbox.serving import running

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN_ANSWER = {"access_token": "1000.a1.b1", "expires_in": 3600, "scope": "ZohoCRM.modules.ALL ZohoCRM.org.READ"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """Read a vendor-shaped body of the samples folder."""
    return lambda name: json.loads((Path(__file__).parent / "samples" / name).read_text())


class FakeClock:
    """Jumps instead of waiting; `real_pause` lets the server side of a test go on meanwhile."""

    def __init__(self, real_pause: float = 0.0) -> None:
        self.moment = NOON
        self.slept: list[float] = []
        self._real_pause = real_pause

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)
        await asyncio.sleep(self._real_pause)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def patient_clock() -> FakeClock:
    return FakeClock(real_pause=0.002)


class MemoryTokens:
    """A token store; several clients of one test share it."""

    def __init__(self) -> None:
        self.token: AccessToken | None = None
        self.claims: list[float] = []
        self.claimed = False

    def load(self) -> AccessToken | None:
        return self.token

    def claim_refresh(self, seconds: float) -> bool:
        if self.claimed:
            return False
        self.claims.append(seconds)
        self.claimed = True
        return True

    def save(self, token: AccessToken) -> None:
        self.token, self.claimed = token, False

    def release_refresh(self) -> None:
        self.claimed = False


@pytest.fixture
def tokens() -> MemoryTokens:
    return MemoryTokens()


@dataclass
class Seen:
    """A request as the stub saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stub:
    """Answers by script, the last answer for ever, and logs every request. Token calls have a script of their own."""

    answers: deque[Response | Callable[[], Response]] = field(default_factory=deque)
    token_answers: deque[Response] = field(default_factory=deque)
    token_delay: float = 0.0
    requests: list[Seen] = field(default_factory=list)
    token_requests: list[Seen] = field(default_factory=list)
    url: str = ""

    def will_answer(self, *answers: Any, status: int = 200) -> None:
        self.answers.extend(_response(answer, status) for answer in answers)

    def will_answer_token(self, *answers: Any, status: int = 200) -> None:
        self.token_answers.extend(_response(answer, status) for answer in answers)

    async def handle(self, request: Request) -> Response:
        seen = Seen(request.method, request.url.path, dict(request.query_params), dict(request.headers), await request.body())
        if seen.path == "/oauth/v2/token":
            return await self._token_answer(seen)
        self.requests.append(seen)
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else answer()

    async def _token_answer(self, seen: Seen) -> Response:
        self.token_requests.append(seen)
        await asyncio.sleep(self.token_delay)
        if self.token_answers:
            return self.token_answers.popleft() if len(self.token_answers) > 1 else self.token_answers[0]
        number = len(self.token_requests)
        return _response({**TOKEN_ANSWER, "access_token": f"1000.a{number}.b", "api_domain": self.url}, 200)


def _response(answer: Any, status: int) -> Any:
    if isinstance(answer, Response) or callable(answer):
        return answer
    if isinstance(answer, int):
        return Response(status_code=answer)
    if isinstance(answer, str):
        return Response(answer, status, media_type="text/html")
    return Response(json.dumps(answer), status, media_type="application/json")


class StubServer:
    """One server for the whole test run; each test puts a stub of its own into it."""

    def __init__(self) -> None:
        self.stub = Stub()
        self.url = ""

    async def handle(self, request: Request) -> Response:
        return await self.stub.handle(request)


@pytest.fixture(scope="session")
def stub_server() -> Iterator[StubServer]:
    """Serve over real HTTP."""
    server = StubServer()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    with running(Starlette(routes=[Route("/{path:path}", server.handle, methods=methods)])) as server.url:
        yield server


@pytest.fixture
def stub(stub_server: StubServer) -> Stub:
    """Give a stub without answers yet."""
    stub_server.stub = Stub(url=stub_server.url)
    return stub_server.stub


@pytest.fixture
def count() -> CallCount:
    return CallCount()


@pytest.fixture
def timelines(stub: Stub, count: CallCount, clock: FakeClock) -> Callable[..., TimelinesClient]:
    """Make TimelinesAI clients of the stub."""

    def make(**changes: Any) -> TimelinesClient:
        url = f"{stub.url}/integrations/api"
        return TimelinesClient(**{"api_url": url, "token": "tla_secret", "count": count, "clock": clock, **changes})

    return make


@pytest.fixture
def zoho(stub: Stub, count: CallCount, clock: FakeClock, tokens: MemoryTokens) -> Callable[..., ZohoClient]:
    """Make Zoho clients of the stub, all with one token store."""

    def make(**changes: Any) -> ZohoClient:
        settings = {
            "accounts_url": stub.url,
            "api_url": None,
            "client_id": "1000.CLIENT",
            "client_secret": "client-secret",
            "refresh_token": "1000.refresh.secret",
            "tokens": tokens,
            "count": count,
            "clock": clock,
        }
        return ZohoClient(**{**settings, **changes})

    return make


@pytest.fixture
def dripping() -> Callable[[], Response]:
    """Answer one byte now and then, for ever."""

    async def drip() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    return lambda: StreamingResponse(drip(), media_type="application/json")


@pytest.fixture
def endless() -> Callable[[], Response]:
    """Answer as fast as possible, for ever."""

    async def pour() -> Any:
        while True:
            yield b"x" * 1_000_000
            await asyncio.sleep(0)  # lets the server notice that nobody listens any more

    return lambda: StreamingResponse(pour(), media_type="application/json")


@pytest.fixture
def wire() -> Iterator[Callable[[bytes | None], str]]:
    """Serve raw bytes to every connection after its request was read, then close it; None resets it."""
    with ExitStack() as stack:
        yield lambda reply: _serve_raw(stack, reply)


def _serve_raw(stack: ExitStack, reply: bytes | None) -> str:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=_answer_raw, args=(listener, reply), daemon=True)
    thread.start()
    stack.callback(listener.shutdown, socket.SHUT_RDWR)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _answer_raw(listener: socket.socket, reply: bytes | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65_536)
            if reply is None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            else:
                connection.sendall(reply)


@pytest.fixture
def closed_port() -> str:
    """Give the URL of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
