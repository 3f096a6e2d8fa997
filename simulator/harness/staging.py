"""Plays the beginning of a scenario without any client: so that somebody can go on from there."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, final

from simulator.clock import END_OF_TIME, ClockError
from simulator.core import commands
from simulator.core.instants import Duration, Instant, after, elapsed
from simulator.core.statuses import Status
from simulator.harness.acting import act
from simulator.harness.language.program_model import ProgramRunModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.step_model import (
    AdvanceStep,
    ClusterStep,
    CreateStep,
    DeleteStep,
    RestoreStep,
    StepModel,
    TargetModel,
    UntilStatusModel,
    WaitModel,
    WaitStep,
)
from simulator.simulation import RefusedError, Simulation

FAILURES: Final = ("refused", "failed", "unsuccessful")
"""Outcomes that a client may be expected to have, and that are trouble."""

NOWHERE: Final = ""
"""The id of a backup that nobody has made."""


def play(
    scenario: Scenario,
    cluster: Simulation,
    until: Duration | None = None,
    *,
    steps: int | None = None,
) -> Mapping[str, str]:
    """Play a scenario up to a moment, and leave the cluster's time just there.

    Creates, restores and deletes are the cluster's own doing: no request is sent, so no fault
    strikes and no client is judged. What the cluster refuses is passed over.

    Args:
        scenario: whose steps, or program, are played.
        cluster: the one that the scenario describes, at its start.
        until: how much cluster time since the start; None for as much as the steps take.
        steps: how many of the steps; None for all.

    Returns:
        The ids of all backups that have a name, by these names.
    """
    ids = list(cluster.backups)
    names = {name: ids[index] for index, name in enumerate(scenario.existing_names) if name}
    end = END_OF_TIME if until is None else after(cluster.clock.start, until)
    player = _Player(cluster, end, names)
    program = scenario.model.program
    if program is not None:
        player.run(program)
    for step in scenario.model.steps[:steps]:
        if player.is_over:
            break
        player.take(step)
    if until is not None:
        player.wait_for_the_end()
    return names


def first_trouble(scenario: Scenario) -> int:
    """Return how many steps lead to where a scenario first goes wrong; all where it never does.

    A step that would be refused or fail is not among them: it is somebody else's to try.
    """
    for index, step in enumerate(scenario.model.steps):
        if isinstance(step, WaitStep) and step.wait.for_ == Status.ERROR:
            return index + 1
        expected = getattr(step, "expect", None)
        is_failure = isinstance(expected, str) and expected in FAILURES
        is_error = isinstance(expected, dict) and Status.ERROR in expected.values()
        if is_failure or is_error:
            return index
    return len(scenario.model.steps)


@final
@dataclass(slots=True)
class _Player:
    """Takes steps while there is time."""

    cluster: Simulation
    end: Instant
    names: dict[str, str]
    is_over: bool = field(default=False)

    def take(self, step: StepModel) -> None:
        """Take one step; what only looks at the cluster is nothing to do."""
        with suppress(RefusedError):
            match step:
                case CreateStep():
                    self._create(step.create.label, step.as_)
                case RestoreStep():
                    self.cluster.do(commands.Restore(self._id_of(step.restore)))
                case DeleteStep():
                    self.cluster.do(commands.Delete(self._id_of(step.delete)))
                case ClusterStep():
                    act(self.cluster, step.cluster, self._id_named)
                case AdvanceStep():
                    self._advance(step)
                case WaitStep(wait=wait):
                    self._wait(wait)

    def run(self, program: ProgramRunModel) -> None:
        """Do what a program would begin with, and let happen what happens meanwhile."""
        with suppress(RefusedError):
            if program.label is not None:
                self._create(program.label, program.as_)
            else:
                backup_id = self._id_named(program.backup) if program.backup else program.id
                self.cluster.do(commands.Restore(backup_id or NOWHERE))
        for event in sorted(program.meanwhile, key=lambda event: event.at):
            at = after(self.cluster.clock.start, event.at)
            if at > self.end:
                break
            self._pass(elapsed(self.cluster.clock.now, max(at, self.cluster.clock.now)))
            with suppress(RefusedError):
                act(self.cluster, event.cluster, self._id_named)

    def wait_for_the_end(self) -> None:
        """Let the rest of the time pass."""
        self._pass(self._left)

    @property
    def _left(self) -> Duration:
        return elapsed(self.cluster.clock.now, max(self.end, self.cluster.clock.now))

    def _create(self, label: str, name: str | None) -> None:
        made = self.cluster.do(commands.Create(label)).backup
        assert made is not None, "a create that is not refused makes a backup"
        if name:
            self.names[name] = made.id

    def _advance(self, step: AdvanceStep) -> None:
        match step.advance:
            case "next":
                due = self.cluster.next_deadline()
                if due is not None:
                    self._pass(elapsed(self.cluster.clock.now, due))
            case UntilStatusModel() as until:
                name, is_restore = until.backup or until.restore or "", until.restore is not None
                self._until(name, until.until, until.within, is_restore=is_restore)
            case length:
                self._pass(length)

    def _wait(self, wait: WaitModel) -> None:
        """Let time pass until a poll would show a status."""
        name, is_restore = wait.backup or wait.restore or "", wait.restore is not None
        begun = self.cluster.clock.now
        self._until(name, wait.for_, wait.within, is_restore=is_restore)
        self._pass(Duration(-elapsed(begun, self.cluster.clock.now) % wait.every))

    def _until(self, name: str, status: str, within: Duration, *, is_restore: bool) -> None:
        """Let time pass until a backup has a status, for no longer than there is time."""
        most = Duration(min(within, self._left))
        backup_id = self._id_named(name)
        try:
            self.cluster.clock.run_until(backup_id, status, within=most, restore=is_restore)
        except ClockError:
            self.is_over = self._left <= 0

    def _pass(self, length: Duration) -> None:
        if length > self._left:
            self.is_over = True
            length = self._left
        if length:
            self.cluster.clock.advance(length)

    def _id_of(self, target: TargetModel) -> str:
        return self._id_named(target.backup) if target.backup else target.id or NOWHERE

    def _id_named(self, name: str) -> str:
        return self.names.get(name, NOWHERE)
