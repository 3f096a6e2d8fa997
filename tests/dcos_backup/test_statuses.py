from typing import Any

import pytest

from simulator.dcos_backup.statuses import RestoreWatch, Stage, backup_seen

READY, ERROR = "STATUS_READY", "STATUS_ERROR"
BACKING_UP, RESTORING = "STATUS_BACKING_UP", "STATUS_RESTORING"


def components(*statuses: str) -> dict[str, Any]:
    return {"component_status": {f"c{n}": {"status": each} for n, each in enumerate(statuses)}}


def backup(restores: Any = None) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    shown = {"id": "nightly-1", "status": READY}
    return shown if restores is None else {**shown, "restores": restores}


@pytest.mark.parametrize(
    ("whole", "parts", "stage"),
    [
        (READY, (READY,), Stage.READY),
        (READY, (), Stage.READY),
        (READY, (READY, BACKING_UP), Stage.UNDER_WAY),
        (READY, (BACKING_UP,), Stage.UNDER_WAY),
        (READY, (ERROR,), Stage.FAILED),
        (BACKING_UP, (READY,), Stage.UNDER_WAY),
        (BACKING_UP, (ERROR,), Stage.FAILED),
        (BACKING_UP, (ERROR, BACKING_UP), Stage.UNDER_WAY),
        (ERROR, (READY, ERROR), Stage.FAILED),
        (ERROR, (), Stage.FAILED),
        ("STATUS_QUEUED", ("STATUS_QUEUED",), Stage.UNDER_WAY),
        ("STATUS_ARCHIVED", (), Stage.UNDER_WAY),
        ("", (), Stage.UNDER_WAY),
    ],
)
def test_a_backup_is_ready_where_the_whole_and_all_components_are(
    whole: str, parts: tuple[str, ...], stage: Stage
) -> None:
    """A status that nobody knows is under way."""
    document = {"id": "x", "status": whole, **components(*parts)}
    assert backup_seen(document).stage is stage


@pytest.mark.parametrize("odd", [None, [], "x", {"marathon": None}, {"marathon": {"status": 1}}])
def test_odd_components_are_never_a_reason_to_fail(odd: object) -> None:
    """What is there and cannot be read is not taken for ready."""
    expected = Stage.UNDER_WAY if isinstance(odd, dict) else Stage.READY
    document = {"id": "x", "status": READY, "component_status": odd}
    assert backup_seen(document).stage is expected


def test_what_the_service_says_of_an_error_is_kept() -> None:
    """Beside the component that it stands with."""
    document = {
        "id": "x",
        "status": ERROR,
        "component_status": {"marathon": {"status": ERROR, "error": "disk\nfull"}},
    }
    assert backup_seen(document) == (Stage.FAILED, ERROR, "marathon: disk full")


def stages(before: object, *later: object) -> list[Stage]:
    """Return how a watch judges one look after another."""
    watch = RestoreWatch(backup(before))
    return [watch.look(backup(restores)).stage for restores in later]


UNDER_WAY = Stage.UNDER_WAY


@pytest.mark.parametrize(
    ("before", "later", "expected"),
    [
        (None, (RESTORING, READY), [UNDER_WAY, Stage.READY]),
        (None, (READY,), [Stage.READY]),
        (None, (ERROR,), [Stage.FAILED]),
        (READY, (READY, RESTORING, READY), [UNDER_WAY, UNDER_WAY, Stage.READY]),
        (READY, (READY, ERROR), [UNDER_WAY, Stage.FAILED]),
        (ERROR, (ERROR, RESTORING, ERROR), [UNDER_WAY, UNDER_WAY, Stage.FAILED]),
        (ERROR, (ERROR, READY), [UNDER_WAY, Stage.READY]),
        (RESTORING, (READY, RESTORING, READY), [UNDER_WAY, UNDER_WAY, Stage.READY]),
    ],
)
def test_an_older_restore_is_not_taken_for_this_one(
    before: str | None, later: tuple[str, ...], expected: list[Stage]
) -> None:
    """Only what differs from before, or came after being under way, counts."""
    was = components(before) if before else None
    assert stages(was, *(components(each) for each in later)) == expected


def test_restores_may_be_a_list() -> None:
    """In any order; then the new one is the one more."""
    ready, error, running = components(READY), components(ERROR), components(RESTORING)
    assert stages([ready], [ready], [ready, running], [ready, ready]) == [
        UNDER_WAY,
        UNDER_WAY,
        Stage.READY,
    ]
    assert stages([error], [running, error], [ready, error]) == [UNDER_WAY, Stage.READY]
    assert stages([ready], [running], [ready]) == [UNDER_WAY, Stage.READY]
    assert stages([], [error]) == [Stage.FAILED]


def test_a_restore_is_over_when_all_its_components_are() -> None:
    """And its own status, where it has one."""
    assert stages(None, components(READY, RESTORING)) == [UNDER_WAY]
    assert stages(None, components(ERROR, RESTORING)) == [UNDER_WAY]
    assert stages(None, components(READY, ERROR)) == [Stage.FAILED]
    assert stages(None, {**components(READY), "status": RESTORING}) == [UNDER_WAY]
    assert stages(None, {"status": READY}) == [Stage.READY]


@pytest.mark.parametrize("odd", ["x", 1, [], [None], {}, {"component_status": 3}])
def test_odd_restores_are_never_over(odd: object) -> None:
    """There is nothing to judge."""
    assert stages(None, odd) == [UNDER_WAY]
