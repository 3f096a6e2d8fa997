"""Which backup is older: its instant says so, never the text of its timestamp."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from simulator import FakeCluster
from simulator.core.instants import parse_rfc3339

Clusters = Callable[..., FakeCluster]
Connect = Callable[[FakeCluster], Any]


def _by_time(backups: list[dict[str, Any]]) -> list[str]:
    """Return the ids, the oldest first, as a client that reads timestamps does."""
    read = datetime.fromisoformat
    return [each["id"] for each in sorted(backups, key=lambda each: read(each["timestamp"]))]


@pytest.mark.parametrize(
    "start",
    ["2019-12-31T23:59:58.5Z", "2024-02-29T23:59:58.5Z", "2026-06-15T12:00:00Z"],
    ids=["a year ends", "a leap day ends", "any day"],
)
def test_backups_half_a_second_apart(start: str, clusters: Clusters, connect: Connect) -> None:
    """A whole second has no fraction: as text, ``59.5Z`` comes before ``59Z``."""
    cluster = clusters(start=parse_rfc3339(start))
    cluster.on_create().ready()
    client, made = connect(cluster), []
    for _ in range(6):
        made.append(client.create("nightly")["id"])
        cluster.clock.advance("500ms")
    listed = client.list("nightly-")
    assert _by_time(listed) == made
    as_text = [each["id"] for each in sorted(listed, key=lambda each: each["timestamp"])]
    assert as_text != made  # the mistake


def test_a_year_ends_between_two_backups(clusters: Clusters, connect: Connect) -> None:
    """Each has the date of its own year, and the newest is the one of the new year."""
    cluster = clusters(start=parse_rfc3339("2026-12-31T23:30:00Z"))
    client = connect(cluster)
    old = client.create("nightly")
    cluster.clock.advance("1h")
    new = client.create("nightly")
    assert [each["timestamp"] for each in (old, new)] == [
        "2026-12-31T23:30:00Z",
        "2027-01-01T00:30:00Z",
    ]
    assert _by_time(client.list()) == [old["id"], new["id"]]
