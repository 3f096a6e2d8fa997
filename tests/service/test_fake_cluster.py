import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from queue import SimpleQueue

import aiohttp
import pytest
from freezegun import freeze_time

import simulator
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.events import BackupStarted, StatusChanged
from simulator.core.marathon import app_from
from simulator.core.time_policies import Rate
from simulator.journal import Entry, Exchange
from simulator.service.backup_api import BASE_PATH
from simulator.service.fake_cluster import FakeCluster

Ask = Callable[..., tuple[int, HTTPMessage, bytes]]
Connect = Callable[[FakeCluster], HTTPConnection]
Listed = Callable[..., list[dict[str, object]]]

SECONDS_AT_MOST = 20
THREADS = 8
REQUESTS = 50


# --- from sync and async tests ---------------------------------------------------------------


def test_what_it_is_made_with_is_what_it_is(listed: Listed) -> None:
    """Version, apps, backups, and those made up, and its start."""
    spec = ClusterSpec(
        dcos_version="2.1.0",
        apps=(app_from("/web"),),
        backups=(ExistingBackup(label="old"),),
    )
    with FakeCluster(spec, made_up=2, made_up_backups=5) as fake:
        assert fake.dcos_version == "2.1.0"
        assert len(fake.apps) == 3
        assert [document["dcos_version"] for document in listed(fake)][-1] == "2.1.0"
        assert len(fake.backups) == 6


async def whole_flow(fake: FakeCluster) -> list[str]:
    """Create, wait and restore with aiohttp's client; return the statuses seen."""
    seen: list[str] = []
    headers = {"Authorization": f"token={fake.token}"}
    limit = aiohttp.ClientTimeout(total=SECONDS_AT_MOST)
    async with aiohttp.ClientSession(fake.url, headers=headers, timeout=limit) as session:
        async with session.post(f"{BASE_PATH}/create", json={"label": "nightly"}) as answer:
            backup = await answer.json()
            seen.append(backup["status"])
        fake.clock.advance("30s")
        async with session.get(f"{BASE_PATH}/list", params={"prefix": "nightly-"}) as answer:
            seen += [shown["status"] for shown in await answer.json()]
        async with session.delete(f"{BASE_PATH}/delete", json={"id": backup["id"]}) as answer:
            seen.append(await answer.text())
    return seen


def test_it_can_be_used_from_an_async_test() -> None:
    """Controlled from the very loop that its client runs on."""
    with FakeCluster() as fake:
        seen = asyncio.run(whole_flow(fake))
        assert seen == ["STATUS_BACKING_UP", "STATUS_READY", ""]
        assert fake.backups == {}


def test_it_can_be_started_and_stopped_within_an_async_test() -> None:
    """Its own loop is another thread's, so nothing waits for itself."""

    async def within() -> list[str]:
        with FakeCluster() as fake:
            return await whole_flow(fake)

    assert asyncio.run(within()) == ["STATUS_BACKING_UP", "STATUS_READY", ""]


# --- frozen time -----------------------------------------------------------------------------


def test_a_frozen_test_does_not_freeze_its_cluster(ask: Ask) -> None:
    """Started, asked and stopped while time is frozen, it neither hangs nor mistakes the time."""
    with freeze_time("2031-05-06 07:08:09"):
        with FakeCluster() as fake:
            status, headers, body = ask(fake, "POST", "/create", {"label": "nightly"})
        frozen = datetime.now().astimezone().year  # noqa: TID251 - is it frozen at all?
    assert (status, frozen) == (200, 2031)
    assert headers["Date"] == "Mon, 18 Mar 2019 23:16:33 GMT"
    assert json.loads(body)["timestamp"] == "2019-03-18T23:16:33.265478871Z"


def test_a_cluster_stops_while_time_is_frozen(connect: Connect) -> None:
    """Even with a request whose body never comes: its own timeouts are of real time."""
    cluster = FakeCluster()
    connection = connect(cluster)
    connection.putrequest("POST", f"{BASE_PATH}/create")
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"12345")
    with freeze_time("2031-05-06 07:08:09"):
        stopping = threading.Thread(target=cluster.stop, daemon=True)
        stopping.start()
        stopping.join(SECONDS_AT_MOST)
    assert not stopping.is_alive()


def test_time_may_be_frozen_and_thawed_around_requests(fake: FakeCluster, connect: Connect) -> None:
    """On one connection, which stays alive."""
    connection = connect(fake)
    statuses = []
    for moment in ("1999-12-31 23:59:59", "2038-01-19 03:14:08"):
        with freeze_time(moment, tick=True):
            connection.request("GET", f"{BASE_PATH}/list")
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    assert statuses == [401, 404, 401, 404]
    assert connection.sock is not None


IMPORTED_WHILE_FROZEN = """
import http.client
from freezegun import freeze_time
with freeze_time("2031-05-06"):
    from simulator.core.time_policies import Rate
    from simulator.service.fake_cluster import FakeCluster
    with FakeCluster(policy=Rate(1e9)) as fake:
        before = fake.clock.now
        address = fake.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=20)
        connection.request("GET", "/")
        print(connection.getresponse().status, fake.clock.now > before)
"""


def test_it_may_even_be_imported_while_time_is_frozen() -> None:
    """A fixture that imports late does so; real time still drives a clock with a rate."""
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED_WHILE_FROZEN],
        env={**os.environ, "PYTHONPATH": str(Path(simulator.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=True,
    )
    assert ran.stdout == "404 True\n"


# --- many threads ----------------------------------------------------------------------------


def statuses_of_many_requests(connection: HTTPConnection, *, token: str) -> list[int]:
    """Create and list in turn on one connection; return the statuses."""
    headers = {"Authorization": f"token={token}", "Content-Type": "application/json"}
    statuses = []
    for number in range(REQUESTS):
        if number % 2:
            connection.request("GET", f"{BASE_PATH}/list", headers=headers)
        else:
            body = b'{"label": "nightly"}'
            connection.request("POST", f"{BASE_PATH}/create", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    return statuses


def running_at_once(entries: list[Entry]) -> list[int]:
    """Return how many backups ran after each start and end."""
    running, counts = 0, []
    for entry in entries:
        if isinstance(entry, BackupStarted):
            running += 1
        elif isinstance(entry, StatusChanged):
            running -= 1
        counts.append(running)
    return counts


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let threads take turns a thousand times more often than usual: a race shows at once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless_threads")
def test_many_threads_may_ask_while_others_control_and_look(
    fake: FakeCluster, connect: Connect
) -> None:
    """Every request is numbered once, time runs forward, and one backup runs at a time."""
    seen: SimpleQueue[Entry | None] = SimpleQueue()
    fake.journal.subscribe(lambda _, entry: seen.put(entry))
    misnumbered: list[list[int]] = []

    def control_and_look() -> None:
        for entry in iter(seen.get, None):
            if isinstance(entry, Exchange):
                fake.clock.advance("1s")
                numbers = [number for number, _ in fake.journal.numbered()]
                if numbers != list(range(1, len(numbers) + 1)):
                    misnumbered.append(numbers)

    other = threading.Thread(target=control_and_look)
    other.start()
    with ThreadPoolExecutor(THREADS) as pool:
        connections = [connect(fake) for _ in range(THREADS)]
        work = partial(statuses_of_many_requests, token=fake.token)
        statuses = [status for each in pool.map(work, connections) for status in each]
    seen.put(None)
    other.join(SECONDS_AT_MOST)
    entries = [entry for _, entry in fake.journal.numbered()]
    times = [entry.at for entry in entries]
    assert misnumbered == []
    assert [number for number, _ in fake.journal.numbered()] == list(range(1, len(entries) + 1))
    assert len(fake.journal.exchanges) == len(statuses) == THREADS * REQUESTS
    assert times == sorted(times)
    assert set(running_at_once(entries)) <= {0, 1}
    accepted = [
        seen for seen in fake.journal.exchanges if (seen.operation, seen.status) == ("create", 200)
    ]
    assert len(accepted) == len(fake.backups) >= 1
    assert statuses.count(400) == THREADS * REQUESTS // 2 - len(accepted)


def test_nothing_comes_between_a_request_and_its_answer(fake: FakeCluster, ask: Ask) -> None:
    """Its whole effect happens at one instant: nobody else gets at the cluster meanwhile."""
    got_at_it: list[bool] = []

    def try_to_get_at_it() -> None:
        got_at_it.append(fake.lock.acquire(blocking=False))
        if got_at_it[-1]:
            fake.lock.release()

    def in_the_middle(_number: int, entry: Entry) -> None:
        if isinstance(entry, Exchange):
            other = threading.Thread(target=try_to_get_at_it)
            other.start()
            other.join(SECONDS_AT_MOST)

    fake.journal.subscribe(in_the_middle)
    ask(fake, "POST", "/create", {"label": "nightly"})
    try_to_get_at_it()
    assert got_at_it == [False, True]


def test_of_many_creates_at_once_one_is_accepted(fake: FakeCluster, ask: Ask) -> None:
    """While it runs, all others are refused as busy."""
    fake.on_create().backing_up()
    start = threading.Barrier(THREADS, timeout=SECONDS_AT_MOST)

    def create(number: int) -> int:
        start.wait()
        return ask(fake, "POST", "/create", {"label": f"label{number}"})[0]

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(create, range(THREADS)))
    assert sorted(statuses) == [200] + [400] * (THREADS - 1)
    assert len(fake.backups) == 1
    assert [use.hits for use in fake.rules] == [1]


def test_real_time_drives_a_clock_with_a_rate(ask: Ask, listed: Listed) -> None:
    """A minute in each 60 ns of it: by the next request the backup is ready."""
    with FakeCluster(policy=Rate(1e9)) as fake:
        ask(fake, "POST", "/create", {"label": "nightly"})
        (shown,) = listed(fake)
    assert shown["status"] == "STATUS_READY"


# --- when the simulator itself is wrong ------------------------------------------------------


class OurOwnError(Exception):
    """What a broken simulator raises."""


def break_down(_number: int, entry: Entry) -> None:
    """Fail as a listener of the journal, at every request."""
    if isinstance(entry, Exchange):
        raise OurOwnError("the journal's listener is broken")


def test_a_crash_of_the_simulator_comes_out_of_stop(ask: Ask) -> None:
    """So that it is never taken for a failure of the client, which gets a 500."""
    cluster = FakeCluster()
    cluster.journal.subscribe(break_down)
    assert ask(cluster, "GET", "/list")[0] == 500
    with pytest.raises(OurOwnError, match="listener is broken"):
        cluster.stop()


def test_a_crash_of_the_simulator_comes_out_of_a_with_block(ask: Ask) -> None:
    """Also when the client took the 500 for an answer."""

    def a_test() -> None:
        with FakeCluster() as cluster:
            unsubscribe = cluster.journal.subscribe(break_down)
            ask(cluster, "GET", "/list")
            unsubscribe()
            assert ask(cluster, "GET", "/list")[0] == 200

    with pytest.raises(OurOwnError):
        a_test()


def test_a_crash_does_not_hide_what_a_test_found(ask: Ask) -> None:
    """The assertion that failed is named as what came first."""

    def found_by_a_test() -> None:
        with FakeCluster() as cluster:
            cluster.journal.subscribe(break_down)
            assert ask(cluster, "GET", "/list")[0] == 200, "the client got a 500"

    with pytest.raises(OurOwnError) as caught:
        found_by_a_test()
    assert "the client got a 500" in str(caught.value.__context__)


def test_a_crash_leaves_the_port_closed(connect: Connect, ask: Ask) -> None:
    """Stop does its work first."""
    cluster = FakeCluster()
    cluster.journal.subscribe(break_down)
    ask(cluster, "GET", "/list")
    with pytest.raises(OurOwnError):
        cluster.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(cluster).request("GET", "/")


def test_a_crash_while_time_advances_comes_out_of_the_advance(fake: FakeCluster, ask: Ask) -> None:
    """It happens in the thread of the test, so there it is raised; the cluster goes on."""
    ask(fake, "POST", "/create", {"label": "nightly"})

    def broken(_number: int, _entry: Entry) -> None:
        raise OurOwnError

    unsubscribe = fake.journal.subscribe(broken)
    with pytest.raises(OurOwnError):
        fake.clock.advance("30s")
    unsubscribe()
    assert ask(fake, "GET", "/list")[0] == 200
