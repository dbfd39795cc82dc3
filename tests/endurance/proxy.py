"""A TCP proxy between the real client and a stand-in that breaks connections on purpose, in a process of its own."""

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.processes import FORK

KINDS = ("reset_before", "reset_after", "stall", "cut_after_commit")
"""A connection reset before the request is passed on or after it was answered, an answer held back, an answer cut in half."""
SHARE_OF_WRITES = 0.35
_RST = struct.pack("ii", 1, 0)


class Proxy:
    """Passes requests on to one address; `fired` counts the faults by kind, `quiet` ends them."""

    def __init__(self, target, stall_seconds, seed):
        self._target = urlsplit(target)
        self._stall_seconds = stall_seconds
        self._random = random.Random(seed)
        self.counters = {kind: FORK.Value("i", 0) for kind in KINDS}
        self.quiet = FORK.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def fired(self):
        return {kind: counter.value for kind, counter in self.counters.items()}

    def serve(self):
        """Serve until this process is ended."""
        asyncio.run(self._serve())

    async def _serve(self):
        server = await asyncio.start_server(self._connection, sock=self.listener)
        await server.serve_forever()

    async def _connection(self, reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError):
            request = await _whole_message(reader)
            kind = self._draw(request)
            answer = b"" if kind == "reset_before" else await self._passed_on(request)
            if kind == "stall":
                await asyncio.sleep(self._stall_seconds)
            if kind in ("reset_before", "reset_after", "stall"):
                _reset(writer)
                return
            writer.write(answer[: len(answer) * 3 // 4] if kind == "cut_after_commit" else answer)
            await writer.drain()
            writer.close()

    def _draw(self, request):
        method, path = request.split(b" ", 2)[:2]
        if self.quiet.is_set() or method == b"GET" or not path.startswith(b"/crm"):
            return None
        if self._random.random() >= SHARE_OF_WRITES:
            return None
        kind = self._random.choice(KINDS)
        self.counters[kind].value += 1
        return kind

    async def _passed_on(self, request):
        reader, writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        writer.write(request)
        answer = await _whole_message(reader)
        writer.close()
        return answer


async def _whole_message(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head + await reader.readuntil(b"0\r\n\r\n")
    return head + await reader.readexactly(int(fields.get(b"content-length", 0)))


def _reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()


@contextmanager
def running_proxy(target, *, stall_seconds, seed=0) -> Iterator[Proxy]:
    """Run a proxy before `target` for the length of the block."""
    proxy = Proxy(target, stall_seconds, seed)
    process = FORK.Process(target=proxy.serve, daemon=True)
    process.start()
    proxy.listener.close()
    try:
        yield proxy
    finally:
        process.terminate()
        process.join()
