"""How the cluster's work grows with 10, 100, 1 000 and 10 000 stored backups.

A list is answered from what is kept ready until something changes; what grows is the first list
after a change. That is timed inside the process, without HTTP, where nothing else hides it: one
backup is made and deleted (not timed), then one list is answered and encoded. Creates are loaded
over HTTP. The soak sends one cluster so many requests that its journal matters.
"""

from statistics import median
from time import perf_counter
from typing import Final

from load import LoadGenerator, request
from measure import AtMost, Figure
from throughput import CREATE, LABEL_BODY, LIST, creating, holding, port_of, timed

from simulator.core import commands
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.faults import Asked
from simulator.service.backup_api import ROUTES, BackupApi, BackupRequest
from simulator.service.fake_cluster import FakeCluster
from simulator.simulation import Simulation

SIZES: Final = (10, 100, 1_000, 10_000)
FOUND: Final = 10
"""How many backups the listed prefix has, whatever is stored."""

LOG_AIM: Final = AtMost(4)
"""log 10 000 / log 10."""

LINEAR_AIM: Final = AtMost(1.5)
"""Time per returned backup, of 10 000 against 100; 1 is linear, the rest is for caches."""

SOAK: Final = 100_000
SOAK_AIM: Final = AtMost(1.1)


def measure(*, quick: bool) -> list[Figure]:
    """Measure lists and creates at each size, then the soak."""
    repeats = 20 if quick else 100
    by_prefix = {size: _list_us(size, "?prefix=found", repeats) for size in SIZES}
    everything = {size: _list_us(size, "", repeats) for size in SIZES}
    figures = [
        *(_sized("list of 10 by prefix, after a change", by_prefix, "us", size) for size in SIZES),
        Figure(
            name="the same, 10 000 against 10 stored",
            value=by_prefix[10_000] / by_prefix[10],
            unit="times",
            aim=LOG_AIM,
        ),
        *(_sized("list of all, after a change", everything, "us", size) for size in SIZES),
        Figure(
            name="the same for each returned, 10 000 against 100",
            value=everything[10_000] / everything[100] / 100,
            unit="times",
            aim=LINEAR_AIM,
        ),
    ]
    with LoadGenerator() as load:
        creates = {size: _creates(load, size, 1_000 if quick else 3_000) for size in SIZES}
        figures += [_sized("create over HTTP", creates, "requests/s", size) for size in SIZES]
        figures += _soak(load, SOAK // 10 if quick else SOAK)
    return figures


def _sized(name: str, values: dict[int, float], unit: str, size: int) -> Figure:
    return Figure(name=f"{name}, {size:,} stored", value=values[size], unit=unit)


def _list_us(size: int, query: str, repeats: int) -> float:
    """Return the microseconds of a list after a change, with ``size`` backups stored."""
    existing = ExistingBackup(label="nightly"), ExistingBackup(label="found")
    spec = ClusterSpec(backups=(existing[0],) * (size - FOUND) + (existing[1],) * FOUND)
    simulation = Simulation(spec)
    simulation.on_create().ready()
    api = BackupApi(simulation)
    route = ROUTES[LIST]
    asked = BackupRequest("GET", query.removeprefix("?"), "", b"")
    a_list = Asked("list", "GET", LIST)
    taken = []
    for _ in range(repeats):
        made = simulation.do(commands.Create("changing")).backup
        assert made is not None
        simulation.do(commands.Delete(made.id))
        started = perf_counter()
        with simulation.lock:
            answer = api.answer(route, asked, simulation.clock.on_request(a_list))
        taken.append((perf_counter() - started) * 1e6)
        assert answer.status == 200, answer  # noqa: PLR2004 - OK
    return median(taken)


def _creates(load: LoadGenerator, size: int, count: int) -> float:
    with creating(holding(size)) as cluster:
        sent = request("POST", CREATE, cluster.token, LABEL_BODY)
        return load.run(port_of(cluster), sent, count).requests_per_second


def _soak(load: LoadGenerator, total: int) -> list[Figure]:
    """Send one cluster many lists: what does the journal cost as it grows?"""
    part = total // 10
    with FakeCluster(holding(1)) as cluster:
        sent = request("GET", LIST, cluster.token)
        timed(load, port_of(cluster), sent, part)
        parts = [timed(load, port_of(cluster), sent, part) for _ in range(10)]
    first = median(seen["CPU"] for seen in parts[:3])
    last = median(seen["CPU"] for seen in parts[-3:])
    return [
        Figure(
            name=f"list of 1 after {total:,} requests, against before: server CPU",
            value=last / first,
            unit="times",
            aim=SOAK_AIM,
        ),
        Figure(
            name=f"longest answer of {total:,}",
            value=max(seen["max_ms"] for seen in parts),
            unit="ms",
            details={f"p99_ms_{number}": seen["p99_ms"] for number, seen in enumerate(parts)},
        ),
    ]
