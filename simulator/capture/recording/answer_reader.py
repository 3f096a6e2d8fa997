"""Reads the answer of an upstream as it comes, and passes on each byte of it.

A library would read answers as they should be, and ask again where a connection broke. Here, what
is broken is what somebody wants to record: it goes on as it came, and is told.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from simulator.capture.recording.upstream import (
    CHUNKS_BROKEN,
    CLOSED,
    NO_HTTP,
    TOO_SHORT,
    trouble_of,
)
from simulator.core.faults import Ending

BODY_MAX: Final = 64 * 1024 * 1024
"""Bytes that are kept of a body; longer ones are passed on only."""

_PIECE: Final = 64 * 1024
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

PassOn = Callable[[bytes], Awaitable[None]]
Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Answer:
    """What came for one request.

    Attributes:
        status: 0 where no answer came.
        reason: the words behind the status, as sent.
        version: of HTTP, as sent.
        headers: as sent.
        body: as sent, without the framing; empty for one that is too long to be kept.
        size: how many bytes it had.
        error: what went wrong, in the words of a browser; empty for nothing.
        ending: how the connection ended then.
    """

    status: int = 0
    reason: str = ""
    version: str = "HTTP/1.1"
    headers: Headers = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    error: str = ""
    ending: Ending = Ending.CLOSE

    @property
    def is_whole(self) -> bool:
        """Whether all of the body was kept."""
        return self.size == len(self.body)

    def header(self, name: str) -> str:
        """Return the value of a header, by its name in lower case; empty for none."""
        return next((value for given, value in self.headers if given.lower() == name), "")

    def keep(self, piece: bytes) -> bytes:
        """Keep a piece of the body, as far as there is room; returns it."""
        self.size += len(piece)
        if self.size <= BODY_MAX:
            self.body += piece
        else:
            self.body.clear()
        return piece


class _BrokenError(Exception):
    """The answer is not what it claims to be; the message is a browser's."""


async def receive(
    reader: asyncio.StreamReader,
    answer: Answer,
    pass_on: PassOn,
    changed: Callable[[Headers], Headers],
    *,
    asks_for_head: bool,
) -> None:
    """Read an answer to its end, whatever that is.

    Args:
        reader: where it comes from.
        answer: where it is noted.
        pass_on: takes each piece of it.
        changed: returns the headers that are passed on in the place of those that came.
        asks_for_head: whether the request was HEAD.
    """
    try:
        while not answer.status:
            await _read_head(reader, answer, pass_on, changed)
        if not asks_for_head and answer.status not in _BODILESS:
            await _read_body(reader, answer, pass_on)
    except _BrokenError as error:
        answer.error = str(error)
    except (OSError, asyncio.IncompleteReadError) as error:
        answer.error, answer.ending = trouble_of(error)
        if answer.status:  # some of it came
            is_chunked = "chunked" in answer.header("transfer-encoding").lower()
            answer.error = CHUNKS_BROKEN if is_chunked else TOO_SHORT


async def _read_head(
    reader: asyncio.StreamReader,
    answer: Answer,
    pass_on: PassOn,
    changed: Callable[[Headers], Headers],
) -> None:
    """Read one head; that of an early answer (1xx) is passed on and not noted."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        await pass_on(error.partial)
        is_http = not error.partial or error.partial.startswith(b"HTTP/")
        raise _BrokenError(CLOSED if is_http else NO_HTTP) from None
    except asyncio.LimitOverrunError:
        await _pass_the_rest(reader, pass_on)
        raise _BrokenError(NO_HTTP) from None
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    version, _, rest = text_of(first).partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/") or not (code.isdecimal() and len(code) == 3):  # noqa: PLR2004 - digits
        await pass_on(head)
        await _pass_the_rest(reader, pass_on)
        raise _BrokenError(NO_HTTP)
    if code.startswith("1"):
        await pass_on(head)
        return
    answer.status, answer.reason, answer.version = int(code), reason, version
    pairs = [text_of(line).partition(":") for line in lines]
    answer.headers = [(name.strip(), value.strip()) for name, _, value in pairs]
    sent = "".join(f"{name}: {value}\r\n" for name, value in changed(answer.headers))
    await pass_on(first + b"\r\n" + bytes_of(sent) + b"\r\n")


async def _read_body(reader: asyncio.StreamReader, answer: Answer, pass_on: PassOn) -> None:
    length = answer.header("content-length")
    if "chunked" in answer.header("transfer-encoding").lower():
        await _read_chunks(reader, answer, pass_on)
    elif length.isdecimal():
        await _read_exactly(reader, int(length), answer, pass_on, TOO_SHORT)
    else:
        while piece := await reader.read(_PIECE):
            await pass_on(answer.keep(piece))


async def _read_chunks(reader: asyncio.StreamReader, answer: Answer, pass_on: PassOn) -> None:
    size = -1
    while size:
        line = await _read_line(reader, pass_on)
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            await _pass_the_rest(reader, pass_on)
            raise _BrokenError(CHUNKS_BROKEN) from None
        if size:
            await _read_exactly(reader, size, answer, pass_on, CHUNKS_BROKEN)
            await _read_line(reader, pass_on)
    while (await _read_line(reader, pass_on)).strip():
        pass  # trailers


async def _read_line(reader: asyncio.StreamReader, pass_on: PassOn) -> bytes:
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        await pass_on(error.partial)
        raise _BrokenError(CHUNKS_BROKEN) from None
    except asyncio.LimitOverrunError:
        await _pass_the_rest(reader, pass_on)
        raise _BrokenError(CHUNKS_BROKEN) from None
    await pass_on(line)
    return line


async def _read_exactly(
    reader: asyncio.StreamReader, size: int, answer: Answer, pass_on: PassOn, error: str
) -> None:
    while size > 0:
        piece = await reader.read(min(size, _PIECE))
        if not piece:
            raise _BrokenError(error)
        size -= len(piece)
        await pass_on(answer.keep(piece))


async def _pass_the_rest(reader: asyncio.StreamReader, pass_on: PassOn) -> None:
    while piece := await reader.read(_PIECE):
        await pass_on(piece)


def text_of(line: bytes) -> str:
    """Decode a line of a head; what is no UTF-8 survives the way back."""
    return line.decode(errors="surrogateescape")


def bytes_of(line: str) -> bytes:
    """Encode a line of a head again."""
    return line.encode(errors="surrogateescape")


def unpacked(body: bytes, encoding: str) -> bytes | None:
    """Return a body without its content encoding, as far as it came; None for an unknown one."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        return None
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # by its header; without one
        try:
            return zlib.decompressobj(window).decompress(body, BODY_MAX)
        except zlib.error:
            continue
    return None
