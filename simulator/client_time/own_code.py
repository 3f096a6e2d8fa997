"""Whose code it is that sleeps: the client's own, or that of a library."""

import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, final

SLEEP_FOR_OTHERS: Final = frozenset(
    {"anyio", "backoff", "functools", "retry", "retrying", "sched", "stamina", "tenacity"}
)
"""Packages that sleep because whoever called them wants to: that is looked at instead."""

BUNDLED: Final = "bundled_scenarios"
"""The folder of scenarios that come with the simulator: the clients in them are clients."""

_HAND_OVER: Final = frozenset({"threading.Thread.run", "concurrent.futures.thread._WorkItem.run"})
"""What calls a function that a thread or an executor was given, such as ``time.sleep`` itself."""

_BEGIN_TASKS: Final = frozenset({"asyncio.events.Handle._run"})
"""What goes on with a task: nobody else called its coroutine."""

_INSTALLED: Final = ("site-packages", "dist-packages")

_OTHERS: Final = (
    Path(sysconfig.get_path("stdlib")),
    Path(sysconfig.get_path("platstdlib")),
    Path(__file__).parents[1],
)
"""Folders of the standard library, and the simulator's own."""


@final
class OwnCode:
    """Tells the client's own code from others.

    Own is what is neither installed nor of the standard library, nor the simulator itself: the
    project's code and its tests. Packages that are named are own, too, wherever they are.

    Args:
        packages: names of packages or modules.
    """

    def __init__(self, packages: Sequence[str] = ()) -> None:
        self._packages = tuple(packages)
        self._known: dict[tuple[str, str], bool] = {}

    def has(self, frame: FrameType) -> bool:
        """Whether a frame runs own code."""
        return self.is_own(module_of(frame), frame.f_code.co_filename)

    def calls(self, frame: FrameType | None) -> bool:
        """Whether own code makes a call, or had it made: the frame is the caller's."""
        is_for_others = False
        while frame is not None and package_of(frame) in SLEEP_FOR_OTHERS:
            is_for_others = True
            frame = frame.f_back
        if frame is None:
            return is_for_others
        if self.has(frame):
            return True
        name = f"{module_of(frame)}.{frame.f_code.co_qualname}"
        return name in _HAND_OVER or (is_for_others and name in _BEGIN_TASKS)

    def innermost(self, frame: FrameType | None) -> FrameType | None:
        """Return the own frame nearest to where a thread is; None when none of it is own."""
        return next((each for each in stack(frame) if self.has(each)), None)

    def is_own(self, module: str, file: str) -> bool:
        """Whether a module with this name and file is own."""
        known = self._known.get((module, file))
        if known is None:
            known = self._known[module, file] = self._decide(module, file)
        return known

    def may_call(self, module: str, file: str) -> bool:
        """Whether calls of a module can be own: it is, or it sleeps for others."""
        return module.partition(".")[0] in SLEEP_FOR_OTHERS or self.is_own(module, file)

    def _decide(self, module: str, file: str) -> bool:
        if any(module == name or module.startswith(f"{name}.") for name in self._packages):
            return True
        path = Path(file)
        if BUNDLED in path.parts:
            return True
        is_installed = any(folder in path.parts for folder in _INSTALLED)
        is_others = file.startswith("<frozen") or any(map(path.is_relative_to, _OTHERS))
        return not is_installed and not is_others


def stack(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield a frame and those that called it, the innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def module_of(frame: FrameType) -> str:
    """Return the name of the module that a frame runs."""
    return str(frame.f_globals.get("__name__", ""))


def package_of(frame: FrameType) -> str:
    """Return the name of the package, without what is below it."""
    return module_of(frame).partition(".")[0]
