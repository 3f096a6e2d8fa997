"""Tells from how a component was shown what its script must be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.capture.sightings import Document, Turn
from simulator.core.instants import (
    NANOSECONDS_PER_SECOND,
    Instant,
    duration_text,
    elapsed,
)
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status

FINAL: Final = frozenset({Status.READY.value, Status.ERROR.value})


@dataclass(frozen=True, slots=True)
class _Run:
    """A component that is shown in the same way for a while."""

    first: Instant
    last: Instant
    status: str
    error: str
    is_exact: bool


def stages_of(
    running: Status,
    begun: Instant,
    shown: Sequence[tuple[Instant, Mapping[str, Document]]],
    turns: Sequence[Turn],
    over_by: Instant | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the stages of an operation as a file writes them, and what of them was guessed.

    Args:
        running: the status that the operation has while it runs.
        begun: when it began.
        shown: its components at each sighting.
        turns: exact times of its changes; empty where nobody knows them.
        over_by: when it must have ended, for something else was begun; None where nobody knows.
    """
    names: list[str] = []
    for _, components in shown:
        names += [name for name in components if name not in names]
    stages: list[dict[str, Any]] = []
    guesses: list[str] = []
    for name in names or [MARATHON]:
        own = [turn for turn in turns if turn.component == name]
        runs = list(_exact(own) if own else _runs(name, shown))
        is_open = not runs or runs[-1].status not in FINAL
        if over_by is not None and is_open and over_by > max([begun, *(run.last for run in runs)]):
            runs.append(_Run(over_by, over_by, Status.READY.value, "", is_exact=False))
        of_name, guessed = _stages(running, begun, runs)
        if name != MARATHON:
            of_name = [{"component": name, **stage} for stage in of_name]
            guessed = [f"{name}: {each}" for each in guessed]
        stages += of_name
        guesses += guessed
    return stages, guesses


def ends_as(stages: Sequence[Mapping[str, Any]], running: Status) -> Status:
    """Return how an operation with these stages ends; the running status where it never does."""
    last: dict[str, Mapping[str, Any]] = {}
    for stage in stages:
        last[stage.get("component", MARATHON)] = stage
    if any(stage.get("for") == "forever" for stage in last.values()):
        return running
    failed = any(stage["status"] == Status.ERROR for stage in last.values())
    return Status.ERROR if failed else Status.READY


def _runs(name: str, shown: Sequence[tuple[Instant, Mapping[str, Document]]]) -> Iterator[_Run]:
    run: _Run | None = None
    for at, components in shown:
        component = components.get(name)
        if component is None:
            continue
        status, error = str(component.get("status")), component.get("error")
        error = error if isinstance(error, str) and status == Status.ERROR else ""
        if run is not None and (run.status, run.error) == (status, error):
            run = _Run(run.first, at, status, error, is_exact=False)
            continue
        if run is not None:
            yield run
        run = _Run(at, at, status, error, is_exact=False)
    if run is not None:
        yield run


def _exact(turns: Sequence[Turn]) -> Iterator[_Run]:
    for turn in turns:
        yield _Run(turn.at, turn.at, turn.status, turn.error, is_exact=True)


def _stages(
    running: Status, begun: Instant, runs: Sequence[_Run]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the stages of one component, up to its end."""
    stages: list[dict[str, Any]] = []
    guesses: list[str] = []
    entered = begun
    if runs and runs[0].status in FINAL and not (runs[0].is_exact and runs[0].first == begun):
        length, guess = _between(begun, runs[0], entered) if runs[0].first > begun else ("", "")
        if length:
            stages.append({"status": running.value, "for": length})
            guesses.append(f"how long it was {running.value}, which nobody has seen: {guess}")
    for index, run in enumerate(runs):
        if run.status in FINAL:
            error = {"error": run.error} if run.error else {}
            return [*stages, {"status": run.status, **error}], guesses
        stage: dict[str, Any] = {"status": running.value, "for": "forever"}
        if index + 1 < len(runs):
            later = runs[index + 1]
            stage["for"], guess = _between(run.last, later, entered)
            entered = _boundary(run.last, later, entered)
            if not later.is_exact and guess:
                guesses.append(f"how long it was {run.status}: {guess}")
        if run.status != running and run.status.strip():  # a fault shows no status at all
            stage["shown_as"] = run.status
        stages.append(stage)
    if not stages:
        stages.append({"status": running.value, "for": "forever"})
    guesses.append(
        f"that it stays {runs[-1].status if runs else running.value} after the end of the capture"
    )
    return stages, guesses


def _between(last: Instant, later: _Run, entered: Instant) -> tuple[str, str]:
    """Return how long a stage lasts that ends between two sightings, and what is guessed of it."""
    boundary = max(_boundary(last, later, entered), entered)
    length = duration_text(elapsed(entered, boundary))
    if later.is_exact:
        return length, ""
    shortest = duration_text(elapsed(entered, max(last, entered)))
    longest = duration_text(elapsed(entered, max(later.first, entered)))
    return length, f"between {shortest} and {longest}, {length} was taken"


def _boundary(last: Instant, later: _Run, entered: Instant) -> Instant:
    """Return when one run becomes the next: in the middle, in whole seconds where that fits."""
    if later.is_exact:
        return later.first
    middle = (last + later.first + 1) // 2
    for unit in (NANOSECONDS_PER_SECOND, 1_000_000):
        rounded = entered + (middle - entered) // unit * unit
        if max(last, entered) < rounded <= later.first:
            return Instant(rounded)
    return Instant(middle)
