"""Cluster time: one clock per cluster, and the only reader of real time in this package."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import RLock
from typing import Final, final

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

END_OF_TIME: Final = parse_rfc3339("9000-12-31T23:59:59Z")
"""No clock goes further, so that a stage that begins there still ends in a year of four digits."""

DEFAULT_START: Final = parse_rfc3339("2019-03-18T23:16:33.265478871Z")
"""Where a scripted cluster's time begins: always the same, with nine digits of a second in use."""

NANOSECONDS_PER_MICROSECOND: Final = 1_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Manual:
    """Time stands still until it is advanced."""

    def __str__(self) -> str:
        return "manual"


@dataclass(frozen=True, slots=True)
class PerRequest:
    """Time moves by ``step`` at each request of the client, before it is answered."""

    step: Duration

    def __str__(self) -> str:
        return f"{duration_text(self.step)} per request"


@dataclass(frozen=True, slots=True)
class Rate:
    """Time runs by itself: ``factor`` seconds of it in a real second."""

    factor: float

    def __str__(self) -> str:
        return f"{self.factor:g} s in each real second"


TimePolicy = Manual | PerRequest | Rate


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


@final
class Clock:
    """The time of one cluster. Never goes back; safe to use from any thread.

    Args:
        policy: what moves it, beside ``advance``.
        start: where it begins.
        lock: the lock of the cluster that it belongs to.
        settle: called after each move, so that everything due happens at once.
        monotonic_ns: how real time is read; replaced in tests.
    """

    def __init__(
        self,
        policy: TimePolicy,
        start: Instant = DEFAULT_START,
        *,
        lock: AbstractContextManager[object] | None = None,
        settle: Callable[[Instant], None] = lambda _: None,
        monotonic_ns: Callable[[], int] = RealTime.monotonic_ns,
    ) -> None:
        self.policy: Final = policy
        self.start: Final = start
        self._now = start
        self._lock = lock or RLock()
        self._settle = settle
        self._monotonic_ns = monotonic_ns
        self._read_at = monotonic_ns()
        self._followers: list[Callable[[Instant], None]] = []

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
        return _EPOCH + timedelta(microseconds=self.now // NANOSECONDS_PER_MICROSECOND)

    def advance(self, duration: str | Duration) -> None:
        """Let time pass (``"90s"``, ``"1m30s"``): everything that falls due happens, in order.

        Time ends with the year 9000; there it stands still.

        Raises:
            ValueError: when the text is no duration, or the number is negative.
        """
        step = parse_duration(duration) if isinstance(duration, str) else duration
        if not isinstance(step, int):
            raise ValueError(f"{step!r} is not a duration; write one like 90s, or nanoseconds")
        if step < 0:
            raise ValueError(f"cluster time only moves forward, not by {step} ns")
        with self._lock:
            self._follow_real_time()
            self._move(step)
            self._settle(self._now)

    def follow(self, follower: Callable[[Instant], None]) -> Callable[[], None]:
        """Call ``follower(now)`` after each move of the clock; returns how to stop that."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)

    def on_request(self) -> Instant:
        """Move as the policy says for one request of the client; return the time of it."""
        with self._lock:
            self._follow_real_time()
            if isinstance(self.policy, PerRequest):
                self._move(self.policy.step)
            self._settle(self._now)
            return self._now

    def _follow_real_time(self) -> None:
        if isinstance(self.policy, Rate):
            read_at = self._monotonic_ns()
            passed = int((read_at - self._read_at) * self.policy.factor)
            self._read_at = read_at
            self._move(Duration(max(passed, ZERO)))

    def _move(self, step: Duration) -> None:
        self._now = max(self._now, min(after(self._now, step), END_OF_TIME))
        for follower in self._followers:
            follower(self._now)
