"""Scripts: how a backup or a restore is to go, as data.

A script is a list of stages. Each stage belongs to one component (``marathon`` unless it says
otherwise); the stages of a component follow one another, components run side by side. Where a
component's stages end while it still runs, it becomes ``STATUS_READY``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final, Protocol

from simulator.core.instants import Duration, duration_text
from simulator.core.statuses import RUNNING, Status

MARATHON: Final = "marathon"
"""The only component that real backups hold. Source: docs, backup-and-restore ("As of 1.10 …")."""


class OperationKind(Enum):
    """The two operations that take time; each has the status it runs in."""

    CREATE = "create"
    RESTORE = "restore"

    @property
    def running(self) -> Status:
        """The status that holds while the operation runs."""
        return Status.BACKING_UP if self is OperationKind.CREATE else Status.RESTORING


class Chance(Protocol):
    """Where the core takes every unpredictable value from; seeded by its owner."""

    def backup_uuid(self) -> str:
        """Return a new UUID for a backup id, 36 characters."""
        ...

    def between(self, shortest: int, longest: int) -> int:
        """Return an integer in ``shortest..longest``, both included."""
        ...

    def pick(self, weights: Sequence[int]) -> int:
        """Return an index into ``weights``, as likely as its weight."""
        ...


# --- when a stage ends -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lasts:
    """The stage ends after a fixed time."""

    length: Duration

    def __str__(self) -> str:
        return f"for {duration_text(self.length)}"


@dataclass(frozen=True, slots=True)
class Between:
    """The stage ends after a time drawn once, when the operation starts."""

    shortest: Duration
    longest: Duration

    def __str__(self) -> str:
        return f"for {duration_text(self.shortest)} to {duration_text(self.longest)}"


@dataclass(frozen=True, slots=True)
class Polls:
    """The stage ends once ``count`` lists have shown it: the next one shows what follows."""

    count: int

    def __str__(self) -> str:
        return f"for {self.count} {'poll' if self.count == 1 else 'polls'}"


@dataclass(frozen=True, slots=True)
class Until:
    """The stage ends when the named release is given."""

    release: str

    def __str__(self) -> str:
        return f"until {self.release!r} is released"


@dataclass(frozen=True, slots=True)
class Forever:
    """The stage never ends."""

    def __str__(self) -> str:
        return "forever"


End = Lasts | Between | Polls | Until | Forever


# --- stages and scripts ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a script.

    Attributes:
        status: what the component really is: the operation's running status, READY or ERROR.
        ends: when the next stage follows; None for READY and ERROR, which are final.
        component: the component that this stage belongs to.
        error: the diagnostic that a client sees, for ERROR only.
        shown_as: what clients see instead of ``status``, such as a status nobody documented. Where
            there is one component only, the whole is shown so, too.
        overall: what clients see as the status of the whole during this stage.
        empties_marathon: whether a restore that ends here leaves Marathon without any app.
    """

    status: Status
    ends: End | None = None
    component: str = MARATHON
    error: str = ""
    shown_as: str | None = None
    overall: str | None = None
    empties_marathon: bool = False

    @property
    def shown(self) -> str:
        """What a client sees as this component's status."""
        return self.status.value if self.shown_as is None else self.shown_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way to go on, and how likely it is against its siblings."""

    weight: int
    stages: tuple["Stage | OneOf", ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice between branches, drawn when the operation starts. Comes last in its list."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRule:
    """A script and when it applies: the first rule that matches wins.

    Attributes:
        on: the operation that is scripted.
        stages: the script.
        label: a glob over the backup's label (``*``, ``?``, ``[…]``), case-sensitive.
        times: how many operations the rule serves; None for all.
        origin: where the rule was written, for people ("line 8").
        optional: whether it is fine if no operation ever used the rule.
        uuid: the end of the id of the backup that is made; empty for one that chance gives.
    """

    on: OperationKind
    stages: tuple[Stage | OneOf, ...]
    label: str = "*"
    times: int | None = None
    origin: str = "a script"
    optional: bool = False
    uuid: str = ""

    def matches(self, operation: OperationKind, label: str) -> bool:
        """Tell whether the rule speaks of this operation on a backup with this label."""
        return self.on is operation and fnmatchcase(label, self.label)


def default_rule(operation: OperationKind) -> ScriptRule:
    """Return what happens where no rule matches: 30 seconds, then ready.

    Real durations are not documented; Marathon's restart alone takes 15 seconds and more.
    """
    stage = Stage(status=operation.running, ends=Lasts(DEFAULT_LENGTH))
    return ScriptRule(on=operation, stages=(stage,), origin="the default script")


DEFAULT_LENGTH: Final = Duration(30_000_000_000)

Timelines = dict[str, tuple[Stage, ...]]
"""The stages of each component, in order, every choice made."""


def draw(rule: ScriptRule, chance: Chance) -> Timelines:
    """Make every choice of a script and complete it, when its operation starts."""
    timelines: Timelines = {}
    for stage in _chosen(rule.stages, chance):
        timelines[stage.component] = (*timelines.get(stage.component, ()), stage)
    timelines = timelines or {MARATHON: ()}
    return {name: _completed(name, stages) for name, stages in timelines.items()}


def _chosen(stages: Sequence[Stage | OneOf], chance: Chance) -> Iterator[Stage]:
    for stage in stages:
        if isinstance(stage, OneOf):
            index = chance.pick([branch.weight for branch in stage.branches])
            yield from _chosen(stage.branches[index].stages, chance)
        elif isinstance(stage.ends, Between):
            length = chance.between(stage.ends.shortest, stage.ends.longest)
            yield replace(stage, ends=Lasts(Duration(length)))
        else:
            yield stage


def _completed(component: str, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if stages and (stages[-1].status not in RUNNING or isinstance(stages[-1].ends, Forever)):
        return stages
    return (*stages, Stage(status=Status.READY, component=component))


# --- what is wrong with a script -------------------------------------------------------------

Path = tuple[int, ...]
"""Where a stage stands: its index, then alternately a branch's and a stage's inside it."""


def stage_problems(
    operation: OperationKind, stages: Sequence[Stage | OneOf]
) -> Iterator[tuple[Path, str]]:
    """Say what is wrong with the stages of a script, each with its place.

    A stage that could never be reached is a problem like any other.
    """
    yield from _list_problems(operation, stages, (), {})


def _list_problems(
    operation: OperationKind, stages: Sequence[Stage | OneOf], path: Path, ended: dict[str, Stage]
) -> Iterator[tuple[Path, str]]:
    """Go through one list; ``ended`` holds the last stage of each component that is over."""
    ended = dict(ended)
    for index, stage in enumerate(stages):
        here = (*path, index)
        if isinstance(stage, OneOf):
            if index < len(stages) - 1:
                yield (
                    here,
                    "one_of decides how the script goes on, so it must come last in its list",
                )
            yield from _choice_problems(operation, stage, here, ended)
            continue
        yield from ((here, problem) for problem in _problems_of(operation, stage))
        earlier = ended.get(stage.component)
        if earlier is not None:
            yield here, f"is never reached: {stage.component} stays {earlier.status} before it"
        if stage.status not in RUNNING or isinstance(stage.ends, Forever):
            ended[stage.component] = stage


def _choice_problems(
    operation: OperationKind, choice: OneOf, here: Path, ended: dict[str, Stage]
) -> Iterator[tuple[Path, str]]:
    if not choice.branches:
        yield here, "one_of needs a branch at least"
    for number, branch in enumerate(choice.branches):
        if branch.weight < 1:
            yield (*here, number), "a branch needs a weight of 1 or more, or it is never reached"
        yield from _list_problems(operation, branch.stages, (*here, number), ended)


def _problems_of(operation: OperationKind, stage: Stage) -> Iterator[str]:
    running = operation.running
    if stage.status not in {running, Status.READY, Status.ERROR}:
        yield (
            f"a {operation.value} is never {stage.status}; its stages are {running}, "
            f"{Status.READY} or {Status.ERROR} (to show clients anything else, add shown_as)"
        )
    elif stage.status is running and stage.ends is None:
        yield f"{stage.status} needs an end: a duration such as 90s, or forever"
    elif stage.status is not running and stage.ends is not None:
        yield f"{stage.status} is final, so it cannot end; leave its duration out"
    if stage.error and stage.status is not Status.ERROR:
        yield f"an error text belongs to {Status.ERROR}, not to {stage.status}"
    can_empty = operation is OperationKind.RESTORE and stage.status is Status.ERROR
    if stage.empties_marathon and not can_empty:
        yield f"only a restore that ends in {Status.ERROR} can leave Marathon empty"
    if isinstance(stage.ends, Between) and stage.ends.shortest > stage.ends.longest:
        yield "between: the first duration must not be longer than the second"
    if isinstance(stage.ends, Polls) and stage.ends.count < 1:
        yield "polls: at least one poll must see the stage"


def dead_rules(rules: Sequence[ScriptRule]) -> Iterator[tuple[int, int]]:
    """Find rules that can never apply: yields (its index, index of the rule that hides it)."""
    for later, rule in enumerate(rules):
        for earlier, other in enumerate(rules[:later]):
            hides = other.on is rule.on and other.times is None
            if hides and (other.label in {"*", rule.label}):
                yield later, earlier
                break


def releases(stages: Sequence[Stage | OneOf]) -> Iterator[str]:
    """Yield the name of every release that a script waits for."""
    for stage in stages:
        if isinstance(stage, OneOf):
            for branch in stage.branches:
                yield from releases(branch.stages)
        elif isinstance(stage.ends, Until):
            yield stage.ends.release
