"""What the tests of the served cluster share: a cluster, and a client of a few lines.

The client is ``http.client`` on a real socket, so that nothing but the cluster is under test.
"""

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPMessage

import pytest

from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20
"""Of real time, for one answer: a hanging cluster fails the test instead of stopping the run."""

BASE_PATH = "/system/v1/backup/v1"

Answer = tuple[int, HTTPMessage, bytes]


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster that is served for as long as the test runs."""
    with FakeCluster() as cluster:
        yield cluster


@pytest.fixture
def connect() -> Iterator[Callable[[FakeCluster], HTTPConnection]]:
    """Return how to connect to a cluster; the connections are closed with the test."""
    connections: list[HTTPConnection] = []

    def connect(cluster: FakeCluster) -> HTTPConnection:
        address = cluster.url.removeprefix("http://")
        connections.append(HTTPConnection(address, timeout=SECONDS_AT_MOST))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def send(
    connect: Callable[[FakeCluster], HTTPConnection],
) -> Callable[..., Answer]:
    """Return how to send exactly this, on a connection of its own: nothing is added."""

    def send(
        cluster: FakeCluster,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = connect(cluster)
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        answer = (response.status, response.headers, response.read())
        connection.close()
        return answer

    return send


@pytest.fixture
def ask(send: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return how a correct client asks the backup API; ``headers`` replace or add to its own.

    A ``body`` that is not bytes is sent as JSON. A header that is None is left out.
    """

    def ask(
        cluster: FakeCluster,
        method: str,
        target: str,
        body: object = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        usual = {"Accept": "application/json", "Authorization": f"token={cluster.token}"}
        if body is not None:
            usual["Content-Type"] = "application/json"
        merged = {**usual, **(headers or {})}
        given = {name: value for name, value in merged.items() if value is not None}
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return send(cluster, method, f"{BASE_PATH}{target}", sent, given)

    return ask


@pytest.fixture
def listed(ask: Callable[..., Answer]) -> Callable[..., list[dict[str, object]]]:
    """Return how to read the documents that a list shows."""

    def listed(cluster: FakeCluster, query: str = "") -> list[dict[str, object]]:
        status, _, body = ask(cluster, "GET", f"/list{query}")
        assert status == 200, body
        documents: list[dict[str, object]] = json.loads(body)
        return documents

    return listed


@pytest.fixture
def created(ask: Callable[..., Answer]) -> Callable[..., str]:
    """Return how to make a backup and let it finish; gives its id."""

    def created(cluster: FakeCluster, label: str = "nightly", lasting: str = "30s") -> str:
        status, _, body = ask(cluster, "POST", "/create", {"label": label})
        assert status == 200, body
        cluster.clock.advance(lasting)
        return str(json.loads(body)["id"])

    return created
