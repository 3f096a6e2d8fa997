"""Plays the beginning of a scenario without any client: so that somebody can go on from there."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, final

from simulator.clock import END_OF_TIME, ClockError
from simulator.core import commands
from simulator.core.backups import Backup
from simulator.core.commands import Command, Reply
from simulator.core.instants import ZERO, Duration, Instant, after, elapsed
from simulator.core.statuses import Status
from simulator.core.time_policies import PerRequest
from simulator.harness.acting import act
from simulator.harness.documents import restore_status_of
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
    wanted = END_OF_TIME if until is None else after(cluster.clock.start, until)
    is_polled = not isinstance(scenario.policy, PerRequest)
    player = _Player(cluster, min(wanted, END_OF_TIME), names, is_polled)
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
    """Takes steps while there is time.

    Attributes:
        cluster: what they are taken on.
        end: when there is no time any more.
        names: the ids of backups by their names, to which creates add theirs.
        is_polled: whether the polls of a wait move time; else the requests themselves do, of
            which there are none, and a wait ends with the change that it waits for.
        is_over: whether a step would have taken more time than there is.
    """

    cluster: Simulation
    end: Instant
    names: dict[str, str]
    is_polled: bool
    is_over: bool = field(default=False)

    def take(self, step: StepModel) -> None:
        """Take one step; what only looks at the cluster is nothing to do."""
        with suppress(RefusedError):
            match step:
                case CreateStep():
                    self._create(step.create.label, step.as_)
                case RestoreStep():
                    self._do(commands.Restore(self._id_of(step.restore)))
                case DeleteStep():
                    self._do(commands.Delete(self._id_of(step.delete)))
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
                self._do(commands.Restore(backup_id or NOWHERE))
        for event in sorted(program.meanwhile, key=lambda event: event.at):
            at = after(self.cluster.clock.start, event.at)
            if at > self.end:
                break
            self._pass(elapsed(self._now, max(at, self._now)))
            with suppress(RefusedError):
                act(self.cluster, event.cluster, self._id_named)

    def wait_for_the_end(self) -> None:
        """Let the rest of the time pass."""
        self._pass(self._left)

    @property
    def _left(self) -> Duration:
        return elapsed(self._now, max(self.end, self._now))

    @property
    def _now(self) -> Instant:
        return self.cluster.clock.now

    def _do(self, command: Command) -> Reply:
        """Do what a client would ask for; nothing comes of it where none would be let in."""
        if not (self.cluster.token_is_accepted and self.cluster.is_permitted(self._now)):
            raise RefusedError("Admin Router lets nobody in")
        return self.cluster.do(command)

    def _create(self, label: str, name: str | None) -> None:
        made = self._do(commands.Create(label)).backup
        assert made is not None, "a create that is not refused makes a backup"
        if name:
            self.names[name] = made.id

    def _advance(self, step: AdvanceStep) -> None:
        match step.advance:
            case "next":
                due = self._due()
                if due is not None:
                    self._pass(elapsed(self._now, due))
            case UntilStatusModel() as until:
                self._until(until)
            case length:
                self._pass(length)

    def _wait(self, wait: WaitModel) -> None:
        """Let time pass until a poll would show a status; no time where it would never do so."""
        backup_id = self._id_named(wait.backup or wait.restore or "")
        begun = self._now
        while not self.is_over:
            backup = self.cluster.backups.get(backup_id)
            passed = elapsed(begun, self._now)
            if backup is None or passed >= wait.within or _is_shown(backup, wait):
                return
            due = self._due()
            if due is None:
                return
            poll = elapsed(begun, due)
            if self.is_polled:
                poll = Duration(poll + -poll % wait.every)
            self._pass(Duration(min(poll, wait.within) - passed))

    def _until(self, until: UntilStatusModel) -> None:
        """Let time pass until a backup really has a status, for no longer than there is time."""
        backup_id = self._id_named(until.backup or until.restore or "")
        is_restore, most = until.restore is not None, Duration(min(until.within, self._left))
        try:
            self.cluster.clock.run_until(backup_id, until.until, within=most, restore=is_restore)
        except ClockError:
            self.is_over = self._left <= 0

    def _due(self) -> Instant | None:
        """Return when something next changes by itself; what is due already happens before."""
        self.cluster.clock.advance(ZERO)
        return self.cluster.next_deadline()

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


def _is_shown(backup: Backup, wait: WaitModel) -> bool:
    """Whether clients are shown the status that a wait is for, such as one of a script's own."""
    if wait.restore is None:
        return backup.shown == wait.for_
    latest = backup.restores[-1].components if backup.restores else ()
    components = {each.name: {"status": each.shown} for each in latest}
    return restore_status_of({"restores": {"component_status": components}}) == wait.for_
