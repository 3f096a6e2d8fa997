import asyncio
import time
from datetime import UTC, datetime

import aiohttp
import pytest

from simulator.clock import Clock
from simulator.core.time_policies import Manual
from simulator.harness.frozen_time import frozen_to
from simulator.service.fake_cluster import FakeCluster


def test_python_dates_follow_the_clock_of_the_cluster() -> None:
    clock = Clock(Manual())
    with frozen_to(clock):
        assert datetime.now(UTC) == clock.datetime  # noqa: TID251 - the subject
        clock.advance("1d")
        assert datetime.now(UTC) == clock.datetime  # noqa: TID251 - the subject
        assert time.time() == pytest.approx(clock.now / 1e9, abs=1e-6)  # noqa: TID251 - the subject


def test_real_time_is_back_afterwards_and_the_clock_is_let_go() -> None:
    clock = Clock(Manual())
    with pytest.raises(ZeroDivisionError), frozen_to(clock):
        raise ZeroDivisionError
    clock.advance("1d")
    assert datetime.now(UTC).year > clock.datetime.year  # noqa: TID251 - the subject


def test_an_http_client_with_a_timeout_works_while_time_is_frozen() -> None:
    async def ask(cluster: FakeCluster) -> int:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            response = await session.get(f"{cluster.url}/system/v1/backup/v1/list")
            return response.status

    with FakeCluster() as cluster, frozen_to(cluster.clock):
        assert asyncio.run(ask(cluster)) == 401
