"""Warns of client code that really waits where its sleeping should have passed at once."""

import linecache
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from simulator.client_time.doing import LONG_SECONDS, Blocked, Doing

LOOK_SECONDS: Final = 0.1
LOOKS: Final = int(LONG_SECONDS / LOOK_SECONDS) + 1
"""So often in a row nothing has moved: then it blocks, however slow the machine is."""

_REAL_WAIT: Final = threading.Event.wait


class AutojumpWarning(UserWarning):
    """Client code waits in real time, in a call that autojump does not cover."""


@contextmanager
def watched(doing: Doing) -> Iterator[None]:
    """Warn of each call that holds everything up for more than a second of real time.

    Raises:
        AutojumpWarning: at the end, where warnings are errors.
    """
    ended = threading.Event()
    errors: list[Warning] = []

    def watch() -> None:
        seen: tuple[object, ...] = ()
        looks = 0
        told: set[Blocked] = set()
        while not _REAL_WAIT(ended, LOOK_SECONDS):
            picture = doing.picture()
            looks = looks + 1 if picture and picture == seen else 0
            seen = picture
            if looks == LOOKS:
                errors.extend(_warn_of(set(doing.blocked()) - told))
                told.update(doing.blocked())

    thread = threading.Thread(target=watch, name="dcos-sim autojump", daemon=True)
    doing.others.add(thread)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if errors:
        raise errors[0]


def _warn_of(calls: set[Blocked]) -> Iterator[Warning]:
    """Warn; yield those warnings that are errors here."""
    for call in sorted(calls):
        line = linecache.getline(call.file, call.line).strip()
        where = f"{Path(call.file).name}:{call.line}"
        text = (
            f"{where} waits for more than a second of real time: {line}\n"
            "autojump covers time.sleep, threading.Event.wait, asyncio.sleep, wait_for and "
            "timeout, where own code calls them by these names; packages=… says what else is own"
        )
        try:
            warnings.warn_explicit(text, AutojumpWarning, call.file, call.line)
        except AutojumpWarning as error:
            yield error
