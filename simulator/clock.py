"""Cluster time: one clock per cluster, and the only reader of real time in this package."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import RLock
from typing import Final, Protocol, final

from simulator.core.faults import Asked
from simulator.core.instants import (
    ZERO,
    Duration,
    Instant,
    after,
    duration_text,
    elapsed,
    parse_duration,
    parse_rfc3339,
)
from simulator.core.scripts import Chance
from simulator.core.time_policies import PerRequest, Rate, TimePolicy

END_OF_TIME: Final = parse_rfc3339("9000-12-31T23:59:59Z")
"""No clock goes further, so that a stage that begins there still ends in a year of four digits."""

DEFAULT_START: Final = parse_rfc3339("2019-03-18T23:16:33.265478871Z")
"""Where a scripted cluster's time begins: always the same, with nine digits of a second in use."""

NANOSECONDS_PER_MICROSECOND: Final = 1_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@final
class RealTime:
    """The machine's own clocks.

    A frozen test does not freeze the clusters that it talks to: freezegun leaves clock_gettime
    alone, also where this module is first imported while time is frozen.
    """

    if sys.platform == "win32":  # it has no clock_gettime
        monotonic_ns: Final = staticmethod(time.monotonic_ns)
        monotonic: Final = staticmethod(time.monotonic)
        _time_ns: Final = staticmethod(time.time_ns)
    else:
        monotonic_ns: Final = staticmethod(partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC))
        monotonic: Final = staticmethod(partial(time.clock_gettime, time.CLOCK_MONOTONIC))
        _time_ns: Final = staticmethod(partial(time.clock_gettime_ns, time.CLOCK_REALTIME))

    @classmethod
    def now(cls) -> Instant:
        """Return the machine's present time."""
        return Instant(cls._time_ns())


class ClockError(Exception):
    """Time cannot go on to where it is wanted; the message says why."""


class Timed(Protocol):
    """What happens in time: a cluster, as its clock sees it. All is called under its lock."""

    def settle(self, now: Instant) -> None:
        """Let everything happen that is due."""
        ...

    def next_deadline(self) -> Instant | None:
        """Return when something next changes by itself; None when nothing will."""
        ...

    def status_of(self, backup: str, *, restore: bool) -> str:
        """Return the status of a backup, by id or label, or of its latest restore."""
        ...


@final
class Clock:
    """The time of one cluster. Never goes back; safe to use from any thread.

    Args:
        policy: what moves it, beside ``advance`` and the like.
        start: where it begins.
        lock: the lock of the cluster that it belongs to.
        cluster: what happens in this time; None when nothing does.
        chance: where jitter comes from; without it, every step is the shortest.
        monotonic_ns: how real time is read; replaced in tests.
    """

    def __init__(
        self,
        policy: TimePolicy,
        start: Instant = DEFAULT_START,
        *,
        lock: AbstractContextManager[object] | None = None,
        cluster: Timed | None = None,
        chance: Chance | None = None,
        monotonic_ns: Callable[[], int] = RealTime.monotonic_ns,
    ) -> None:
        self.start: Final = start
        self._policy = policy
        self._now = start
        self._lock = lock or RLock()
        self._cluster = cluster
        self._chance = chance
        self._monotonic_ns = monotonic_ns
        self._is_paused = False
        self._measured_from = monotonic_ns()
        self._given = ZERO
        self._followers: list[Callable[[Instant], None]] = []

    # --- reading ---------------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        """The present cluster time, in nanoseconds since 1970."""
        with self._lock:
            self._follow_real_time()
            return self._now

    @property
    def elapsed(self) -> Duration:
        """How much cluster time has passed since the start."""
        return elapsed(self.start, self.now)

    @property
    def datetime(self) -> datetime:
        """The present cluster time in whole microseconds: never ahead of ``now``."""
        return as_datetime(self.now)

    # --- what moves it ---------------------------------------------------------------------

    @property
    def policy(self) -> TimePolicy:
        """What moves it; may be changed at any time."""
        return self._policy

    @policy.setter
    def policy(self, policy: TimePolicy) -> None:
        with self._lock:
            self._follow_real_time()
            self._policy = policy
            self._measure_anew()

    @property
    def is_paused(self) -> bool:
        """Whether it stands still, whatever its policy."""
        return self._is_paused

    def pause(self) -> None:
        """Let time stand still but for ``advance`` and the like, until ``resume``."""
        with self._lock:
            self._follow_real_time()
            self._is_paused = True

    def resume(self) -> None:
        """Let time move again as the policy says; the pause is left out."""
        with self._lock:
            self._is_paused = False
            self._measure_anew()

    def follow(self, follower: Callable[[Instant], None]) -> Callable[[], None]:
        """Call ``follower(now)`` after each move of the clock; returns how to stop that."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)

    # --- moving it -------------------------------------------------------------------------

    def advance(self, duration: str | Duration) -> None:
        """Let time pass (``"90s"``, ``"1m30s"``): everything that falls due happens, in order.

        Time ends with the year 9000; there it stands still.

        Raises:
            ValueError: when the text is no duration, or the number is negative.
        """
        step = _step(duration)
        with self._lock:
            self._follow_real_time()
            self._move(step)
            self._settle()

    def advance_to_next(self) -> Instant:
        """Let time pass until something changes by itself, and return when that was.

        Raises:
            ClockError: when time alone changes nothing any more.
        """
        with self._lock:
            self._follow_real_time()
            self._settle()
            due = self._cluster.next_deadline() if self._cluster else None
            if due is None:
                raise ClockError("nothing changes by itself any more, however much time passes")
            self._move_to(due)
            return self._now

    def run_until(
        self, backup: str, status: str, *, within: str | Duration = "7d", restore: bool = False
    ) -> Instant:
        """Let time pass until a backup has a status, and return when that was.

        Args:
            backup: its id, or its label: of several with the same one, the newest is meant.
            status: such as ``STATUS_READY``.
            within: how much time may pass at most.
            restore: whether the status of the backup's latest restore is meant.

        Raises:
            ClockError: when there is no such backup; when it has not come to that within the
                time, which has passed then; and at once when time alone will not bring it there.
            ValueError: when ``within`` is no duration.
        """
        bound = _step(within)
        with self._lock:
            assert self._cluster is not None, "a clock without a cluster knows of no backup"
            self._follow_real_time()
            self._settle()
            give_up_at = after(self._now, bound)
            while (shown := self._cluster.status_of(backup, restore=restore)) != status:
                due = self._cluster.next_deadline()
                still = f"{backup} is {shown}"
                if due is None:
                    raise ClockError(f"{still}, and time alone does not make it {status}")
                if due > give_up_at:
                    self._move_to(give_up_at)
                    raise ClockError(f"{still}, still after {duration_text(bound)}")
                self._move_to(due)
            return self._now

    def on_request(self, asked: Asked) -> Instant:
        """Move as the policy says for one request of the client; return the time of it."""
        with self._lock:
            self._follow_real_time()
            if isinstance(self._policy, PerRequest) and not self._is_paused:
                self._move(self._step_of(self._policy, asked))
            self._settle()
            return self._now

    # --- inside: all of it under the lock ----------------------------------------------------

    def _step_of(self, policy: PerRequest, asked: Asked) -> Duration:
        floor = self._real_time(policy.rate) if policy.rate else ZERO
        self._measure_anew()
        step = policy.step_for(asked)
        if step is None:
            return floor
        if step.shortest == step.longest or self._chance is None:
            return max(step.shortest, floor)
        return max(Duration(self._chance.between(step.shortest, step.longest)), floor)

    def _follow_real_time(self) -> None:
        if isinstance(self._policy, Rate) and not self._is_paused:
            passed = self._real_time(self._policy.factor)
            if passed < self._given:  # real time has been set back: go on from there
                self._measure_anew()
            elif passed > self._given:
                self._move(Duration(passed - self._given))
                self._given = passed

    def _real_time(self, factor: float) -> Duration:
        """Return how much real time has passed since it was measured anew, times a factor."""
        passed = int((self._monotonic_ns() - self._measured_from) * factor)
        return Duration(max(passed, ZERO))

    def _measure_anew(self) -> None:
        self._measured_from = self._monotonic_ns()
        self._given = ZERO

    def _move_to(self, instant: Instant) -> None:
        self._move(Duration(max(instant - self._now, ZERO)))
        self._settle()

    def _move(self, step: Duration) -> None:
        self._now = max(self._now, min(after(self._now, step), END_OF_TIME))
        for follower in tuple(self._followers):
            follower(self._now)

    def _settle(self) -> None:
        if self._cluster:
            self._cluster.settle(self._now)


def as_datetime(instant: Instant) -> datetime:
    """Return an instant in whole microseconds: never ahead of it."""
    return _EPOCH + timedelta(microseconds=instant // NANOSECONDS_PER_MICROSECOND)


def _step(duration: str | Duration) -> Duration:
    step = parse_duration(duration) if isinstance(duration, str) else duration
    if not isinstance(step, int):
        raise ValueError(f"{step!r} is not a duration; write one like 90s, or nanoseconds")
    if step < 0:
        raise ValueError(f"cluster time only moves forward, not by {step} ns")
    return step
