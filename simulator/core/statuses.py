"""The statuses of backups and restores, and every legal change between them.

This is the only place that says which status follows which. The diagram in ``docs/`` is made from
``TRANSITIONS``.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final


class Status(StrEnum):
    """A status as the wire spells it. Source: docs, backup-restore-cli (all four are named)."""

    BACKING_UP = "STATUS_BACKING_UP"
    READY = "STATUS_READY"
    ERROR = "STATUS_ERROR"
    RESTORING = "STATUS_RESTORING"


class Signal(Enum):
    """What can happen to a backup or to a restore nested in it."""

    BEGIN_BACKUP = "begin backup"
    BEGIN_RESTORE = "begin restore"
    SUCCEED = "succeed"
    FAIL = "fail"
    RESTORE = "restore"
    DELETE = "delete"


ABSENT: Final = None
"""The status of what does not exist: not created yet, or deleted."""

State = Status | None

TRANSITIONS: Final[Mapping[tuple[State, Signal], State]] = MappingProxyType(
    {
        (ABSENT, Signal.BEGIN_BACKUP): Status.BACKING_UP,
        (Status.BACKING_UP, Signal.SUCCEED): Status.READY,
        (Status.BACKING_UP, Signal.FAIL): Status.ERROR,
        (ABSENT, Signal.BEGIN_RESTORE): Status.RESTORING,
        (Status.RESTORING, Signal.SUCCEED): Status.READY,
        (Status.RESTORING, Signal.FAIL): Status.ERROR,
        # A backup that is restored stays as it is: the restore has a status of its own.
        (Status.READY, Signal.RESTORE): Status.READY,
        (Status.READY, Signal.DELETE): ABSENT,
        (Status.ERROR, Signal.DELETE): ABSENT,
    }
)

RUNNING: Final = frozenset({Status.BACKING_UP, Status.RESTORING})
"""While one of these holds, the operation goes on."""

_SIGNAL_TO: Final = MappingProxyType({Status.READY: Signal.SUCCEED, Status.ERROR: Signal.FAIL})


class IllegalTransitionError(Exception):
    """A signal that the present status does not allow."""


def allowed(status: State, signal: Signal) -> bool:
    """Tell whether ``signal`` is legal in ``status``."""
    return (status, signal) in TRANSITIONS


def follow(status: State, signal: Signal) -> State:
    """Return the status that ``signal`` leads to.

    Raises:
        IllegalTransitionError: when the table has no such move; names what would be legal.
    """
    try:
        return TRANSITIONS[status, signal]
    except KeyError:
        legal = ", ".join(sorted(s.value for at, s in TRANSITIONS if at == status))
        raise IllegalTransitionError(
            f"{signal.value!r} is not possible in {status or 'no status'}; possible: {legal}"
        ) from None


def begin(signal: Signal) -> Status:
    """Return the status in which an operation starts."""
    status = follow(ABSENT, signal)
    assert status is not None, "an operation that begins has a status"
    return status


def move(status: Status, target: Status) -> Status:
    """Go from a running status to ``target`` by the table; staying where one is needs no signal."""
    if status is target:
        return status
    signal = _SIGNAL_TO.get(target)
    if signal is None:
        raise IllegalTransitionError(f"no signal leads from {status} to {target}")
    reached = follow(status, signal)
    assert reached is target, f"{signal} leads to {reached}, not {target}"
    return reached


def overall(statuses: tuple[Status, ...]) -> Status:
    """Derive the status of the whole from its components.

    Runs while any component runs, then is in error if any is. Inferred: the documents show one
    component only.
    """
    for status in (Status.BACKING_UP, Status.RESTORING, Status.ERROR):
        if status in statuses:
            return status
    return Status.READY


def diagram() -> str:
    """Draw the table as a Mermaid state diagram, for the documentation."""
    arrows = (
        f"    {before or '[*]'} --> {after or '[*]'}: {signal.value}\n"
        for (before, signal), after in TRANSITIONS.items()
    )
    return "stateDiagram-v2\n" + "".join(arrows)
