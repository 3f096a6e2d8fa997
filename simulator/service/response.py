"""Answers as bytes: the head is made here, once a second for each kind of answer."""

from email.utils import formatdate
from typing import Final, final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant
from simulator.service.answers import Answer
from simulator.service.phrases import phrase

_VERSION_1_1: Final = (1, 1)


@final
class Heads:
    """Writes the heads of one cluster's answers, with nginx's order of headers."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._second = -1
        self._known: dict[tuple[int, str], bytes] = {}

    def of(self, answer: Answer, now: Instant) -> bytes:
        """Return the head of an answer up to, and without, its last empty line."""
        second = now // NANOSECONDS_PER_SECOND
        if second != self._second:
            self._second = second
            self._known.clear()
        kind = (answer.status, answer.content_type)
        head = self._known.get(kind)
        if head is None:
            head = self._known[kind] = self._made(answer, second)
        for name, value in answer.headers.items():
            head += f"{name}: {value}\r\n".encode("latin-1")
        return b"%bContent-Length: %d\r\n" % (head, len(answer.body))

    def _made(self, answer: Answer, second: int) -> bytes:
        content_type = f"Content-Type: {answer.content_type}\r\n" if answer.content_type else ""
        return (
            f"HTTP/1.1 {answer.status} {phrase(answer.status)}\r\n"
            f"Server: {self._server}\r\n"
            f"Date: {formatdate(second, usegmt=True)}\r\n"
            f"{content_type}"
        ).encode("latin-1")


class WireResponse(web.StreamResponse):
    """A response whose bytes are ready; aiohttp only has to send them."""

    def __init__(self, head: bytes, body: bytes) -> None:
        super().__init__()
        self._head = head
        self._ready = body
        self._writer: AbstractStreamWriter | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Take over how the connection goes on from the request."""
        keep_alive = self._keep_alive = request.keep_alive
        if not keep_alive:
            self._head += b"Connection: close\r\n"
        elif request.version != _VERSION_1_1:
            self._head += b"Connection: keep-alive\r\n"
        if request.method == "HEAD":
            self._ready = b""
        self._writer = request.writer
        return self._writer

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002 - always empty
        """Send head and body in one piece."""
        writer = self._writer
        assert writer is not None, "prepare() comes first"
        await writer.write(b"%b\r\n%b" % (self._head, self._ready))
        await writer.write_eof()
