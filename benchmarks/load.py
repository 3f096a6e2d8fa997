"""A load generator in a process of its own, so that it shares no interpreter lock with a server.

It keeps a number of connections open and sends on each the same request again as soon as the
answer to the one before is complete; nothing is pipelined. Raw sockets and one selector: it costs
about a fifth of what bare aiohttp spends on a request.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from types import TracebackType
from typing import Final, Self

CONNECTIONS: Final = 32
CHUNK: Final = 1 << 18
LONGEST_SILENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one run of the load generator saw."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """Write a request as a small HTTP client would."""
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: application/json",
        f"Authorization: token={token}",
    ]
    if body:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


class LoadGenerator:
    """The other process; ends with the ``with`` block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(self, port: int, sent: bytes, count: int) -> Load:
        """Send ``count`` requests over fresh connections and wait for every answer.

        Raises:
            RuntimeError: when an answer is anything but 200.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"port": port, "request": sent.decode("latin-1"), "count": count}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline() or '{"error": "it died"}')
        if "error" in seen:
            raise RuntimeError(f"load generator: {seen['error']}")
        return Load(**seen)


# --- in the other process ---------------------------------------------------------------------


class _WrongAnswerError(Exception):
    """An answer that the benchmark does not want to have measured."""


class _Connection:
    """One keep-alive connection and the answer that it waits for."""

    def __init__(self, port: int, sent: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sent = sent
        self._head = b""
        self._missing = 0
        self._since = 0.0

    def send(self) -> None:
        self._since = time.perf_counter()
        self.socket.sendall(self._sent)

    def receive(self) -> float | None:
        """Read what is there; return the seconds that the answer took, once it is complete."""
        data = self.socket.recv(CHUNK)
        if not data:
            raise _WrongAnswerError("the server closed a connection")
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._missing = end + 4 + _body_length(self._head[:end]) - len(self._head)
            self._head = b""
        return None if self._missing else time.perf_counter() - self._since


def _body_length(head: bytes) -> int:
    if not head.startswith(b"HTTP/1.1 200 "):
        raise _WrongAnswerError(head.decode("latin-1"))
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0])


def _run(port: int, sent: bytes, count: int) -> Load:
    connections = [_Connection(port, sent) for _ in range(min(CONNECTIONS, count))]
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    started = time.perf_counter()
    for connection in connections:
        connection.send()
    to_send = count - len(connections)
    taken: list[float] = []
    while len(taken) < count:
        ready = selector.select(LONGEST_SILENCE_SECONDS)
        if not ready:
            raise _WrongAnswerError(f"no answer in {LONGEST_SILENCE_SECONDS} s")
        for key, _ in ready:
            seconds = key.data.receive()
            if seconds is None:
                continue
            taken.append(seconds)
            if to_send:
                to_send -= 1
                key.data.send()
    elapsed = time.perf_counter() - started
    selector.close()
    for connection in connections:
        connection.socket.close()
    taken.sort()
    return Load(
        requests_per_second=count / elapsed,
        p50_ms=median(taken) * 1000,
        p99_ms=taken[int(count * 0.99)] * 1000,
        max_ms=taken[-1] * 1000,
    )


def _obey() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        answer: dict[str, object]
        try:
            seen = _run(order["port"], order["request"].encode("latin-1"), order["count"])
            answer = {name: getattr(seen, name) for name in Load.__slots__}
        except (_WrongAnswerError, OSError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _obey()
