"""A listening socket and the HTTP server behind it."""

import asyncio
import errno
import os
import socket
from typing import Final, final

from aiohttp import web

from simulator.service.admin_router import AdminRouter
from simulator.service.server_thread import ServerThread

BACKLOG: Final = 128
SHUTDOWN_SECONDS: Final = 0.2
"""How long a request under way may take to end when its cluster stops."""


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


@final
class Listener:
    """Serves one Admin Router on one port.

    The socket listens before the server thread knows of it: connections wait in the kernel's queue
    meanwhile, so starting a cluster waits for nobody.
    """

    def __init__(self, router: AdminRouter, *, host: str, port: int) -> None:
        self._router = router
        self._socket = _bind(host, port)
        self.host: Final = host
        self.port: Final[int] = self._socket.getsockname()[1]
        self._thread = ServerThread.shared()
        self._started = self._thread.begin(self._start())

    def stop(self) -> None:
        """Close the port and every connection; afterwards nothing of the listener is left."""
        self._thread.run(self._stop())

    async def _start(self) -> tuple[web.Server, asyncio.Server]:
        loop = asyncio.get_running_loop()
        http = web.Server(
            self._router.handle,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,  # neither nginx nor the service unpacks a request
        )
        return http, await loop.create_server(http, sock=self._socket)

    async def _stop(self) -> None:
        http, server = await asyncio.wrap_future(self._started)
        server.close()
        http.pre_shutdown()
        await http.shutdown(SHUTDOWN_SECONDS)


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=BACKLOG)
    except OverflowError:
        raise ListenError(
            f"{port} is no port; take one from 0 to 65535 (0: any free one)"
        ) from None
    except OSError as error:
        raise ListenError(_advice(host, port, error)) from None
    except (TypeError, UnicodeError) as error:  # of a NUL or an endless label in the host's name
        raise ListenError(_no_way(host, port, str(error))) from None


def _advice(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use; stop what listens there or take another port (0: any free one)"
    if error.errno == errno.EACCES:
        return f"{where} may not be used by this user; take a port above 1023"
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return _no_way(host, port, reason)


def _no_way(host: str, port: int, reason: str) -> str:
    return f"cannot listen on {host}:{port} ({reason}); 127.0.0.1 is this machine only"
