"""What of a client's world a run has exercised: points, each reached or not.

A point is a short text in an area, such as ``create 504`` among the HTTP statuses. Nothing here
runs or judges anything: it reads journals.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Final, final

from simulator.core.commands import Refused
from simulator.core.events import (
    BackupStarted,
    RestoreStarted,
    StatusChanged,
)
from simulator.core.faults import (
    AnswerWith,
    BrokenChunk,
    Claim,
    Cut,
    Deaf,
    Drip,
    Early,
    Edit,
    Ending,
    Fault,
    Garbage,
    Goodbye,
    Hang,
    Hide,
    Order,
    Refuse,
    Skew,
    Stale,
    Stall,
    Strangers,
    Twice,
    WrongLength,
)
from simulator.core.statuses import TRANSITIONS, Signal, Status
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.documents import documents_in, restore_status_of, status_of
from simulator.harness.verdict import Verdict
from simulator.journal import Entry, Exchange

Points = frozenset[tuple[str, str]]
"""Areas with points in them."""

OPERATIONS: Final = ("create", "list", "restore", "delete")
"""Those of the service; ``show`` is a list."""

_STATUSES: Final = tuple(
    f"{subject} {status}"
    for subject, statuses in {
        "backup": (Status.BACKING_UP, Status.READY, Status.ERROR),
        "restore": (Status.RESTORING, Status.READY, Status.ERROR),
    }.items()
    for status in statuses
)

_REFUSALS: Final = (
    *(f"{operation} {Refused.INVALID.value}" for operation in OPERATIONS),
    *(f"{operation} {Refused.BUSY.value}" for operation in ("create", "restore")),
    *(f"{operation} {Refused.UNKNOWN.value}" for operation in ("restore", "delete")),
    f"restore {Refused.NOT_READY.value}",
    f"delete {Refused.IN_USE.value}",
)

NO_ANSWER: Final = "no answer"

_ANSWERS: Final = ("200", "400", "401", "403", "404", "429", "500", "502", "503", "504", NO_ANSWER)

_KINDS: Final[Mapping[type[Fault], str]] = {
    AnswerWith: "answer",
    Claim: "headers",
    Early: "early",
    WrongLength: "length",
    BrokenChunk: "broken_chunk",
    Garbage: "garbage",
    Drip: "drip",
    Stall: "stall",
    Deaf: "stall",
    Hang: "hang",
    Goodbye: "goodbye",
    Refuse: "refuse",
    Stale: "stale",
    Hide: "hide",
    Twice: "twice",
    Order: "order",
    Strangers: "strangers",
    Edit: "edit",
    Skew: "clock",
}

_OF_LISTS: Final = ("stale", "hide", "twice", "order", "strangers")
"""Faults that change a list."""

_OF_ALL: Final = (
    *("answer", "headers", "early", "reset", "close", "length", "broken_chunk", "garbage"),
    *("drip", "stall", "hang", "goodbye", "refuse", "clock"),
)
"""Faults that any answer can have."""

_FAULTS: Final = (
    *(f"{kind} on {operation}" for kind, operation in product(_OF_ALL, OPERATIONS)),
    *(f"edit on {operation}" for operation in ("create", "list", "restore")),
    *(f"{kind} on list" for kind in _OF_LISTS),
)

_IN_PYTHON_ONLY: Final = "scenario files ask the client; here it does as it likes, in Python"
_SILENCE: Final = "costs every client its whole timeout; a create and a list stand for all"
_NO_PROGRAM: Final = "no client of this run has programs"
_NO_VIRTUAL_TIME: Final = "no client of this run has programs that live in cluster time"

_OF_PROGRAMS: Final = ("OUT010", "OUT011", "OUT015", "OUT016", "SEQ005", "TIM005")
_OF_VIRTUAL_TIME: Final = ("TIM001", "TIM002", "TIM003")

AREAS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "statuses": _STATUSES,
        "transitions": tuple(f"{start or 'nothing'}: {by.value}" for start, by in TRANSITIONS),
        "refusals": _REFUSALS,
        "HTTP statuses": tuple(f"{each} {status}" for each in OPERATIONS for status in _ANSWERS),
        "faults": _FAULTS,
        "checks": tuple(CHECKS),
    }
)
"""All that there is to exercise."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """How much of an area was exercised.

    Attributes:
        name: of the area.
        reached: the points that were.
        missed: those that were not, and could have been.
        unreachable: those that could not, each with the reason.
    """

    name: str
    reached: tuple[str, ...]
    missed: tuple[str, ...]
    unreachable: Mapping[str, str]

    @property
    def percent(self) -> float:
        """How many of the points that could be reached were."""
        possible = len(self.reached) + len(self.missed)
        return 100 * len(self.reached) / possible if possible else 100.0


def coverage(
    reached: Iterable[tuple[str, str]], *, programs: bool, virtual_time: bool
) -> tuple[Area, ...]:
    """Compare what was reached with all that there is.

    Args:
        reached: the points of every verdict.
        programs: whether any client has programs.
        virtual_time: whether those of any live in cluster time.
    """
    known = set(reached)
    why_not = dict(_unreachable(programs=programs, virtual_time=virtual_time))
    areas = []
    for name, points in AREAS.items():
        hit = tuple(point for point in points if (name, point) in known)
        rest = [point for point in points if (name, point) not in known]
        unreachable = {point: why_not[name, point] for point in rest if (name, point) in why_not}
        missed = tuple(point for point in rest if point not in unreachable)
        areas.append(Area(name=name, reached=hit, missed=missed, unreachable=unreachable))
    return tuple(areas)


def overall(areas: Sequence[Area]) -> float:
    """Return how much of all points that could be reached were, in percent."""
    reached = sum(len(area.reached) for area in areas)
    possible = reached + sum(len(area.missed) for area in areas)
    return 100 * reached / possible if possible else 100.0


def _unreachable(*, programs: bool, virtual_time: bool) -> Iterator[tuple[tuple[str, str], str]]:
    yield ("checks", "SEQ009"), _IN_PYTHON_ONLY
    yield from ((("faults", f"hang on {each}"), _SILENCE) for each in ("restore", "delete"))
    if not programs:
        yield from ((("checks", code), _NO_PROGRAM) for code in _OF_PROGRAMS)
    if not virtual_time:
        yield from ((("checks", code), _NO_VIRTUAL_TIME) for code in _OF_VIRTUAL_TIME)


# --- one verdict ---------------------------------------------------------------------------------


def points_of(verdict: Verdict) -> Points:
    """Return the points that one verdict's run has reached."""
    points = {("checks", code) for code in verdict.judged.exercised}
    seen: set[bytes] = set()
    for _, entry in verdict.journal.numbered():
        points.update(_transitions(entry))
        if isinstance(entry, Exchange):
            points.update(_of_exchange(entry))
            if entry.response_body not in seen:
                seen.add(entry.response_body)
                points.update(_of_answer(entry))
    return frozenset(points)


def _of_exchange(exchange: Exchange) -> Iterator[tuple[str, str]]:
    operation = exchange.operation
    if not operation:
        return
    yield "HTTP statuses", f"{operation} {exchange.status or NO_ANSWER}"
    for rule in exchange.struck:
        yield "faults", f"{fault_kind(rule.fault)} on {operation}"
    reply = exchange.reply
    if reply and reply.refusal:
        yield "refusals", f"{operation} {reply.refusal.reason.value}"


def _of_answer(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for document in documents_in(exchange.response_body) or ():
        yield "statuses", f"backup {status_of(document)}"
        yield "statuses", f"restore {restore_status_of(document)}"


def _transitions(entry: Entry) -> Iterator[tuple[str, str]]:
    moves: list[tuple[Status | None, Signal]] = []
    match entry:
        case BackupStarted():
            moves = [(None, Signal.BEGIN_BACKUP)]
        case RestoreStarted():
            moves = [(Status.READY, Signal.RESTORE), (None, Signal.BEGIN_RESTORE)]
        case StatusChanged(before=before, after=after):
            moves = [(before, Signal.SUCCEED if after is Status.READY else Signal.FAIL)]
        case Exchange(operation="delete", reply=reply) if reply and reply.backup:
            moves = [(reply.backup.status, Signal.DELETE)]
    return (("transitions", f"{start or 'nothing'}: {by.value}") for start, by in moves)


def fault_kind(fault: Fault) -> str:
    """Return the key that a fault is written with."""
    if isinstance(fault, Cut):
        return "reset" if fault.ending is Ending.RESET else "close"
    return _KINDS[type(fault)]
