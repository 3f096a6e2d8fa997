"""Runs one scenario: drives the client step by step and compares what it claims with the truth.

It knows a client and the controls of a cluster (``ports.py``), and neither pytest nor HTTP.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, final

from simulator.clock import ClockError
from simulator.core.instants import Duration, Instant, after, duration_text, elapsed
from simulator.core.statuses import Status
from simulator.core.time_policies import PerRequest
from simulator.harness.acting import act
from simulator.harness.checks.conduct import Call, Pace
from simulator.harness.documents import status_shown
from simulator.harness.judge import Judge, finding, unlike
from simulator.harness.language.program_model import ProgramRunModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath
from simulator.harness.language.step_model import (
    AdvanceStep,
    ClusterActionModel,
    ClusterStep,
    CreateStep,
    DeleteStep,
    ExpectStep,
    ListModel,
    ListStep,
    RestoreStep,
    ShowStep,
    StepModel,
    TargetModel,
    UntilStatusModel,
    WaitModel,
    WaitStep,
)
from simulator.harness.ports import Control, Ok, Outcome, Session
from simulator.harness.recorder import Recorder
from simulator.harness.verdict import Finding, Judged, StepRecord, Verdict
from simulator.simulation import RefusedError


async def run_scenario(
    scenario: Scenario,
    session: Session,
    control: Control,
    *,
    seed: str,
    pace: Pace = Pace.NONE,
) -> Verdict:
    """Run a scenario to its end or to the first step that does not go as expected.

    Args:
        scenario: what to do, and what is expected.
        session: the client.
        control: the cluster.
        seed: of the cluster, for whoever runs the scenario again.
        pace: what the client's own pauses are to the cluster.
    """
    runner = _Runner(scenario, session, control, pace)
    await runner.run()
    return Verdict(
        scenario=scenario,
        client_name=session.name,
        client_given=session.given,
        seed=seed,
        start=control.clock.start,
        end=control.clock.now,
        journal=control.journal,
        names={backup_id: name for name, backup_id in runner.names.items()},
        steps=tuple(runner.records),
        findings=runner.findings,
        judged=runner.judged,
        faults=tuple(
            f"{use.rule.origin}: {use.rule.fault}: struck {use.hits} of {use.seen} requests"
            for use in control.faults.uses
        ),
    )


_LOOK_SECONDS: Final = 0.01


class _NotThereError(Exception):
    """A step speaks of a backup whose create made none, as the scenario allowed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@final
class _Meanwhile:
    """What happens to the cluster while a program runs, as its clock reaches the times.

    Args:
        program: says what happens and when.
        happen: lets one thing happen; returns what went wrong.
        start: the cluster time from which the times are told.
    """

    def __init__(
        self,
        program: ProgramRunModel,
        happen: Callable[[ClusterActionModel, KeyPath], list[Finding]],
        start: Instant,
    ) -> None:
        self._happen = happen
        self._start = start
        self._pending = sorted(enumerate(program.meanwhile), key=lambda event: event[1].at)
        self.findings: list[Finding] = []

    def follow(self, now: Instant) -> None:
        """Let everything happen that is due."""
        while self._pending and now >= after(self._start, self._pending[0][1].at):
            index, event = self._pending.pop(0)
            path: KeyPath = ("program", "meanwhile", index)
            self.findings += self._happen(event.cluster, path)

    def missed(self, ended: Duration) -> Iterator[Finding]:
        """Find what has not happened: such a scenario tests something else than it says."""
        for index, event in self._pending:
            path: KeyPath = ("program", "meanwhile", index)
            wanted = f"the program to run until +{duration_text(event.at)}"
            yield finding(path, wanted, f"it ended at +{duration_text(ended)}")


@final
class _Runner:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario, session: Session, control: Control, pace: Pace) -> None:
        self._scenario = scenario
        self._client = session.client
        self._programs = session.programs
        self._control = control
        self.records: list[StepRecord] = []
        self.findings: tuple[Finding, ...] = ()
        self.names: dict[str, str] = {
            name: backup_id
            for name, backup_id in zip(scenario.existing_names, control.backups, strict=True)
            if name
        }
        self._recorder = Recorder(
            control, session.target, self.names, pace, can_be_unsure=session.can_be_unsure
        )
        allowed = {*session.allow, *scenario.model.allow}
        self._judge = Judge(control, self.names, self._recorder, allowed)

    @property
    def judged(self) -> Judged:
        """What the checks found."""
        return self._judge.judged

    async def run(self) -> None:
        """Run it to its end, or to the first step that goes wrong; then judge all of it."""
        program = self._scenario.model.program
        try:
            findings = await (self._run_program(program) if program else self._take_steps())
        finally:
            self._recorder.stop()
        conduct = self._judge.conduct()
        is_endless = any(each.check and each.check.code == "TIM005" for each in conduct)
        if not findings and not is_endless:  # what was killed has left everything half done
            expected = self._scenario.model.expect
            findings = [
                *self._judge.as_it_is(expected, ("expect",)),
                *self._judge.unused_scripts(self._scenario),
                *self._judge.unused_faults(),
            ]
        self.findings = (*findings, *conduct)

    async def _take_steps(self) -> list[Finding]:
        for index, step in enumerate(self._scenario.model.steps):
            at, after_entry = self._control.clock.now, self._control.journal.count
            path: KeyPath = ("steps", index)
            try:
                outcome, findings = await self._take(step, path)
            except _NotThereError as error:
                wanted = f"a backup named {error.name}"
                outcome, findings = None, [finding(path, wanted, "no create has made it")]
            record = StepRecord(number=index, at=at, after_entry=after_entry, outcome=outcome)
            self.records.append(record)
            if findings:
                return findings
        return []

    async def _take(  # noqa: PLR0911 - one for each kind of step
        self, step: StepModel, path: KeyPath
    ) -> tuple[Outcome | None, list[Finding]]:
        match step:
            case CreateStep():
                return await self._create(step, path)
            case ListStep():
                return await self._list(step, path)
            case ShowStep():
                return await self._show(step, path)
            case RestoreStep():
                return await self._restore(step, path)
            case DeleteStep():
                return await self._delete(step, path)
            case WaitStep():
                return None, await self._wait(step.wait, path)
            case AdvanceStep():
                return None, self._advance(step, path)
            case ClusterStep():
                return None, self._act(step.cluster, path)
            case ExpectStep():
                return None, list(self._judge.as_it_is(step.expect, (*path, "expect")))

    # --- the five operations -------------------------------------------------------------------

    async def _create(self, step: CreateStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        apps = self._control.apps
        call = await self._ask("create", step.create.label, path)
        if step.as_ and call.made:
            self.names[step.as_] = call.made[-1]
        findings = self._judge.claimed(call, step.expect, apps)
        if isinstance(step.expect, dict) and not findings:
            made = call.made  # none, where a false success is allowed
            document = await self._document(call.outcome, made[0], path) if made else None
            findings = list(unlike(document, step.expect, (*path, "expect")))
        return call.outcome, findings

    async def _list(self, step: ListStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        apps = self._control.apps
        call = await self._ask("list", step.list_.prefix, path)
        findings = self._judge.claimed(call, step.expect, apps)
        if isinstance(call.outcome, Ok) and isinstance(step.expect, ListModel) and not findings:
            findings = list(self._judge.listed(call.outcome, step.expect, (*path, "expect")))
        return call.outcome, findings

    async def _show(self, step: ShowStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        apps = self._control.apps
        call = await self._ask("show", self._id_of(step.show), path)
        findings = self._judge.claimed(call, step.expect, apps)
        if isinstance(call.outcome, Ok) and isinstance(step.expect, dict) and not findings:
            findings = list(unlike(call.outcome.value, step.expect, (*path, "expect")))
        return call.outcome, findings

    async def _restore(self, step: RestoreStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        apps = self._control.apps
        backup_id = self._id_of(step.restore)
        call = await self._ask("restore", backup_id, path)
        findings = self._judge.claimed(call, step.expect, apps)
        if isinstance(step.expect, dict) and not findings:
            document = await self._document(call.outcome, backup_id, path)
            findings = list(unlike(document, step.expect, (*path, "expect")))
        return call.outcome, findings

    async def _delete(self, step: DeleteStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        apps = self._control.apps
        call = await self._ask("delete", self._id_of(step.delete), path)
        return call.outcome, self._judge.claimed(call, step.expect, apps)

    async def _ask(self, operation: str, argument: str, path: KeyPath) -> Call:
        """Ask the client for an operation, and record what comes of it."""
        asked = getattr(self._client, operation)(argument)
        return await self._recorder.operation(operation, argument, asked, path)

    # --- a program of the client --------------------------------------------------------------

    async def _run_program(self, program: ProgramRunModel) -> list[Finding]:
        clock, journal = self._control.clock, self._control.journal
        at, after_entry = clock.now, journal.count
        before = set(self._control.backups)
        path: KeyPath = ("program",)
        argument = program.label if program.label is not None else self._id_of(program)
        meanwhile = _Meanwhile(program, partial(self._happen, program, before), clock.now)
        stop_following = clock.follow(meanwhile.follow)
        try:
            running = self._programs.run(program.run, argument)
            call = await self._recorder.program(program.run, argument, running, path)
        finally:
            stop_following()
        if program.as_ and call.made:
            self.names[program.as_] = call.made[-1]
        self.records.append(
            StepRecord(number=0, at=at, after_entry=after_entry, outcome=call.outcome)
        )
        if meanwhile.findings:
            return meanwhile.findings
        findings = list(self._judge.ran(call, program))
        is_stopped = call.ran is not None and bool(call.ran.stopped)
        return findings if findings or is_stopped else list(meanwhile.missed(clock.elapsed))

    def _happen(
        self, program: ProgramRunModel, before: set[str], action: ClusterActionModel, path: KeyPath
    ) -> list[Finding]:
        """Let something happen while the program runs; called by whoever moves the clock."""
        made = [key for key in self._control.backups if key not in before]
        if program.as_ and made:
            self.names[program.as_] = made[-1]
        try:
            return self._act(action, path)
        except _NotThereError as error:
            return [finding(path, f"a backup named {error.name}", "the program has made none yet")]

    # --- waiting, acting, looking ------------------------------------------------------------

    async def _wait(  # noqa: C901 - one loop, with all the ways that it may end
        self, wait: WaitModel, path: KeyPath
    ) -> list[Finding]:
        name = wait.backup or wait.restore or ""
        backup_id = self._id_named(name)
        clock = self._control.clock
        give_up_at = after(clock.now, wait.within)
        moved_by_requests = isinstance(clock.policy, PerRequest)
        document: Mapping[str, object] = {}
        while True:
            asked_at = clock.now
            was_refusing = self._control.is_refusing
            call = await self._ask("show", backup_id, path)
            outcome, is_struck = call.outcome, any(each.exchange.struck for each in call.requests)
            if not isinstance(outcome, Ok) and not is_struck:
                if was_refusing or self._control.is_refusing:  # it never got there: ask again
                    await asyncio.sleep(_LOOK_SECONDS)  # noqa: TID251 - a port opens in real time
                    continue
                return [finding(path, f"the client to show {name}", str(outcome))]
            if moved_by_requests and clock.now == asked_at:
                return [finding(path, f"the client to ask for {name}", "it sent no request")]
            findings = self._judge.checked(call)
            if findings:
                return findings
            if isinstance(outcome, Ok):
                document = outcome.value
            status = status_shown(document, of_restore=wait.restore is not None)
            if status == wait.for_:
                return []
            is_over = status in {Status.READY, Status.ERROR}
            if is_over and (not is_struck or self._judge.is_true(status, backup_id, wait)):
                return [self._judge.ended_otherwise(wait, name, status, document, path)]
            if (clock.now if moved_by_requests else asked_at) >= give_up_at:
                found = f"still {status}" if document else f"never shown; at last {outcome}"
                return [self._judge.never_came(wait, name, found, backup_id, path)]
            if not moved_by_requests:
                now = clock.now
                clock.advance(Duration(min(wait.every, elapsed(now, max(give_up_at, now)))))

    def _advance(self, step: AdvanceStep, path: KeyPath) -> list[Finding]:
        clock, how_far = self._control.clock, step.advance
        try:
            match how_far:
                case "next":
                    clock.advance_to_next()
                case UntilStatusModel():
                    backup_id = self._id_named(how_far.backup or how_far.restore or "")
                    is_restore = how_far.restore is not None
                    within, until = how_far.within, how_far.until
                    clock.run_until(backup_id, until, within=within, restore=is_restore)
                case _:
                    clock.advance(how_far)
        except ClockError as error:
            return [finding(path, "time to pass as the step says", str(error))]
        return []

    def _act(self, action: ClusterActionModel, path: KeyPath) -> list[Finding]:
        try:
            act(self._control, action, self._id_named)
        except RefusedError as error:
            return [finding(path, "the cluster to do it", str(error))]
        return []

    # --- helpers --------------------------------------------------------------------------------

    def _id_of(self, target: TargetModel | ProgramRunModel) -> str:
        return self._id_named(target.backup) if target.backup else target.id or ""

    def _id_named(self, name: str) -> str:
        if name not in self.names:
            raise _NotThereError(name)
        return self.names[name]

    async def _document(self, outcome: Outcome, backup_id: str, path: KeyPath) -> object:
        """Return what the operation printed, or ask for it where the client is silent."""
        if isinstance(outcome, Ok) and isinstance(outcome.value, Mapping):
            return outcome.value
        shown = (await self._ask("show", backup_id, path)).outcome
        return shown.value if isinstance(shown, Ok) else None
