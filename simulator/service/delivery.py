"""How an answer goes out over a connection when a fault strikes it: bytes, pauses, and an end.

Each fault of the transport becomes a short list of actions, which ``FaultyResponse`` carries out.
Pauses are real time: sockets know no other.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias, final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from simulator.core.faults import (
    BrokenChunk,
    Claim,
    Cut,
    Deaf,
    Drip,
    Early,
    Ending,
    Fault,
    Garbage,
    Goodbye,
    Hang,
    Part,
    Refuse,
    Stall,
    Transport,
    WrongLength,
)
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration
from simulator.service.phrases import phrase
from simulator.service.response import WireResponse

NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Closing a socket with this option sends RST instead of FIN."""

GARBAGE: Final = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 this is no HTTP\r\n\r\n"
"""Begins like a greeting of TLS: what a client sees that talks HTTP to the wrong port."""


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds of silence."""

    seconds: float


class Silence:
    """Nothing more, until the client leaves."""


Action: TypeAlias = bytes | Pause | Ending | Silence


def actions(  # noqa: C901, PLR0911, PLR0912 - one for each fault
    fault: Fault | None, head: bytes, body: bytes, *, asks_for_head: bool = False
) -> Iterable[Action]:
    """Return what happens on the connection in place of an answer.

    Args:
        fault: one of the transport; any other lets the answer go out as it is.
        head: status line and headers, with the empty line behind them.
        body: what they speak of.
        asks_for_head: whether the request was HEAD, so that no body follows.
    """
    length = len(body)
    body = b"" if asks_for_head else body
    half = body[: len(body) // 2]
    rest = body[len(half) :]
    match fault:
        case Cut(after=Part.NOTHING, ending=ending):
            return [ending]
        case Cut(after=Part.HEAD, ending=ending):
            return [head, ending]
        case Cut(ending=ending):
            return [head + half, ending]
        case WrongLength(by=by):
            claimed = str(max(length + by, 0))
            return [_with_header(head, "Content-Length", claimed) + body, Ending.CLOSE]
        case BrokenChunk():
            chunked = _with_header(_without(head, "Content-Length"), "Transfer-Encoding", "chunked")
            if asks_for_head:
                return [chunked, Ending.CLOSE]
            first = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
            return [chunked + first + b"zz\r\n" + rest, Ending.CLOSE]
        case Garbage():
            return [GARBAGE, Ending.CLOSE]
        case Drip(pause=pause):
            wait = Pause(_seconds(pause))
            each = (bytes([byte]) for byte in head + body)
            return (action for byte in each for action in (byte, wait))
        case Stall(after=Part.NOTHING, length=silence):
            return [Pause(_seconds(silence)), head + body]
        case Stall(after=Part.HEAD, length=silence):
            return [head, Pause(_seconds(silence)), body]
        case Stall(length=silence):
            return [head + half, Pause(_seconds(silence)), rest]
        case Hang():
            return [Silence()]
        case Goodbye(idle=idle):
            return [head + body, Pause(_seconds(idle)), Ending.CLOSE]
        case Deaf():
            return [head + body, Ending.CLOSE]
        case Refuse():
            return [Ending.RESET]
        case _:
            return [head + body]


@final
class FaultyResponse(WireResponse):
    """A response whose way over the connection is spoilt."""

    def __init__(self, head: bytes, body: bytes, faults: Sequence[Fault]) -> None:
        super().__init__(head, body)
        self._whole = body
        self._faults = faults
        self._asks_for_head = False
        self._transport: asyncio.Transport | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Take over the connection, too."""
        self._transport = request.transport
        self._asks_for_head = request.method == "HEAD"
        return await super().prepare(request)

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 - always empty
        """Carry out the actions, as far as the client is still there."""
        writer, transport = self._writer, self._transport
        assert writer is not None, "prepare() comes first"
        if transport is not None:
            transport.set_write_buffer_limits(0)  # drain() then waits until all has left
        for action in self._actions():
            if transport is None or transport.is_closing():
                return
            match action:
                case bytes():
                    await writer.write(action)
                    await writer.drain()
                case Pause(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Ending():
                    self._keep_alive = False  # whatever else the client has sent is not answered
                    end(transport, action)
                case Silence():
                    await asyncio.get_running_loop().create_future()
        await writer.write_eof()
        if transport is not None:
            transport.set_write_buffer_limits()

    def _actions(self) -> Iterable[Action]:
        """Return what happens on the connection."""
        head = self._head + b"\r\n"
        early = []
        for fault in self._faults:
            match fault:
                case Claim(headers=headers):
                    for name, value in headers:
                        head = _without(head, name)
                        head = head if value is None else _with_header(head, name, value)
                case Early(status=status):
                    early.append(f"HTTP/1.1 {status} {phrase(status)}\r\n\r\n".encode())
        transport = next((each for each in self._faults if isinstance(each, Transport)), None)
        asks_for_head = self._asks_for_head
        return chain(early, actions(transport, head, self._whole, asks_for_head=asks_for_head))


def end(transport: asyncio.Transport, ending: Ending) -> None:
    """End a connection: politely, or with a reset."""
    if ending is Ending.CLOSE:
        transport.close()
        return
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


def _with_header(head: bytes, name: str, value: str) -> bytes:
    """Set a header, in place of the one of that name."""
    return _without(head, name).removesuffix(b"\r\n") + f"{name}: {value}\r\n\r\n".encode("latin-1")


def _without(head: bytes, name: str) -> bytes:
    start = f"{name}: ".encode("latin-1").lower()
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(start))


def _seconds(duration: Duration) -> float:
    return duration / NANOSECONDS_PER_SECOND
