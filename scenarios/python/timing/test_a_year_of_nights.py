"""A nightly job with a retention of thirty days, for a year, in seconds of real time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import FakeCluster
from simulator.core.instants import parse_rfc3339

KEPT_FOR = timedelta(days=30)
Clusters = Callable[..., FakeCluster]
Connect = Callable[[FakeCluster], Any]


def _sleep_until(at: datetime) -> None:
    time.sleep((at - datetime.now(UTC)).total_seconds())


def _clean_up(client: Any, now: datetime) -> None:  # noqa: ANN401 - the client of conftest.py
    for backup in client.list("nightly-"):
        if now - datetime.fromisoformat(backup["timestamp"]) > KEPT_FOR:
            client.delete(backup["id"])


def _run_nights(client: Any, nights: int) -> None:  # noqa: ANN401 - the same
    """Stand for a whole program: sleep until two, back up, wait, delete what is too old."""
    next_run = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    for _ in range(nights):
        next_run += timedelta(days=1)
        _sleep_until(next_run)
        backup = client.create(f"nightly-{datetime.now(UTC):%Y-%m-%d}")
        assert client.wait(backup["id"], within=3600) == "STATUS_READY"
        _clean_up(client, datetime.now(UTC))


@pytest.mark.parametrize(
    ("first", "nights", "last"),
    [("2026-01-01", 365, "2026-12-31"), ("2024-01-01", 366, "2024-12-31")],
    ids=["a year", "a leap year"],
)
def test_a_year_of_nights(
    first: str,
    nights: int,
    last: str,
    clusters: Clusters,
    connect: Connect,
) -> None:
    """Each night makes one backup with its own date, and a month of them is there at the end."""
    eve = datetime.fromisoformat(f"{first}T12:00:00+00:00") - timedelta(days=1)
    cluster = clusters(start=parse_rfc3339(eve.strftime("%Y-%m-%dT%H:%M:%SZ")))
    cluster.on_create("nightly-*").backing_up("40s")
    with cluster.autojump():
        _run_nights(connect(cluster), nights)

    made = [
        exchange
        for exchange in cluster.journal.exchanges
        if exchange.operation == "create" and exchange.status == 200
    ]
    assert len(made) == nights
    labels = [backup.label for backup in cluster.backups.values()]
    expected = [
        f"nightly-{datetime.fromisoformat(last) - timedelta(days=ago):%Y-%m-%d}"
        for ago in reversed(range(30))
    ]
    assert labels[-30:] == expected
    assert len(labels) <= 31
