"""Shows the text of a failure on a terminal: in colour, and wrapped to its width.

Elsewhere (in files, in CI, in JUnit's XML) it is the plain text, each line as it is.
"""

import re
import textwrap
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol, final

WIDTH_MIN: Final = 40
"""A terminal that is narrower wraps by itself."""

_INDENTED: Final = re.compile(
    r"\s*(?:[+-]\S+\s+(?:\* |#\d+(?: to #\d+)? |\w+: )?|[A-Z]{3}\d{3}    |expected  |found     )?"
)
"""What stands before the text of a line; the rest of a long line is put below that text."""

_COLOURS: Final = (
    (re.compile(r"^\S+:\d+:\d+: "), {"bold": True}),
    (re.compile(r"^ +\| +\^+$"), {"red": True}),
    (re.compile(r"^  (?:REQ|SEQ|TIM|OUT)\d{3} "), {"bold": True}),
    (re.compile(r"^  expected  "), {"bold": True}),
    (re.compile(r"^  found     "), {"red": True, "bold": True}),
    (re.compile(r"^ +\S+ +#.* → (?:no answer|[45]\d\d)"), {"yellow": True}),
    (re.compile(r"^ +\S+ +\*.*STATUS_ERROR"), {"red": True}),
    (re.compile(r"^ +\S+ +\*.*→ STATUS_READY"), {"green": True}),
    (re.compile(r"^ +\S+  (?:step \d+|program): "), {"bold": True}),
    (re.compile(r"^(?:replay|seed): "), {"cyan": True}),
)
"""How lines look, by what they are; the first that fits counts."""


class Summed(NamedTuple):
    """What pytest's summary shows the beginning of, and JUnit's XML has as the message."""

    message: str


class Terminal(Protocol):
    """What pytest writes to."""

    hasmarkup: bool
    fullwidth: int

    def line(self, text: str = "", **markup: bool) -> None:
        """Write a line."""
        ...


@final
class ShownFailure:
    """The text of a failure, as pytest shows it.

    Args:
        text: as it stands in files.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.reprcrash: Final = Summed(text)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: Terminal) -> None:
        """Write it, in colour and wrapped where it is read by a person."""
        for line in self.text.splitlines():
            markup = _markup(line) if tw.hasmarkup else {}
            for part in wrapped(line, tw.fullwidth) if tw.hasmarkup else (line,):
                tw.line(part, **markup)


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield the parts of a line that fit into a width; nothing of it is lost."""
    match = _INDENTED.match(line)
    indent = " " * min(len(match[0]) if match else 0, width // 2)
    if (
        len(line) <= width or width < WIDTH_MIN or line.startswith("replay: ")
    ):  # to be copied as it is
        yield line
        return
    yield from textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        drop_whitespace=False,
        break_on_hyphens=False,
    )


def _markup(line: str) -> dict[str, bool]:
    return next((look for pattern, look in _COLOURS if pattern.search(line)), {})
