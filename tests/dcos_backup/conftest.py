"""What the tests of the command share: how to run it, a clock, and services that misbehave."""

import io
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from simulator.core.instants import parse_duration
from simulator.core.time_policies import PerRequest
from simulator.dcos_backup.main import main
from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20

Ran = tuple[int, str, str]


class Clock:
    """A clock that moves only when it is waited on; ``then`` is called after each wait."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self.then: Callable[[], None] = lambda: None

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass, at once."""
        self.time += seconds
        self.waits.append(seconds)
        self.then()


class Canned:
    """A service that gives each connection the next of its answers and closes it.

    An empty answer closes without one, RESET breaks the connection off.
    """

    RESET = b"reset"

    def __init__(self, answers: tuple[bytes, ...], tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(SECONDS_AT_MOST)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._socket, suppress(OSError):
            for answer in self._answers:
                connection, _ = self._socket.accept()
                with connection, suppress(OSError):
                    self._answer(connection, answer)

    def _answer(self, connection: socket.socket, answer: bytes) -> None:
        connection.settimeout(SECONDS_AT_MOST)
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection:
            self.requests.append(_request(connection))
            if answer == self.RESET:
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            elif answer:
                connection.sendall(answer)

    def stop(self) -> None:
        """Take no more connections; a thread that waits for one is woken."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(SECONDS_AT_MOST)
        self._socket.close()


def _request(connection: socket.socket) -> bytes:
    received = b""
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        _, has_length, length = head.lower().partition(b"content-length: ")
        if end and len(body) >= (int(length.split(b"\r\n")[0]) if has_length else 0):
            return received
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk


@pytest.fixture
def clock() -> Clock:
    """Return a clock that nobody waits for."""
    return Clock()


@pytest.fixture
def run(clock: Clock) -> Callable[..., Ran]:
    """Return how to run the command; gives exit status, standard output and standard error."""

    def run(cluster: FakeCluster | str, *argv: str, **environ: str) -> Ran:
        where = cluster if isinstance(cluster, str) else cluster.url
        token = "token" if isinstance(cluster, str) else cluster.token
        out, err = io.StringIO(), io.StringIO()
        variables = {"DCOS_URL": where, "DCOS_ACS_TOKEN": token, "PATH": "", **environ}
        status = main(argv, variables, out, err, clock)
        return status, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster whose time moves by ten seconds with each request."""
    with FakeCluster(policy=PerRequest(parse_duration("10s"))) as cluster:
        yield cluster


@pytest.fixture
def canned() -> Iterator[Callable[..., Canned]]:
    """Return how to start a service that gives these answers, one for each connection."""
    services: list[Canned] = []

    def canned(*answers: bytes, tls: ssl.SSLContext | None = None) -> Canned:
        services.append(Canned(answers, tls))
        return services[-1]

    yield canned
    for service in services:
        service.stop()


@pytest.fixture
def answer() -> Callable[..., bytes]:
    """Return how to write an HTTP answer."""

    def answer(body: str, status: str = "200 OK", headers: str = "") -> bytes:
        length = len(body.encode())
        head = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n"
        return (head + body).encode()

    return answer
