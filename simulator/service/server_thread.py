"""The event loop that every fake cluster of the process is served from."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar, final

from simulator.clock import RealTime

Result = TypeVar("Result")


class _ImmuneLoop(asyncio.SelectorEventLoop):
    """A loop whose time a test cannot freeze: freezegun would make it wait for ever."""

    _monotonic: Final = staticmethod(RealTime.monotonic)

    def time(self) -> float:
        return self._monotonic()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - an optional extra
    except ImportError:
        return _ImmuneLoop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@final
class ServerThread:
    """A daemon thread with an event loop of its own.

    Whatever a test does to its own loop, or however long it blocks, clusters go on answering.
    """

    _shared: "ServerThread | None" = None
    _sharing: Final = threading.Lock()

    def __init__(self) -> None:
        self.loop: Final = _new_loop()
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="dcos-sim server", daemon=True
        )
        self._thread.start()

    @classmethod
    def shared(cls) -> "ServerThread":
        """Return the thread of this process; started at first use."""
        with cls._sharing:
            if cls._shared is None or not cls._shared._thread.is_alive():  # noqa: SLF001 - own class
                cls._shared = cls()
            return cls._shared

    def begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start a coroutine on the loop without waiting for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and wait for its result; not to be called from the loop."""
        return self.begin(work).result()
