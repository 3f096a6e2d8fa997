"""A recording reverse proxy: clients ask it, it asks the cluster, and writes down what was said.

Each request goes on as it came, over a connection of its own: none is ever sent twice, and what
happens to the connection of one happens to no other. Each answer goes back as it comes, byte for
byte, but for its last piece, which waits until the exchange is on disk. Where no answer comes, the
client sees none, in the same way. Nothing is sent to anybody but the upstream.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from simulator.capture.recording.answer_reader import BODY_MAX, Headers, bytes_of, receive, text_of
from simulator.capture.recording.har_entry import Exchange, clean_url, entry_of, learn
from simulator.capture.recording.har_writer import HarFile
from simulator.capture.recording.upstream import FAILED, SENTENCES, TIMED_OUT, Upstream, trouble_of
from simulator.capture.secrets.redaction import Redactor
from simulator.clock import RealTime
from simulator.core.faults import Ending
from simulator.service.delivery import end
from simulator.service.listener import SHUTDOWN_SECONDS, bind
from simulator.service.server_thread import ServerThread

Say = Callable[[str], None]

_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"}
)
"""Headers of a request that speak of one connection, and not of what is asked for."""

_OF_THE_ANSWERS: Final = frozenset({"connection", "keep-alive", "proxy-connection"})

_NO_PROXY: Final = b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

_SILENT: Final = logging.Logger("dcos-sim record")  # noqa: LOG001 - a tree of its own: nothing is printed
_SILENT.addHandler(logging.NullHandler())


@final
class Recorder:
    """Listens, passes on, and records, from ``__init__`` to ``stop()``.

    Args:
        upstream: where requests go.
        path: the HAR where exchanges are written; what is there is replaced.
        redactor: takes the secrets out before that.
        host: the address to listen on.
        port: the port to listen on; 0 takes any that is free.
        say: takes a sentence about what went wrong, without secrets; called from another thread.

    Raises:
        ListenError: when the address cannot be listened on.
        OSError: when the file cannot be written.
    """

    def __init__(
        self,
        upstream: Upstream,
        path: Path,
        redactor: Redactor,
        *,
        host: str,
        port: int,
        say: Say,
    ) -> None:
        self._upstream, self._redactor, self._say = upstream, redactor, say
        self._socket = bind(host, port)
        try:
            self._har = HarFile(path)
        except OSError:
            self._socket.close()
            raise
        self.url: Final = f"http://{host}:{self._socket.getsockname()[1]}"
        self._is_stopping = False
        self._known_when_written = 0
        redactor.learn_url(upstream.url)
        self._thread = ServerThread.shared()
        self._thread.run(self._start())

    @property
    def count(self) -> int:
        """How many exchanges were recorded."""
        return self._har.count

    def stop(self) -> None:
        """Listen no more, and end what is under way; what was answered is on disk."""
        self._thread.run(self._stop())
        if self._har.count and len(self._redactor.learned()) > self._known_when_written:
            self._har.rewrite(self._redactor.name)  # what stood there before it was known for one
        self._har.close()

    async def _start(self) -> None:
        self._http = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            logger=_SILENT,
        )
        self._server = await asyncio.get_running_loop().create_server(self._http, sock=self._socket)

    async def _stop(self) -> None:
        self._is_stopping = True
        self._server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(SHUTDOWN_SECONDS)

    # --- one request -------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        client = _Client(request)
        target = _target(request.raw_path)
        if target is None:
            await client.pass_on(_NO_PROXY)
            await client.finish(Ending.CLOSE)
            return _Sent()
        began = RealTime.monotonic()
        exchange = Exchange(
            at=RealTime.now(),
            method=request.method,
            url=self._upstream.url + target,
            version=f"HTTP/{request.version.major}.{request.version.minor}",
            headers=list(_passed_on(request, self._upstream.authority)),
        )
        answer = exchange.answer
        try:
            await self._ask(request, target, exchange, client)
        except asyncio.CancelledError:
            if self._is_stopping:
                learn(exchange, self._redactor)
                self._tell(exchange, "not recorded: no answer yet when the recording ended")
                raise
            answer.status, answer.error = 0, TIMED_OUT
            self._record(exchange, began)
            raise
        except Exception:  # noqa: BLE001 - a client that breaks off, or a defect of this program
            self._failed()
            answer.error = FAILED
        self._record(exchange, began)
        await client.finish(answer.ending if answer.error else None)
        return _Sent()

    async def _ask(
        self, request: web.BaseRequest, target: str, exchange: Exchange, client: "_Client"
    ) -> None:
        """Send a request to the upstream, and pass its answer on."""
        try:
            reader, writer = await self._upstream.connect()
        except (OSError, UnicodeError) as error:
            exchange.answer.error, exchange.answer.ending = trouble_of(error)
            return
        try:
            with suppress(OSError):  # an answer may have come all the same
                await _send(request, target, exchange, writer)
            await receive(
                reader,
                exchange.answer,
                client.pass_on,
                lambda headers: self._changed(headers, request),
                asks_for_head=request.method == "HEAD",
            )
        finally:
            writer.transport.abort()  # a polite end of TLS would wait for the other side

    def _changed(self, headers: Headers, request: web.BaseRequest) -> Headers:
        """Return the headers of an answer for the client, which is to stay on this proxy."""
        changed = [each for each in headers if each[0].lower() not in _OF_THE_ANSWERS]
        for index, (name, value) in enumerate(changed):
            if name.lower() == "location" and "//" in value:
                target = self._upstream.target_of(value)
                if target is not None:
                    changed[index] = (name, f"http://{request.host}{target}")
                elif urlsplit(value).hostname == self._upstream.host:
                    self._say("the upstream leads elsewhere: a client that follows is not recorded")
        return [*changed, ("Connection", "close")]

    # --- writing down ------------------------------------------------------------------------

    def _record(self, exchange: Exchange, began: float) -> None:
        """Write an exchange down; whatever goes wrong with that, the client gets its answer."""
        exchange.milliseconds = (RealTime.monotonic() - began) * 1000
        try:
            self._write(exchange)
        except OSError as error:
            self._tell(exchange, f"not recorded: {self._har.path}: {error.strerror}")
        except Exception:  # noqa: BLE001 - a defect of this program: it must be seen, and end nothing
            self._failed()

    def _failed(self) -> None:
        self._say(self._redactor.text(f"record itself failed:\n{traceback.format_exc()}"))

    def _write(self, exchange: Exchange) -> None:
        """Write an exchange down, and take out of earlier ones what it has given away."""
        before = len(self._redactor.learned())
        learn(exchange, self._redactor)
        new = [value for kind, value in self._redactor.learned(before) if kind != "cookie"]
        if new and self._har.holds(new):
            self._har.rewrite(self._redactor.name)
        self._har.add(entry_of(exchange, self._redactor))
        if self._har.count == 1:
            self._known_when_written = len(self._redactor.learned())
        for what in _worth_telling(exchange):
            self._tell(exchange, what)

    def _tell(self, exchange: Exchange, what: str) -> None:
        path = clean_url(exchange.url, self._redactor).partition("://")[2].partition("/")[2]
        self._say(f"{exchange.method} /{path}: {what}")


def _worth_telling(exchange: Exchange) -> Iterator[str]:
    """Yield what went wrong with an exchange, and what is not recorded of it."""
    answer = exchange.answer
    if answer.error:
        yield SENTENCES.get(answer.error, answer.error)
    if not answer.is_whole or len(exchange.body) < exchange.size:
        yield f"a body of more than {BODY_MAX // 1024 // 1024} MB was passed on only"
    elif exchange.is_kept and exchange.answered_text is None:
        encoding = answer.header("content-encoding")
        yield f"the body is packed with {encoding!r} and was passed on only"


@final
class _Client:
    """The connection to a client: what is passed on over it is always one piece behind."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._writer: AbstractStreamWriter = request.writer
        self._transport = request.transport
        self._held = b""

    async def pass_on(self, piece: bytes) -> None:
        """Send the piece before, and hold this one until the next comes, or the end."""
        held, self._held = self._held, piece
        if held and self._transport is not None and not self._transport.is_closing():
            with suppress(ConnectionError):  # it has left: its exchange goes on to be recorded
                await self._writer.write(held)
                await self._writer.drain()

    async def finish(self, ending: Ending | None) -> None:
        """Send what was held; end the connection as that of the upstream ended, if at all."""
        await self.pass_on(b"")
        if ending is not None and self._transport is not None and not self._transport.is_closing():
            end(self._transport, ending)


class _Sent(web.StreamResponse):
    """Stands for an answer that has gone out already."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Let the connection end: each answer says that it does."""
        self._keep_alive = False
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Send nothing more."""
        del data


def _target(raw_path: str) -> str | None:
    """Return what is asked for, as sent; None where a client takes this for another proxy."""
    if raw_path.startswith(("http://", "https://")):
        rest = raw_path.partition("://")[2]
        return "/" + rest.partition("/")[2]
    return raw_path if raw_path.startswith("/") or raw_path == "*" else None


def _passed_on(request: web.BaseRequest, authority: str) -> Iterator[tuple[str, str]]:
    """Yield the headers of a request as the upstream gets them."""
    named = {each.strip().lower() for each in request.headers.get("Connection", "").split(",")}
    for raw_name, raw_value in request.raw_headers:
        name, value = text_of(raw_name), text_of(raw_value)
        if name.lower() == "host":
            yield name, authority
        elif name.lower() not in _OF_THE_CONNECTION | (named - {"close", "host"}):
            yield name, value
    if "Host" not in request.headers and request.version.minor:
        yield "Host", authority
    yield "Connection", "close"


async def _send(
    request: web.BaseRequest, target: str, exchange: Exchange, writer: asyncio.StreamWriter
) -> None:
    """Send a request as it came, its body as it comes."""
    if "100-continue" in request.headers.get("Expect", "").lower() and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    head = f"{request.method} {target} {exchange.version}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in exchange.headers)
    writer.write(bytes_of(f"{head}\r\n"))
    is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    while piece := await request.content.readany():
        exchange.size += len(piece)
        if exchange.size <= BODY_MAX:
            exchange.body += piece
        else:
            exchange.body.clear()
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        await writer.drain()
    if is_chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
