"""Several jobs sleep at the same time: whoever is due first goes first."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from simulator import FakeCluster

Connect = Callable[[FakeCluster], Any]
MINUTE, HOUR, DAY = 60, 3600, 86400


def _order(cluster: FakeCluster) -> list[str]:
    return [backup.label for backup in cluster.backups.values()]


def test_threads_make_their_backups_in_the_order_of_their_times(
    autojump_cluster: FakeCluster, connect: Connect
) -> None:
    """A day, an hour, a minute and a week from now."""
    delays = {"daily": DAY, "hourly": HOUR, "minutely": MINUTE, "weekly": 7 * DAY}

    def job(label: str, delay: float) -> str:
        client = connect(autojump_cluster)
        time.sleep(delay)
        return str(client.wait(client.create(label)["id"], within=MINUTE))

    with ThreadPoolExecutor(max_workers=4) as executor:
        ends = list(executor.map(job, delays.keys(), delays.values()))
    assert ends == ["STATUS_READY"] * 4
    assert _order(autojump_cluster) == ["minutely", "hourly", "daily", "weekly"]
    made = [backup.timestamp for backup in autojump_cluster.backups.values()]
    begun = autojump_cluster.clock.start
    assert [at - begun for at in made] == [each * 10**9 for each in (MINUTE, HOUR, DAY, 7 * DAY)]


def test_tasks_that_are_refused_try_again_and_all_get_their_turn(
    autojump_cluster: FakeCluster, connect_async: Callable[[FakeCluster], Any]
) -> None:
    """Of five that begin a second after another, one runs; the others ask again each minute."""
    autojump_cluster.on_create().backing_up("10m")

    async def job(client: Any, number: int) -> str:  # noqa: ANN401 - the client of conftest.py
        await asyncio.sleep(number)
        while True:
            try:
                backup = await client.create(f"job-{number}")
            except ValueError:
                await asyncio.sleep(MINUTE)
            else:
                return str(await client.wait(backup["id"], within=HOUR))

    async def main() -> list[str]:
        async with connect_async(autojump_cluster) as client:
            return await asyncio.gather(*(job(client, number) for number in range(5)))

    assert asyncio.run(main()) == ["STATUS_READY"] * 5
    assert _order(autojump_cluster)[0] == "job-0"
    assert sorted(_order(autojump_cluster)) == [f"job-{number}" for number in range(5)]
    assert 50 * MINUTE <= autojump_cluster.clock.elapsed / 10**9 < 60 * MINUTE


def test_one_waits_while_others_sleep_longer(
    autojump_cluster: FakeCluster, connect: Connect
) -> None:
    """A poll each ten seconds goes on beside a sleep of a day, and both end when they should."""
    autojump_cluster.on_create("long").backing_up("2h")
    seen: list[tuple[str, int]] = []

    def note(what: str) -> None:
        seen.append((what, autojump_cluster.clock.elapsed // 10**9))

    def waiter() -> None:
        client = connect(autojump_cluster)
        client.wait(client.create("long")["id"], within=DAY, every=10 * MINUTE)
        note("ready")

    def sleeper(seconds: float) -> None:
        time.sleep(seconds)
        note("awake")

    with ThreadPoolExecutor(max_workers=3) as executor:
        for each in (
            executor.submit(waiter),
            executor.submit(sleeper, HOUR),
            executor.submit(sleeper, DAY),
        ):
            each.result()
    assert seen == [("awake", HOUR), ("ready", 2 * HOUR), ("awake", DAY)]
