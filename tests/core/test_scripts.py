from collections.abc import Sequence

import pytest

from simulator.core.instants import Duration
from simulator.core.scripts import (
    DEFAULT_LENGTH,
    Between,
    Branch,
    End,
    Forever,
    Lasts,
    OneOf,
    OperationKind,
    Polls,
    ScriptRule,
    Stage,
    Until,
    dead_rules,
    default_rule,
    draw,
    releases,
    stage_problems,
)
from simulator.core.statuses import Status

SECOND = 1_000_000_000
READY = Stage(status=Status.READY)
FAILED = Stage(status=Status.ERROR, error="no leader")
FOREVER = Stage(status=Status.BACKING_UP, ends=Forever())


class FixedChance:
    """Answers every question with the same thing and writes the question down."""

    def __init__(self, *, picks: Sequence[int] = (), length: int = 0) -> None:
        """Pick these branches, one after another; every drawn length is ``length``."""
        self.asked: list[tuple[str, tuple[int, ...]]] = []
        self._picks = list(picks)
        self._length = length

    def backup_uuid(self) -> str:
        """No script needs one."""
        raise NotImplementedError

    def between(self, shortest: int, longest: int) -> int:
        """Return the fixed length."""
        self.asked.append(("between", (shortest, longest)))
        return self._length

    def pick(self, weights: Sequence[int]) -> int:
        """Return the next fixed index."""
        self.asked.append(("pick", tuple(weights)))
        return self._picks.pop(0)


def seconds(count: int) -> Duration:
    """Return so many seconds."""
    return Duration(count * SECOND)


def running(count: int = 1, component: str = "marathon") -> Stage:
    """Return a stage of a create that runs for so many seconds."""
    return Stage(status=Status.BACKING_UP, ends=Lasts(seconds(count)), component=component)


def branch(*stages: Stage | OneOf, weight: int = 1) -> Branch:
    """Return a branch."""
    return Branch(weight=weight, stages=stages)


def script(*stages: Stage | OneOf) -> ScriptRule:
    """Return a rule for creates with these stages."""
    return ScriptRule(on=OperationKind.CREATE, stages=stages)


def problems(
    *stages: Stage | OneOf, operation: OperationKind = OperationKind.CREATE
) -> list[tuple[tuple[int, ...], str]]:
    """Return what is wrong with these stages."""
    return list(stage_problems(operation, stages))


# --- stages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (Lasts(seconds(90)), "for 1m30s"),
        (Lasts(Duration(0)), "for 0s"),
        (Between(seconds(10), seconds(60)), "for 10s to 1m"),
        (Polls(1), "for 1 poll"),
        (Polls(3), "for 3 polls"),
        (Until("go"), "until 'go' is released"),
        (Forever(), "forever"),
    ],
)
def test_the_end_of_a_stage_reads_as_english(end: End, text: str) -> None:
    """It is part of every reason that a person sees."""
    assert str(end) == text


def test_each_operation_has_the_status_it_runs_in() -> None:
    """The two running statuses of the documents."""
    assert OperationKind.CREATE.running is Status.BACKING_UP
    assert OperationKind.RESTORE.running is Status.RESTORING


def test_a_stage_shows_its_status_unless_it_says_otherwise() -> None:
    """An empty text is something to show like any other."""
    assert READY.shown == "STATUS_READY"
    assert Stage(status=Status.READY, shown_as="STATUS_ODD").shown == "STATUS_ODD"
    assert Stage(status=Status.READY, shown_as="").shown == ""


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "matched"),
    [
        ("*", ["nightly", "nightly2", "Nightly", "weekly"]),
        ("nightly", ["nightly"]),
        ("night*", ["nightly", "nightly2"]),
        ("?ightly", ["nightly", "Nightly"]),
        ("[a-o]*", ["nightly", "nightly2"]),
        ("daily", []),
    ],
)
def test_a_rule_speaks_of_labels_that_its_glob_matches(glob: str, matched: list[str]) -> None:
    """Upper and lower case differ."""
    rule = ScriptRule(on=OperationKind.CREATE, stages=(), label=glob)
    labels = ["nightly", "nightly2", "Nightly", "weekly"]
    assert [label for label in labels if rule.matches(OperationKind.CREATE, label)] == matched


def test_a_rule_speaks_of_one_operation_only() -> None:
    """A script for creates does not touch restores."""
    assert not script().matches(OperationKind.RESTORE, "nightly")


def test_a_rule_is_to_be_used_unless_it_says_otherwise() -> None:
    """One that nothing used is a mistake in a scenario."""
    assert not script().optional


@pytest.mark.parametrize("operation", OperationKind)
def test_without_a_rule_an_operation_takes_thirty_seconds(operation: OperationKind) -> None:
    """Then it is ready."""
    rule = default_rule(operation)
    assert rule.on is operation
    assert rule.origin == "the default script"
    assert seconds(30) == DEFAULT_LENGTH
    assert draw(rule, FixedChance()) == {
        "marathon": (Stage(status=operation.running, ends=Lasts(DEFAULT_LENGTH)), READY)
    }


# --- drawing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "drawn"),
    [
        ((), (READY,)),
        ((running(),), (running(), READY)),
        ((running(1), running(2)), (running(1), running(2), READY)),
        ((running(), READY), (running(), READY)),
        ((running(), FAILED), (running(), FAILED)),
        ((FAILED,), (FAILED,)),
        ((FOREVER,), (FOREVER,)),
        ((running(), FOREVER), (running(), FOREVER)),
        (
            (Stage(status=Status.BACKING_UP, ends=Until("go")),),
            (Stage(status=Status.BACKING_UP, ends=Until("go")), READY),
        ),
    ],
)
def test_a_script_that_stops_while_running_goes_on_to_ready(
    stages: tuple[Stage, ...], drawn: tuple[Stage, ...]
) -> None:
    """Unless it is final already, or never ends."""
    assert draw(script(*stages), FixedChance()) == {"marathon": drawn}


def test_components_are_told_apart_in_the_order_of_their_first_stage() -> None:
    """Each is completed for itself."""
    drawn = draw(
        script(running(1, "secrets"), running(2), running(3, "secrets"), FAILED), FixedChance()
    )
    assert list(drawn.items()) == [
        (
            "secrets",
            (
                running(1, "secrets"),
                running(3, "secrets"),
                Stage(status=Status.READY, component="secrets"),
            ),
        ),
        ("marathon", (running(2), FAILED)),
    ]


def test_a_script_need_not_speak_of_marathon() -> None:
    """Then there is none in the backup."""
    assert list(draw(script(running(1, "secrets")), FixedChance())) == ["secrets"]


def test_a_length_between_two_is_drawn_once() -> None:
    """The stage is otherwise unchanged."""
    chance = FixedChance(length=7)
    stage = Stage(status=Status.BACKING_UP, ends=Between(Duration(5), Duration(9)), shown_as="odd")
    assert draw(script(stage), chance) == {
        "marathon": (
            Stage(status=Status.BACKING_UP, ends=Lasts(Duration(7)), shown_as="odd"),
            READY,
        )
    }
    assert chance.asked == [("between", (5, 9))]


@pytest.mark.parametrize(("pick", "chosen"), [(0, (running(1), READY)), (1, (running(1), FAILED))])
def test_one_branch_is_picked_by_its_weight(pick: int, chosen: tuple[Stage, ...]) -> None:
    """And followed after the stages before it."""
    chance = FixedChance(picks=[pick])
    choice = OneOf((branch(READY, weight=3), branch(FAILED, weight=1)))
    assert draw(script(running(1), choice), chance) == {"marathon": chosen}
    assert chance.asked == [("pick", (3, 1))]


def test_a_branch_may_branch_again() -> None:
    """Only what is reached is drawn, from the outside in."""
    chance = FixedChance(picks=[1, 0], length=5)
    random_stage = Stage(status=Status.BACKING_UP, ends=Between(Duration(1), Duration(8)))
    inner = OneOf((branch(random_stage, FAILED, weight=2),))
    outer = OneOf((branch(random_stage), branch(running(2), inner)))
    assert draw(script(outer), chance) == {
        "marathon": (
            running(2),
            Stage(status=Status.BACKING_UP, ends=Lasts(Duration(5))),
            FAILED,
        )
    }
    assert chance.asked == [("pick", (1, 1)), ("pick", (2,)), ("between", (1, 8))]


# --- problems ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stages",
    [
        (),
        (running(),),
        (running(), READY),
        (FAILED,),
        (FOREVER, running(1, "secrets")),
        (READY, Stage(status=Status.ERROR, component="secrets", error="sealed")),
        (Stage(status=Status.BACKING_UP, ends=Between(seconds(1), seconds(1))),),
        (Stage(status=Status.BACKING_UP, ends=Polls(1)),),
        (Stage(status=Status.BACKING_UP, ends=Until("go"), shown_as="odd", overall="odder"),),
        (running(), OneOf((branch(READY), branch(FAILED, weight=7)))),
        (OneOf((branch(READY), branch(READY))),),
    ],
)
def test_nothing_is_wrong_with_a_good_script(stages: tuple[Stage | OneOf, ...]) -> None:
    """Branches do not end each other."""
    assert problems(*stages) == []


def test_a_restore_has_a_running_status_of_its_own() -> None:
    """What a create runs in is foreign to it, and the other way round."""
    restoring = Stage(status=Status.RESTORING, ends=Lasts(seconds(1)))
    foreign = (
        "{} is never {}; its stages are {}, STATUS_READY or STATUS_ERROR "
        "(to show clients anything else, add shown_as)"
    )
    as_restore = foreign.format("a restore", "STATUS_BACKING_UP", "STATUS_RESTORING")
    as_create = foreign.format("a create", "STATUS_RESTORING", "STATUS_BACKING_UP")
    assert problems(restoring, READY, operation=OperationKind.RESTORE) == []
    assert problems(running(), operation=OperationKind.RESTORE) == [((0,), as_restore)]
    assert problems(restoring) == [((0,), as_create)]


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (
            Stage(status=Status.BACKING_UP),
            "STATUS_BACKING_UP needs an end: a duration such as 90s, or forever",
        ),
        (
            Stage(status=Status.READY, ends=Lasts(seconds(1))),
            "STATUS_READY is final, so it cannot end; leave its duration out",
        ),
        (
            Stage(status=Status.ERROR, ends=Forever()),
            "STATUS_ERROR is final, so it cannot end; leave its duration out",
        ),
        (
            Stage(status=Status.READY, error="no leader"),
            "an error text belongs to STATUS_ERROR, not to STATUS_READY",
        ),
        (
            Stage(status=Status.ERROR, empties_marathon=True),
            "only a restore that ends in STATUS_ERROR can leave Marathon empty",
        ),
        (
            Stage(status=Status.BACKING_UP, ends=Between(seconds(2), seconds(1))),
            "between: the first duration must not be longer than the second",
        ),
        (
            Stage(status=Status.BACKING_UP, ends=Polls(0)),
            "polls: at least one poll must see the stage",
        ),
    ],
)
def test_each_problem_of_a_stage_is_a_sentence_with_its_place(stage: Stage, sentence: str) -> None:
    """The place is the path to the stage, also inside branches."""
    assert problems(stage) == [((0,), sentence)]
    assert problems(running(), stage) == [((1,), sentence)]
    choice = OneOf((branch(READY), branch(running(), OneOf((branch(stage),)))))
    assert problems(running(), choice) == [((1, 1, 1, 0, 0), sentence)]


def test_every_problem_of_one_stage_is_told_at_once() -> None:
    """Nobody has to mend a script one error at a time."""
    stage = Stage(status=Status.READY, ends=Polls(0), error="no leader")
    assert [path for path, _ in problems(stage)] == [(0,), (0,), (0,)]


@pytest.mark.parametrize(
    ("last", "status"), [(READY, "STATUS_READY"), (FAILED, "STATUS_ERROR"), (FOREVER, None)]
)
def test_a_stage_after_the_last_is_never_reached(last: Stage, status: str | None) -> None:
    """Others of the same script, of another component, are."""
    stays = status or "STATUS_BACKING_UP"
    assert problems(last, running(1, "secrets"), running(), READY) == [
        ((2,), f"is never reached: marathon stays {stays} before it"),
        ((3,), f"is never reached: marathon stays {stays} before it"),
    ]


def test_a_stage_in_a_branch_after_the_last_is_never_reached_either() -> None:
    """What ended before a choice has ended for all of its branches."""
    assert problems(FAILED, OneOf((branch(READY), branch(running(1, "secrets"))))) == [
        ((1, 0, 0), "is never reached: marathon stays STATUS_ERROR before it"),
    ]


def test_a_choice_must_come_last() -> None:
    """After it, nothing is common to its branches."""
    choice = OneOf((branch(READY), branch(FAILED)))
    assert problems(choice, running(1, "secrets")) == [
        ((0,), "one_of decides how the script goes on, so it must come last in its list")
    ]


def test_a_choice_that_does_not_come_last_hides_no_problem_behind_it() -> None:
    """Nobody has to mend a script one error at a time."""
    choice = OneOf((branch(READY), branch(FAILED)))
    assert [path for path, _ in problems(choice, Stage(status=Status.BACKING_UP))] == [(0,), (1,)]


def test_a_choice_needs_something_to_choose() -> None:
    """An empty one says nothing."""
    assert problems(running(), OneOf(())) == [((1,), "one_of needs a branch at least")]


@pytest.mark.parametrize("weight", [0, -1])
def test_a_branch_without_weight_is_never_reached(weight: int) -> None:
    """Its siblings do not help it."""
    choice = OneOf((branch(READY), branch(FAILED, weight=weight)))
    assert problems(running(), choice) == [
        ((1, 1), "a branch needs a weight of 1 or more, or it is never reached"),
    ]


# --- dead rules and releases -------------------------------------------------------------------


def rule(
    label: str, *, times: int | None = None, on: OperationKind = OperationKind.CREATE
) -> ScriptRule:
    """Return a rule of which only the conditions matter."""
    return ScriptRule(on=on, stages=(), label=label, times=times)


@pytest.mark.parametrize(
    ("rules", "dead"),
    [
        ([], []),
        ([rule("*")], []),
        ([rule("*"), rule("nightly")], [(1, 0)]),
        ([rule("nightly"), rule("*")], []),
        ([rule("night*"), rule("night*")], [(1, 0)]),
        ([rule("night*"), rule("day*")], []),
        ([rule("*", times=1), rule("*")], []),
        ([rule("*"), rule("*", on=OperationKind.RESTORE)], []),
        ([rule("a*"), rule("*"), rule("a*"), rule("b*")], [(2, 0), (3, 1)]),
    ],
)
def test_a_rule_behind_one_that_takes_everything_is_dead(
    rules: list[ScriptRule], dead: list[tuple[int, int]]
) -> None:
    """Found with the first rule that hides it."""
    assert list(dead_rules(rules)) == dead


def test_every_release_that_a_script_waits_for_is_found() -> None:
    """In every branch, in the order of writing."""

    def waits(name: str) -> Stage:
        return Stage(status=Status.BACKING_UP, ends=Until(name))

    inner = OneOf((branch(waits("three")), branch(waits("one"))))
    outer = OneOf((branch(waits("two")), branch(FAILED), branch(inner)))
    assert list(releases([running(), waits("one"), FOREVER, outer])) == [
        "one",
        "two",
        "three",
        "one",
    ]
