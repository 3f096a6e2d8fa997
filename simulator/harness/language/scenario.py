"""A scenario: what a file says, as the values that the core and the runner work with."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Final, final

from simulator.clock import DEFAULT_START
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.faults import FaultRule
from simulator.core.instants import Duration, Instant, elapsed
from simulator.core.marathon import app_from
from simulator.core.scripts import (
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
)
from simulator.core.time_policies import TimePolicy
from simulator.harness.language.cluster_model import (
    BackupModel,
    BetweenModel,
    ChoiceModel,
    EndedModel,
    EndModel,
    PollsModel,
    RestoredModel,
    ScriptModel,
    StageOrChoice,
    UntilModel,
)
from simulator.harness.language.file_model import ScenarioModel
from simulator.harness.language.source_file import SourceFile, Value
from simulator.harness.language.step_model import OPERATIONS, verb_of
from simulator.harness.language.time_model import AUTOJUMP, policy_of

SUFFIX: Final = ".scenario.yaml"

SILENT: Final = ("create", "restore")
"""Operations that may print nothing: what is expected of a document is then looked at by a show."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario, ready to run.

    Attributes:
        source: the file that it stands in.
        model: what it says, with the values of its case filled in.
        case: the name of its case; empty where the file has no cases.
    """

    source: SourceFile
    model: ScenarioModel
    case: str = ""

    @property
    def title(self) -> str:
        """What the scenario shows, in words."""
        return f"{self.model.scenario} ({self.case})" if self.case else self.model.scenario

    @property
    def name(self) -> str:
        """A short name, unique in the file: the case, or the file's own stem."""
        return self.case or Path(self.source.name).name.removesuffix(SUFFIX)

    @property
    def names(self) -> Iterator[str]:
        """What it can be called in a pattern: its file with more and more folders, and its case."""
        parts = Path(self.source.name.removesuffix(SUFFIX)).parts
        for index in range(len(parts)):
            name = "/".join(parts[index:])
            yield name
            if self.case:
                yield f"{name}::{self.case}"

    @property
    def written_steps(self) -> list[Value]:
        """The steps as they stand in the file."""
        steps: list[Value] = self.source.value.get("steps", [])
        return steps

    @property
    def operations(self) -> Iterator[str]:
        """The operations of the client that its steps take."""
        for step in self.written_steps:
            verb = verb_of(step)
            if verb in OPERATIONS:
                yield verb
            if verb == "wait" or (verb in SILENT and isinstance(step.get("expect"), dict)):
                yield "show"

    def lacking(self, operations: AbstractSet[str], programs: AbstractSet[str]) -> str:
        """Say what a client with these would lack to run it; empty when nothing."""
        for operation in self.operations:
            if operation not in operations:
                return f"operation {operation!r}"
        program = self.model.program
        if program and program.run not in programs:
            return f"program {program.run!r}"
        return ""

    def test_name(self, client_name: str) -> str:
        """Name the test that runs it through a client.

        Without brackets: pytest would take what is in them for parameters when it reads a test's
        id from its cache, and ``--lf`` would find nothing.
        """
        return f"{self.name}@{client_name}"

    @property
    def policy(self) -> TimePolicy:
        """What moves cluster time."""
        return policy_of(self.model.time, runs_program=self.model.program is not None)

    @property
    def is_autojump(self) -> bool:
        """Whether what the client sleeps is to pass on the cluster's clock."""
        return self.model.time == AUTOJUMP

    @property
    def needs_virtual_time(self) -> bool:
        """Whether processes of the client must have the cluster's time."""
        return self.is_autojump and self.model.program is not None

    @property
    def start(self) -> Instant:
        """Where cluster time begins."""
        start = self.model.cluster.start
        return DEFAULT_START if start is None else start

    @property
    def made_up_apps(self) -> int:
        """How many apps are to be made up."""
        apps = self.model.cluster.marathon.apps
        return apps if isinstance(apps, int) else 0

    @property
    def made_up_backups(self) -> int:
        """How many backups are to be made up."""
        backups = self.model.cluster.backups
        return backups if isinstance(backups, int) else 0

    @property
    def listed_backups(self) -> list[BackupModel]:
        """The backups there from the start that the file lists; none where it counts them."""
        backups = self.model.cluster.backups
        return [] if isinstance(backups, int) else backups

    @property
    def existing_names(self) -> Iterator[str]:
        """The names of the backups there from the start, oldest first; empty where unnamed."""
        backups = sorted(self.listed_backups, key=lambda backup: -_age(backup, self.start))
        listed = (backup.as_ or "" for backup in backups for _ in range(backup.times))
        return chain(listed, repeat("", self.made_up_backups))

    def spec(self) -> ClusterSpec:
        """Return what the cluster is when it starts."""
        cluster = self.model.cluster
        apps = cluster.marathon.apps
        return ClusterSpec(
            dcos_version=cluster.dcos_version,
            apps=() if isinstance(apps, int) else tuple(app_from(app) for app in apps),
            backups=tuple(
                _existing(backup, self.start)
                for backup in self.listed_backups
                for _ in range(backup.times)
            ),
            rules=tuple(self.rules()),
            faults=tuple(self.faults()),
        )

    def faults(self) -> Iterator[FaultRule]:
        """Yield the faults, in order."""
        for index, fault in enumerate(self.model.faults):
            line = self.source.place(("faults", index)).line
            yield fault.rule(f"fault in line {line}")

    def rules(self) -> Iterator[ScriptRule]:
        """Yield the scripts, in order."""
        for index, script in enumerate(self.model.script):
            line = self.source.place(("script", index)).line
            yield _rule(script, f"script in line {line}")


def _age(backup: BackupModel, start: Instant) -> Duration:
    """Return how long before the start a backup was made."""
    return backup.age if backup.timestamp is None else elapsed(backup.timestamp, start)


def _ended(restored: RestoredModel | None) -> EndedModel | None:
    if restored is None or isinstance(restored, EndedModel):
        return restored
    return EndedModel(status=restored)


def _existing(backup: BackupModel, start: Instant) -> ExistingBackup:
    ended = _ended(backup.restored)
    return ExistingBackup(
        label=backup.label,
        age=_age(backup, start),
        status=backup.status,
        error=backup.error,
        uuid=backup.uuid or "",
        dcos_version=backup.dcos_version or "",
        restored=ended.status if ended else None,
        restore_error=ended.error if ended else "",
    )


def _rule(script: ScriptModel, origin: str) -> ScriptRule:
    return ScriptRule(
        on=OperationKind(script.on),
        stages=tuple(_stage(stage) for stage in script.then),
        label=script.when.label,
        times=script.times,
        origin=origin,
        optional=script.optional,
        uuid=script.uuid or "",
    )


def _stage(stage: StageOrChoice) -> Stage | OneOf:
    if isinstance(stage, ChoiceModel):
        return OneOf(
            tuple(
                Branch(weight=branch.weight, stages=tuple(_stage(each) for each in branch.then))
                for branch in stage.one_of
            )
        )
    return Stage(
        status=stage.status,
        ends=_end(stage.for_),
        component=stage.component,
        error=stage.error,
        shown_as=stage.shown_as,
        overall=stage.overall,
        empties_marathon=stage.empties_marathon,
    )


def _end(end: EndModel | None) -> End | None:
    if end is None:
        return None
    if isinstance(end, BetweenModel):
        return Between(*end.between)
    if isinstance(end, PollsModel):
        return Polls(end.polls)
    if isinstance(end, UntilModel):
        return Until(end.until)
    return Forever() if end == "forever" else Lasts(end)
