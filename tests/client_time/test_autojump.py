# ruff: noqa: TID251 - sleeping is the subject here
import asyncio
import importlib
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from time import sleep as sleep_by_an_early_name
from types import ModuleType

import aiohttp
import anyio
import pytest

import simulator
from simulator.client_time import autojump as autojump_module
from simulator.client_time.autojump import autojump
from simulator.client_time.covered import AutojumpError
from simulator.client_time.own_code import OwnCode
from simulator.client_time.watch import AutojumpWarning
from simulator.clock import Clock, RealTime
from simulator.core.instants import NANOSECONDS_PER_SECOND
from simulator.core.time_policies import Manual
from simulator.service.fake_cluster import FakeCluster

HOUR = 3600


@pytest.fixture
def jumping(clock: Clock) -> Iterator[Clock]:
    """Return a clock that jumps while this module sleeps."""
    with autojump([clock]):
        yield clock


def seconds(clock: Clock) -> float:
    """Return what time it is, in seconds since the start."""
    return clock.elapsed / NANOSECONDS_PER_SECOND


# --- one who sleeps --------------------------------------------------------------------------


def test_a_thread_that_sleeps_moves_the_clock_by_as_much(jumping: Clock) -> None:
    """To the millisecond, and by whichever name it calls the function."""
    time.sleep(HOUR)
    sleep_by_an_early_name(0.25)
    assert seconds(jumping) == HOUR + 0.25


def test_a_task_that_sleeps_moves_the_clock_by_as_much(jumping: Clock) -> None:
    """And gets the result that it asked for."""
    assert asyncio.run(asyncio.sleep(HOUR, "result")) == "result"
    assert seconds(jumping) == HOUR


def test_an_hour_takes_no_time(jumping: Clock) -> None:
    """Three thousand polls, a second apart each."""
    began = RealTime.monotonic()
    for _ in range(3 * HOUR):
        time.sleep(1)
    assert seconds(jumping) == 3 * HOUR
    assert RealTime.monotonic() - began < 60  # it takes a tenth of a second


def test_an_event_that_nobody_sets_is_waited_for_in_cluster_time(jumping: Clock) -> None:
    """And then has not been set."""
    assert threading.Event().wait(HOUR) is False
    assert seconds(jumping) == HOUR


def test_an_event_that_is_set_ends_the_wait(jumping: Clock) -> None:
    """When it is set, and no later."""
    event = threading.Event()

    def set_later() -> None:
        time.sleep(7)
        event.set()

    thread = threading.Thread(target=set_later)
    thread.start()
    assert event.wait(HOUR) is True
    thread.join()
    assert seconds(jumping) == 7


@pytest.mark.parametrize("seconds_of_sleep", [0, 0.0])
def test_a_sleep_of_nothing_is_left_alone(seconds_of_sleep: float, jumping: Clock) -> None:
    """It lets others go first, as ever."""
    time.sleep(seconds_of_sleep)
    asyncio.run(asyncio.sleep(seconds_of_sleep))
    assert jumping.elapsed == 0


@pytest.mark.parametrize(
    ("given", "error"), [(-1, ValueError), ("soon", TypeError), (float("nan"), ValueError)]
)
def test_what_python_refuses_is_refused(
    given: float, error: type[Exception], jumping: Clock
) -> None:
    """With Python's own words."""
    with pytest.raises(error):
        time.sleep(given)
    assert jumping.elapsed == 0


# --- several who sleep -----------------------------------------------------------------------


def test_of_several_threads_the_earliest_wakes_first(jumping: Clock) -> None:
    """In order, and each at its time; of those at the same time, whoever lay down first."""
    woken: list[tuple[str, float]] = []

    def sleeper(name: str, lasting: float) -> None:
        for _ in range(3):
            time.sleep(lasting)
            woken.append((name, seconds(jumping)))

    threads = [
        threading.Thread(target=sleeper, args=each) for each in (("a", 5), ("b", 3), ("c", 7))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [(3, "b"), (5, "a"), (6, "b"), (7, "c"), (9, "b"), (10, "a"), (14, "c"), (15, "a")]
    assert woken == [(name, at) for at, name in [*times, (21, "c")]]


def test_of_several_tasks_the_earliest_wakes_first(jumping: Clock) -> None:
    """The same."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, lasting: float) -> None:
        for _ in range(2):
            await asyncio.sleep(lasting)
            woken.append((name, seconds(jumping)))

    async def main() -> None:
        await asyncio.gather(sleeper("a", 5), sleeper("b", 3), sleeper("c", 10))

    asyncio.run(main())
    assert woken == [("b", 3), ("a", 5), ("b", 6), ("c", 10), ("a", 10), ("c", 20)]


def test_threads_of_an_executor_take_their_turns(jumping: Clock) -> None:
    """What waits for their results waits for them."""

    def work(lasting: float) -> float:
        time.sleep(lasting)
        return seconds(jumping)

    with ThreadPoolExecutor(max_workers=4) as executor:
        ended = list(executor.map(work, [8, 2, 4, 6]))
    assert ended == [8, 2, 4, 6]


def test_a_task_and_a_thread_take_their_turns(jumping: Clock) -> None:
    """Whichever of the two is due first."""
    woken: list[str] = []

    def in_thread() -> None:
        for _ in range(3):
            time.sleep(4)
            woken.append(f"thread at {seconds(jumping):g}")

    async def in_task() -> None:
        for _ in range(3):
            await asyncio.sleep(3)
            woken.append(f"task at {seconds(jumping):g}")

    async def main() -> None:
        await asyncio.gather(in_task(), asyncio.to_thread(in_thread))

    asyncio.run(main())
    assert woken == [
        "task at 3",
        "thread at 4",
        "task at 6",
        "thread at 8",
        "task at 9",
        "thread at 12",
    ]


def test_a_task_that_holds_up_its_loop_holds_up_the_others(jumping: Clock) -> None:
    """As it does in real life: they go on late."""
    woken: list[tuple[str, float]] = []

    async def blocking() -> None:
        await asyncio.sleep(1)
        time.sleep(10)  # noqa: ASYNC251 - the mistake that is shown
        woken.append(("blocking", seconds(jumping)))

    async def patient() -> None:
        await asyncio.sleep(4)
        woken.append(("patient", seconds(jumping)))

    async def main() -> None:
        await asyncio.gather(blocking(), patient())

    asyncio.run(main())
    assert woken == [("blocking", 11), ("patient", 11)]


def test_time_does_not_jump_over_what_is_being_done(jumping: Clock) -> None:
    """Another thread that computes meanwhile does so before whoever sleeps wakes."""
    seen: list[float] = []

    def compute() -> None:
        sum(range(3_000_000))
        seen.append(seconds(jumping))

    thread = threading.Thread(target=compute)
    thread.start()
    time.sleep(HOUR)
    thread.join()
    assert seen == [0]


# --- timeouts --------------------------------------------------------------------------------


async def _timed_out(waiting: Callable[[], Awaitable[object]]) -> bool:
    try:
        await waiting()
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize(("lasting", "times_out"), [(3, False), (5, True)])
def test_a_timeout_counts_in_cluster_time(
    lasting: float, *, times_out: bool, jumping: Clock
) -> None:
    """Whichever comes first; both ways to write it."""

    async def in_block() -> None:
        async with asyncio.timeout(4):
            await asyncio.sleep(lasting)

    async def in_call() -> None:
        await asyncio.wait_for(asyncio.sleep(lasting), 4)

    async def main() -> list[bool]:
        return [await _timed_out(in_block), await _timed_out(in_call)]

    assert asyncio.run(main()) == [times_out, times_out]
    assert seconds(jumping) == 2 * min(lasting, 4)


def test_a_timeout_can_be_moved(jumping: Clock) -> None:
    """In the time of the loop, which has passed as the cluster's has."""

    async def main() -> bool:
        loop = asyncio.get_running_loop()

        async def waiting() -> None:
            async with asyncio.timeout_at(loop.time() + 10) as timeout:
                await asyncio.sleep(8)
                timeout.reschedule(loop.time() + 20)
                assert timeout.when() == pytest.approx(loop.time() + 20, abs=1)
                await asyncio.sleep(HOUR)

        return await _timed_out(waiting)

    assert asyncio.run(main())
    assert seconds(jumping) == pytest.approx(28, abs=0.5)


def test_a_deadline_in_the_time_of_the_loop_is_reached(jumping: Clock) -> None:
    """As many polls as fit in."""

    async def main() -> int:
        loop = asyncio.get_running_loop()
        deadline, polls = loop.time() + 95, 0
        while loop.time() < deadline:
            await asyncio.sleep(10)
            polls += 1
        return polls

    assert asyncio.run(main()) == 10
    assert seconds(jumping) == 100


def test_a_call_later_comes_in_cluster_time(jumping: Clock) -> None:
    """Unless it is cancelled."""

    async def main() -> list[str]:
        called: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(20, called.append, "never").cancel()
        loop.call_later(30, called.append, "later")
        loop.call_at(loop.time() + 10, called.append, "at")
        await asyncio.sleep(25)
        called.append("between")
        await asyncio.sleep(25)
        return called

    assert asyncio.run(main()) == ["at", "between", "later"]
    assert seconds(jumping) == 50


def test_the_time_of_anyio_is_covered_as_well(jumping: Clock) -> None:
    """What sleeps and gives up by it does so in cluster time."""

    async def main() -> list[str]:
        done: list[str] = []

        async def sleeper(name: str, lasting: float) -> None:
            await anyio.sleep(lasting)
            done.append(f"{name} at {seconds(jumping):g}")

        async with anyio.create_task_group() as group:
            group.start_soon(sleeper, "late", 20)
            group.start_soon(sleeper, "early", 10)
        with anyio.move_on_after(35):
            await anyio.sleep(HOUR)
        done.append(f"gave up at {seconds(jumping):.0f}")  # timers have a resolution
        return done

    assert asyncio.run(main()) == ["early at 10", "late at 20", "gave up at 55"]


# --- what is left over, taken back or handed over -----------------------------------------------


def test_a_task_that_is_left_over_moves_nothing(jumping: Clock) -> None:
    """When its loop ends, it is cancelled, however long it wanted to sleep."""

    async def main() -> None:
        heartbeat = asyncio.create_task(asyncio.sleep(HOUR))
        await asyncio.sleep(1)
        assert not heartbeat.done()

    asyncio.run(main())
    assert seconds(jumping) == 1


def test_a_failure_ends_what_sleeps_beside_it(jumping: Clock) -> None:
    """At the time of the failure."""

    async def failing() -> None:
        await asyncio.sleep(5)
        raise ZeroDivisionError

    async def main() -> None:
        await asyncio.gather(failing(), asyncio.sleep(HOUR))

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert seconds(jumping) == 5


def test_a_call_that_is_cancelled_moves_nothing(jumping: Clock) -> None:
    """Also where nobody else sleeps."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(HOUR, print).cancel()
        await asyncio.to_thread(sum, range(300_000))
        await asyncio.sleep(0.5)

    asyncio.run(main())
    assert seconds(jumping) == 0.5


def test_a_call_later_has_the_context_of_its_caller(jumping: Clock) -> None:
    """Not that of whoever slept when it came."""
    name: ContextVar[str] = ContextVar("name", default="nobody")
    seen: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def call() -> None:
            name.set("caller")
            loop.call_later(5, lambda: seen.append(name.get()))

        loop.call_soon(call)
        await asyncio.sleep(10)

    asyncio.run(main())
    assert (seen, seconds(jumping)) == (["caller"], 10)


def test_a_timeout_is_extended_from_its_end(jumping: Clock) -> None:
    """As one does it: by so much more than it was."""

    async def main() -> bool:
        async def waiting() -> None:
            async with asyncio.timeout(10) as timeout:
                await asyncio.sleep(8)
                end = timeout.when()
                assert end is not None
                timeout.reschedule(end + 10)
                await asyncio.sleep(HOUR)

        return await _timed_out(waiting)

    assert asyncio.run(main())
    assert seconds(jumping) == pytest.approx(20, abs=0.5)


def test_a_function_that_is_handed_over_sleeps_in_cluster_time(jumping: Clock) -> None:
    """To a thread, or to an executor."""
    thread = threading.Thread(target=time.sleep, args=(5,))
    thread.start()
    thread.join()
    asyncio.run(asyncio.to_thread(time.sleep, 7))
    assert seconds(jumping) == 12


def test_a_handler_of_a_signal_may_sleep_as_well(jumping: Clock) -> None:
    """Wherever it interrupts."""
    slept: list[float] = []

    def handler(*_: object) -> None:
        time.sleep(1)
        slept.append(1)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(50):
            signal.setitimer(signal.ITIMER_REAL, 0.0003)
            for _ in range(40):
                time.sleep(1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seconds(jumping) >= 2000


# --- the network ----------------------------------------------------------------------------


def test_a_request_arrives_before_time_jumps_on() -> None:
    """A task that sleeps meanwhile wakes after the answer, and a timeout does not strike it."""

    async def main(cluster: FakeCluster) -> None:
        async with aiohttp.ClientSession() as session:

            async def ask() -> None:
                for _ in range(20):
                    async with asyncio.timeout(5):
                        await session.get(f"{cluster.url}/system/v1/backup/v1/list")
                    await asyncio.sleep(30)

            await asyncio.gather(ask(), asyncio.sleep(HOUR))

    with FakeCluster() as cluster, cluster.autojump():
        asyncio.run(main(cluster))
        asked = [exchange.at - cluster.clock.start for exchange in cluster.journal.exchanges]
    assert [at // NANOSECONDS_PER_SECOND for at in asked] == list(range(0, 600, 30))
    assert seconds(cluster.clock) == HOUR


def test_a_request_inside_a_generator_arrives_before_time_jumps_on() -> None:
    """What such a generator waits for is hidden well, and found all the same."""

    async def main(cluster: FakeCluster) -> None:
        async with aiohttp.ClientSession() as session:

            async def polls() -> AsyncIterator[int]:
                while True:
                    async with session.get(f"{cluster.url}/system/v1/backup/v1/list") as answer:
                        yield answer.status
                    await asyncio.sleep(60)

            async def first_ten() -> None:
                seen = 0
                async for _ in polls():
                    seen += 1
                    if seen == 10:
                        break

            await asyncio.gather(first_ten(), asyncio.sleep(HOUR))

    with FakeCluster() as cluster, cluster.autojump():
        asyncio.run(main(cluster))
        asked = [exchange.at - cluster.clock.start for exchange in cluster.journal.exchanges]
    assert [at // NANOSECONDS_PER_SECOND for at in asked] == list(range(0, 600, 60))


def test_a_library_keeps_its_own_timeouts_in_real_time() -> None:
    """The timeout of aiohttp is as long as it was told to be, not as a jump."""

    async def main(cluster: FakeCluster) -> float:
        timeout = aiohttp.ClientTimeout(total=0.2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            began = RealTime.monotonic()
            with pytest.raises(TimeoutError):
                await session.get(f"{cluster.url}/system/v1/backup/v1/list")
            return RealTime.monotonic() - began

    with FakeCluster() as cluster:
        cluster.faults.add(path="*", do={"hang": "true"})
        with cluster.autojump():
            assert asyncio.run(main(cluster)) >= 0.2
        assert cluster.clock.elapsed == 0


# --- whose sleep it is -----------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return an installed package with a function that sleeps."""
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "sleepy_library.py").write_text(
        "import time\n\ndef pause(seconds):\n    time.sleep(seconds)\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module("sleepy_library")
    del sys.modules["sleepy_library"]


def test_a_library_sleeps_in_real_time(library: ModuleType, jumping: Clock) -> None:
    """Whoever calls it."""
    began = RealTime.monotonic()
    library.pause(0.05)
    assert RealTime.monotonic() - began >= 0.05
    assert jumping.elapsed == 0


def test_a_library_that_is_the_client_sleeps_in_cluster_time(
    library: ModuleType, clock: Clock
) -> None:
    """When it is named."""
    with autojump([clock], packages=["sleepy_library"]):
        library.pause(HOUR)
    assert seconds(clock) == HOUR


def test_a_library_that_sleeps_for_its_callers_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jumping: Clock
) -> None:
    """Between two attempts, it is the client that waits."""
    folder = tmp_path / "site-packages" / "retrying"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "import asyncio, time\n\ndef call(f):\n    time.sleep(60)\n    return f()\n\n"
        "async def call_async():\n    await asyncio.sleep(60)\n    return 'done'\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(folder.parent)
    retrying = importlib.import_module("retrying")
    assert retrying.call(lambda: "done") == "done"
    assert seconds(jumping) == 60
    assert asyncio.run(retrying.call_async()) == "done"
    assert seconds(jumping) == 120
    del sys.modules["retrying"]


def test_a_thread_that_was_there_before_sleeps_in_real_time(clock: Clock) -> None:
    """It belongs to another test."""
    begin, ended = threading.Event(), threading.Event()
    began_at: list[float] = []

    def others() -> None:
        begin.wait()
        began_at.append(RealTime.monotonic())
        time.sleep(0.05)
        ended.set()

    thread = threading.Thread(target=others)
    thread.start()
    with autojump([clock]):
        begin.set()
        ended.wait()
        assert RealTime.monotonic() - began_at[0] >= 0.05
    thread.join()
    assert clock.elapsed == 0


@pytest.mark.parametrize(
    ("file", "is_own"),
    [
        (__file__, True),
        (str(Path(importlib.__file__)), False),
        (aiohttp.__file__, False),
        (str(Path(autojump_module.__file__)), False),
        (f"{Path(simulator.__file__).parent}_client/main.py", True),
        (f"{Path(simulator.__file__).parent}/bundled_scenarios/python/conftest.py", True),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", True),
    ],
)
def test_own_is_what_is_neither_installed_nor_standard(file: str, *, is_own: bool) -> None:
    """Nor the simulator itself; a folder beside it with a longer name is."""
    assert OwnCode().is_own("anything", file) is is_own


# --- everything is put back ------------------------------------------------------------------

REPLACED: list[tuple[object, str]] = [
    (time, "sleep"),
    (threading.Event, "wait"),
    (asyncio, "sleep"),
    (asyncio, "wait_for"),
    (asyncio, "timeout"),
    (asyncio, "timeout_at"),
    (asyncio.BaseEventLoop, "time"),
    (asyncio.BaseEventLoop, "call_later"),
    (asyncio.BaseEventLoop, "call_at"),
    (sys.modules[__name__], "sleep_by_an_early_name"),
]


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_every_function_is_put_back(error: type[BaseException] | None, clock: Clock) -> None:
    """Also after a crash."""
    before = [getattr(owner, name) for owner, name in REPLACED]

    def crash() -> None:
        with autojump([clock]):
            during = [getattr(owner, name) for owner, name in REPLACED]
            assert all(old is not new for old, new in zip(before, during, strict=True))
            if error:
                raise error

    if error:
        with pytest.raises(error):
            crash()
    else:
        crash()
    assert [getattr(owner, name) for owner, name in REPLACED] == before


def test_a_name_that_was_imported_meanwhile_works_on(tmp_path: Path, clock: Clock) -> None:
    """In real time."""
    (tmp_path / "late_client.py").write_text("from time import sleep\n", encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        with autojump([clock]):
            late = importlib.import_module("late_client")
            late.sleep(60)
        assert seconds(clock) == 60
        late.sleep(0.001)
        assert seconds(clock) == 60
    finally:
        sys.path.remove(str(tmp_path))
        del sys.modules["late_client"]


def test_whoever_still_sleeps_at_the_end_sleeps_on_in_real_time(clock: Clock) -> None:
    """The clock is nobody's any more."""
    woken = threading.Event()

    def sleeper() -> None:
        time.sleep(0.3)
        woken.set()

    thread = threading.Thread(target=sleeper)
    with autojump([clock]):
        held = threading.Event()
        busy = threading.Thread(target=_spin_until, args=(held,))
        busy.start()
        thread.start()
    held.set()
    thread.join()
    busy.join()
    assert woken.is_set()
    assert clock.elapsed == 0


def _spin_until(event: threading.Event) -> None:
    while not event.is_set():
        sum(range(100))


def test_there_is_one_at_a_time(jumping: Clock) -> None:
    """A second one says how to have two clusters."""
    with (
        pytest.raises(AutojumpError, match="give all clusters to one"),
        autojump([Clock(Manual())]),
    ):
        pass
    time.sleep(5)
    assert seconds(jumping) == 5


def test_several_clocks_jump_by_as_much() -> None:
    """Each from where it is, and once; the first says what time it is for the client."""
    clocks = [Clock(Manual()) for _ in range(2)]
    clocks[1].advance("1h")
    with autojump([*clocks, *clocks]):
        time.sleep(60)
    assert [seconds(clock) for clock in clocks] == [60, HOUR + 60]


def test_dates_and_deadlines_follow(cluster: FakeCluster) -> None:
    """Of a cluster that is given to the client: wall clock and stop watch agree with it."""
    with cluster.autojump():
        wall, watch = time.time(), time.monotonic()
        time.sleep(HOUR)
        assert (time.time() - wall, time.monotonic() - watch) == (HOUR, HOUR)
    assert seconds(cluster.clock) == HOUR


# --- what is not covered is told ---------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks are enough, for these tests."""
    monkeypatch.setattr("simulator.client_time.watch.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("simulator.client_time.watch.LOOKS", 2)


class _Stubborn:
    """A client that keeps a function of its own to sleep."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def poll(self) -> None:
        """Really wait."""
        self._sleep(0.5)


@pytest.mark.usefixtures("impatient")
def test_a_call_that_really_waits_is_told_by_name(clock: Clock) -> None:
    """With its file, its line and its text."""
    client = _Stubborn(time.sleep)
    with (
        pytest.warns(AutojumpWarning, match=r"test_autojump.py:\d+ waits .*\(0\.5\)"),
        autojump([clock]),
    ):
        client.poll()
    assert clock.elapsed == 0


@pytest.mark.usefixtures("impatient")
def test_a_task_that_really_waits_is_told_by_name(clock: Clock) -> None:
    """The line in which it waits, not that of the loop."""

    async def main() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        await asyncio.wait([task], timeout=0.5)
        task.cancel()

    with pytest.warns(AutojumpWarning, match=r"await asyncio\.wait\("), autojump([clock]):
        asyncio.run(main())


@pytest.mark.usefixtures("impatient")
def test_a_call_that_really_waits_fails_where_warnings_are_errors(clock: Clock) -> None:
    """At the end, and all is put back."""
    before = time.sleep
    client = _Stubborn(time.sleep)
    with pytest.raises(AutojumpWarning), autojump([clock]):
        client.poll()
    assert time.sleep is before


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_takes_long_is_no_such_wait() -> None:
    """The network is real: nobody is told of a fault that stalls."""

    async def main(cluster: FakeCluster) -> None:
        async with aiohttp.ClientSession() as session:
            await session.get(f"{cluster.url}/system/v1/backup/v1/list")

    with FakeCluster() as cluster:
        cluster.faults.add(path="*", do={"stall": "300ms"})
        with cluster.autojump():
            asyncio.run(main(cluster))
