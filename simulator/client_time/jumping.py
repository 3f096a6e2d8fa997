"""How a client sleeps in cluster time: its threads, its tasks, and what it has called later."""

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from typing import Final, final

from simulator.client_time.doing import Doing, Loop
from simulator.client_time.own_code import OwnCode
from simulator.client_time.sleepers import Sleeper, Sleepers
from simulator.clock import Clock
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration

LOOK_SECONDS: Final = 0.0005
"""Of real time, between two looks at whether everybody else sleeps, too."""

_REAL_WAIT: Final = threading.Event.wait


@final
class Jumping:
    """The sleeping of one client.

    Args:
        clocks: those that jump; the first says what time it is.
        own: whose calls count.
    """

    def __init__(self, clocks: Sequence[Clock], own: OwnCode) -> None:
        self.own: Final = own
        self.doing: Final = Doing(own)
        self._sleepers = Sleepers(clocks, self.doing)
        self._clock = clocks[0]
        self._begun = self._clock.now
        self._is_on = True
        self._looks: dict[Loop, asyncio.Handle] = {}

    @property
    def passed(self) -> float:
        """How much cluster time has passed since this began, in seconds."""
        return (self._clock.now - self._begun) / NANOSECONDS_PER_SECOND

    def end(self) -> None:
        """Let those who still sleep do so in real time."""
        self._is_on = False

    # --- threads ---------------------------------------------------------------------------

    def sleep(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Sleep in this thread; returns whether it was over before, because of ``is_over``."""
        flag = threading.Event()
        ident = threading.get_ident()
        sleeper = self._sleepers.add(_nanoseconds(seconds), flag.set)
        self.doing.asleep.add(ident)  # not before: it would count as neither
        try:
            while not sleeper.is_woken and not is_over():
                if self._is_on:
                    self._sleepers.jump()
                left = LOOK_SECONDS if self._is_on else self._sleepers.left(sleeper)
                if not left:
                    break
                if not sleeper.is_woken:
                    _REAL_WAIT(flag, left)
            return is_over()
        finally:
            self.doing.asleep.discard(ident)
            self._sleepers.remove(sleeper)

    # --- tasks -------------------------------------------------------------------------------

    async def nap(self, seconds: float) -> None:
        """Sleep in this task."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self.doing.naps.add(future)

        def end() -> None:
            if not future.done():
                future.set_result(None)

        call = self.call_later(loop, seconds, end)
        try:
            await future
        finally:
            self.doing.naps.discard(future)
            self.cancel(call)

    def call_later(self, loop: Loop, seconds: float, callback: Callable[[], object]) -> Sleeper:
        """Call something on a loop when the time has passed."""

        def go_on() -> None:
            self._sleepers.remove(sleeper)
            callback()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(go_on)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._sleepers.remove(sleeper)

        sleeper = self._sleepers.add(_nanoseconds(seconds), wake, loop)
        self._look_soon(loop)
        return sleeper

    def cancel(self, sleeper: Sleeper) -> None:
        """Call nothing."""
        self._sleepers.remove(sleeper)

    def _look_soon(self, loop: Loop) -> None:
        """Look when the loop has done what it has to do, and not only when time is up."""
        planned = self._looks.get(loop)
        if isinstance(planned, asyncio.TimerHandle):
            planned.cancel()
        if planned is None or planned.cancelled():
            self._looks[loop] = loop.call_soon(self._look, loop)

    def _look(self, loop: Loop) -> None:
        """Jump if nothing is being done, and look again as long as anyone sleeps on the loop."""
        del self._looks[loop]
        if not self._is_on:
            for sleeper in self._sleepers.of(loop):
                loop.call_later(self._sleepers.left(sleeper), sleeper.wake)
            return
        if getattr(loop, "_stopping", False):  # whoever still sleeps is left over, not waited for
            self._looks[loop] = loop.call_soon(self._look, loop)
            return
        self._sleepers.jump(loop)
        if self._sleepers.of(loop):
            if getattr(loop, "_ready", None):  # what is due runs before the next look
                self._looks[loop] = loop.call_soon(self._look, loop)
            else:
                self._looks[loop] = loop.call_later(LOOK_SECONDS, self._look, loop)


def _nanoseconds(seconds: float) -> Duration:
    return Duration(math.ceil(seconds * NANOSECONDS_PER_SECOND))
