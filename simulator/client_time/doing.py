"""What threads and tasks of a client are doing: something, or waiting for another of them.

Time may jump only while none does anything. Whoever waits for the network does something: an
answer is on its way, and will come in real time.
"""

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from threading import get_ident
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple, final

from simulator.client_time.own_code import OwnCode, module_of, package_of, stack
from simulator.clock import RealTime

LONG_SECONDS: Final = 1.0
"""Of real time: what has not moved for so long is not waited for, unless it is the client's own."""

_WAIT_FOR_TASKS: Final = frozenset(
    {
        "anyio._core._synchronization",
        "anyio._core._tasks",
        "anyio.streams.memory",
        "asyncio.futures",
        "asyncio.locks",
        "asyncio.queues",
        "asyncio.runners",
        "asyncio.taskgroups",
        "asyncio.tasks",
        "asyncio.threads",
        "asyncio.timeouts",
    }
)
"""Modules in which a task waits for another one, or for time."""

_WAIT_FOR_TASKS_IN_ANYIO: Final = ("TaskGroup.", "Event.", "CapacityLimiter.", "TestRunner.")
"""What does the same in the module of anyio that also has its sockets."""

_NETWORK: Final = frozenset({"selectors", "socket", "ssl"})

Loop = asyncio.AbstractEventLoop

Chain = tuple[FrameType, ...]
"""The frames of a task, from its beginning to where it waits."""


class Place(NamedTuple):
    """Where a thread or a task is, and since when it has been seen there, in real seconds."""

    where: tuple[CodeType, int]
    since: float


class Blocked(NamedTuple):
    """A call of the client's own code that has not come back for long."""

    file: str
    line: int


@final
class Doing:
    """Looks at the threads of this process that run the client's code, and at their tasks.

    Threads that are there before are others', but for the one that this is made in.
    """

    def __init__(self, own: OwnCode) -> None:
        self._own = own
        self.others: Final = set(threading.enumerate()) - {threading.current_thread()}
        self._there_before = set(sys._current_frames()) - {get_ident()}  # noqa: SLF001 - documented
        self._places: dict[int, Place] = {}
        self.asleep: set[int] = set()
        """The threads that sleep in cluster time, by their ids."""
        self.naps: set[asyncio.Future[None]] = set()
        """What tasks that sleep in cluster time wait for."""

    def is_anything(self, loop: Loop | None = None) -> bool:
        """Whether anything is being done, but for the present thread.

        Args:
            loop: the event loop that this is called from, if so: its tasks are looked at.
        """
        if loop is not None and self._loop_is_busy(loop):
            return True
        return any(self._is_busy(ident, frame) for ident, frame in self._threads())

    @property
    def is_alone(self) -> bool:
        """Whether no other thread could do anything before it is woken."""
        return not any(self._awake())

    def _awake(self) -> Iterator[tuple[int, FrameType]]:
        """Yield all threads but the present one, those that sleep, and others'."""
        # Numbers of threads that have ended are given to others; not every thread is in the list.
        later = {each.ident for each in threading.enumerate() if each not in self.others}
        others = self._there_before | {each.ident for each in self.others}
        passed_over = (others - later) | self.asleep | {get_ident()}
        for ident, frame in sys._current_frames().items():  # noqa: SLF001 - documented
            if ident not in passed_over:
                yield ident, frame

    def _threads(self) -> Iterator[tuple[int, FrameType]]:
        """Yield the threads that may do something for the client, but for the present one."""
        for ident, frame in self._awake():
            if loop_of(frame) or self._own.innermost(frame) or _is_about_to_work(frame):
                yield ident, frame

    def _is_busy(self, ident: int, frame: FrameType) -> bool:
        loop = _waiting_loop(frame)
        if loop is not None:
            return self._loop_is_busy(loop)
        return not _waits_for_thread(frame) and not self._has_long_been(ident, frame)

    def _loop_is_busy(self, loop: Loop) -> bool:
        if getattr(loop, "_ready", None):
            return True
        return any(self._task_is_busy(task) for task in tasks_of(loop))

    def _task_is_busy(self, task: "asyncio.Task[Any]") -> bool:
        waits_for = getattr(task, "_fut_waiter", None)
        if waits_for is None or waits_for.done():
            return not task.done()  # it is about to go on
        if waits_for in self.naps:
            return False
        chain = chain_of(task)
        if not is_in_library(chain, self._own):
            return False
        is_own = any(self._own.has(frame) for frame in chain)
        return is_own or not self._has_long_been(id(task), chain[-1])

    def _has_long_been(self, whose: int, frame: FrameType) -> bool:
        now = RealTime.monotonic()
        where = (frame.f_code, frame.f_lasti)
        place = self._places.get(whose)
        if place is None or place.where != where:
            self._places[whose] = Place(where, now)
            return False
        return now - place.since >= LONG_SECONDS

    # --- for whoever watches -----------------------------------------------------------------

    def picture(self) -> tuple[object, ...]:
        """Return where all threads and tasks are, to compare: equal as long as none has moved."""
        seen: list[object] = []
        for ident, frame in self._threads():
            loop = _waiting_loop(frame)
            if loop is not None:
                seen += sorted(_ends(loop))
            else:
                seen.append((ident, id(frame), frame.f_lasti))
        return tuple(seen)

    def blocked(self) -> Iterator[Blocked]:
        """Yield the calls of own code that everything waits in; none while the network is."""
        calls: list[Blocked] = []
        for _, frame in self._threads():
            loop = _waiting_loop(frame)
            if loop is not None:
                for chain in map(chain_of, tasks_of(loop)):
                    if is_in_library(chain, self._own):
                        return
                    calls += _calls(self._own, reversed(chain))
            elif any(module_of(each) in _NETWORK for each in stack(frame)):
                return
            else:
                calls += _calls(self._own, stack(frame))
        yield from calls


def _ends(loop: Loop) -> Iterator[tuple[int, int]]:
    for task in tasks_of(loop):
        *_, last = chain_of(task)
        yield id(last), last.f_lasti


def _calls(own: OwnCode, frames: "Iterator[FrameType]") -> Iterator[Blocked]:
    frame = next((each for each in frames if own.has(each)), None)
    if frame is not None:
        yield Blocked(frame.f_code.co_filename, frame.f_lineno)


def _waits_for_thread(frame: FrameType) -> bool:
    """Whether a thread waits for another one, and that has not yet let it go on.

    One that starts another is not meant: the new one cannot be seen until it runs.
    """
    inside = [each for each in stack(frame) if module_of(each) == "threading"]
    if not any(each.f_code.co_name == "start" for each in inside):
        for each in inside:
            if each.f_code.co_name == "wait" and "waiter" in each.f_locals:
                # Released and taken again, the lock alone does not tell: it may want to run.
                waiter, condition = each.f_locals["waiter"], each.f_locals["self"]
                return waiter.locked() and waiter in condition._waiters  # noqa: SLF001 - no other way
            if each.f_code.co_name == "join":
                return each.f_locals["self"].ident in sys._current_frames()  # noqa: SLF001 - documented
    return False


def _is_about_to_work(frame: FrameType) -> bool:
    """Whether a thread has not yet come to what it is for, or an executor's to what it is given."""
    for each in stack(frame):
        if module_of(each) == "concurrent.futures.thread" and "work_queue" in each.f_locals:
            is_given = each.f_locals.get("work_item") is not None
            return is_given or not each.f_locals["work_queue"].empty()
    is_beginning = all(module_of(each) == "threading" for each in stack(frame))
    return is_beginning and not _waits_for_thread(frame)


def loop_of(frame: FrameType) -> Loop | None:
    """Return the event loop that a thread runs; None when it runs none."""
    for each in stack(frame):
        if each.f_code.co_name == "run_forever" and module_of(each) == "asyncio.base_events":
            loop: Loop = each.f_locals["self"]
            return loop
    return None


def _waiting_loop(frame: FrameType) -> Loop | None:
    """Return the event loop in which a thread waits for anything to come; None elsewhere."""
    return loop_of(frame) if package_of(frame) == "selectors" else None


def tasks_of(loop: Loop) -> set["asyncio.Task[Any]"]:
    """Return the tasks of a loop that are not done."""
    return asyncio.all_tasks(loop)


def chain_of(task: "asyncio.Task[Any]") -> Chain:
    """Return the frames of a task, as far as they can be seen."""
    frames = []
    awaited: Any = task.get_coro()
    while (found := _looked_into(awaited)) is not None:
        frame, awaited = found
        frames.append(frame)
    return tuple(frames)


def _looked_into(awaited: object) -> tuple[FrameType, Any] | None:
    """Return the frame of something that is awaited, and what it awaits itself.

    What ``__await__`` and asynchronous generators hand out hides the frame; it refers to it.
    """
    for each in (awaited, *gc.get_referents(awaited)):
        for kind, inner in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            frame = getattr(each, f"{kind}_frame", None)
            if frame is not None:
                return frame, getattr(each, inner)
    return None


def is_in_library(chain: Chain, own: OwnCode) -> bool:
    """Whether a task waits in code that is neither own nor made for waiting for other tasks."""
    for frame in reversed(chain):
        if own.has(frame):
            return False
        if not _waits_for_task(frame):
            return True
    return False


def _waits_for_task(frame: FrameType) -> bool:
    """Whether a frame does nothing but wait for other tasks, or for time."""
    if module_of(frame) == "anyio._backends._asyncio":
        return frame.f_code.co_qualname.startswith(_WAIT_FOR_TASKS_IN_ANYIO)
    return module_of(frame) in _WAIT_FOR_TASKS or package_of(frame) == "simulator"
