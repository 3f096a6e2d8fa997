import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

import pytest

import simulator
from simulator.service.backup_api import BASE_PATH
from simulator.service.fake_cluster import FakeCluster
from simulator.service.listener import ListenError
from simulator.service.server_thread import ServerThread

Ask = Callable[..., tuple[int, HTTPMessage, bytes]]
Connect = Callable[[FakeCluster], HTTPConnection]

SECONDS_AT_MOST = 20
LIST = f"{BASE_PATH}/list"


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Return a port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        yield somebody.getsockname()[1]


def address_of(cluster: FakeCluster) -> tuple[str, int]:
    """Return where a cluster listens."""
    host, port = cluster.url.removeprefix("http://").split(":")
    return host, int(port)


def open_files() -> int:
    """Return how many file descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a Path would open one more of them


def running_tasks() -> int:
    """Return how many tasks the loop of the clusters has."""

    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return ServerThread.shared().run(count())


def sentence_of(port: int, host: str = "127.0.0.1") -> str:
    """Return why a cluster cannot listen there."""
    with pytest.raises(ListenError) as caught:
        FakeCluster(host=host, port=port)
    return str(caught.value)


# --- where it listens ------------------------------------------------------------------------


def test_many_clusters_listen_at_once_each_on_its_own_port(ask: Ask) -> None:
    """What is done to one is not seen in the others."""
    clusters = [FakeCluster() for _ in range(20)]
    try:
        assert len({cluster.url for cluster in clusters}) == 20
        ask(clusters[7], "POST", "/create", {"label": "nightly"})
        counts = [ask(cluster, "GET", "/list")[2].count(b'"id"') for cluster in clusters]
        assert counts == [0] * 7 + [1] + [0] * 12
    finally:
        for cluster in clusters:
            cluster.stop()


def test_a_cluster_listens_on_the_port_that_it_is_given() -> None:
    """Its url says so."""
    with FakeCluster() as first:
        _, port = address_of(first)
    with FakeCluster(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


def test_only_this_machine_reaches_it_by_default(fake: FakeCluster) -> None:
    """It listens on the loopback address alone."""
    assert fake.url.startswith("http://127.0.0.1:")


def test_a_port_in_use_is_refused_in_one_sentence(taken_port: int) -> None:
    """Which names the address and the way out."""
    assert sentence_of(taken_port) == (
        f"127.0.0.1:{taken_port} is in use; "
        "stop what listens there or take another port (0: any free one)"
    )


@pytest.mark.parametrize("port", [65536, 70000, -1])
def test_what_is_no_port_is_refused_in_one_sentence(port: int) -> None:
    """Which says what a port is."""
    assert sentence_of(port) == f"{port} is no port; take one from 0 to 65535 (0: any free one)"


@pytest.mark.parametrize("host", ["203.0.113.1", "nobody.invalid", "no host", "::1", "a\0b"])
def test_a_host_that_is_not_here_is_refused_in_one_sentence(host: str) -> None:
    """Which names the address that works."""
    sentence = sentence_of(0, host)
    assert sentence.startswith(f"cannot listen on {host}:0 (")
    assert sentence.endswith("); 127.0.0.1 is this machine only")
    assert "\n" not in sentence


AS_NOBODY = """
import os
from simulator.service.fake_cluster import FakeCluster
from simulator.service.listener import ListenError
if os.geteuid() == 0:
    os.setuid(65534)
try:
    FakeCluster(port=1).stop()
except ListenError as error:
    print(error)
"""


@pytest.mark.skipif(
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii").strip()
    == "0",
    reason="on this machine every port is free for all",
)
def test_a_privileged_port_is_refused_in_one_sentence() -> None:
    """In a process of its own, which gives up being root."""
    root = str(Path(simulator.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=True,
    )
    assert ran.stdout == "127.0.0.1:1 may not be used by this user; take a port above 1023\n"


def test_a_cluster_that_could_not_listen_leaves_nothing_behind(taken_port: int) -> None:
    """No file descriptor, and the port's owner is undisturbed."""
    sentence_of(taken_port)
    before = open_files()
    for _ in range(5):
        sentence_of(taken_port)
    assert open_files() == before
    socket.create_connection(("127.0.0.1", taken_port), timeout=SECONDS_AT_MOST).close()


# --- how it stops ----------------------------------------------------------------------------


def test_nobody_listens_after_stop() -> None:
    """The next connection is refused, not left waiting."""
    cluster = FakeCluster()
    cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST)


def test_a_cluster_stops_with_its_with_block_also_when_that_fails() -> None:
    """The failure of the block is what comes out."""
    cluster = FakeCluster()
    with pytest.raises(ZeroDivisionError), cluster:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST)


def test_stopping_twice_is_stopping_once() -> None:
    """So that a test may stop its cluster within the ``with``."""
    with FakeCluster() as cluster:
        cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST)


def test_a_connection_that_is_kept_alive_ends_with_its_cluster(connect: Connect) -> None:
    """The client sees the end of the stream at once."""
    with FakeCluster() as cluster:
        connection = connect(cluster)
        connection.request("GET", LIST)
        connection.getresponse().read()
        assert connection.sock is not None, "the connection was not kept alive"
        kept = connection.sock
    assert kept.recv(1) == b""


def test_a_connection_that_never_asked_ends_with_its_cluster() -> None:
    """Also when it was made just before; by end of stream or reset."""
    cluster = FakeCluster()
    with socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST) as idle:
        cluster.stop()
        try:
            assert idle.recv(1) == b""
        except ConnectionResetError as reset:
            assert reset.errno is not None  # noqa: PT017 - one of two good ends


def test_a_request_that_is_only_half_there_does_not_keep_its_cluster_from_stopping() -> None:
    """Its body never comes; it is not answered and not in the journal."""
    cluster = FakeCluster()
    half = f"POST {BASE_PATH}/create HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"
    with socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST) as connection:
        connection.sendall(half.encode())
        cluster.stop()
        with suppress(ConnectionResetError):  # what came of the request was never read
            assert b"200 OK" not in connection.recv(4096)
    assert cluster.journal.count == 0


def test_fifty_clusters_leave_nothing_behind(ask: Ask) -> None:
    """Used and stopped: no file descriptor, no thread, no task."""
    with FakeCluster() as warm_up:
        ask(warm_up, "GET", "/list")
    files, threads, tasks = open_files(), threading.active_count(), running_tasks()
    clusters = [FakeCluster() for _ in range(50)]
    kept = [HTTPConnection(*address_of(cluster), timeout=SECONDS_AT_MOST) for cluster in clusters]
    for connection in kept:
        connection.request("GET", LIST)
        connection.getresponse().read()
    assert open_files() >= files + 150, "a listener, and two ends of a connection, for each"
    for cluster, connection in zip(clusters, kept, strict=True):
        cluster.stop()
        connection.close()
    assert open_files() == files
    assert threading.active_count() == threads
    assert running_tasks() == tasks == 0


def test_one_thread_serves_every_cluster() -> None:
    """However many there are."""
    with FakeCluster():
        before = threading.active_count()
        with FakeCluster(), FakeCluster():
            assert threading.active_count() == before


def test_an_empty_host_does_not_mean_everybody() -> None:
    """An empty variable must not open a cluster to the network."""
    with pytest.raises(ListenError, match="the host is empty"):
        FakeCluster(host="")


@pytest.mark.parametrize(
    "sent",
    [
        b"BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=["no method", "TLS", "no header", "too long"],
)
def test_bytes_that_are_no_request_get_the_page_of_nginx(
    fake: FakeCluster, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """Recorded with the reason, the connection closed, and nothing printed."""
    address = ("127.0.0.1", int(fake.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=5) as peer:
        peer.sendall(sent)
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\nServer: openresty\r\n")
    assert b"<h1>400 Bad Request</h1>" in answer
    (exchange,) = fake.journal.exchanges
    assert (exchange.status, exchange.operation) == (400, "")
    assert exchange.why.startswith("Admin Router: no HTTP request: ")
    assert capfd.readouterr() == ("", "")
