"""A nightly job at half past two in Berlin: a time that once a year is not, and once is twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator import FakeCluster
from simulator.core.instants import parse_rfc3339

Clusters = Callable[..., FakeCluster]
Connect = Callable[[FakeCluster], Any]

BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_TWO = time_of_day(2, 30)
NIGHTS = [
    pytest.param("2026-03-26T12:00:00Z", date(2026, 3, 27), "01:30 01:30 01:30 00:30", id="begins"),
    pytest.param("2026-10-22T12:00:00Z", date(2026, 10, 23), "00:30 00:30 00:30 01:30", id="ends"),
]
"""From when on, the first of four nights, and when half past two is in UTC in each of them.

On 2026-03-29 it does not exist, and what a job makes of it, half past three, is 01:30 in UTC. On
2026-10-25 the earlier of the two is meant.
"""


@pytest.fixture
def in_berlin(clusters: Clusters) -> Iterator[Callable[[str], FakeCluster]]:
    """Return how to start a cluster with a client whose local time is Berlin's."""
    opened = []

    def start(at: str) -> FakeCluster:
        cluster = clusters(start=parse_rfc3339(at))
        jump = cluster.autojump(zone="Europe/Berlin")
        jump.__enter__()
        opened.append(jump)
        return cluster

    yield start
    for jump in opened:
        jump.__exit__(None, None, None)


def _labels(cluster: FakeCluster) -> list[str]:
    return [backup.label.removeprefix("nightly-") for backup in cluster.backups.values()]


@pytest.mark.parametrize(("start", "first", "in_utc"), NIGHTS)
def test_a_job_that_sleeps_until_half_past_two(
    start: str, first: date, in_utc: str, in_berlin: Callable[[str], FakeCluster], connect: Connect
) -> None:
    """It computes each night from the calendar, sleeps the time between in UTC, and runs once."""
    cluster = in_berlin(start)
    client = connect(cluster)
    nights = [first + timedelta(days=number) for number in range(4)]
    made = []
    for night in nights:
        at = datetime.combine(night, HALF_PAST_TWO, BERLIN).astimezone(UTC)
        time.sleep((at - datetime.now(UTC)).total_seconds())
        backup = client.create(f"nightly-{datetime.now(BERLIN):%Y-%m-%d}")
        assert client.wait(backup["id"], within=3600) == "STATUS_READY"
        made.append(backup["timestamp"][len("2026-03-27T") :][: len("01:30")])
    assert _labels(cluster) == [str(night) for night in nights]
    assert made == in_utc.split()


@pytest.mark.parametrize(("start", "first", "in_utc"), NIGHTS)
def test_a_job_that_looks_at_the_local_clock(
    start: str, first: date, in_utc: str, in_berlin: Callable[[str], FakeCluster], connect: Connect
) -> None:
    """It looks every ten minutes, and remembers the night: equal to 02:30 would not do."""
    cluster = in_berlin(start)
    client = connect(cluster)
    done = datetime.now().date()  # noqa: DTZ005 - local time is the subject
    for _ in range(4 * 24 * 6):
        time.sleep(600)
        local = datetime.now()  # noqa: DTZ005 - local time is the subject
        if local.time() >= HALF_PAST_TWO and local.date() > done:
            client.create(f"nightly-{local:%Y-%m-%d}")
            done = local.date()
    nights = [str(first + timedelta(days=number)) for number in range(4)]
    assert _labels(cluster) == nights
    assert len(in_utc.split()) == len(nights)


@pytest.mark.parametrize(
    ("start", "night", "runs"),
    [("2026-03-28T12:00:00Z", "2026-03-29", 0), ("2026-10-24T12:00:00Z", "2026-10-25", 2)],
    ids=["never", "twice"],
)
def test_what_is_wrong_with_equal_to_half_past_two(
    start: str,
    night: str,
    runs: int,
    in_berlin: Callable[[str], FakeCluster],
    connect: Connect,
) -> None:
    """The mistake that the other two do without: the cluster shows no backup, or two of a night."""
    cluster = in_berlin(start)
    client = connect(cluster)
    for _ in range(24 * 6):
        time.sleep(600)
        local = datetime.now()  # noqa: DTZ005 - local time is the subject
        if (local.hour, local.minute) == (2, 30):
            client.create(f"nightly-{local:%Y-%m-%d}")
    assert Counter(_labels(cluster))[night] == runs
