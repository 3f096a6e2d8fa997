"""A client's own deadline just before, at, and just after the end of the backup."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator import FakeCluster


@pytest.mark.parametrize("within", [3600, 3600.001], ids=["at the end", "just after"])
def test_a_deadline_that_is_late_enough(
    within: float, autojump_cluster: FakeCluster, connect: Callable[[FakeCluster], Any]
) -> None:
    """The poll at the deadline itself counts, however the polls before it fell."""
    autojump_cluster.on_create().backing_up("1h")
    client = connect(autojump_cluster)
    backup = client.create("nightly")
    assert client.wait(backup["id"], within=within, every=7 * 60) == "STATUS_READY"
    assert 3600 <= autojump_cluster.clock.elapsed / 10**9 <= within


def test_a_deadline_just_before_the_end(
    autojump_cluster: FakeCluster, connect: Callable[[FakeCluster], Any]
) -> None:
    """A millisecond too early is too early; and whoever then waits on is served."""
    autojump_cluster.on_create().backing_up("1h")
    client = connect(autojump_cluster)
    backup = client.create("nightly")
    with pytest.raises(TimeoutError):
        client.wait(backup["id"], within=3599.999, every=7 * 60)
    assert autojump_cluster.clock.elapsed < 3600 * 10**9
    assert client.wait(backup["id"], within=0.002) == "STATUS_READY"


def test_a_deadline_of_nothing_is_one_poll(
    autojump_cluster: FakeCluster, connect: Callable[[FakeCluster], Any]
) -> None:
    """Whoever has no time still looks once."""
    autojump_cluster.on_create("quick").ready()
    client = connect(autojump_cluster)
    assert client.wait(client.create("quick")["id"], within=0) == "STATUS_READY"
    with pytest.raises(TimeoutError):
        client.wait(client.create("slow")["id"], within=0)
    assert autojump_cluster.clock.elapsed == 0
