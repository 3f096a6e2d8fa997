"""The functions that sleep: what stands in their place while autojump is on, for own code only.

For everybody else they do what they always did, at the cost of a look at the caller.
"""

import asyncio
import inspect
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context, copy_context
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, final
from unittest.mock import patch

from simulator.client_time.doing import Loop
from simulator.client_time.jumping import Jumping
from simulator.clock import RealTime

if TYPE_CHECKING:
    from simulator.client_time.sleepers import Sleeper

Result = TypeVar("Result")

LONGEST_SECONDS: Final = 3e9
"""Whoever sleeps for longer sleeps for ever, in real time."""


class AutojumpError(Exception):
    """Autojump cannot begin; the message says why."""


@final
class _On:
    jumping: ClassVar[Jumping | None] = None
    """What is on: a process has one client at a time."""
    calling: ClassVar[set[int]] = set()
    """Threads in which something runs that own code had called later: all of it is own."""


@contextmanager
def covering(jumping: Jumping) -> Iterator[None]:
    """Put our functions in the place of those that sleep, also where own code imported them.

    Raises:
        AutojumpError: when they are there already.
    """
    if _On.jumping is not None:
        raise AutojumpError("autojump is on already; give all clusters to one: a.autojump(b)")
    ours = {id(getattr(owner, name)): cover for owner, name, cover in _COVERED}
    with ExitStack() as stack:
        stack.callback(setattr, _On, "jumping", None)
        _On.jumping = jumping
        for owner, name, cover in _COVERED:
            stack.enter_context(patch.object(owner, name, cover))
        for name, module in tuple(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if jumping.own.may_call(name, str(file or "<frozen")):
                for attribute, value in tuple(vars(module).items()):
                    if id(value) in ours:
                        stack.enter_context(patch.object(module, attribute, ours[id(value)]))
        yield


def _present() -> Jumping | None:
    """Return what is on for whoever called our function; None where real time is meant."""
    jumping = _On.jumping
    if jumping is None or threading.current_thread() in jumping.doing.others:
        return None
    if threading.get_ident() in _On.calling:
        return jumping
    here = inspect.currentframe()
    called = here.f_back if here else None
    return jumping if called and jumping.own.calls(called.f_back) else None


def _lasts(seconds: object) -> bool:
    """Whether a time is one to jump; anything else is left to the real function to refuse."""
    return isinstance(seconds, (int, float)) and 0 < seconds < LONGEST_SECONDS


# --- what is covered -----------------------------------------------------------------------------

_REAL_SLEEP: Final = time.sleep  # noqa: TID251 - for those who are not the client
_REAL_WAIT: Final = threading.Event.wait
_REAL_ASYNC_SLEEP: Final = asyncio.sleep  # noqa: TID251 - for those who are not the client
_REAL_WAIT_FOR: Final = asyncio.wait_for
_REAL_TIMEOUT: Final = asyncio.timeout
_REAL_TIMEOUT_AT: Final = asyncio.timeout_at
_REAL_CALL_LATER: Final = asyncio.BaseEventLoop.call_later
_REAL_CALL_AT: Final = asyncio.BaseEventLoop.call_at


def _sleep(seconds: float, /) -> None:
    jumping = _present()
    if jumping and _lasts(seconds):
        jumping.sleep(seconds)
    else:
        _REAL_SLEEP(seconds)


def _wait(event: threading.Event, timeout: float | None = None) -> bool:
    jumping = _present()
    if jumping and timeout is not None and _lasts(timeout):
        return jumping.sleep(timeout, event.is_set)
    return _REAL_WAIT(event, timeout)


def _async_sleep(delay: float, result: Any = None) -> Awaitable[Any]:  # noqa: ANN401 - as asyncio's
    jumping = _present()
    if jumping and _lasts(delay):
        return _napped(jumping, delay, result)
    return _REAL_ASYNC_SLEEP(delay, result)


async def _napped(jumping: Jumping, delay: float, result: Result) -> Result:
    await jumping.nap(delay)
    return result


def _wait_for(fut: Awaitable[Result], timeout: float | None) -> Awaitable[Result]:
    jumping = _present()
    if jumping and timeout is not None and _lasts(timeout):
        return _awaited(jumping, fut, timeout)
    return _REAL_WAIT_FOR(fut, timeout)


async def _awaited(jumping: Jumping, awaitable: Awaitable[Result], seconds: float) -> Result:
    async with _Timeout(jumping, seconds):
        return await awaitable


class _Timeout(asyncio.Timeout):  # type: ignore[misc] # final, for others than asyncio itself
    """A timeout that ends when cluster time has passed; told and moved in the client's time."""

    def __init__(self, jumping: Jumping, seconds: float | None) -> None:
        super().__init__(None if seconds is None else _own_time(jumping) + seconds)
        self._jumping = jumping
        self._seconds = seconds
        self._call: Sleeper | None = None

    def reschedule(self, when: float | None) -> None:
        """Let it end at another time; also called when it begins."""
        super().reschedule(None)
        self._disarm()
        self._when = when
        exactly, self._seconds = self._seconds, None  # real time has passed since, a little
        if when is not None:
            seconds = exactly or max(when - _own_time(self._jumping), 0)
            loop, end = asyncio.get_running_loop(), super().reschedule
            self._call = self._jumping.call_later(loop, seconds, lambda: end(RealTime.monotonic()))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._disarm()
        await super().__aexit__(kind, error, traceback)

    def _disarm(self) -> None:
        if self._call is not None:
            self._jumping.cancel(self._call)
            self._call = None


def _timeout(delay: float | None) -> asyncio.Timeout:
    jumping = _present()
    if jumping and (delay is None or _lasts(delay)):
        return _Timeout(jumping, delay)
    return _REAL_TIMEOUT(delay)


def _timeout_at(when: float | None) -> asyncio.Timeout:
    jumping = _present()
    if jumping is None or when is None:
        return _REAL_TIMEOUT_AT(when)
    delay = when - _own_time(jumping)
    return _Timeout(jumping, delay) if _lasts(delay) else _REAL_TIMEOUT(delay)


def _own_time(jumping: Jumping) -> float:
    """Return the time of a loop as the client sees it: with what has passed on the cluster."""
    return RealTime.monotonic() + jumping.passed


def _time(_: asyncio.BaseEventLoop) -> float:
    jumping = _present()
    return _own_time(jumping) if jumping else RealTime.monotonic()  # also while that is frozen


def _call_later(
    loop: Any,  # noqa: ANN401 - any loop of asyncio's
    delay: float,
    callback: Callable[..., object],
    *args: Any,  # noqa: ANN401 - as asyncio has it
    context: Context | None = None,
) -> asyncio.TimerHandle:
    jumping = _present()
    if not jumping or not _lasts(delay):
        return _REAL_CALL_LATER(loop, delay, callback, *args, context=context)
    return _called_later(jumping, loop, delay, callback, args, context)


def _called_later(
    jumping: Jumping,
    loop: Loop,
    delay: float,
    callback: Callable[..., object],
    args: tuple[Any, ...],
    context: Context | None,
) -> asyncio.TimerHandle:
    context = context or copy_context()
    handle = _Handle(_own_time(jumping) + delay, callback, args, loop, context)

    def call() -> None:
        loop.call_soon(_as_own, callback, args, context=context)

    handle.give_up = partial(jumping.cancel, jumping.call_later(loop, delay, call))
    return handle


class _Handle(asyncio.TimerHandle):
    """A call to come in cluster time; one that is cancelled wakes nobody."""

    give_up: Callable[[], None]

    def cancel(self) -> None:
        super().cancel()
        self.give_up()


def _as_own(callback: Callable[..., object], args: tuple[Any, ...]) -> None:
    _On.calling.add(threading.get_ident())
    try:
        callback(*args)
    finally:
        _On.calling.discard(threading.get_ident())


def _call_at(
    loop: Any,  # noqa: ANN401 - any loop of asyncio's
    when: float,
    callback: Callable[..., object],
    *args: Any,  # noqa: ANN401 - as asyncio has it
    context: Context | None = None,
) -> asyncio.TimerHandle:
    jumping = _present()
    if not jumping:
        return _REAL_CALL_AT(loop, when, callback, *args, context=context)
    delay = when - _own_time(jumping)
    if not _lasts(delay):
        return _REAL_CALL_LATER(loop, delay, callback, *args, context=context)
    return _called_later(jumping, loop, delay, callback, args, context)


_COVERED: Final = (
    (time, "sleep", _sleep),
    (threading.Event, "wait", _wait),
    (asyncio, "sleep", _async_sleep),
    (asyncio, "wait_for", _wait_for),
    (asyncio, "timeout", _timeout),
    (asyncio, "timeout_at", _timeout_at),
    (asyncio.BaseEventLoop, "time", _time),
    (asyncio.BaseEventLoop, "call_later", _call_later),
    (asyncio.BaseEventLoop, "call_at", _call_at),
)
