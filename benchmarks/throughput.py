"""Requests a second, and server CPU per request: list of 1, list of 100, create.

Journal, token check and scripts are on. Every round has a cluster of its own, so that a round is
not slowed down by what earlier ones left in the journal; ``growth.py`` looks at that.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.request import Request, urlopen

import bare
from load import LoadGenerator, request
from measure import Figure, RatioAtLeast, compare, serve_bare

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.service.fake_cluster import FakeCluster

LIST: Final = f"{bare.BASE_PATH}/list"
CREATE: Final = f"{bare.BASE_PATH}/create"
LABEL_BODY: Final = b'{"label":"nightly"}'

FAULTS: Final = 100
ARMED_AIM: Final = RatioAtLeast(0.8)
"""Of the same list without faults."""

LIST_AIM: Final = RatioAtLeast(0.75)
CREATE_AIM: Final = RatioAtLeast(0.7)


def holding(count: int) -> ClusterSpec:
    """Describe a cluster that starts with so many backups."""
    return ClusterSpec(backups=(ExistingBackup(label="nightly"),) * count)


@contextmanager
def creating(spec: ClusterSpec = ClusterSpec()) -> Iterator[FakeCluster]:  # noqa: B008 - frozen
    """Serve a cluster whose backups are ready at once: one operation runs at a time."""
    with FakeCluster(spec) as cluster:
        cluster.on_create().ready()
        yield cluster


def port_of(cluster: FakeCluster) -> int:
    """Return the port that a cluster listens on."""
    return int(cluster.url.rpartition(":")[2])


def listed(cluster: FakeCluster) -> bytes:
    """Return the bytes that a cluster lists."""
    headers = {"Authorization": f"token={cluster.token}"}
    asked = Request(f"{cluster.url}{LIST}", headers=headers)  # noqa: S310 - our own URL
    with urlopen(asked) as answer:  # noqa: S310 - the same
        body: bytes = answer.read()
    return body


def measure(*, quick: bool) -> list[Figure]:
    """Measure the three exchanges against bare aiohttp."""
    rounds, count = (4, 1_000) if quick else (12, 4_000)
    figures: list[Figure] = []
    with LoadGenerator() as load:
        for stored in (1, 100):
            figures += _lists(load, stored, rounds, count)
        figures += _creates(load, rounds, count)
        figures += _armed(load, "other requests", {"on": "create"}, rounds, count)
        figures += _armed(
            load, "a request to come", {"on": "list", "nth": "1000000"}, rounds, count
        )
    return figures


def _armed(
    load: LoadGenerator, what: str, where: dict[str, str], rounds: int, count: int
) -> list[Figure]:
    """Measure a cluster with faults that never strike beside the same without any."""

    def lists(faults: int) -> dict[str, float]:
        with FakeCluster(holding(1)) as cluster:
            for _ in range(faults):
                cluster.faults.add(**where, do="hang", optional=True)
            sent = request("GET", LIST, cluster.token)
            return timed(load, port_of(cluster), sent, count)

    name = f"list of 1, {FAULTS} faults for {what}"
    return _figures(name, lambda: lists(FAULTS), lambda: lists(0), ARMED_AIM, rounds)


def _lists(load: LoadGenerator, stored: int, rounds: int, count: int) -> list[Figure]:
    with FakeCluster(holding(stored)) as cluster:
        body = listed(cluster)

    def ours() -> dict[str, float]:
        with FakeCluster(holding(stored)) as cluster:
            sent = request("GET", LIST, cluster.token)
            return timed(load, port_of(cluster), sent, count)

    sent = request("GET", LIST, cluster.token)
    with serve_bare(bare.ready_bytes(body)) as port:
        return _figures(
            f"list of {stored}",
            ours,
            lambda: timed(load, port, sent, count),
            LIST_AIM,
            rounds,
        )


def _creates(load: LoadGenerator, rounds: int, count: int) -> list[Figure]:
    def ours() -> dict[str, float]:
        with creating() as cluster:
            sent = request("POST", CREATE, cluster.token, LABEL_BODY)
            return timed(load, port_of(cluster), sent, count)

    with FakeCluster() as cluster:
        sent = request("POST", CREATE, cluster.token, LABEL_BODY)
    with serve_bare(bare.all_routes(b"")) as port:
        return _figures("create", ours, lambda: timed(load, port, sent, count), CREATE_AIM, rounds)


def timed(load: LoadGenerator, port: int, sent: bytes, count: int) -> dict[str, float]:
    """Load a server of this process; return requests/s, CPU microseconds each, and latencies."""
    cpu = time.process_time()
    seen = load.run(port, sent, count)
    cpu = time.process_time() - cpu
    return {
        "requests/s": seen.requests_per_second,
        "CPU": cpu / count * 1e6,
        "p50_ms": seen.p50_ms,
        "p99_ms": seen.p99_ms,
        "max_ms": seen.max_ms,
    }


def _figures(
    name: str,
    ours: Callable[[], dict[str, float]],
    theirs: Callable[[], dict[str, float]],
    aim: RatioAtLeast,
    rounds: int,
) -> list[Figure]:
    seen = compare(ours, theirs, rounds)
    speed, cpu = seen["requests/s"], seen["CPU"]
    details = {
        f"{who}_{key}": round(getattr(seen[key], who), 3)
        for key in ("p50_ms", "p99_ms", "max_ms")
        for who in ("ours", "bare")
    }
    return [
        Figure(
            name=name,
            value=speed.ours,
            unit="requests/s",
            bare=speed.bare,
            ratio=speed.ratio,
            aim=aim,
            details=details,
        ),
        Figure(
            name=f"{name}: server CPU",
            value=cpu.ours,
            unit="us/request",
            bare=cpu.bare,
            ratio=cpu.ratio,
        ),
    ]
