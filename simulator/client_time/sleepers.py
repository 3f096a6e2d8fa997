"""Who sleeps until when, and the jumps of the clocks that wake them, one by one, in order."""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from threading import RLock, get_ident
from typing import Final, final

from simulator.client_time.doing import Doing, Loop
from simulator.clock import Clock, RealTime
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, Instant, after

QUIET_SECONDS: Final = 0.003
"""Of real time: a thread that has been let go on takes some of it until it does."""


@dataclass(slots=True, eq=False)
class Sleeper:
    """Something that goes on when the clock gets there.

    Attributes:
        due: when, in cluster time.
        number: which of several with the same time goes first.
        wake: lets it go on.
        real_due: when it goes on whatever happens, in nanoseconds of real time.
        thread: the one that it goes on in.
        loop: the event loop that it belongs to; None for a thread that sleeps.
        is_woken: whether it has been told to go on.
    """

    due: Instant
    number: int
    wake: Callable[[], None]
    real_due: int
    thread: int
    loop: Loop | None
    is_woken: bool = False


@final
class Sleepers:
    """All who sleep. Only when nothing else is done does time jump to whoever is due first.

    Args:
        clocks: those that jump; the first says what time it is.
        doing: what else the client is doing.
    """

    def __init__(self, clocks: Sequence[Clock], doing: Doing) -> None:
        self._clocks = clocks
        self._doing = doing
        self._lock = RLock()  # a signal's handler may sleep in the middle of this
        self._waiting: list[Sleeper] = []
        self._woken: list[Sleeper] = []
        self._numbers: Final = count()
        self._quiet_since: float | None = None

    def add(self, lasting: Duration, wake: Callable[[], None], loop: Loop | None = None) -> Sleeper:
        """Put someone to sleep, in the present thread."""
        sleeper = Sleeper(
            due=after(self._clocks[0].now, lasting),
            number=next(self._numbers),
            wake=wake,
            real_due=RealTime.monotonic_ns() + lasting,
            thread=get_ident(),
            loop=loop,
        )
        with self._lock:
            insort(self._waiting, sleeper, key=lambda each: (each.due, each.number))
        return sleeper

    def remove(self, sleeper: Sleeper) -> None:
        """Take note that someone goes on, woken or not."""
        with self._lock:
            for group in (self._waiting, self._woken):
                group[:] = [each for each in group if each is not sleeper]

    def of(self, loop: Loop) -> list[Sleeper]:
        """Return those who belong to an event loop and have not been woken."""
        with self._lock:
            return [sleeper for sleeper in self._waiting if sleeper.loop is loop]

    def left(self, sleeper: Sleeper) -> float:
        """Return how long someone would have still to sleep in real time, in seconds."""
        return max(sleeper.real_due - RealTime.monotonic_ns(), 0) / NANOSECONDS_PER_SECOND

    def jump(self, loop: Loop | None = None) -> None:
        """Wake whoever is due first, if nothing else is being done.

        Args:
            loop: the event loop that this is called from, if so.
        """
        with self._lock:
            sleeper = self._first_due(loop)
            if sleeper is None or sleeper.is_woken:  # by a signal's handler, in the middle of this
                return
            sleeper.is_woken = True
            self._quiet_since = None
            self._waiting[:] = [each for each in self._waiting if each is not sleeper]
            self._woken.append(sleeper)
        step = sleeper.due - self._clocks[0].now
        if step > 0:  # of many who are due at once, only the first moves the clocks
            for clock in self._clocks:
                clock.advance(Duration(step))
        sleeper.wake()

    def _first_due(self, loop: Loop | None) -> Sleeper | None:
        """Return whoever may be woken now."""
        if any(self._can_go_on(sleeper) for sleeper in self._woken):
            return None
        first = next((each for each in self._waiting if self._can_go_on(each)), None)
        if first is None:
            return None
        is_late = RealTime.monotonic_ns() >= first.real_due
        return first if is_late or self._is_quiet(loop) else None

    def _is_quiet(self, loop: Loop | None) -> bool:
        """Whether nothing is done, and has not been for a while where other threads might."""
        if self._doing.is_anything(loop):
            self._quiet_since = None
            return False
        if self._doing.is_alone:
            return True
        now = RealTime.monotonic()
        if self._quiet_since is None:
            self._quiet_since = now
        return now - self._quiet_since >= QUIET_SECONDS

    def _can_go_on(self, sleeper: Sleeper) -> bool:
        """Whether nothing holds it up: its loop's thread that sleeps, or a signal's handler."""
        if sleeper.loop is None:
            return not sleeper.is_woken or sleeper.thread != get_ident()
        return sleeper.thread not in self._doing.asleep
