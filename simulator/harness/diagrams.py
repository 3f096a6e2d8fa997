"""Draws the statuses from the table of transitions, for the documentation."""

from collections.abc import Iterator

from simulator.core.statuses import TRANSITIONS


def status_diagram() -> str:
    """Return a Mermaid state diagram of every legal transition."""
    return "\n".join(["stateDiagram-v2", *_arrows()]) + "\n"


def _arrows() -> Iterator[str]:
    for (before, signal), after in TRANSITIONS.items():
        yield f"    {before or '[*]'} --> {after or '[*]'}: {signal.value}"
