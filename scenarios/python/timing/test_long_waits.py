"""An hour, a day, for ever: a client polls through them, and no real time passes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from simulator import FakeCluster

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("lasting", "every", "seconds"),
    [("1h", 10, HOUR), ("1d", 10 * MINUTE, DAY), ("31d", 6 * HOUR, 31 * DAY)],
    ids=["an hour", "a day", "a month"],
)
def test_a_client_polls_until_the_end(
    lasting: str,
    every: int,
    seconds: int,
    autojump_cluster: FakeCluster,
    connect: Callable[[FakeCluster], Any],
) -> None:
    """As often as it meant to, and no longer than the backup takes."""
    autojump_cluster.on_create().backing_up(lasting)
    client = connect(autojump_cluster)
    backup = client.create("nightly")
    assert client.wait(backup["id"], within=40 * DAY, every=every) == "STATUS_READY"
    assert autojump_cluster.clock.elapsed == seconds * 10**9
    assert len(autojump_cluster.journal.exchanges) == 2 + seconds // every


def test_the_async_twin_does_the_same(
    autojump_cluster: FakeCluster, connect_async: Callable[[FakeCluster], Any]
) -> None:
    """With ``asyncio.sleep``, and a timeout of the loop's around it."""
    autojump_cluster.on_create().backing_up("1d")

    async def main() -> str:
        async with connect_async(autojump_cluster) as client:
            backup = await client.create("nightly")
            return str(await client.wait(backup["id"], within=2 * DAY, every=HOUR))

    assert asyncio.run(main()) == "STATUS_READY"
    assert autojump_cluster.clock.elapsed == DAY * 10**9


def test_a_client_gives_up_on_what_never_ends(
    autojump_cluster: FakeCluster, connect: Callable[[FakeCluster], Any]
) -> None:
    """After a week of its own stop watch; and the backup is what it was."""
    autojump_cluster.on_create().backing_up()
    client = connect(autojump_cluster)
    backup = client.create("nightly")
    with pytest.raises(TimeoutError, match="STATUS_BACKING_UP"):
        client.wait(backup["id"], within=7 * DAY, every=HOUR)
    assert autojump_cluster.clock.elapsed == 7 * DAY * 10**9
    with pytest.raises(ValueError, match="400"):
        client.create("another")


def test_the_async_twin_gives_up_too(
    autojump_cluster: FakeCluster, connect_async: Callable[[FakeCluster], Any]
) -> None:
    """The timeout counts in cluster time."""
    autojump_cluster.on_create().backing_up()

    async def main() -> None:
        async with connect_async(autojump_cluster) as client:
            backup = await client.create("nightly")
            with pytest.raises(TimeoutError):
                await client.wait(backup["id"], within=7 * DAY, every=HOUR)

    asyncio.run(main())
    # The loop's own time runs on beside the jumps: a moment of it is real.
    assert 7 * DAY - HOUR < autojump_cluster.clock.elapsed / 10**9 < 7 * DAY + HOUR
