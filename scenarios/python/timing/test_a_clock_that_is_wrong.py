"""The client's clock is ten minutes off the cluster's: what it says of ages must make sense."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from simulator import FakeCluster

Connect = Callable[[FakeCluster], Any]
SKEWS = pytest.mark.parametrize("skew", ["10m", "-10m", "0s"], ids=["ahead", "behind", "right"])


@SKEWS
def test_an_age_is_never_negative(skew: str, cluster: FakeCluster, connect: Connect) -> None:
    """Right after the create, and at each poll; ten minutes more or less are what is left of it."""
    with cluster.autojump(skew=skew):
        client = connect(cluster)
        backup = client.create("nightly")
        ages = [client.age(backup)]
        for _ in range(4):
            cluster.clock.advance("5m")
            ages.append(client.age(client.show(backup["id"])))
    assert all(age >= timedelta() for age in ages)
    assert ages == sorted(ages)
    assert abs(ages[-1] - timedelta(minutes=20)) < timedelta(minutes=10, seconds=1)


@SKEWS
def test_a_deadline_does_not_depend_on_the_clock(
    skew: str, cluster: FakeCluster, connect: Connect
) -> None:
    """A stop watch measures the same, whatever the clock on the wall says."""
    cluster.on_create().backing_up("5m")
    with cluster.autojump(skew=skew):
        client = connect(cluster)
        backup = client.create("nightly")
        assert client.wait(backup["id"], within=301) == "STATUS_READY"
    assert cluster.clock.elapsed == 300 * 10**9


@SKEWS
def test_the_date_header_says_how_wrong_the_clock_is(
    skew: str, cluster: FakeCluster, connect: Connect
) -> None:
    """It is the cluster's own time, in whole seconds, so a client can set itself right by it."""
    with cluster.autojump(skew=skew):
        client = connect(cluster)
        backup = client.create("nightly")
        for step in ("1s", "59m", "31d", "365d"):
            cluster.clock.advance(step)
            client.list()
            on_the_cluster = parsedate_to_datetime(client.date)
            assert on_the_cluster == cluster.clock.datetime.replace(microsecond=0)
        wrong_by = datetime.now(UTC) - on_the_cluster
        right_age = client.age(backup) - wrong_by
    made_at = datetime.fromisoformat(backup["timestamp"])
    assert abs(right_age - (cluster.clock.datetime - made_at)) < timedelta(seconds=1)


def test_frozen_time_stands_still_between_requests(
    frozen_cluster: FakeCluster, connect: Connect
) -> None:
    """And jumps by a month when the cluster's does."""
    client = connect(frozen_cluster)
    backup = client.create("nightly")
    client.list()
    assert client.age(backup) == timedelta()
    frozen_cluster.clock.advance("31d")
    assert client.age(client.show(backup["id"])) == timedelta(days=31)
