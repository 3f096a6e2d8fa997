"""What was seen of an operation becomes the stages of its script."""

from typing import Any

import pytest

from simulator.capture.sightings import Turn
from simulator.capture.stages import ends_as, stages_of
from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant
from simulator.core.statuses import Status

RUNNING = "STATUS_BACKING_UP"
READY = "STATUS_READY"
ERROR = "STATUS_ERROR"


def second(number: float) -> Instant:
    """Return a point in time."""
    return Instant(int(number * NANOSECONDS_PER_SECOND))


def shown(*seen: tuple[float, str]) -> list[tuple[Instant, dict[str, Any]]]:
    """Return sightings of Marathon; what follows a colon is its error."""
    sightings: list[tuple[Instant, dict[str, Any]]] = []
    for at, what in seen:
        status, _, error = what.partition(": ")
        marathon = {"status": status, **({"error": error} if error else {})}
        sightings.append((second(at), {"marathon": marathon}))
    return sightings


def stages(*seen: tuple[float, str], over_by: float | None = None) -> list[dict[str, Any]]:
    """Return the stages of a backup that began at second 0."""
    over = None if over_by is None else second(over_by)
    return stages_of(Status.BACKING_UP, second(0), shown(*seen), (), over)[0]


def test_an_end_lies_in_the_middle_between_two_sightings() -> None:
    """In whole seconds where that fits."""
    assert stages((0, RUNNING), (10, RUNNING), (21, READY)) == [
        {"status": RUNNING, "for": "15s"},
        {"status": READY},
    ]
    assert stages((0, RUNNING), (0.2, READY))[0] == {"status": RUNNING, "for": "100ms"}


def test_an_end_comes_with_its_error() -> None:
    """An error beside any other status is no reason."""
    assert stages((0, f"{RUNNING}: odd"), (2, f"{ERROR}: disk full"))[1:] == [
        {"status": ERROR, "error": "disk full"}
    ]
    assert stages((0, RUNNING), (2, f"{READY}: odd"))[1:] == [{"status": READY}]


def test_what_never_ends_in_the_capture_never_ends() -> None:
    """Which is a guess, and told as one."""
    found, guesses = stages_of(Status.BACKING_UP, second(0), shown((5, RUNNING)), ())
    assert found == [{"status": RUNNING, "for": "forever"}]
    assert guesses == ["that it stays STATUS_BACKING_UP after the end of the capture"]


def test_what_nobody_has_seen_running_has_run_before() -> None:
    """Half the time since it began."""
    assert stages((10, READY)) == [{"status": RUNNING, "for": "5s"}, {"status": READY}]


def test_what_must_have_ended_is_taken_to_have_ended_well() -> None:
    """Something else began, and two never run at once."""
    assert stages((0, RUNNING), over_by=20)[-1] == {"status": READY}
    assert stages((0, RUNNING), (5, f"{ERROR}: x"), over_by=20)[-1]["status"] == ERROR


def test_an_unknown_status_is_shown_while_it_runs() -> None:
    """The simulator knows four."""
    assert stages((0, "STATUS_QUEUED"), (10, RUNNING), (20, READY)) == [
        {"status": RUNNING, "for": "5s", "shown_as": "STATUS_QUEUED"},
        {"status": RUNNING, "for": "10s"},
        {"status": READY},
    ]


def test_components_have_stages_of_their_own() -> None:
    """Marathon needs no name."""
    both = [
        (second(at), {"marathon": {"status": one}, "secrets": {"status": other}})
        for at, one, other in [(0, RUNNING, RUNNING), (10, READY, RUNNING), (20, READY, READY)]
    ]
    found, guesses = stages_of(Status.BACKING_UP, second(0), both, ())
    assert found == [
        {"status": RUNNING, "for": "5s"},
        {"status": READY},
        {"component": "secrets", "status": RUNNING, "for": "15s"},
        {"component": "secrets", "status": READY},
    ]
    assert guesses[1].startswith("secrets: how long it was STATUS_BACKING_UP: between 10s and 20s")


def test_a_journal_knows_the_very_moment() -> None:
    """Then nothing is guessed."""
    turns = [
        Turn(at=second(at), backup_id="b", restore=0, component="marathon", status=status)
        for at, status in [(0, RUNNING), (7.25, READY)]
    ]
    assert stages_of(Status.BACKING_UP, second(0), shown((1, RUNNING), (9, READY)), turns) == (
        [{"status": RUNNING, "for": "7s250ms"}, {"status": READY}],
        [],
    )


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([{"status": READY}], Status.READY),
        ([{"status": ERROR}], Status.ERROR),
        ([{"status": READY}, {"component": "secrets", "status": ERROR}], Status.ERROR),
        ([{"status": RUNNING, "for": "forever"}], Status.BACKING_UP),
        ([{"status": RUNNING, "for": "1s"}], Status.READY),
    ],
)
def test_the_whole_ends_as_the_worst_of_its_components(
    ends: list[dict[str, str]], status: Status
) -> None:
    """Stages that do not say how they end, end well."""
    assert ends_as(ends, Status.BACKING_UP) == status
