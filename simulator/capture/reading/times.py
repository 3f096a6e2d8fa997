"""Points in time as logs, terminals and names of files write them."""

import re
from calendar import timegm
from email.utils import parsedate_tz
from typing import Final

from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant, parse_rfc3339

_ISO: Final = re.compile(
    r"(?<!\d)(\d{4})[-_]?(\d\d)[-_]?(\d\d)[T _-]+(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[.,](\d{1,9}))?"
    r"[ ]?(Z|UTC|GMT|[+-]\d\d:?\d\d)?(?!\d)",
    re.ASCII,
)
"""``2019-03-18T23:06:41.8Z``, ``2019-03-18 23:06:41``, ``20190318-230641`` and between."""

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_NAMED: Final = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,?\s+(?:(\d{{1,2}})\s+)?({'|'.join(_MONTHS)})\w*\s+"
    r"(?:(\d{1,2})\s+)?(?:(\d{4})\s+)?(\d\d):(\d\d):(\d\d)(?:\s+(AM|PM))?(?:\s+([A-Z]{2,5}|[+-]\d{4}))?"
    r"(?:\s+(\d{4}))?",
    re.ASCII,
)
"""What ``date`` and ``watch`` print: ``Mon Mar 18 23:06:41 UTC 2019`` and its relatives."""

_EPOCH: Final = re.compile(r"(?<![\d.])(1\d{9})(\d{3})?(?:\.(\d{1,9}))?(?!\d)", re.ASCII)
"""Seconds, or milliseconds, since 1970; from 2001 to 2033."""


def time_in_text(text: str) -> Instant | None:
    """Return the first point in time that a text names; taken for UTC where it names no zone."""
    match = _ISO.search(text)
    if match:
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        if zone in {None, "UTC", "GMT", "Z"}:
            zone = "Z"
        elif ":" not in zone:
            zone = f"{zone[:3]}:{zone[3:]}"
        written = f"{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction or '0'}{zone}"
        try:
            return parse_rfc3339(written)
        except ValueError:
            return None
    return _named(text)


def time_in_line(line: str) -> Instant | None:
    """Return the time that a line of a log names, also as a bare number of seconds."""
    return time_in_text(line) or _epoch(line)


def time_in_name(name: str) -> Instant | None:
    """Return the time that a file's name holds."""
    return time_in_text(name) or _epoch(name)


def http_date(text: str) -> Instant | None:
    """Return the time of a ``Date`` header."""
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    seconds = timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0)
    return Instant(seconds * NANOSECONDS_PER_SECOND)


def go_time(text: str) -> str:
    """Return a time as ``dcos backup list`` prints it in the form of the API; others unchanged.

    ``2019-03-18 23:06:41.836197172 +0000 UTC`` becomes ``2019-03-18T23:06:41.836197172Z``.
    """
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d\d)(\d\d)(?: \S+)?", text.strip()
    )
    if match is None:
        return text.strip()
    zone = "Z" if (match[3][1:], match[4]) == ("00", "00") else f"{match[3]}:{match[4]}"
    return f"{match[1]}T{match[2]}{zone}"


def _named(text: str) -> Instant | None:
    match = _NAMED.search(text)
    if match is None:
        return None
    day = match[1] or match[3]
    year = match[4] or match[10]
    if not day or not year:
        return None
    hour = int(match[5]) % 12 + (12 if match[8] == "PM" else 0) if match[8] else int(match[5])
    zone = match[9] if match[9] and match[9][0] in "+-" else "+0000"
    month = _MONTHS.index(match[2]) + 1
    written = (
        f"{year}-{month:02}-{int(day):02}T{hour:02}:{match[6]}:{match[7]}{zone[:3]}:{zone[3:]}"
    )
    try:
        return parse_rfc3339(written)
    except ValueError:
        return None


def _epoch(text: str) -> Instant | None:
    match = _EPOCH.search(text)
    if match is None:
        return None
    fraction = match[2] or match[3] or ""
    return Instant(int(match[1]) * NANOSECONDS_PER_SECOND + int(fraction.ljust(9, "0")))
