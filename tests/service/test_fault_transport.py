"""Faults of the transport, as a client of raw sockets sees them: which bytes, and which ending."""

import asyncio
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPMessage

import pytest

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.events import BackupDeleted, BackupStarted, RestoreStarted
from simulator.core.faults import FaultRule
from simulator.core.marathon import app_from
from simulator.journal import Exchange
from simulator.service.backup_api import BASE_PATH
from simulator.service.delivery import GARBAGE
from simulator.service.fake_cluster import FakeCluster
from simulator.service.server_thread import ServerThread

Ask = Callable[..., tuple[int, HTTPMessage, bytes]]
Reach = Callable[..., "Peer"]

SECONDS_AT_MOST = 20
SILENCE_SECONDS = 0.01
TRIES = 200_000
FIN, RST = "FIN", "RST"
LIST = f"{BASE_PATH}/list"


class Peer:
    """A client on one connection that sees every byte and how the connection ends."""

    def __init__(self, cluster: FakeCluster) -> None:
        """Connect."""
        self.socket = socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST)
        self._token = cluster.token

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def request(
        self, method: str = "GET", target: str = LIST, body: object = None, version: str = "1.1"
    ) -> bytes:
        """Write a request."""
        sent = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {target} HTTP/{version}\r\nHost: x\r\nAuthorization: token={self._token}\r\n"
        )
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        return f"{head}\r\n".encode() + sent

    def send(
        self, method: str = "GET", target: str = LIST, body: object = None, version: str = "1.1"
    ) -> None:
        """Send a request."""
        self.socket.sendall(self.request(method, target, body, version))

    def read(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        found = b""
        while len(found) < count:
            more = self.socket.recv(count - len(found))
            assert more, f"the connection ended after {found!r}"
            found += more
        return found

    def head(self) -> bytes:
        """Read up to, and with, the empty line behind a head."""
        found = b""
        while not found.endswith(b"\r\n\r\n"):
            found += self.read(1)
        return found

    def answer(self, *, of_head: bool = False) -> tuple[bytes, bytes]:
        """Read one whole answer, head and body; the connection is kept."""
        head = self.head()
        length = re.search(rb"Content-Length: (\d+)\r\n", head)
        assert length is not None, head
        return head, b"" if of_head else self.read(int(length[1]))

    def rest(self) -> tuple[bytes, str]:
        """Read until the connection ends, and return how it did."""
        found = b""
        try:
            while more := self.socket.recv(1 << 16):
                found += more
        except ConnectionResetError:
            return found, RST
        return found, FIN

    def is_silent(self) -> bool:
        """Whether nothing comes for a moment, and the connection is still there."""
        self.socket.settimeout(SILENCE_SECONDS)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(SECONDS_AT_MOST)
        return False


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


def comes_true(holds: Callable[[], bool]) -> bool:
    """Look again and again, but not for ever."""
    return any(holds() for _ in range(TRIES))


def refuses(cluster: FakeCluster) -> bool:
    """Whether a new connection to a cluster is refused."""
    try:
        socket.create_connection(address_of(cluster), timeout=SECONDS_AT_MOST).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster with one app and one ready backup."""
    spec = ClusterSpec(apps=(app_from("/web"),), backups=(ExistingBackup(label="old"),))
    with FakeCluster(spec) as cluster:
        yield cluster


@pytest.fixture
def reach(fake: FakeCluster) -> Iterator[Reach]:
    """Return how to connect; the connections are closed before the cluster stops."""
    peers: list[Peer] = []

    def reach(cluster: FakeCluster = fake) -> Peer:
        peers.append(Peer(cluster))
        return peers[-1]

    yield reach
    for peer in peers:
        peer.close()


@pytest.fixture
def peer(reach: Reach) -> Peer:
    """Return a client that is connected."""
    return reach()


@pytest.fixture
def plain(peer: Peer) -> tuple[bytes, bytes]:
    """Return head and body of a list as they are without any fault; the connection is kept."""
    peer.send()
    head, body = peer.answer()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) > 100
    return head, body


def with_length(head: bytes, length: int) -> bytes:
    """Return a head that claims another length of its body."""
    return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % length, head)


def chunked(head: bytes) -> bytes:
    """Return a head that announces chunks."""
    return re.sub(rb"Content-Length: \d+", b"Transfer-Encoding: chunked", head)


def half(body: bytes) -> bytes:
    """Return the first half of a body."""
    return body[: len(body) // 2]


def broken(body: bytes) -> bytes:
    """Return a body in chunks, the second of which is none."""
    first = half(body)
    return b"%x\r\n%b\r\nzz\r\n%b" % (len(first), first, body[len(first) :])


ENDINGS: dict[str, tuple[object, Callable[[bytes, bytes], bytes], str]] = {
    "reset before": ({"reset": "before"}, lambda *_: b"", RST),
    "reset head": ({"reset": "head"}, lambda head, _: head, RST),
    "reset body": ({"reset": "body"}, lambda head, body: head + half(body), RST),
    "close before": ({"close": "before"}, lambda *_: b"", FIN),
    "close head": ({"close": "head"}, lambda head, _: head, FIN),
    "close body": ({"close": "body"}, lambda head, body: head + half(body), FIN),
    "too long": ({"length": "+7"}, lambda head, body: with_length(head, len(body) + 7) + body, FIN),
    "too short": (
        {"length": "-7"},
        lambda head, body: with_length(head, len(body) - 7) + body,
        FIN,
    ),
    "less than nothing": ({"length": "-9999"}, lambda head, body: with_length(head, 0) + body, FIN),
    "broken chunk": ("broken_chunk", lambda head, body: chunked(head) + broken(body), FIN),
    "garbage": ("garbage", lambda *_: GARBAGE, FIN),
    "goodbye": ("goodbye", lambda head, body: head + body, FIN),
    "refuse": ({"refuse": "1ms"}, lambda *_: b"", RST),
}
every_ending = pytest.mark.parametrize(
    ("do", "expected", "ending"), ENDINGS.values(), ids=list(ENDINGS)
)


# --- which bytes, and which ending ---------------------------------------------------------------


@every_ending
def test_a_kept_connection_ends_as_the_fault_says(
    do: object,
    expected: Callable[[bytes, bytes], bytes],
    ending: str,
    fake: FakeCluster,
    peer: Peer,
    plain: tuple[bytes, bytes],
) -> None:
    """To the byte, on a connection that has served before; the answer never announces it."""
    fake.faults.add(on="list", do=do)
    peer.send()
    assert peer.rest() == (expected(*plain), ending)
    assert b"Connection: close" not in expected(*plain)


WHOLE: dict[str, object] = {
    "drip": {"drip": "1us"},
    "drip without pauses": {"drip": "0s"},
    "stall before": {"stall": "1ms"},
    "stall head": {"stall": "1ms", "at": "head"},
    "stall body": {"stall": "1ms", "at": "body"},
}


@pytest.mark.parametrize("do", WHOLE.values(), ids=list(WHOLE))
def test_a_slow_answer_is_whole_and_keeps_the_connection(
    do: object, fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """Which serves the next request as if nothing had been."""
    fake.faults.add(on="list", do=do, times=2)
    for _ in range(3):
        peer.send()
        assert peer.answer() == plain


@pytest.mark.parametrize("at", ["before", "head", "body"])
def test_a_stall_is_silence_at_its_place(
    at: str, fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """What comes before it has come; what comes behind it has not."""
    head, body = plain
    fake.faults.add(on="list", do={"stall": "60s", "at": at})
    peer.send()
    expected = {"before": b"", "head": head, "body": head + half(body)}[at]
    assert peer.read(len(expected)) == expected
    assert peer.is_silent()


def test_an_answer_drips_byte_by_byte(
    fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """The first have come long before the last."""
    fake.faults.add(on="list", do={"drip": "50ms"})
    peer.send()
    first = [peer.socket.recv(1 << 16) for _ in range(3)]
    found = b"".join(first)
    assert len(found) < len(plain[0])
    assert plain[0].startswith(found)


def test_a_hang_lasts_until_the_client_leaves(
    fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """Then nothing of it is left."""
    assert plain
    fake.faults.add(on="list", do="hang")
    peer.send()
    assert peer.is_silent()
    assert running_tasks() > 0
    peer.close()
    assert comes_true(lambda: running_tasks() == 0)


def test_a_hang_does_not_keep_its_cluster_from_stopping(reach: Reach) -> None:
    """The client sees the end of the connection."""
    cluster = FakeCluster()
    cluster.faults.add(on="list", do="hang")
    peer = reach(cluster)
    peer.send()
    assert peer.is_silent()
    cluster.stop()
    assert peer.rest() == (b"", FIN)
    assert running_tasks() == 0


def test_an_early_answer_comes_before_the_real_one(
    fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """Which is whole, and keeps the connection; several come in order."""
    fake.faults.add(on="list", do={"early": 102}, also=True)
    fake.faults.add(on="list", do={"early": 103})
    for _ in range(2):
        peer.send()
        assert peer.head() == b"HTTP/1.1 102 Processing\r\n\r\n"
        assert peer.head() == b"HTTP/1.1 103 Early Hints\r\n\r\n"
        assert peer.answer() == plain


def test_an_early_answer_may_be_the_only_one(fake: FakeCluster, peer: Peer) -> None:
    """Where the real one falls to another fault."""
    fake.faults.add(on="list", do={"early": 199}, also=True)
    fake.faults.add(on="list", do={"close": "before"})
    peer.send()
    assert peer.rest() == (b"HTTP/1.1 199 Unknown\r\n\r\n", FIN)


def test_another_answer_may_go_a_spoilt_way(fake: FakeCluster, peer: Peer) -> None:
    """A page that stops in the middle."""
    fake.faults.add(on="list", do={"answer": 503, "body": "text", "text": "12345678"}, also=True)
    fake.faults.add(on="list", do={"close": "body"})
    peer.send()
    found, ending = peer.rest()
    assert (found[:12], found[-8:], ending) == (b"HTTP/1.1 503", b"\r\n\r\n1234", FIN)
    assert fake.journal.exchanges[-1].response_body == b"1234"


def test_a_long_answer_has_left_before_the_connection_is_reset(
    fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """Longer than what is buffered at once in this process."""
    assert plain
    fake.faults.add(on="list", do={"answer": 200, "body": "text", "text": "x" * 300_000}, also=True)
    fake.faults.add(on="list", do={"close": "body"})
    peer.send()
    found, ending = peer.rest()
    assert (found.count(b"x" * 150_000), ending) == (1, FIN)


# --- HEAD, HTTP/1.0, pipelines -------------------------------------------------------------------


@every_ending
def test_a_head_request_gets_no_body_under_a_fault_either(
    do: object,
    expected: Callable[[bytes, bytes], bytes],
    ending: str,
    fake: FakeCluster,
    peer: Peer,
) -> None:
    """Its head speaks of the body that a GET would get."""
    peer.send("HEAD", "/nowhere")
    head, _ = peer.answer(of_head=True)
    peer.send("GET", "/nowhere")
    same, body = peer.answer()
    assert same == head
    fake.faults.add(path="/nowhere", do=do)
    peer.send("HEAD", "/nowhere")
    whole = expected(head, body)
    end_of_head = whole.find(b"\r\n\r\n") + 4 if whole.startswith(b"HTTP") else len(whole)
    assert peer.rest() == (whole[:end_of_head], ending)


@pytest.mark.parametrize("do", WHOLE.values(), ids=list(WHOLE))
def test_a_slow_answer_to_a_head_request_is_whole(
    do: object, fake: FakeCluster, peer: Peer
) -> None:
    """And the connection goes on."""
    peer.send("HEAD", "/nowhere")
    plain = peer.answer(of_head=True)
    fake.faults.add(path="/nowhere", do=do)
    for _ in range(2):
        peer.send("HEAD", "/nowhere")
        assert peer.answer(of_head=True) == plain


@every_ending
def test_a_client_of_http_1_0_sees_the_same_faults(
    do: object,
    expected: Callable[[bytes, bytes], bytes],
    ending: str,
    fake: FakeCluster,
    reach: Reach,
) -> None:
    """Its connection is announced to end with the answer, as without a fault."""
    first, second = reach(), reach()
    first.send(version="1.0")
    (whole, first_ending) = first.rest()
    head, _, body = whole.partition(b"\r\n\r\n")
    assert (b"\r\nConnection: close" in head, first_ending) == (True, FIN)
    fake.faults.add(on="list", do=do)
    second.send(version="1.0")
    found, second_ending = second.rest()
    told = expected(head + b"\r\n\r\n", body)
    assert (sorted(found.split(b"\r\n")), second_ending) == (sorted(told.split(b"\r\n")), ending)


@every_ending
def test_what_is_pipelined_behind_a_broken_answer_is_not_carried_out(
    do: object,
    expected: Callable[[bytes, bytes], bytes],
    ending: str,
    fake: FakeCluster,
    peer: Peer,
    plain: tuple[bytes, bytes],
) -> None:
    """A create that came with the list leaves no trace."""
    fake.faults.add(on="list", do=do)
    create = peer.request("POST", f"{BASE_PATH}/create", {"label": "nightly"})
    peer.socket.sendall(peer.request() + create)
    assert peer.rest() == (expected(*plain), ending)
    assert comes_true(lambda: running_tasks() == 0)
    assert [each.operation for each in fake.journal.exchanges] == ["list", "list"]
    assert len(fake.backups) == 1


def test_pipelined_requests_wait_for_a_slow_answer(
    fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes]
) -> None:
    """Their answers come in order, each whole."""
    fake.faults.add(on="list", do={"stall": "1ms", "at": "body"}, nth=2)
    peer.socket.sendall(peer.request() * 3)
    assert [peer.answer() for _ in range(3)] == [plain] * 3


# --- nobody listening ----------------------------------------------------------------------------


def test_a_refused_connection_is_refused(
    fake: FakeCluster, peer: Peer, reach: Reach, ask: Ask
) -> None:
    """Again and again; connections that are there go on, and so do other clusters."""
    kept = reach()
    kept.send()
    before = kept.answer()
    fake.faults.add(on="list", do={"refuse": "60s"}, times=1)
    with FakeCluster() as other:
        peer.send()
        assert peer.rest() == (b"", RST)
        assert all(refuses(fake) for _ in range(20))
        assert ask(other, "GET", "/list")[0] == 200
        kept.send()
        assert kept.answer() == before


def test_a_port_comes_back_by_itself(fake: FakeCluster, peer: Peer, reach: Reach) -> None:
    """The same, with the same cluster behind it; as often as it goes."""
    fake.faults.add(on="list", do={"refuse": "1ms"}, nth=["1", "3"])
    for _ in range(2):
        struck = reach()
        struck.send()
        assert struck.rest() == (b"", RST)
        assert comes_true(lambda: not refuses(fake))
        again = reach()
        again.send()
        assert again.answer()[0].startswith(b"HTTP/1.1 200")
    assert peer.is_silent()
    assert [each.status for each in fake.journal.exchanges] == [0, 200, 0, 200]


@pytest.mark.parametrize("lengths", [("60s", "1ms"), ("1ms", "60s"), ("60s", "60s")])
def test_of_two_that_close_the_port_the_longer_wins(
    lengths: tuple[str, str], fake: FakeCluster, reach: Reach
) -> None:
    """Whichever comes first."""
    for length in lengths:
        fake.faults.add(on="list", do={"refuse": length}, times=1)
    peers = reach(), reach()
    for peer in peers:  # so that neither waits in the queue of the port that closes
        peer.send("GET", "/")
        peer.answer()
    for peer in peers:
        peer.send()
        assert peer.rest() == (b"", RST)
    assert all(refuses(fake) for _ in range(500))


def test_a_cluster_stops_while_its_port_is_closed(reach: Reach) -> None:
    """The port is free at once, and nothing is left that would listen later."""
    with FakeCluster() as warm_up:
        reach(warm_up).send()
    files = open_files()
    for length in ("60s", "1ms", "0s"):
        cluster = FakeCluster()
        cluster.faults.add(on="list", do={"refuse": length})
        struck = Peer(cluster)
        struck.send()
        assert struck.rest() == (b"", RST)
        struck.close()
        cluster.stop()
        assert all(refuses(cluster) for _ in range(500))
        with FakeCluster(port=address_of(cluster)[1]) as heir:
            assert heir.url == cluster.url
    assert (open_files(), running_tasks()) == (files, 0)


def test_a_port_that_is_closed_is_nobody_elses(fake: FakeCluster, peer: Peer) -> None:
    """A cluster that takes any free port takes another one."""
    fake.faults.add(on="list", do={"refuse": "60s"})
    peer.send()
    assert peer.rest() == (b"", RST)
    others = [FakeCluster() for _ in range(50)]
    assert fake.url not in {other.url for other in others}
    for other in others:
        other.stop()


def test_several_clusters_close_their_ports_at_once(reach: Reach) -> None:
    """Each comes back on its own."""
    clusters = [FakeCluster() for _ in range(5)]
    for cluster in clusters:
        cluster.faults.add(on="list", do={"refuse": "1ms"}, times=1)
    peers = [reach(cluster) for cluster in clusters]
    for peer in peers:
        peer.send()
    assert [peer.rest() for peer in peers] == [(b"", RST)] * 5
    for cluster in clusters:
        assert comes_true(lambda cluster=cluster: not refuses(cluster))  # type: ignore[misc]
        cluster.stop()


# --- commit --------------------------------------------------------------------------------------

SILENT: dict[str, object] = {
    "answer": {"answer": 503},
    "reset": {"reset": "before"},
    "close": {"close": "before"},
    "garbage": "garbage",
    "hang": "hang",
    "refuse": {"refuse": "60s"},
}
CHANGES = {
    "create": ("POST", BackupStarted),
    "restore": ("POST", RestoreStarted),
    "delete": ("DELETE", BackupDeleted),
}
silent = pytest.mark.parametrize("do", SILENT.values(), ids=list(SILENT))
changing = pytest.mark.parametrize("operation", CHANGES)


def interrupt(fake: FakeCluster, peer: Peer, operation: str) -> Exchange:
    """Send a request that changes something, and return what the journal says of it."""
    body = {"label": "nightly", "id": next(iter(fake.backups))}
    peer.send(CHANGES[operation][0], f"{BASE_PATH}/{operation}", body)
    assert comes_true(lambda: len(fake.journal.exchanges) == 1)
    return fake.journal.exchanges[0]


@silent
@changing
def test_before_an_operation_a_fault_leaves_no_trace(
    do: object, operation: str, fake: FakeCluster, peer: Peer
) -> None:
    """No event, no change, not even a backup number; the journal says that nothing was done."""
    use = fake.faults.add(on=operation, do=do, commit="before")
    backups, apps = fake.backups, fake.apps
    exchange = interrupt(fake, peer, operation)
    assert (fake.backups, fake.apps, fake.marathon_available) == (backups, apps, True)
    assert fake.journal.count == 1
    assert exchange.reply is None
    assert (
        exchange.fault == exchange.why == f"fault 1: {use.rule.fault}, {operation} not carried out"
    )
    assert exchange.operation == operation
    assert_sent(exchange, do)


@silent
@changing
def test_after_an_operation_a_fault_loses_the_answer_only(
    do: object, operation: str, fake: FakeCluster, peer: Peer
) -> None:
    """The events are there, and the work goes on; the journal says that it was done."""
    use = fake.faults.add(on=operation, do=do, commit="after")
    before = fake.backups
    exchange = interrupt(fake, peer, operation)
    assert fake.backups != before
    assert CHANGES[operation][1] in [type(entry) for _, entry in fake.journal.numbered()]
    assert exchange.reply is not None
    assert exchange.fault == exchange.why
    said = f"fault 1: {use.rule.fault}, {operation} carried out; the cluster itself: "
    assert exchange.fault.startswith(said)
    assert_sent(exchange, do)


def assert_sent(exchange: Exchange, do: object) -> None:
    """See that the journal tells what was sent of the answer: nothing, or the fault's page."""
    if do == SILENT["answer"]:
        assert exchange.status == 503
        assert b"503 Service Unavailable" in exchange.response_body
    else:
        assert (exchange.status, exchange.response_body) == (0, b"")


@changing
@pytest.mark.parametrize(
    "do",
    [{"reset": "head"}, {"close": "head"}, {"length": "+1"}, "broken_chunk", "goodbye"],
    ids=str,
)
def test_what_sends_an_answer_has_made_it(
    do: object, operation: str, fake: FakeCluster, peer: Peer
) -> None:
    """There the operation is always carried out, and the answer is the real one."""
    fake.faults.add(on=operation, do=do)
    before = fake.backups
    exchange = interrupt(fake, peer, operation)
    assert fake.backups != before
    assert exchange.reply is not None
    assert exchange.reply.refusal is None
    assert exchange.status == 200
    assert peer.rest()[0].startswith(b"HTTP/1.1 200 OK")


def test_an_operation_that_is_refused_is_not_carried_out_after_all(
    fake: FakeCluster, peer: Peer
) -> None:
    """The cluster was asked, and said no: the journal says so."""
    fake.faults.add(on="restore", do={"close": "before"}, commit="after")
    peer.send("POST", f"{BASE_PATH}/restore", {"id": "nightly-nothing"})
    assert peer.rest() == (b"", FIN)
    (exchange,) = fake.journal.exchanges
    assert "before the answer, restore not carried out; the cluster itself: " in exchange.fault


def test_the_journal_holds_what_was_sent_of_an_answer(fake: FakeCluster, reach: Reach) -> None:
    """The head alone, half of the body, or all."""
    expected = {"head": b"", "body": b'[{"dcos_v'}
    for part, start in expected.items():
        fake.faults.add(on="list", do={"close": part}, times=1)
        peer = reach()
        peer.send()
        sent, _ = peer.rest()
        exchange = fake.journal.exchanges[-1]
        assert exchange.status == 200
        assert exchange.response_body == sent.partition(b"\r\n\r\n")[2]
        assert exchange.response_body.startswith(start)


# --- neighbours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "do", [*(do for do, _, _ in ENDINGS.values() if do != {"refuse": "1ms"}), "hang"], ids=str
)
def test_a_fault_on_one_connection_does_not_disturb_its_neighbours(
    do: object, fake: FakeCluster, peer: Peer, plain: tuple[bytes, bytes], reach: Reach
) -> None:
    """Nor another cluster in the process."""
    assert plain
    fake.faults.add(path="/broken", do=do)
    neighbours = [reach() for _ in range(10)]
    with FakeCluster() as other:
        stranger = reach(other)
        peer.send("GET", "/broken")
        for neighbour in neighbours:
            neighbour.send()
        stranger.send()
        assert [neighbour.answer() for neighbour in neighbours] == [plain] * 10
        assert stranger.answer()[1] == b"[]"
        stranger.close()


def test_a_thousand_broken_connections_leave_nothing_behind(fake: FakeCluster) -> None:
    """However they ended: no task, no file descriptor, no thread."""
    with suppress(OSError):
        Peer(fake).close()
    assert comes_true(lambda: running_tasks() == 0)
    files, threads = open_files(), threading.active_count()
    kinds: list[object] = [
        {"reset": "before"},
        {"reset": "body"},
        {"close": "before"},
        {"close": "head"},
        {"close": "body"},
        {"stall": "60s"},
        {"drip": "60s"},
        "garbage",
        "goodbye",
        "hang",
    ]
    for number, do in enumerate(kinds):
        fake.faults.add(path=f"/{number}", do=do)
    for _ in range(10):
        peers = [Peer(fake) for _ in range(100)]
        for number, peer in enumerate(peers):
            peer.send("GET", f"/{number % 10}")
        for number, peer in enumerate(peers):
            if kinds[number % 10] not in ("hang", {"stall": "60s"}, {"drip": "60s"}):
                peer.rest()
            peer.close()
    assert comes_true(lambda: running_tasks() == 0)
    assert comes_true(lambda: open_files() == files)
    assert threading.active_count() == threads
    assert sum(use.hits for use in fake.faults.uses) == len(fake.journal.exchanges)
    assert isinstance(fake.faults.uses[0].rule, FaultRule)


# --- kept connections, and new ones --------------------------------------------------------------


def test_a_kept_connection_is_closed_after_a_while(fake: FakeCluster, peer: Peer) -> None:
    """A request that is sent meanwhile has come too late: it is not carried out."""
    fake.faults.add(on="list", do={"goodbye": "50ms"}, times=1)
    peer.send()
    before = fake.backups
    head, _ = peer.answer()
    assert b"Connection: close" not in head
    peer.send("POST", f"{BASE_PATH}/create", {"label": "late"})
    rest, _ = peer.rest()  # FIN, or RST for what nobody has read
    assert rest == b""
    assert fake.backups == before


def test_nothing_is_read_from_the_next_connection_for_a_while(
    fake: FakeCluster, peer: Peer, reach: Reach
) -> None:
    """It is accepted; what was sent is answered in the end. The one after it waits for nothing."""
    fake.faults.add(on="list", do={"stall": "300ms", "at": "connect"}, times=1)
    peer.send()
    peer.answer()
    assert peer.rest() == (b"", FIN)
    waiting = reach()
    waiting.send()
    assert waiting.is_silent()
    other = reach()
    other.send()
    assert other.answer()[0].startswith(b"HTTP/1.1 200")
    assert waiting.answer()[0].startswith(b"HTTP/1.1 200")


def test_a_cluster_stops_while_it_leaves_a_connection_unread(reach: Reach) -> None:
    """Nobody reads it later."""
    cluster = FakeCluster()
    cluster.faults.add(on="list", do={"stall": "60s", "at": "connect"})
    first = reach(cluster)
    first.send()
    first.answer()
    waiting = reach(cluster)
    waiting.send()
    cluster.stop()
    assert waiting.rest()[0] == b""
    assert len(cluster.journal.exchanges) == 1
