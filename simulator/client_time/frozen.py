"""Lets Python code in this process see cluster time, with freezegun.

Known traps of freezegun, and what is done about them here:

- Event loops would stand still: they keep real time, also inside a ``freeze_time`` of the user's.
- ``subprocess`` would forget its timeouts: it keeps real time, too.
- pytest's own durations would be wrong: they are left out.
- Libraries that are first used while time is frozen can stay broken afterwards: those that are
  known for it are used before.
- A naive local time would be UTC: it follows a ``zone`` where one is named, summer time included.
- ``datetime.now(tz)`` would be wrong beside such a zone, and an hour early in the hour that comes
  twice when summer time ends: it is right.
"""

import asyncio
import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Final
from unittest.mock import patch
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import freezegun
import freezegun.api

from simulator.clock import NANOSECONDS_PER_MICROSECOND, Clock, RealTime, as_datetime
from simulator.core.instants import Instant, parse_duration

freezegun.configure(extend_ignore_list=["_pytest.timing"])  # or pytest's own durations are wrong

_KEEPS_REAL_TIME: Final = ["subprocess"]


class ZoneError(ValueError):
    """A time zone that is not known here; the message says what to do."""


@contextmanager
def frozen_to(clock: Clock, *, skew: str = "0s", zone: str = "UTC") -> Iterator[None]:
    """Let ``datetime.now()``, ``time.time()``, ``time.monotonic()`` follow a cluster's clock.

    Event loops keep real time, so that timeouts of HTTP clients still work; clusters are served
    from a thread that freezing does not reach. A process has one time: follow one clock at once.

    Args:
        clock: the cluster's.
        skew: how far the client's clock goes wrong: ``"5m"`` ahead, ``"-5m"`` behind.
        zone: what local time is, such as ``"Europe/Berlin"``; it matters to naive dates only.

    Raises:
        ValueError: when ``skew`` is no duration.
        ZoneError: when there is no such time zone here.
    """
    offset = _skew(skew)
    local = _zone(zone)
    if not freezegun.api.freeze_factories:  # in a freeze of the user's it is too late for that
        _use_before()

    def seen(now: Instant) -> datetime:
        return as_datetime(now) + offset

    def tz_offset(at: datetime) -> timedelta:
        return at.astimezone(local).utcoffset() or timedelta()

    first = seen(clock.now)
    with ExitStack() as stack:
        stack.enter_context(_real_time_for_loops())
        frozen = stack.enter_context(
            freezegun.freeze_time(first, tz_offset=tz_offset(first), ignore=_KEEPS_REAL_TIME)
        )
        place = len(freezegun.api.tz_offsets) - 1
        stack.enter_context(_right_aware_now(place))

        def move(now: Instant) -> None:
            at = seen(now)
            frozen.move_to(at)
            freezegun.api.tz_offsets[place] = tz_offset(at)  # summer time may begin or end

        stack.callback(clock.follow(move))
        move(clock.now)
        yield


@contextmanager
def _real_time_for_loops() -> Iterator[None]:
    def time(_: asyncio.BaseEventLoop) -> float:
        return RealTime.monotonic()

    with patch.object(asyncio.BaseEventLoop, "time", time):
        yield


@contextmanager
def _right_aware_now(place: int) -> Iterator[None]:
    """Let ``datetime.now(tz)`` be right, as long as the freeze at this place is the innermost."""
    fake = freezegun.api.FakeDatetime
    own = fake.now

    def now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
        if tz is None or len(freezegun.api.tz_offsets) - 1 != place:
            return own(tz)
        at = freezegun.api.get_current_time().replace(tzinfo=UTC).astimezone(tz)
        return cls(*at.timetuple()[:6], at.microsecond, tz, fold=at.fold)

    with patch.object(fake, "now", classmethod(now)):
        yield


def _skew(text: str) -> timedelta:
    is_behind = text.startswith("-")
    try:
        microseconds = parse_duration(text.removeprefix("-")) // NANOSECONDS_PER_MICROSECOND
    except ValueError:
        raise ValueError(f"{text!r} is not a duration; write one like 5m or -5m") from None
    return timedelta(microseconds=-microseconds if is_behind else microseconds)


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneError(
            f"there is no time zone {name!r} here; write one like Europe/Berlin, "
            "and where the system has none at all, install the package tzdata"
        ) from None


@cache
def _use_before() -> None:
    """Use libraries that would keep the frozen ``datetime`` for good if this were their first use.

    PyYAML looks at types when it is imported, pydantic when it makes the first model, cryptography
    when it is first given a date.
    """
    import yaml  # noqa: F401, PLC0415 - imported for its effect, and late like the others
    from pydantic import create_model  # noqa: PLC0415 - heavy, and most tests freeze nothing

    create_model("Used", at=(datetime, ...))
    if importlib.util.find_spec("cryptography"):
        x509 = importlib.import_module("cryptography.x509")
        x509.CertificateBuilder().not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
