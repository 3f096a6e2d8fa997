"""The texts of a file, and what they are read as; every scalar arrives as text."""

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from simulator.clock import END_OF_TIME
from simulator.core.instants import Duration, Instant, parse_duration, parse_rfc3339
from simulator.core.versions import checked_version

Parsed = TypeVar("Parsed")


class Strict(BaseModel):
    """A mapping that takes no key but its own, and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


MARKS_OF_PYTEST = frozenset(
    {"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}
)
"""Tags become marks, and these would do something else than select."""

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


COUNT_MAX = 1_000_000
"""Of anything that is counted: more would only fill the memory."""


MADE_MAX = 10_000
"""Of apps and backups that are made at the start, each: more would only take time."""

RATE_MIN, RATE_MAX = 0.1, 1_000_000
"""Seconds of cluster time in a real second."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, not a list or a mapping")
    return value


def parsed_by(parse: Callable[[str], Parsed]) -> Callable[[object], object]:
    """Make a validator of a function that reads text; defaults pass, which are read already."""

    def validate(value: object) -> object:
        return parse(_text(value)) if not isinstance(value, int) else value

    return validate


def _start(text: str) -> Instant:
    start = parse_rfc3339(text)
    if start > END_OF_TIME:
        raise ValueError(f"{text!r} is too far away; cluster time ends with the year 9000")
    return start


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is not a whole number of 0 or more")
    if len(text) > len(str(COUNT_MAX)) or int(text) > COUNT_MAX:
        raise ValueError(f"{text!r} is too much: {COUNT_MAX} at most")
    return int(text)


def _made(text: str) -> int:
    count = _count(text)
    if count > MADE_MAX:
        raise ValueError(f"{text!r} is too much: {MADE_MAX} at most")
    return count


def _title(text: str) -> str:
    title = _filled(text).strip()
    if not title.isprintable():
        raise ValueError("holds characters that cannot be printed; write one plain line")
    return title


def _factor(value: object) -> float:
    text = _text(value)
    try:
        factor = float(text)
    except ValueError:
        factor = 0
    if not RATE_MIN <= factor <= RATE_MAX:
        raise ValueError(f"{text!r} is not a number from {RATE_MIN} to {RATE_MAX}")
    return factor


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(f"{text!r} is no tag; write one word of letters, digits, '-', '_' and '.'")
    if text in MARKS_OF_PYTEST:
        raise ValueError(f"{text!r} means something to pytest itself; take another word")
    return text


def _client_name(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(
            f"{text!r} is no name of a client; write one word of letters, digits, '-', '_' and '.'"
        )
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("needs a value")
    return text


Text = Annotated[str, BeforeValidator(_text)]
Filled = Annotated[str, BeforeValidator(parsed_by(_filled))]
Count = Annotated[
    int, BeforeValidator(parsed_by(_count)), WithJsonSchema({"type": ["integer", "string"]})
]
MadeCount = Annotated[
    int, BeforeValidator(parsed_by(_made)), WithJsonSchema({"type": ["integer", "string"]})
]
Title = Annotated[str, BeforeValidator(parsed_by(_title))]
DurationText = Annotated[
    Duration,
    BeforeValidator(parsed_by(parse_duration)),
    WithJsonSchema({"type": "string", "examples": ["90s", "1m30s", "250ms"]}),
]
TimestampText = Annotated[
    Instant,
    BeforeValidator(parsed_by(_start)),
    WithJsonSchema({"type": "string", "examples": ["2019-03-18T23:16:33.265478871Z"]}),
]
Factor = Annotated[float, BeforeValidator(_factor), WithJsonSchema({"type": ["number", "string"]})]
Version = Annotated[str, BeforeValidator(parsed_by(checked_version))]
Flag = Annotated[
    bool,
    BeforeValidator(parsed_by(_flag)),
    WithJsonSchema({"enum": [True, False, "true", "false"]}),
]
TagText = Annotated[
    str,
    BeforeValidator(parsed_by(_tag)),
    WithJsonSchema({"type": "string", "pattern": f"^{_TAG.pattern}$"}),
]


def _uuid(text: str) -> str:
    if not UUID.fullmatch(text):
        raise ValueError("must be a UUID in lower case: 8-4-4-4-12 characters, 0 to 9 and a to f")
    return text


UuidText = Annotated[
    str,
    BeforeValidator(parsed_by(_uuid)),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
ClientName = Annotated[
    str,
    BeforeValidator(parsed_by(_client_name)),
    WithJsonSchema({"type": "string", "pattern": f"^{_TAG.pattern}$"}),
]
