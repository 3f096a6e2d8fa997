# ruff: noqa: TID251, DTZ005, DTZ011 - what time it is, naive or not, is the subject here
import asyncio
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import freezegun
import pytest

from simulator.client_time.frozen import ZoneError, frozen_to
from simulator.clock import Clock, RealTime
from simulator.core.instants import parse_rfc3339
from simulator.core.time_policies import Manual
from simulator.service.fake_cluster import FakeCluster

BERLIN = ZoneInfo("Europe/Berlin")


def clock_at(text: str) -> Clock:
    """Return a clock that starts then."""
    return Clock(Manual(), parse_rfc3339(text))


def test_python_dates_follow_the_clock_of_the_cluster(clock: Clock) -> None:
    with frozen_to(clock):
        assert datetime.now(UTC) == clock.datetime
        clock.advance("1d")
        assert datetime.now(UTC) == clock.datetime
        assert time.time() == pytest.approx(clock.now / 1e9, abs=1e-6)


def test_a_stop_watch_follows_as_well(clock: Clock) -> None:
    """What a client measures is what has passed on the cluster."""
    with frozen_to(clock):
        before = time.monotonic(), time.perf_counter()
        clock.advance("90s")
        after = time.monotonic(), time.perf_counter()
    assert [new - old for old, new in zip(before, after, strict=True)] == [90, 90]


def test_real_time_is_back_afterwards_and_the_clock_is_let_go(clock: Clock) -> None:
    loop_time = asyncio.BaseEventLoop.time
    with pytest.raises(ZeroDivisionError), frozen_to(clock):
        raise ZeroDivisionError
    clock.advance("1d")
    assert datetime.now(UTC).year > clock.datetime.year
    assert asyncio.BaseEventLoop.time is loop_time


def ask(cluster: FakeCluster) -> int:
    """Ask without a token, with a timeout; return the HTTP status."""

    async def asking() -> int:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            response = await session.get(f"{cluster.url}/system/v1/backup/v1/list")
            return response.status

    return asyncio.run(asking())


def test_an_http_client_with_a_timeout_works_while_time_is_frozen() -> None:
    with FakeCluster() as cluster, cluster.freeze():
        assert ask(cluster) == 401


# --- beside freezegun itself -----------------------------------------------------------------


def test_a_freeze_of_the_users_own_inside_wins_while_it_lasts() -> None:
    """Requests work there, and the cluster's time is back afterwards, as far as it got."""
    with FakeCluster() as cluster, cluster.freeze():
        with freezegun.freeze_time("2024-02-29"):
            assert date.today() == date(2024, 2, 29)
            cluster.clock.advance("1d")
            assert ask(cluster) == 401
            assert date.today() == date(2024, 2, 29)
        assert datetime.now(UTC) == cluster.clock.datetime


def test_a_freeze_of_the_users_own_outside_is_back_afterwards() -> None:
    """Event loops keep real time inside of ours, although theirs says nothing of that."""
    with freezegun.freeze_time("2024-02-29"):
        with FakeCluster() as cluster, cluster.freeze():
            assert datetime.now(UTC) == cluster.clock.datetime
            assert ask(cluster) == 401
            asyncio.run(asyncio.sleep(0.001))
        assert date.today() == date(2024, 2, 29)


def test_two_clusters_can_be_followed_one_inside_the_other() -> None:
    """A client of two looks at one clock at a time."""
    first, second = clock_at("2024-01-01T00:00:00Z"), clock_at("2025-01-01T00:00:00Z")
    with frozen_to(first):
        with frozen_to(second):
            first.advance("1d")
            assert datetime.now(UTC).year == 2025
        assert datetime.now(UTC) == first.datetime


def test_a_subprocess_keeps_its_timeout(clock: Clock) -> None:
    """With time standing still it would be waited for as long as it likes."""
    forever = [sys.executable, "-c", "import signal; signal.pause()"]
    with frozen_to(clock), pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(forever, timeout=0.05, check=False)


def test_a_library_that_is_first_used_while_time_is_frozen_works_afterwards() -> None:
    """In a process of its own: here it has been imported long since."""
    program = """if True:
        from simulator.client_time.frozen import frozen_to
        from simulator.clock import Clock
        from simulator.core.time_policies import Manual
        with frozen_to(Clock(Manual())):
            import yaml, pydantic
        import datetime
        yaml.safe_dump(datetime.datetime(2024, 1, 1))
        class Model(pydantic.BaseModel):
            at: datetime.datetime
        print(Model(at=datetime.datetime(2024, 1, 1)).at.year)
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("2024\n", 0), run.stderr


# --- a clock that goes wrong, and local time ---------------------------------------------------


@pytest.mark.parametrize(("skew", "minutes"), [("5m", 5), ("-5m", -5), ("0s", 0)])
def test_a_clock_can_go_wrong_by_as_much_as_one_likes(
    skew: str, minutes: int, clock: Clock
) -> None:
    """Ahead of the cluster's or behind, and it stays so."""
    with frozen_to(clock, skew=skew):
        for _ in range(2):
            assert datetime.now(UTC) - clock.datetime == timedelta(minutes=minutes)
            clock.advance("36h")


def test_a_skew_that_is_no_duration_is_refused(clock: Clock) -> None:
    """Before anything is frozen."""
    with pytest.raises(ValueError, match="is not a duration"), frozen_to(clock, skew="late"):
        pass
    assert datetime.now(UTC).year > 2024


@pytest.mark.parametrize(
    ("start", "local"),
    [
        ("2026-03-29T00:59:59Z", ["01:59:59", "03:00:00"]),
        ("2026-10-25T00:59:59Z", ["02:59:59", "02:00:00"]),
        ("2024-02-28T22:59:59Z", ["23:59:59", "00:00:00"]),
    ],
)
def test_local_time_follows_summer_time(start: str, local: list[str]) -> None:
    """Naive dates, aware dates and timestamps agree, in the hour that comes twice as well."""
    clock = clock_at(start)
    seen = []
    with frozen_to(clock, zone="Europe/Berlin"):
        for _ in range(2):
            aware = datetime.now(BERLIN)
            assert aware.astimezone(UTC) == datetime.now(UTC) == clock.datetime
            assert aware.timestamp() == time.time()
            assert datetime.now() == aware.replace(tzinfo=None)
            assert date.today() == aware.date()
            seen.append(f"{aware:%H:%M:%S}")
            clock.advance("1s")
    assert seen == local


def test_an_aware_date_is_right_in_the_hour_that_comes_twice() -> None:
    """Also where local time is UTC: there are two half past twos, and this is the second."""
    with frozen_to(clock_at("2026-10-25T01:30:00Z")):
        assert datetime.now(BERLIN).utcoffset() == timedelta(hours=1)
        assert datetime.now(BERLIN).timestamp() == time.time()


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd"])
def test_a_zone_that_is_not_there_is_refused(zone: str, clock: Clock) -> None:
    """With what to write, or to install."""
    with (
        pytest.raises(ZoneError, match="write one like Europe/Berlin"),
        frozen_to(clock, zone=zone),
    ):
        pass


def test_real_time_is_readable_all_the_while(clock: Clock) -> None:
    """For whoever has to wait for sockets."""
    with frozen_to(clock):
        before = RealTime.monotonic_ns()
        assert RealTime.monotonic_ns() >= before
        assert RealTime.now() > clock.now
