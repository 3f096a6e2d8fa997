import pytest

from simulator.core.identifiers import BackupId
from simulator.core.instants import Duration, Instant
from simulator.core.operation import Operation
from simulator.core.scripts import End, Forever, Lasts, Polls, Stage, Until
from simulator.core.statuses import IllegalTransitionError, Status

READY = Stage(status=Status.READY)
FAILED = Stage(status=Status.ERROR, error="no leader")


def runs(end: End, *, shown_as: str | None = None, overall: str | None = None) -> Stage:
    """Return a running stage of a create."""
    return Stage(status=Status.BACKING_UP, ends=end, shown_as=shown_as, overall=overall)


def lasts(length: int) -> Stage:
    """Return a running stage of so many nanoseconds."""
    return runs(Lasts(Duration(length)))


def begun(
    *marathon: Stage, released: set[str] | None = None, **others: tuple[Stage, ...]
) -> Operation:
    """Return a create that began at 100 with these stages."""
    operation = Operation(
        backup_id=BackupId("nightly"),
        restore=0,
        origin="line 8",
        begun_as=Status.BACKING_UP,
        released=set() if released is None else released,
    )
    operation.begin({"marathon": marathon, **others}, Instant(100))
    return operation


def test_an_operation_begins_in_the_first_stage_of_every_component() -> None:
    """Its components say where they stand, why, and until when."""
    operation = begun(lasts(10), READY, secrets=(runs(Polls(2), shown_as="odd"), READY))
    marathon, secrets = operation.components
    assert (marathon.name, marathon.status, marathon.shown) == (
        "marathon",
        Status.BACKING_UP,
        "STATUS_BACKING_UP",
    )
    assert (marathon.until, marathon.because) == (110, "line 8, stage 1 of 2, for 10ns")
    assert (secrets.name, secrets.status, secrets.shown) == ("secrets", Status.BACKING_UP, "odd")
    assert (secrets.until, secrets.because) == (None, "line 8, stage 1 of 2, for 2 polls")


def test_a_final_stage_has_no_end_and_may_have_an_error() -> None:
    """It is where the component stays."""
    (component,) = begun(FAILED).components
    assert (component.status, component.error) == (Status.ERROR, "no leader")
    assert (component.until, component.because) == (None, "line 8, stage 1 of 1")


def test_the_next_deadline_is_the_earliest_of_all_components() -> None:
    """Stages that do not end by time have none."""
    operation = begun(lasts(10), READY, secrets=(lasts(5), READY), users=(runs(Polls(1)), READY))
    assert operation.next_deadline() == 105
    assert operation.end_due_stages(Instant(105)) == ("secrets",)
    assert operation.next_deadline() == 110
    assert operation.end_due_stages(Instant(110)) == ("marathon",)
    assert operation.next_deadline() is None


def test_no_stage_ends_before_its_time() -> None:
    """One nanosecond is enough."""
    operation = begun(lasts(10), READY)
    assert operation.end_due_stages(Instant(109)) == ()
    assert operation.end_due_stages(Instant(110)) == ("marathon",)


def test_what_falls_due_together_moves_in_the_order_of_the_components() -> None:
    """Whichever began its stage first."""
    operation = begun(lasts(10), READY, secrets=(lasts(4), lasts(6), READY), users=(lasts(10),) * 2)
    assert operation.end_due_stages(Instant(104)) == ("secrets",)
    assert operation.end_due_stages(Instant(110)) == ("marathon", "secrets", "users")


def test_each_list_counts_for_every_component_that_counts_lists() -> None:
    """One list never counts for two stages of a component."""
    operation = begun(runs(Polls(2)), READY, secrets=(runs(Polls(1)), runs(Polls(1)), READY))
    assert operation.polled(Instant(101)) == ("secrets",)
    assert operation.polled(Instant(102)) == ("marathon", "secrets")
    assert operation.polled(Instant(103)) == ()


@pytest.mark.parametrize(
    "end", [Lasts(Duration(10)), Until("go"), Forever()], ids=["lasts", "until", "forever"]
)
def test_a_list_ends_no_other_stage(end: End) -> None:
    """However many there are."""
    operation = begun(runs(end), READY)
    assert [operation.polled(Instant(101)) for _ in range(9)] == [()] * 9


def test_a_release_ends_the_stages_that_wait_for_it() -> None:
    """And no others."""
    released: set[str] = set()
    operation = begun(
        runs(Until("go")),
        READY,
        released=released,
        secrets=(runs(Until("stop")), READY),
        users=(runs(Until("go")), FAILED),
    )
    assert operation.release(Instant(101)) == ()
    released.add("go")
    assert operation.release(Instant(102)) == ("marathon", "users")
    assert operation.release(Instant(103)) == ()


def test_what_follows_a_release_lasts_from_then_on() -> None:
    """However long the release was waited for."""
    released: set[str] = set()
    operation = begun(runs(Until("go")), lasts(5), READY, released=released)
    released.add("go")
    assert operation.release(Instant(400)) == ("marathon",)
    assert operation.next_deadline() == 405


def test_what_overrules_a_script_lasts_from_then_on() -> None:
    """In every component that still runs; what is final stays."""
    operation = begun(lasts(1), FAILED, secrets=(lasts(9), READY))
    operation.end_due_stages(Instant(101))
    assert operation.overrule(lasts(5), Instant(103)) == ("secrets",)
    marathon, secrets = operation.components
    assert (marathon.status, marathon.until) == (Status.ERROR, None)
    assert (secrets.name, secrets.until) == ("secrets", 108)
    assert secrets.because == "line 8, stage 2 of 2, for 5ns"


def test_a_stage_that_waits_for_what_is_released_already_is_passed() -> None:
    """At the start, after a time, and several in a row."""
    operation = begun(
        runs(Until("go")), lasts(5), runs(Until("go")), runs(Until("go")), READY, released={"go"}
    )
    assert operation.components[0].because == "line 8, stage 2 of 5, for 5ns"
    assert operation.end_due_stages(Instant(105)) == ("marathon",)
    assert operation.status is Status.READY


def test_an_operation_runs_while_any_component_runs() -> None:
    """Then it has failed if any has."""
    operation = begun(lasts(1), FAILED, secrets=(lasts(2), READY))
    assert (operation.status, operation.is_running) == (Status.BACKING_UP, True)
    operation.end_due_stages(Instant(101))
    assert (operation.status, operation.is_running) == (Status.BACKING_UP, True)
    operation.end_due_stages(Instant(102))
    assert (operation.status, operation.is_running) == (Status.ERROR, False)


def test_clients_see_the_status_of_the_whole_that_a_stage_says() -> None:
    """The first component that says one; without one, the real status."""
    operation = begun(
        runs(Lasts(Duration(2)), overall="two"),
        runs(Lasts(Duration(2))),
        READY,
        secrets=(lasts(1), runs(Lasts(Duration(2)), overall=""), runs(Forever())),
    )
    seen = [operation.shown]
    for now in (101, 102, 103):
        operation.end_due_stages(Instant(now))
        seen.append(operation.shown)
    assert seen == ["two", "two", "", "STATUS_BACKING_UP"]


def test_a_stage_that_the_table_does_not_allow_is_never_entered() -> None:
    """A create cannot become a restore, whatever a script says."""
    foreign = Stage(status=Status.RESTORING, ends=Forever())
    with pytest.raises(IllegalTransitionError):
        begun(foreign)


@pytest.mark.parametrize(
    ("stages", "end"),
    [
        ((lasts(10), READY), (110, Status.READY)),
        ((lasts(10), lasts(5), FAILED), (115, Status.ERROR)),
        ((lasts(10), runs(Polls(1)), READY), None),
        ((runs(Polls(1)), lasts(10), READY), None),
        ((lasts(10), runs(Until("go")), READY), None),
        ((runs(Until("go")), READY), None),
        ((lasts(10), runs(Forever())), None),
        ((runs(Forever()),), None),
        ((READY,), (100, Status.READY)),
    ],
)
def test_the_end_is_foreseen_where_time_alone_decides(
    stages: tuple[Stage, ...], end: tuple[int, Status] | None
) -> None:
    """A list, a release or nothing at all cannot be foreseen."""
    assert begun(*stages).due(Instant(100)) == end


def test_the_end_of_the_whole_is_the_end_of_its_slowest_component() -> None:
    """Also of those that ended long ago; one that cannot be foreseen is enough to foresee none."""
    operation = begun(lasts(1), FAILED, secrets=(lasts(9), READY))
    assert operation.due(Instant(100)) == (109, Status.ERROR)
    operation.end_due_stages(Instant(101))
    assert operation.due(Instant(105)) == (109, Status.ERROR)
    assert begun(lasts(1), READY, secrets=(runs(Forever()),)).due(Instant(100)) is None


def test_a_release_that_was_given_already_does_not_hide_the_end() -> None:
    """From then on time alone decides."""
    operation = begun(lasts(10), runs(Until("go")), READY, released={"go"})
    assert operation.due(Instant(100)) == (110, Status.READY)
