"""How much cluster time passes in a real second, and what freezing and autojump cost."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
from measure import ROOT, AtMost, Figure, compare, median_ms, unavailable
from throughput import LIST, port_of

from simulator.clock import RealTime
from simulator.core.instants import NANOSECONDS_PER_SECOND
from simulator.service.fake_cluster import FakeCluster

POLL_SECONDS: Final = 10
SECONDS_PER_HOUR: Final = 3600
MANY: Final = 100
NIGHTS: Final = 365
KEPT: Final = 30
TESTS: Final = 500
AIM_YEAR_SECONDS: Final = AtMost(5)

WITH_CLUSTER: Final = "def test_it(cluster, number):\n    assert cluster.backups == {}\n"
WITHOUT: Final = "def test_it(number):\n    assert number >= 0\n"


def measure(*, quick: bool) -> list[Figure]:
    """Measure a client alone, a hundred of them, a year, and the cost of it all."""
    rounds = 1 if quick else 3
    return [
        _speed("hours in a second: one client, one cluster", partial(_alone, 720), rounds),
        _speed("hours in a second: one task, one cluster", partial(_together, 1, 360), rounds),
        _speed(f"hours in a second: {MANY} tasks, {MANY} clusters", _many(quick=quick), rounds),
        _year(rounds),
        *_switching(50 if quick else 200),
        _per_test(rounds),
    ]


def _many(*, quick: bool) -> Callable[[], float]:
    return partial(_together, MANY, 6 if quick else 18)


def _speed(name: str, run: Callable[[], float], rounds: int) -> Figure:
    """Return the median of hours per second; a run returns the hours that have passed."""
    speeds = []
    for _ in range(rounds):
        started = RealTime.monotonic()
        hours = run()
        speeds.append(hours / (RealTime.monotonic() - started))
    return Figure(name=name, value=median(speeds), unit="h/s", details={"slowest": min(speeds)})


def _hours(cluster: FakeCluster) -> float:
    return cluster.clock.elapsed / NANOSECONDS_PER_SECOND / SECONDS_PER_HOUR


class Client:
    """A client of one cluster, over one connection."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._connection = HTTPConnection("127.0.0.1", port_of(cluster), timeout=10)
        self._headers = {"Authorization": f"token={cluster.token}"}

    def ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """Ask, and return the answer's body."""
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        assert answer.status == 200, data  # noqa: PLR2004 - well known
        return data

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _alone(polls: int) -> float:
    with FakeCluster() as cluster, cluster.autojump():
        client = Client(cluster)
        for _ in range(polls):
            client.ask("GET", LIST)
            time.sleep(POLL_SECONDS)  # noqa: TID251 - what is measured
        client.close()
        return _hours(cluster)


def _together(count: int, polls: int) -> float:
    with ExitStack() as stack:
        clusters = [stack.enter_context(FakeCluster()) for _ in range(count)]
        stack.enter_context(clusters[0].autojump(*clusters[1:]))
        asyncio.run(_poll_all(clusters, polls))
        return _hours(clusters[0])


async def _poll_all(clusters: Sequence[FakeCluster], polls: int) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(_poll(session, cluster, polls) for cluster in clusters))


async def _poll(session: aiohttp.ClientSession, cluster: FakeCluster, polls: int) -> None:
    headers = {"Authorization": f"token={cluster.token}"}
    for _ in range(polls):
        async with session.get(
            f"http://127.0.0.1:{port_of(cluster)}{LIST}", headers=headers
        ) as got:
            assert await got.read() == b"[]"
        await asyncio.sleep(POLL_SECONDS)  # noqa: TID251 - what is measured


def _year(rounds: int) -> Figure:
    taken = [_seconds(_nights) for _ in range(rounds)]
    return Figure(
        name=f"{NIGHTS} nightly backups, polled until ready; {KEPT} kept",
        value=median(taken),
        unit="s",
        aim=AIM_YEAR_SECONDS,
    )


def _nights() -> None:
    with FakeCluster() as cluster, cluster.autojump():
        client = Client(cluster)
        for _ in range(NIGHTS):
            _night(client, cluster)
        assert len(cluster.backups) == KEPT
        client.close()


def _night(client: Client, cluster: FakeCluster) -> None:
    """Make a backup, wait for it, delete what is too old, sleep until the next night."""
    begun = time.monotonic()  # noqa: TID251 - the client's, which is the cluster's
    label = f"nightly-{datetime.now(UTC):%Y%m%d}"  # noqa: TID251 - the same
    client.ask("POST", "/system/v1/backup/v1/create", f'{{"label": "{label}"}}')
    while b"STATUS_BACKING_UP" in client.ask("GET", f"{LIST}?prefix={label}"):
        time.sleep(POLL_SECONDS)  # noqa: TID251 - what is measured
    for old in list(cluster.backups)[:-KEPT]:
        client.ask("DELETE", "/system/v1/backup/v1/delete", f'{{"id": "{old}"}}')
    time.sleep(24 * SECONDS_PER_HOUR - (time.monotonic() - begun))  # noqa: TID251 - the same


def _seconds(action: Callable[[], object]) -> float:
    started = RealTime.monotonic()
    action()
    return RealTime.monotonic() - started


def _switching(rounds: int) -> list[Figure]:
    """Measure how long it takes to switch freezing and autojump on and off."""
    with FakeCluster() as cluster:

        def switch(make: Callable[[], AbstractContextManager[None]]) -> None:
            with make():
                pass

        frozen = median_ms(partial(switch, cluster.freeze), rounds)
        jumping = median_ms(partial(switch, cluster.autojump), rounds)
    details = {"modules": float(len(sys.modules))}
    return [
        Figure(name="freeze on and off", value=frozen, unit="ms", details=details),
        Figure(name="autojump on and off, freeze included", value=jumping, unit="ms"),
    ]


def _per_test(rounds: int) -> Figure:
    """Run tests with a cluster each and without any, by turns; return the difference for one."""
    name = f"a cluster for each of {TESTS} tests, pytest -n 2"
    try:
        compared = compare(
            lambda: {"ms": _tests_ms(WITH_CLUSTER)}, lambda: {"ms": _tests_ms(WITHOUT)}, rounds
        )["ms"]
    except subprocess.CalledProcessError as error:
        return unavailable(name, "ms", str(error))
    return Figure(
        name=name,
        value=compared.ours - compared.bare,
        unit="ms",
        note="wall time for one test, more than without a cluster",
        details={"with, ms": compared.ours, "without, ms": compared.bare},
    )


def _tests_ms(test: str) -> float:
    """Return the wall time of a session, divided by its tests."""
    mark = f"import pytest\n\n\n@pytest.mark.parametrize('number', range({TESTS}))\n"
    plugins = ["-p", "simulator.harness.pytest_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *plugins, "test_many.py"]
    with TemporaryDirectory() as folder:
        Path(folder, "test_many.py").write_text(mark + test, encoding="utf-8")
        run = partial(
            subprocess.run,
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        )
        return _seconds(run) * 1000 / TESTS
