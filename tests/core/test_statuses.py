from itertools import product
from typing import TYPE_CHECKING, cast

import pytest

from simulator.core.statuses import (
    ABSENT,
    RUNNING,
    TRANSITIONS,
    IllegalTransitionError,
    Signal,
    State,
    Status,
    allowed,
    begin,
    diagram,
    follow,
    move,
    overall,
)

if TYPE_CHECKING:
    from collections.abc import MutableMapping

STATES: list[State] = [ABSENT, *Status]
MOVES = list(product(STATES, Signal))
LEGAL: dict[State, dict[Signal, State]] = {
    ABSENT: {
        Signal.BEGIN_BACKUP: Status.BACKING_UP,
        Signal.BEGIN_RESTORE: Status.RESTORING,
    },
    Status.BACKING_UP: {Signal.SUCCEED: Status.READY, Signal.FAIL: Status.ERROR},
    Status.RESTORING: {Signal.SUCCEED: Status.READY, Signal.FAIL: Status.ERROR},
    Status.READY: {Signal.RESTORE: Status.READY, Signal.DELETE: ABSENT},
    Status.ERROR: {Signal.DELETE: ABSENT},
}
legal_moves = [(status, signal) for status, signal in MOVES if signal in LEGAL[status]]
illegal_moves = [(status, signal) for status, signal in MOVES if signal not in LEGAL[status]]


@pytest.mark.parametrize(("status", "signal"), legal_moves)
def test_every_legal_move_happens(status: State, signal: Signal) -> None:
    """The table of this test was written by hand from the documents."""
    assert allowed(status, signal)
    assert follow(status, signal) is LEGAL[status][signal]


@pytest.mark.parametrize(("status", "signal"), illegal_moves)
def test_every_other_move_is_refused_with_what_would_be_legal(
    status: State, signal: Signal
) -> None:
    """And leaves the table as it was."""
    table = dict(TRANSITIONS)
    possible = ", ".join(sorted(legal.value for legal in LEGAL[status]))
    assert not allowed(status, signal)
    with pytest.raises(IllegalTransitionError) as caught:
        follow(status, signal)
    assert str(caught.value) == (
        f"{signal.value!r} is not possible in {status or 'no status'}; possible: {possible}"
    )
    assert dict(TRANSITIONS) == table


def test_there_are_no_moves_but_these() -> None:
    """Nothing in the table that this test does not know."""
    assert set(TRANSITIONS) == set(legal_moves)


def test_the_table_cannot_be_changed() -> None:
    """Not even by who goes round its type."""
    table = cast("MutableMapping[tuple[State, Signal], State]", TRANSITIONS)
    with pytest.raises(TypeError):
        table[Status.ERROR, Signal.RESTORE] = Status.READY
    assert not allowed(Status.ERROR, Signal.RESTORE)


def test_two_signals_begin_an_operation() -> None:
    """Each in its running status."""
    assert begin(Signal.BEGIN_BACKUP) is Status.BACKING_UP
    assert begin(Signal.BEGIN_RESTORE) is Status.RESTORING


@pytest.mark.parametrize("signal", sorted(set(Signal) - set(LEGAL[ABSENT]), key=str))
def test_no_other_signal_begins_one(signal: Signal) -> None:
    """What does not exist can only begin."""
    with pytest.raises(IllegalTransitionError, match="possible: begin backup, begin restore"):
        begin(signal)


@pytest.mark.parametrize(("status", "target"), list(product(Status, Status)))
def test_a_script_moves_from_running_to_final_or_stays(status: Status, target: Status) -> None:
    """Every other pair is no move at all."""
    if status is target or (status in RUNNING and target not in RUNNING):
        assert move(status, target) is target
    else:
        with pytest.raises(IllegalTransitionError) as caught:
            move(status, target)
        if target in RUNNING:
            assert str(caught.value) == f"no signal leads from {status} to {target}"


@pytest.mark.parametrize(
    "statuses", [parts for count in (1, 2, 3) for parts in product(Status, repeat=count)]
)
def test_the_whole_runs_while_any_part_runs_then_fails_if_any_failed(
    statuses: tuple[Status, ...],
) -> None:
    """Over every combination of up to three components."""
    whole = overall(statuses)
    assert whole in statuses
    assert (whole in RUNNING) is bool(RUNNING & set(statuses))
    assert (whole is Status.READY) is (set(statuses) == {Status.READY})


def test_the_statuses_are_spelt_as_on_the_wire() -> None:
    """All four that the documents name."""
    assert {str(status) for status in Status} == {
        "STATUS_BACKING_UP",
        "STATUS_READY",
        "STATUS_ERROR",
        "STATUS_RESTORING",
    }


def test_the_diagram_has_an_arrow_for_every_transition_and_no_other() -> None:
    """From and to nothing is written as Mermaid writes start and end."""
    title, *arrows = diagram().splitlines()
    assert title == "stateDiagram-v2"
    assert len(arrows) == len(TRANSITIONS)
    assert "    [*] --> STATUS_BACKING_UP: begin backup" in arrows
    assert "    STATUS_ERROR --> [*]: delete" in arrows
