"""Creating and stopping a cluster, once the server thread runs."""

import time
from http.client import HTTPConnection
from statistics import median
from typing import Final

import bare
from aiohttp import web
from measure import AtMost, Figure, median_ms
from throughput import LIST, port_of

from simulator.service.fake_cluster import FakeCluster
from simulator.service.server_thread import ServerThread

AIM_MS: Final = AtMost(0.5)


def measure(*, quick: bool) -> list[Figure]:
    """Measure a cluster's life, alone and with one request in it, beside a bare runner's."""
    rounds = 200 if quick else 1_000
    FakeCluster().stop()  # starts the server thread
    thread = ServerThread.shared()
    thread.run(_bare_lives(20))
    alone = median_ms(_life, rounds)
    used = median_ms(_used_life, rounds)
    on_loop = thread.run(_bare_lives(rounds))
    from_outside = median_ms(_bare_life, rounds)
    return [
        Figure(
            name="cluster created and stopped",
            value=alone,
            unit="ms",
            bare=from_outside,
            ratio=alone / from_outside,
            aim=AIM_MS,
            note="bare: a runner on the same thread's loop, asked for from outside",
        ),
        Figure(name="bare runner started and stopped on its loop", value=on_loop, unit="ms"),
        Figure(name="cluster created, one list, stopped", value=used, unit="ms"),
    ]


def _life() -> None:
    FakeCluster().stop()


def _used_life() -> None:
    with FakeCluster() as cluster:
        connection = HTTPConnection("127.0.0.1", port_of(cluster))
        connection.request("GET", LIST, headers={"Authorization": f"token={cluster.token}"})
        answer = connection.getresponse()
        assert answer.read() == b"[]"
        connection.close()


def _bare_life() -> None:
    thread = ServerThread.shared()
    runner, _ = thread.run(bare.start(web.Application()))
    thread.run(runner.cleanup())


async def _bare_lives(rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        runner, _ = await bare.start(web.Application())
        await runner.cleanup()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)
