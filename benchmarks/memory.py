"""Memory per cluster, idle and used once, with 1 000 of them in one process."""

import gc
import os
import resource
from pathlib import Path
from typing import Final

from measure import AtMost, Figure
from throughput import listed

from simulator.core import commands
from simulator.service.fake_cluster import FakeCluster

AIM_KB: Final = AtMost(100)
CLUSTERS: Final = 1_000
WARM_UP: Final = 20


def measure(*, quick: bool) -> list[Figure]:
    """Measure resident memory; the same 1 000 clusters whether quick or not."""
    del quick
    _allow_open_files(CLUSTERS + 200)
    for _ in range(WARM_UP):
        with FakeCluster() as cluster:
            cluster.do(commands.Create("nightly"))
            listed(cluster)
    before = _resident_kb()
    clusters = [FakeCluster() for _ in range(CLUSTERS)]
    listed(clusters[-1])  # the server thread has taken up every cluster before this one
    idle = _resident_kb()
    for cluster in clusters:
        cluster.do(commands.Create("nightly"))
        listed(cluster)
    used = _resident_kb()
    for cluster in clusters:
        cluster.stop()
    return [
        Figure(
            name=f"per idle cluster, {CLUSTERS:,} of them",
            value=(idle - before) / CLUSTERS,
            unit="kB",
            aim=AIM_KB,
        ),
        Figure(
            name="per cluster with one backup, listed once",
            value=(used - before) / CLUSTERS,
            unit="kB",
        ),
        Figure(name="the process before them", value=before / 1000, unit="MB"),
    ]


def _allow_open_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def _resident_kb() -> float:
    """Return this process's resident memory in units of 1 000 bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1000
