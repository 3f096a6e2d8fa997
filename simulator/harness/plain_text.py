"""Text of others, made fit for one line of a report."""

from typing import Final

SHOWN_MAX: Final = 120


def printable(text: str) -> str:
    """Escape what would move a terminal's cursor or ring its bell."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def beginning(text: str, most: int = SHOWN_MAX) -> str:
    """Put the beginning of a text on one line."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= most else f"{line[:most]}…"


def end(text: str, most: int) -> str:
    """Put the end of a text on one line."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= most else f"…{line[-most:]}"
