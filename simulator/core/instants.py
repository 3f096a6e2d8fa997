"""Points and spans of cluster time, in whole nanoseconds.

The wire carries nine fractional digits, so every value is an integer: no float ever holds a time.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType

Instant = NewType("Instant", int)
"""A point in time: nanoseconds since 1970-01-01T00:00:00Z."""

Duration = NewType("Duration", int)
"""A span of time in nanoseconds, never negative."""

ZERO: Final = Duration(0)
NANOSECONDS_PER_SECOND: Final = 1_000_000_000

_UNITS: Final = {
    "d": 86_400 * NANOSECONDS_PER_SECOND,
    "h": 3_600 * NANOSECONDS_PER_SECOND,
    "m": 60 * NANOSECONDS_PER_SECOND,
    "s": NANOSECONDS_PER_SECOND,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
LONGEST: Final = Duration(36_500 * _UNITS["d"])
"""A hundred years: no duration is longer, so every time that can be reached can be written."""

_PART: Final = re.compile(r"(\d{1,18})(?:\.(\d{1,9}))?(ms|us|ns|d|h|m|s)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:[0-5]\d)", re.ASCII
)


def after(instant: Instant, duration: Duration) -> Instant:
    """Return the instant that lies ``duration`` later."""
    return Instant(instant + duration)


def elapsed(start: Instant, end: Instant) -> Duration:
    """Return the span from ``start`` to ``end``; ``end`` must not lie before ``start``."""
    assert end >= start, f"time runs forward only: {end} is before {start}"
    return Duration(end - start)


def parse_duration(text: str) -> Duration:
    """Read a duration such as ``90s``, ``1m30s``, ``1.5h`` or ``250ms``.

    Units are ``d h m s ms us ns``, largest first, each at most once; less than 1 ns is cut off.

    Raises:
        ValueError: with one sentence that says what was found and how to write it.
    """
    total, position, smallest = 0, 0, None
    for part in _PART.finditer(text):
        unit = _UNITS[part[3]]
        if part.start() != position or (smallest is not None and unit >= smallest):
            break
        fraction = (part[2] or "").ljust(9, "0")
        total += int(part[1]) * unit + int(fraction) * unit // NANOSECONDS_PER_SECOND
        position, smallest = part.end(), unit
    if position != len(text) or smallest is None:
        raise ValueError(f"{text!r} is not a duration; write one like 90s, 1m30s, 2h or 250ms")
    if total > LONGEST:
        raise ValueError(f"{text!r} is too long; the longest duration is {duration_text(LONGEST)}")
    return Duration(total)


def duration_text(duration: Duration) -> str:
    """Write a duration the way scenario files do: ``1m30s``, ``250ms``, ``0s``."""
    if duration == 0:
        return "0s"
    rest, parts = int(duration), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def rfc3339(instant: Instant) -> str:
    """Write an instant as the service does: UTC, trailing zeros of the fraction dropped.

    Source: the documented examples carry nine and eight digits (docs, backup-restore.yaml and
    dcos-backup-show). That a whole second has no fraction at all is inferred from Go's
    RFC3339Nano layout.
    """
    seconds, nanoseconds = divmod(instant, NANOSECONDS_PER_SECOND)
    whole = _whole_seconds(seconds)
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{whole}{fraction}Z"


@lru_cache(maxsize=256)
def _whole_seconds(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()


def parse_rfc3339(text: str) -> Instant:
    """Read an RFC 3339 timestamp with up to nine fractional digits.

    Raises:
        ValueError: with one sentence that says what was found and how to write it.
    """
    match = _RFC3339.fullmatch(text)
    hint = f"{text!r} is not a timestamp; write one like 2019-03-18T23:16:33.265478871Z"
    if match is None:
        raise ValueError(hint)
    offset = "+00:00" if match[4] in "Zz" else match[4]
    try:
        whole = datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}")
    except ValueError as error:
        raise ValueError(f"{hint} ({error})") from None
    seconds = (whole - _EPOCH) // timedelta(seconds=1)
    return Instant(seconds * NANOSECONDS_PER_SECOND + int((match[3] or "").ljust(9, "0")))
