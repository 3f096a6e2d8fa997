"""Points in time as logs, terminals and names of files write them."""

import re
from calendar import timegm
from collections.abc import Iterable
from email.utils import parsedate_tz
from typing import Final

from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant, parse_rfc3339, rfc3339

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
_MONTH: Final = "|".join(_MONTHS)

_ZONES: Final = {
    "Z": "+0000",
    "UTC": "+0000",
    "GMT": "+0000",
    "BST": "+0100",
    "WEST": "+0100",
    "CET": "+0100",
    "CEST": "+0200",
    "EET": "+0200",
    "EEST": "+0300",
    "MSK": "+0300",
    "IST": "+0530",
    "JST": "+0900",
    "AEST": "+1000",
    "AEDT": "+1100",
    "EST": "-0500",
    "EDT": "-0400",
    "CST": "-0600",
    "CDT": "-0500",
    "MST": "-0700",
    "MDT": "-0600",
    "PST": "-0800",
    "PDT": "-0700",
}
"""Zones that ``date`` names; any other name is taken for UTC."""

_CLOCK: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_ZONE: Final = rf"(?P<zone>[+-]\d\d:?\d\d|\+\d\d|(?:{'|'.join(_ZONES)})\b)?"

_FULL: Final = (
    re.compile(
        r"(?<!\d)(?P<year>\d{4})[-_/]?(?P<month>\d\d)[-_/]?(?P<day>\d\d)[T _-]+"
        rf"(?P<hour>\d\d)[:-]?(?P<minute>\d\d)[:-]?(?P<second>\d\d)(?:[.,](?P<fraction>\d{{1,9}}))?"
        rf"[ ]?{_ZONE}(?!\d)",
        re.ASCII,
    ),
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,?\s+(?:(?P<day>\d{{1,2}})\s+)?(?P<name>{_MONTH})\w*\s+"
        rf"(?:(?P<day2>\d{{1,2}})\s+)?(?:(?P<year>\d{{4}})\s+)?{_CLOCK}(?:\s+(?P<half>AM|PM))?"
        r"(?:\s+(?P<zone>[A-Z]{2,5}|[+-]\d{4}))?(?:\s+(?P<year2>\d{4}))?",
        re.ASCII,
    ),
    re.compile(
        rf"(?<!\d)(?P<day>\d\d)/(?P<name>{_MONTH})/(?P<year>\d{{4}}):{_CLOCK} "
        r"(?P<zone>[+-]\d{4})",
        re.ASCII,
    ),
    re.compile(
        r"(?<!\d)(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}),? "
        r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d) (?P<half>AM|PM)",
        re.ASCII,
    ),
)
"""``2019-03-18T23:06:41.8Z``, ``2019/03/18 23:06:41``, ``20190318-230641`` and between; what
``date`` and ``watch`` print; what web servers log; what a desktop in the USA shows."""

_PARTIAL: Final = (
    re.compile(
        rf"\W{{0,8}}(?:<\d+>)?(?P<name>{_MONTH})\s+(?P<day>\d{{1,2}})\s+{_CLOCK}(?!\d)", re.ASCII
    ),
    re.compile(rf"[IWEF](?P<month>[01]\d)(?P<day>[0-3]\d)\s+{_CLOCK}(?!\d)", re.ASCII),
    re.compile(rf"\W{{0,8}}{_CLOCK}(?![\d:])", re.ASCII),
)
"""Beginnings of lines that lack the year, as those of journalctl, or the day."""

_EPOCH: Final = re.compile(r"(?<![\d.])(1\d{9})(\d{3})?(?:\.(\d{1,9}))?(?!\d)", re.ASCII)
"""Seconds, or milliseconds, since 1970; from 2001 to 2033."""

_DAY: Final = 24 * 60 * 60 * NANOSECONDS_PER_SECOND
_YEAR_LENGTH: Final = len("2019")
_DAY_LENGTH: Final = len("2019-03-18")


def time_in_text(text: str) -> Instant | None:
    """Return the first point in time that a text names; taken for UTC where it names no zone."""
    for pattern in _FULL:
        match = pattern.search(text)
        if match:
            return _instant_of(match)
    return None


def time_in_line(line: str, near: Instant | None = None) -> Instant | None:
    """Return the time that a line of a log names, also as a bare number of seconds.

    Args:
        line: of the log.
        near: where the line lacks year or day: the time that it is nearest to; None to pass over
            such lines.
    """
    at = time_in_text(line) or _epoch(line)
    return at if at is not None or near is None else _partial(line, near)


def time_in_name(name: str) -> Instant | None:
    """Return the time that a file's name holds."""
    return time_in_text(name) or _epoch(name)


def http_date(text: str) -> Instant | None:
    """Return the time of a ``Date`` header."""
    try:
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        seconds = timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0)
    except (ValueError, OverflowError):
        return None  # no day of any calendar
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


def _instant_of(match: re.Match[str], year: str = "", day: str = "") -> Instant | None:
    """Return the time that a pattern has found; None where there is no such day or hour.

    Args:
        match: of one of the patterns.
        year: that it lacks.
        day: the whole date, where it lacks that.
    """
    part = match.groupdict()
    year = year or part.get("year") or part.get("year2") or ""
    of_month = day[_DAY_LENGTH - 2 :] or part.get("day") or part.get("day2") or ""
    month = day[_YEAR_LENGTH + 1 : -3] or part.get("month") or ""
    if part.get("name"):
        month = str(_MONTHS.index(part["name"]) + 1)
    hour = int(part["hour"])
    if part.get("half"):
        hour = hour % 12 + (12 if part["half"] == "PM" else 0)
    clock = f"{hour:02}:{part['minute']}:{part['second']}.{part.get('fraction') or '0'}"
    written = f"{day[:_YEAR_LENGTH] or year}-{month:0>2}-{of_month:0>2}T{clock}"
    try:
        return parse_rfc3339(f"{written}{_offset(part.get('zone') or 'Z')}")
    except ValueError:
        return None


def _offset(zone: str) -> str:
    """Return a zone as ``+02:00``; one that no place on earth has, and one without, is UTC."""
    written = _ZONES.get(zone, zone).replace(":", "")
    hours, minutes = written[1:3], written[3:] or "00"
    is_one = hours.isdecimal() and int(hours) <= 14 and minutes in {"00", "30", "45"}  # noqa: PLR2004 - as far as the earth turns
    return f"{written[0]}{hours}:{minutes}" if is_one else "Z"


def _partial(line: str, near: Instant) -> Instant | None:
    """Return the time of a line that lacks year or day: of all that it may be, the nearest."""
    today = rfc3339(near)
    for pattern in _PARTIAL:
        match = pattern.match(line)
        if match is None:
            continue
        if "day" in pattern.groupindex:
            year = int(today[:_YEAR_LENGTH])
            times = [_instant_of(match, year=str(each)) for each in (year - 1, year, year + 1)]
        else:
            days = [rfc3339(Instant(near + shift * _DAY))[:_DAY_LENGTH] for shift in (-1, 0, 1)]
            times = [_instant_of(match, day=each) for each in days]
        return _nearest(times, near)
    return None


def _nearest(times: Iterable[Instant | None], near: Instant) -> Instant | None:
    known = [at for at in times if at is not None]
    return min(known, key=lambda at: abs(at - near), default=None)


def _epoch(text: str) -> Instant | None:
    match = _EPOCH.search(text)
    if match is None:
        return None
    fraction = match[2] or match[3] or ""
    return Instant(int(match[1]) * NANOSECONDS_PER_SECOND + int(fraction.ljust(9, "0")))
