from collections.abc import Callable

import pytest

from simulator.core import commands
from simulator.core.backups import Backup
from simulator.core.instants import Duration
from simulator.core.scripts import (
    Between,
    Branch,
    End,
    Forever,
    Lasts,
    OneOf,
    Polls,
    Stage,
    Until,
)
from simulator.core.statuses import Status
from simulator.scripting import ScriptBuilder, ScriptError
from simulator.simulation import Simulation

SECOND = 1_000_000_000
BACKING_UP, READY, ERROR, RESTORING = (
    Status.BACKING_UP,
    Status.READY,
    Status.ERROR,
    Status.RESTORING,
)


def lasts(seconds: int) -> Lasts:
    """Return the end of a stage after so many seconds."""
    return Lasts(Duration(seconds * SECOND))


@pytest.fixture
def simulation() -> Simulation:
    """Return a cluster to script."""
    return Simulation()


def stages_of(simulation: Simulation) -> tuple[Stage | OneOf, ...]:
    """Return the stages of the one rule."""
    (use,) = simulation.rules
    return use.rule.stages


def create(simulation: Simulation, label: str = "nightly") -> Backup:
    """Start a backup."""
    backup = simulation.do(commands.Create(label)).backup
    assert backup is not None
    return backup


# --- every method is a stage -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "ends"),
    [
        (lambda script: script.backing_up("90s"), lasts(90)),
        (
            lambda script: script.backing_up(("10s", "1m")),
            Between(Duration(10 * SECOND), Duration(60 * SECOND)),
        ),
        (lambda script: script.backing_up(polls=3), Polls(3)),
        (lambda script: script.backing_up(until="go"), Until("go")),
        (lambda script: script.backing_up(), Forever()),
    ],
)
def test_backing_up_is_a_stage_that_ends_as_said(
    write: Callable[[ScriptBuilder], ScriptBuilder], ends: End, simulation: Simulation
) -> None:
    """The same that a scenario file would make of it."""
    write(simulation.on_create())
    assert stages_of(simulation) == (Stage(status=BACKING_UP, ends=ends),)


@pytest.mark.parametrize(
    ("write", "ends"),
    [
        (lambda script: script.restoring("90s"), lasts(90)),
        (
            lambda script: script.restoring(("10s", "1m")),
            Between(Duration(10 * SECOND), Duration(60 * SECOND)),
        ),
        (lambda script: script.restoring(polls=1), Polls(1)),
        (lambda script: script.restoring(until="go"), Until("go")),
        (lambda script: script.restoring(), Forever()),
    ],
)
def test_restoring_is_a_stage_that_ends_as_said(
    write: Callable[[ScriptBuilder], ScriptBuilder], ends: End, simulation: Simulation
) -> None:
    """For restores what backing up is for creates."""
    write(simulation.on_restore())
    assert stages_of(simulation) == (Stage(status=RESTORING, ends=ends),)


def test_ready_and_error_are_final_stages(simulation: Simulation) -> None:
    """An error has a text; without one it is an error all the same."""
    simulation.on_create("a").ready()
    simulation.on_create("b").error("no leader")
    simulation.on_create("c").error()
    assert [use.rule.stages for use in simulation.rules] == [
        (Stage(status=READY),),
        (Stage(status=ERROR, error="no leader"),),
        (Stage(status=ERROR),),
    ]


def test_stages_follow_in_the_order_of_the_calls(simulation: Simulation) -> None:
    """Chained, or one call after another on the same script."""
    script = simulation.on_create().backing_up("1s")
    script.backing_up("2s")
    script.error("no leader")
    assert stages_of(simulation) == (
        Stage(status=BACKING_UP, ends=lasts(1)),
        Stage(status=BACKING_UP, ends=lasts(2)),
        Stage(status=ERROR, error="no leader"),
    )


def test_every_stage_may_show_something_else(simulation: Simulation) -> None:
    """For its component and for the whole."""
    simulation.on_create().backing_up("1s", shown_as="A", overall="B").ready(
        shown_as="C", overall="D"
    )
    simulation.on_restore().restoring("1s", shown_as="E", overall="F").error(
        "no leader", shown_as="G", overall="H"
    )
    shown = [
        (stage.shown_as, stage.overall)
        for use in simulation.rules
        for stage in use.rule.stages
        if isinstance(stage, Stage)
    ]
    assert shown == [("A", "B"), ("C", "D"), ("E", "F"), ("G", "H")]


def test_stages_after_component_belong_to_it(simulation: Simulation) -> None:
    """Until the next one; each runs on its own."""
    simulation.on_create().backing_up("1s").component("zookeeper").backing_up("5s").error(
        "no quorum"
    ).component("marathon").ready()
    assert stages_of(simulation) == (
        Stage(status=BACKING_UP, ends=lasts(1)),
        Stage(status=BACKING_UP, ends=lasts(5), component="zookeeper"),
        Stage(status=ERROR, error="no quorum", component="zookeeper"),
        Stage(status=READY),
    )


def test_one_of_is_a_weighted_choice(simulation: Simulation) -> None:
    """After what all branches have in common."""
    good, bad = (Stage(status=READY),), (Stage(status=ERROR, error="bad luck"),)
    simulation.on_create().backing_up("1s").one_of((3, good), (1, bad))
    assert stages_of(simulation) == (
        Stage(status=BACKING_UP, ends=lasts(1)),
        OneOf((Branch(weight=3, stages=good), Branch(weight=1, stages=bad))),
    )


def test_a_rule_says_what_it_is_for(simulation: Simulation) -> None:
    """Operation, label, how often, and where it was written."""
    simulation.on_create("nightly*", times=2)
    simulation.on_restore(optional=True)
    rules = [use.rule for use in simulation.rules]
    assert [
        (rule.on.value, rule.label, rule.times, rule.optional, rule.origin) for rule in rules
    ] == [
        ("create", "nightly*", 2, False, "on_create('nightly*')"),
        ("restore", "*", None, True, "on_restore('*')"),
    ]


# --- what cannot be --------------------------------------------------------------------------


NEVER_RESTORING = (
    "a create is never STATUS_RESTORING; its stages are STATUS_BACKING_UP, STATUS_READY or "
    "STATUS_ERROR (to show clients anything else, add shown_as)"
)
NEVER_BACKING_UP = (
    "a restore is never STATUS_BACKING_UP; its stages are STATUS_RESTORING, STATUS_READY or "
    "STATUS_ERROR (to show clients anything else, add shown_as)"
)
NOT_LAST = "one_of decides how the script goes on, so it must come last in its list"
AFTER_THE_END = "is never reached: marathon stays STATUS_READY before it"
AFTER_FOREVER = "is never reached: marathon stays STATUS_BACKING_UP before it"
TOO_LONG = "between: the first duration must not be longer than the second"


@pytest.mark.parametrize(
    ("write", "stage", "problem"),
    [
        (lambda script: script.ready().backing_up("1s"), 2, AFTER_THE_END),
        (lambda script: script.backing_up().error("no leader"), 2, AFTER_FOREVER),
        (lambda script: script.restoring("1s"), 1, NEVER_RESTORING),
        (
            lambda script: script.backing_up(polls=0),
            1,
            "polls: at least one poll must see the stage",
        ),
        (lambda script: script.backing_up("1s").backing_up(("2s", "1s")), 2, TOO_LONG),
        (lambda script: script.one_of(), 1, "one_of needs a branch at least"),
        (lambda script: script.one_of((1, ())).ready(), 1, NOT_LAST),
    ],
)
def test_a_stage_that_cannot_stand_there_is_refused(
    write: Callable[[ScriptBuilder], object], stage: int, problem: str, simulation: Simulation
) -> None:
    """With the script, the stage and the reason."""
    with pytest.raises(ScriptError) as caught:
        write(simulation.on_create("night*"))
    assert str(caught.value) == f"on_create('night*'), stage {stage}: {problem}"


def test_a_restore_is_never_backing_up(simulation: Simulation) -> None:
    """The sentence says what it can be."""
    with pytest.raises(ScriptError) as caught:
        simulation.on_restore().backing_up("1s")
    assert str(caught.value) == f"on_restore('*'), stage 1: {NEVER_BACKING_UP}"


def test_a_branch_that_is_never_drawn_is_refused(simulation: Simulation) -> None:
    """Its weight must be 1 or more."""
    with pytest.raises(ScriptError, match="a branch needs a weight of 1 or more"):
        simulation.on_create().one_of((1, ()), (0, ()))


def test_a_stage_ends_in_one_way(simulation: Simulation) -> None:
    """Two at once are refused, on every kind of stage."""
    sentence = "a stage ends in one way: after a time, after polls, or at a release"
    with pytest.raises(ScriptError, match=sentence):
        simulation.on_create().backing_up("1s", polls=2)
    with pytest.raises(ScriptError, match=sentence):
        simulation.on_restore().restoring(polls=2, until="go")


def test_a_refused_stage_leaves_the_script_as_it_was(simulation: Simulation) -> None:
    """Which can be continued."""
    script = simulation.on_create().backing_up("1s")
    with pytest.raises(ScriptError):
        script.restoring("1s")
    script.error("no leader")
    assert stages_of(simulation) == (
        Stage(status=BACKING_UP, ends=lasts(1)),
        Stage(status=ERROR, error="no leader"),
    )


@pytest.mark.parametrize("length", ["soon", "", "90", ("1s", "later")])
def test_what_is_no_duration_is_refused(
    length: str | tuple[str, str], simulation: Simulation
) -> None:
    """With the sentence that every duration has; no stage was added."""
    script = simulation.on_create()
    with pytest.raises(ScriptError, match="is not a duration; write one like 90s"):
        script.backing_up(length)
    assert stages_of(simulation) == ()


# --- what becomes of a script ----------------------------------------------------------------


def test_a_script_without_stages_is_ready_at_once(simulation: Simulation) -> None:
    """It does not say how it ends, so it ends well."""
    simulation.on_create()
    assert create(simulation).status is READY


def test_a_script_that_stops_halfway_ends_ready(simulation: Simulation) -> None:
    """After its last stage."""
    simulation.on_create().backing_up("10s")
    backup = create(simulation)
    simulation.clock.advance("10s")
    assert (backup.status, simulation.backups[backup.id].status) == (BACKING_UP, READY)


def test_every_component_of_a_script_that_stops_halfway_ends_ready(simulation: Simulation) -> None:
    """The whole is ready with the last of them."""
    simulation.on_create().backing_up("10s").component("zookeeper").backing_up("20s")
    backup = create(simulation)
    seen = []
    for _ in range(2):
        simulation.clock.advance("10s")
        now = simulation.backups[backup.id]
        seen.append([now.status, *(component.status for component in now.components)])
    assert seen == [[BACKING_UP, READY, BACKING_UP], [READY, READY, READY]]


def test_a_stage_without_an_end_stays(simulation: Simulation) -> None:
    """For a year and longer."""
    simulation.on_create().backing_up()
    backup = create(simulation)
    simulation.clock.advance("400d")
    assert simulation.backups[backup.id].status is BACKING_UP


def test_a_script_takes_effect_at_once_but_not_on_what_runs(simulation: Simulation) -> None:
    """An operation follows the script as it was when the operation began."""
    script = simulation.on_create().backing_up("10s")
    first = create(simulation)
    script.error("only from now on")
    simulation.clock.advance("10s")
    second = create(simulation)
    simulation.clock.advance("10s")
    backups = simulation.backups
    assert [backups[first.id].status, backups[second.id].status] == [READY, ERROR]


def test_the_first_script_that_matches_is_followed(simulation: Simulation) -> None:
    """A one-shot first, then the general one, then the default of 30 seconds ending well."""
    simulation.on_create("night*", times=1).error("first")
    simulation.on_create("nightly").error("second")
    errors = [create(simulation).components[0].error for _ in range(2)]
    other = create(simulation, "weekly")
    assert errors == ["first", "second"]
    assert (other.status, simulation.due(other.id)) == (
        BACKING_UP,
        (simulation.clock.now + 30 * SECOND, READY),
    )


def test_a_branch_is_drawn_from_the_seed() -> None:
    """Both come, and the same seed draws the same ones."""

    def drawn(seed: str) -> list[Status]:
        simulation = Simulation(seed=seed)
        simulation.on_create().one_of(
            (1, (Stage(status=READY),)), (1, (Stage(status=ERROR, error="bad luck"),))
        )
        return [create(simulation).status for _ in range(20)]

    assert drawn("a") == drawn("a") != drawn("b")
    assert set(drawn("a")) == {READY, ERROR}


@pytest.mark.parametrize("times", [0, -1])
def test_a_script_for_no_operation_at_all_is_refused(times: int, simulation: Simulation) -> None:
    """As in scenario files."""
    with pytest.raises(ScriptError, match="1 or more times"):
        simulation.on_create(times=times)
    assert simulation.rules == ()


def test_a_script_may_give_the_id_of_one_backup(simulation: Simulation) -> None:
    """Of one only: an id belongs to one backup."""
    uuid = "505df8f2-2ba3-4d7f-b6df-2d2dc344f242"
    simulation.on_create("nightly", times=1, uuid=uuid).ready()
    assert create(simulation).id == f"nightly-{uuid}"
    with pytest.raises(ScriptError, match="uuid needs times=1"):
        simulation.on_create("nightly", uuid=uuid)


def test_a_failed_restore_may_empty_marathon(simulation: Simulation) -> None:
    """A backup that fails does not."""
    simulation.deploy("/web")
    simulation.on_create().ready()
    simulation.on_restore().error("no archive", empties_marathon=True)
    simulation.do(commands.Restore(create(simulation).id))
    assert list(simulation.apps) == []
    with pytest.raises(ScriptError, match="only a restore that ends in STATUS_ERROR"):
        simulation.on_create("other").error(empties_marathon=True)
