"""What every benchmark shares: figures with their aims, and rounds that alternate two things.

A machine is never as fast twice. So whatever is compared runs by turns in one process, first the
one, then the other, next round the other way round; a ratio is the median of the rounds' ratios.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from aiohttp import web
from bare import start

from simulator.service.server_thread import ServerThread

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class RatioAtLeast:
    """The figure is to be at least this part of the bare server's."""

    bound: float

    def __str__(self) -> str:
        return f"ratio >= {self.bound:g}"

    def is_met(self, figure: "Figure") -> bool:
        """Tell whether the figure reaches the bound."""
        return figure.ratio is not None and figure.ratio >= self.bound


@dataclass(frozen=True, slots=True)
class AtMost:
    """The figure is to be no more than this, in its own unit."""

    bound: float

    def __str__(self) -> str:
        return f"<= {self.bound:g}"

    def is_met(self, figure: "Figure") -> bool:
        """Tell whether the figure keeps the bound."""
        return figure.value is not None and figure.value <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured.
        value: the median of all rounds; None when it could not be measured.
        unit: of ``value`` and ``bare``.
        bare: the same of bare aiohttp, where there is such a thing.
        ratio: the median of ``value / bare`` over the rounds.
        aim: what the figure is to be.
        note: why it is not available, or what else to know.
        details: further numbers, for the JSON file.
    """

    name: str
    value: float | None
    unit: str
    bare: float | None = None
    ratio: float | None = None
    aim: RatioAtLeast | AtMost | None = None
    note: str = ""
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or empty where there is no aim or no value."""
        if self.aim is None or self.value is None:
            return ""
        return "met" if self.aim.is_met(self) else "NOT MET"

    def as_json(self) -> dict[str, object]:
        """Return the figure as it stands in the JSON file."""
        whole = {key: value for key, value in asdict(self).items() if value not in (None, "", {})}
        if self.aim is not None:
            whole |= {"aim": str(self.aim), "verdict": self.verdict}
        return whole


def unavailable(name: str, unit: str, why: str) -> Figure:
    """Make the figure of something that cannot be measured here."""
    return Figure(name=name, value=None, unit=unit, note=f"not available: {why}")


def milliseconds(action: Callable[[], object]) -> float:
    """Run an action once and return how long it took."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """Return the median duration of an action."""
    return median(milliseconds(action) for _ in range(rounds))


@dataclass(frozen=True, slots=True)
class Compared:
    """Two things measured by turns."""

    ours: float
    bare: float
    ratio: float


def compare(
    ours: Callable[[], Mapping[str, float]], bare: Callable[[], Mapping[str, float]], rounds: int
) -> dict[str, Compared]:
    """Run both by turns, after one round that does not count; return medians by key."""
    ours(), bare()
    seen: list[tuple[Mapping[str, float], Mapping[str, float]]] = []
    for number in range(rounds):
        if number % 2:
            theirs = bare()
            seen.append((ours(), theirs))
        else:
            mine = ours()
            seen.append((mine, bare()))
    return {
        key: Compared(
            median(mine[key] for mine, _ in seen),
            median(theirs[key] for _, theirs in seen),
            median(mine[key] / theirs[key] for mine, theirs in seen),
        )
        for key in seen[0][0]
    }


@contextmanager
def serve_bare(app: web.Application) -> Iterator[int]:
    """Serve a bare aiohttp application on the loop that serves the clusters; yields its port."""
    thread = ServerThread.shared()
    runner, port = thread.run(start(app))
    try:
        yield port
    finally:
        thread.run(runner.cleanup())


def last_words(printed: str) -> str:
    """Return the line of a failed command's output that says most: its last error."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "Warning: " in line]
    return (errors or lines or ["it printed nothing"])[-1]
