"""The 29th of February: a label of that day, and how old a backup is across it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import FakeCluster
from simulator.core.instants import parse_rfc3339

Clusters = Callable[..., FakeCluster]
Connect = Callable[[FakeCluster], Any]
DAY = 86400


def test_a_job_has_a_label_for_the_leap_day(clusters: Clusters, connect: Connect) -> None:
    """Four nights, four dates, none twice and none left out."""
    cluster = clusters(start=parse_rfc3339("2024-02-27T23:30:00Z"))
    with cluster.autojump():
        client = connect(cluster)
        for _ in range(4):
            client.create(f"nightly-{datetime.now(UTC):%Y-%m-%d}")
            time.sleep(DAY)
    labels = [backup.label.removeprefix("nightly-") for backup in cluster.backups.values()]
    assert labels == ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]


@pytest.mark.parametrize(("year", "days"), [(2023, 1), (2024, 2), (2000, 2), (2100, 1)], ids=str)
def test_a_backup_ages_across_the_end_of_february(
    year: int,
    days: int,
    clusters: Clusters,
    connect: Connect,
) -> None:
    """From noon of the 28th to noon of the first of March: one day or two."""
    cluster = clusters(start=parse_rfc3339(f"{year}-02-28T12:00:00Z"))
    with cluster.autojump():
        client = connect(cluster)
        backup = client.create("nightly")
        while datetime.now(UTC).month == 2:
            time.sleep(DAY)
        assert client.age(backup) == timedelta(days=days)
        assert client.show(backup["id"])["timestamp"] == f"{year}-02-28T12:00:00Z"


def test_a_year_after_the_leap_day(clusters: Clusters, connect: Connect) -> None:
    """There is no such day a year later; a retention in days does not care."""
    cluster = clusters(start=parse_rfc3339("2024-02-29T12:00:00Z"))
    with cluster.autojump():
        client = connect(cluster)
        backup = client.create("yearly")
        time.sleep(365 * DAY)
        assert datetime.now(UTC).date().isoformat() == "2025-02-28"
        assert client.age(client.show(backup["id"])) == timedelta(days=365)
