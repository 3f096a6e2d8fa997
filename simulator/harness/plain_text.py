"""Text of others, made fit for one line of a report."""

from typing import Final

SHOWN_MAX: Final = 120

_LOOKED_AT: Final = 4
"""How many times what is shown is looked at: a text may be many megabytes long."""


def printable(text: str) -> str:
    """Escape what would move a terminal's cursor or ring its bell."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def written(value: object) -> str:
    """Write a value of a client as Python does; one that cannot be written, by its type."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - whatever a client's own class does; or it is nested too deep
        return f"<{type(value).__name__}>"


def beginning(text: str, most: int = SHOWN_MAX) -> str:
    """Put the beginning of a text on one line."""
    looked_at = text.lstrip()[: most * _LOOKED_AT]
    line = printable(" ".join(looked_at.split()))
    is_whole = len(line) <= most and len(looked_at) < most * _LOOKED_AT
    return line if is_whole else f"{line[:most]}…"


def end(text: str, most: int) -> str:
    """Put the end of a text on one line."""
    looked_at = text.rstrip()[-most * _LOOKED_AT :]
    line = printable(" ".join(looked_at.split()))
    is_whole = len(line) <= most and len(looked_at) < most * _LOOKED_AT
    return line if is_whole else f"…{line[-most:]}"
