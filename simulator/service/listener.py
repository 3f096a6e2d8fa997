"""A listening socket and the HTTP server behind it."""

import asyncio
import errno
import os
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, final

from aiohttp import web

from simulator.service.admin_router import AdminRouter
from simulator.service.server_thread import ServerThread

BACKLOG: Final = 128
SHUTDOWN_SECONDS: Final = 0.2
"""How long a request under way may take to end when its cluster stops."""


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


class _Connection(web.RequestHandler):
    """One connection. What is no HTTP request is answered by Admin Router as well."""

    __slots__ = ("_router", "_unread_seconds")

    def __init__(
        self,
        manager: web.Server,
        *,
        router: AdminRouter,
        unread_seconds: float,
        **options: Any,  # noqa: ANN401 - aiohttp's
    ) -> None:
        super().__init__(manager, **options)
        self._router = router
        self._unread_seconds = unread_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read; where a fault says so, after a while only."""
        super().connection_made(transport)
        if self._unread_seconds and isinstance(transport, asyncio.Transport):
            transport.pause_reading()
            loop = asyncio.get_running_loop()
            loop.call_later(self._unread_seconds, _read_on, transport)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer bytes that are no request; aiohttp's own way would print a traceback for each."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:  # the simulator failed: that must be seen
            return super().handle_error(request, status, exc, message)
        return self._router.answer_malformed(request, HTTPStatus(status), message or "")


@final
class Listener:
    """Serves one Admin Router on one port.

    The socket listens before the server thread knows of it: connections wait in the kernel's queue
    meanwhile, so starting a cluster waits for nobody.
    """

    def __init__(self, router: AdminRouter, *, host: str, port: int) -> None:
        self._router = router
        self._socket = bind(host, port)
        self.host: Final = host
        self.port: Final[int] = self._socket.getsockname()[1]
        self._thread = ServerThread.shared()
        self._stopping = asyncio.Event()
        self._closed_until = 0.0
        self._away: asyncio.Task[None] | None = None
        self._unread_seconds = 0.0
        router.faults.port = self.port
        router.faults.refuse = self.refuse
        router.faults.leave_unread = self.leave_unread
        self._started = self._thread.begin(self._start())

    def stop(self) -> None:
        """Close the port and every connection; afterwards nothing of the listener is left."""
        self._thread.run(self._stop())

    def refuse(self, seconds: float) -> None:
        """Let nobody connect for so much real time; called on the server's loop.

        The port stays bound meanwhile, so that nobody gets it by chance; who asks for just this
        one, with SO_REUSEADDR, gets it all the same. Kept connections go on. The longest of
        several wins.
        """
        loop = self._thread.loop
        self._closed_until = max(self._closed_until, loop.time() + seconds)
        if self._away is None and not self._stopping.is_set():
            self._router.refuses(now=True)
            self._server.close()
            self._socket = bind(self.host, self.port, listens=False)
            self._away = loop.create_task(self._come_back())

    def leave_unread(self, seconds: float) -> None:
        """Accept the next connection, but read nothing from it for so much real time."""
        self._unread_seconds = seconds

    async def _come_back(self) -> None:
        while (left := self._closed_until - self._thread.loop.time()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), left)
                break
        if self._stopping.is_set():
            self._socket.close()
            return
        try:
            await self._listen()
        except OSError as error:  # somebody else may listen on a port that is only bound
            self._server.close()
            self._router.crash = ListenError(_advice(self.host, self.port, error))
            self._router.refuses(now=False)  # it is lost for good: nobody is to wait for it

    async def _listen(self) -> None:
        loop, own = asyncio.get_running_loop(), self._socket
        self._server = await loop.create_server(self._connection, sock=own, start_serving=False)
        self._away = None  # from here on the server can be closed again
        await self._server.start_serving()
        self._router.refuses(now=False)

    async def _start(self) -> None:
        self._http = web.Server(self._router.handle, handler_cancellation=True)
        await self._listen()

    def _connection(self) -> "_Connection":
        unread_seconds, self._unread_seconds = self._unread_seconds, 0.0
        return _Connection(
            self._http,
            unread_seconds=unread_seconds,
            loop=self._thread.loop,
            router=self._router,
            access_log=None,
            auto_decompress=False,  # neither nginx nor the service unpacks a request
        )

    async def _stop(self) -> None:
        await asyncio.wrap_future(self._started)
        self._stopping.set()
        if self._away is not None:
            await self._away
        self._server.close()
        self._http.pre_shutdown()
        await self._http.shutdown(SHUTDOWN_SECONDS)


def _read_on(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.resume_reading()


def bind(host: str, port: int, *, listens: bool = True) -> socket.socket:
    """Return a socket that is bound, and listens; port 0 takes any that is free.

    Raises:
        ListenError: when the address cannot be listened on.
    """
    if not host:
        raise ListenError("the host is empty; 127.0.0.1 is this machine only, 0.0.0.0 is everybody")
    listening = socket.socket()
    try:
        if os.name == "posix":  # elsewhere the option would let two listen on one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        if listens:
            listening.listen(BACKLOG)
    except (OSError, OverflowError, TypeError, UnicodeError) as error:
        listening.close()
        raise ListenError(_advice(host, port, error)) from None
    return listening


def _advice(host: str, port: int, error: Exception) -> str:
    where = f"{host}:{port}"
    if isinstance(error, OverflowError):
        return f"{port} is no port; take one from 0 to 65535 (0: any free one)"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return f"{where} is in use; stop what listens there or take another port (0: any free one)"
    if number == errno.EACCES:
        return f"{where} may not be used by this user; take a port above 1023"
    reason = os.strerror(number) if number and number > 0 else str(error)
    return f"cannot listen on {where} ({reason}); 127.0.0.1 is this machine only"
