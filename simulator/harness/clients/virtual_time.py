"""Virtual time for the processes of a client: the cluster's dates, and sleep on its clock.

libfaketime is loaded into a process and all that it starts, by ``LD_PRELOAD``, with no wrapper
around it. What the process asks of time it then reckons from a page of shared memory that holds the
real instant at which its time began. The harness makes that page itself, and a semaphore that
belongs to it: so it knows the instant, every process of the tree has the same one, and a process
that is killed at any moment leaves nothing that the others wait for.

``FAKETIME_DONT_FAKE_MONOTONIC`` is never set: clients measure their limits with that clock.
"""

import ctypes
import os
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from simulator.clock import Clock
from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant
from simulator.core.time_policies import Rate
from simulator.harness.clients.guardian import guardian
from simulator.harness.ports import ClientError

NOT_INSTALLED: Final = "libfaketime is not installed (Debian: apt install faketime)"

LINUX_ONLY: Final = "virtual time is for Linux only"

LIBRARY_VARIABLE: Final = "LIBFAKETIME"
"""Names the library where it stands in no usual place."""

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps it

_PLACES: Final = (
    "usr/lib/*-linux-gnu*/faketime",
    "usr/lib64/faketime",
    "usr/lib/faketime",
    "usr/lib64/libfaketime",
    "usr/lib*",
    "usr/local/lib*/faketime",
    "usr/local/lib*",
)

_ENTERABLE: Final = 1 << 20
"""How many processes may hold the semaphore: it guards a page that nobody writes to."""

_PAGE_BYTES: Final = 4096

_NEAR_NS: Final = 20_000
"""How far apart the clocks may be read; a machine that is busy gets a few tries."""

_TRIES: Final = 5


def find_library() -> Path | None:
    """Return the path of libfaketime: what the variable names, or that of this machine's kind."""
    if sys.platform != "linux":
        return None
    if named := os.environ.get(LIBRARY_VARIABLE):
        return Path(named) if Path(named).is_file() else None
    found = [
        library
        for place in _PLACES
        for library in sorted(Path("/").glob(f"{place}/libfaketime.so.1"))
    ]
    machine = os.uname().machine
    return min(found, key=lambda library: machine not in str(library), default=None)


@final
@dataclass(frozen=True, slots=True)
class VirtualTime:
    """Gives processes the time of one cluster."""

    library: Path
    clock: Clock

    def begin(self, name: str) -> "SharedStart":
        """Let the time of a process begin now, at the cluster's date.

        Args:
            name: unique on this machine, without a space or slash.

        Raises:
            ClientError: when this machine gives no shared memory.
        """
        try:
            return SharedStart(name, self)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ClientError(f"cannot make virtual time in {SHARED_MEMORY}: {why}") from None


@final
class SharedStart:
    """Where the time of one tree of processes began: a page of shared memory and its semaphore.

    A date in the tree is ``start`` and what has really passed since, times ``rate``.
    """

    def __init__(self, name: str, time_of: VirtualTime) -> None:
        self._library = time_of.library
        self._semaphore, self._page = f"/faketime_sem_{name}", f"/faketime_shm_{name}"
        self._files = [
            SHARED_MEMORY / f"sem.{self._semaphore[1:]}",
            SHARED_MEMORY / self._page[1:],
            SHARED_MEMORY / f"faketime_lock_{name}",  # of libfaketime 0.9.11 and later
        ]
        for file in self._files:
            guardian().watch(str(file))
        policy = time_of.clock.policy
        self.rate: Final = policy.factor if isinstance(policy, Rate) else 1.0
        try:
            _make_semaphore(self._semaphore)
            page, self.start = _page_of_now(time_of.clock)
            for file, content in zip(self._files[1:], (page, b""), strict=True):
                _make_file(file, content)
        except OSError:
            self.close()
            raise

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which a process has this time."""
        seconds, nanoseconds = divmod(self.start, NANOSECONDS_PER_SECOND)
        loaded = (base.get("LD_PRELOAD"), str(self._library))
        return {
            **{name: text for name, text in base.items() if not _is_of_faketime(name)},
            "LD_PRELOAD": ":".join(filter(None, loaded)),
            "FAKETIME": f"@{seconds}.{nanoseconds:09d} x{self.rate:.9f}",
            "FAKETIME_FMT": "%s",
            "FAKETIME_DONT_RESET": "1",
            "FAKETIME_SHARED": f"{self._semaphore} {self._page}",
            "FAKETIME_CACHE_DURATION": "1000000000",
            "NO_FAKE_STAT": "1",
        }

    def close(self) -> None:
        """Remove the page and the semaphore; processes that have them go on."""
        for file in self._files:
            with suppress(FileNotFoundError):
                file.unlink()
            guardian().forget(str(file))


def _is_of_faketime(name: str) -> bool:
    return name.startswith(("FAKETIME", "FAKERANDOM")) or name in {
        "DONT_FAKE_MONOTONIC",
        "FAKE_UTIME",
        "NO_FAKE_STAT",
    }


def _make_semaphore(name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sem_open.restype = ctypes.c_void_p
    made = libc.sem_open(
        name.encode(), os.O_CREAT | os.O_EXCL, ctypes.c_uint(0o600), ctypes.c_uint(_ENTERABLE)
    )
    if not made:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    libc.sem_close(ctypes.c_void_p(made))


def _make_file(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        if content:
            os.ftruncate(descriptor, _PAGE_BYTES)
            os.pwrite(descriptor, content, 0)
    finally:
        os.close(descriptor)


def _page_of_now(clock: Clock) -> tuple[bytes, Instant]:
    """Return what libfaketime keeps of the moment when time begins, and the cluster's date then.

    Its four clocks are read as close together as possible: what they are apart, dates are, too.
    """
    read = time.clock_gettime_ns
    for _ in range(_TRIES):
        monotonic = read(time.CLOCK_MONOTONIC)
        now = clock.now
        others = read(time.CLOCK_REALTIME), read(time.CLOCK_MONOTONIC_RAW), read(_SINCE_BOOT)
        if read(time.CLOCK_MONOTONIC) - monotonic < _NEAR_NS:
            break
    starts = (others[0], monotonic, *others[1:])
    ticks, line = 0, 0  # of ways to fake that are not used here
    spans = [part for start in starts for part in divmod(start, NANOSECONDS_PER_SECOND)]
    return struct.pack("=QQ8q", ticks, line, *spans), now


_SINCE_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", 0)
"""Of Linux only."""
