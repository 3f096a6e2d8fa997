"""Finds JSON values that stand in a text, among whatever else stands there."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from simulator.capture.reading.times import time_in_line, time_in_text
from simulator.core.instants import Instant

_OPENS: Final = re.compile(r'\{\s*(?=["}]|$)|\[\s*(?=[{\[\]]|$)')
"""Where an object or a list may begin in a line."""

_BETWEEN: Final = re.compile(r"[\s,]*(?=[{\[])")
_DIGIT: Final = re.compile(r"\d")
_TRIES_MAX: Final = 8
"""Of beginnings in one line; and no line of a log holds more values."""

_PART: Final = 4096
_NEAR_END: Final = 64
"""No token but a text is as long as that."""

_CONTINUES: Final = re.compile(r'\s*["{}\[\]]')
_LINES_MAX: Final = 10_000
"""Of one value whose every line begins with a time, a name of a container, or the like."""

_TIME_KEYS: Final = ("at", "time", "timestamp", "ts", "when", "date", "@timestamp", "captured_at")
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text.

    Attributes:
        value: as JSON.
        start: where it begins.
        end: where it ends.
        is_whole: whether it is all that begins there; of what ends too early, values inside are
            taken, and where there is none the end is the start.
    """

    value: Any
    start: int
    end: int
    is_whole: bool = True


def found_in(text: str, position: int, end: int) -> Found | None:
    """Return the first value that begins in a line; of one that ends too early what it holds.

    Args:
        text: all of it.
        position: where the line, or what is left of it, begins.
        end: where it ends.
    """
    broken: Found | None = None
    for opening in itertools.islice(_OPENS.finditer(text, position, end), _TRIES_MAX):
        start = opening.start()
        before = text[position:start]
        is_alone = not before.strip() or time_in_line(before) is not None
        found = _at(text, start) or _prefixed(text, position, start)
        if found is not None and (found.value or is_alone):
            return replace(found, is_whole=broken is None)
        if found is None and is_alone and broken is None:
            broken = Found(*_salvaged(text, start), is_whole=False)
            if broken.value:
                break
    return broken


def _at(text: str, start: int) -> Found | None:
    """Return the value that begins at a place; None where none does.

    A part of the text is tried first, and a longer one where that ends within the value: each error
    in a text costs as much as the text is long.
    """
    size = _PART
    while True:
        part = text[start : start + size]
        try:
            value, length = _DECODER.raw_decode(part)
        except json.JSONDecodeError as error:
            is_cut = error.pos > len(part) - _NEAR_END or error.msg.startswith("Unterminated")
            if not is_cut or start + size >= len(text):
                return None
        except (ValueError, RecursionError):
            return None
        else:
            return Found(value, start, start + length)
        size *= 8


def _prefixed(text: str, position: int, start: int) -> Found | None:
    """Return a value of many lines that each begin alike, as those of a container's log do."""
    width = start - position
    line_end = text.find("\n", start)
    if not text[position:start].strip() or line_end < 0 or text[start:line_end].strip() not in "{[":
        return None
    alike = _DIGIT.sub("0", text[position:start])
    lines = [text[start:line_end]]
    end = line_end
    while len(lines) < _LINES_MAX and 0 <= end < len(text):
        begin, end = end + 1, text.find("\n", end + 1)
        end = len(text) if end < 0 else end
        if _DIGIT.sub("0", text[begin : begin + width]) != alike:
            break
        lines.append(text[begin + width : end])
        if len(lines) == 2 and not _CONTINUES.match(lines[1]):  # noqa: PLR2004 - the first that follows
            break
        if lines[-1].rstrip() in {"}", "]"}:
            found = _at("\n".join(lines), 0)
            return found and Found(found.value, start, end)
    return None


def _salvaged(text: str, start: int) -> tuple[list[Any], int, int]:
    """Return the whole values at the beginning of a list that ends too early, and where they end.

    The end is the start where there is none.
    """
    values: list[Any] = []
    end = start
    position = start + 1
    while text[start] == "[" and (match := _BETWEEN.match(text, position)):
        found = _at(text, match.end())
        if found is None:
            break
        values.append(found.value)
        position = end = found.end
    return values, start, end


def inside(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Yield the values that another holds, also as text."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        found = found_in(value, 0, len(value))  # a body that was logged as text
        if found is not None and found.is_whole:
            yield found.value


def own_time(value: Any) -> Instant | None:  # noqa: ANN401 - JSON
    """Return the time that an object around backups tells."""
    if not isinstance(value, Mapping):
        return None
    for key in _TIME_KEYS:
        written = value.get(key)
        if isinstance(written, str):
            at = time_in_text(written) or time_in_line(written)
        elif isinstance(written, (int, float)) and not isinstance(written, bool):
            at = time_in_line(f"{written:.9f}".rstrip("0").rstrip("."))
        else:
            at = None
        if at is not None:
            return at
    return None


def errors_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """Return the documented body of an error, where a value is one; otherwise nothing."""
    errors = value.get("errors") if isinstance(value, Mapping) and len(value) == 1 else None
    is_body = isinstance(errors, list) and errors and all(isinstance(one, str) for one in errors)
    return json.dumps(value) if is_body else ""
