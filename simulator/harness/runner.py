"""Runs one scenario: drives the client step by step and compares what it claims with the truth.

It knows a client and the controls of a cluster (``ports.py``), and neither pytest nor HTTP.
"""

from collections.abc import Mapping
from typing import final

from simulator.clock import PerRequest
from simulator.core.instants import Duration, after, elapsed
from simulator.core.marathon import absolute
from simulator.core.statuses import Status
from simulator.harness.documents import restore_status_of, status_of
from simulator.harness.judge import Judge, false_success, finding, made_one, unlike
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath
from simulator.harness.language.step_model import (
    AdvanceStep,
    ClusterStep,
    CreateStep,
    DeleteStep,
    ExpectStep,
    ListStep,
    RestoreStep,
    ShowStep,
    StepModel,
    TargetModel,
    WaitModel,
    WaitStep,
)
from simulator.harness.ports import Client, Control, Ok, Outcome
from simulator.harness.verdict import Finding, StepRecord, Verdict
from simulator.simulation import RefusedError


async def run_scenario(
    scenario: Scenario, client: Client, control: Control, *, client_name: str, seed: str
) -> Verdict:
    """Run a scenario to its end or to the first step that does not go as expected."""
    runner = _Runner(scenario, client, control)
    findings = await runner.run()
    return Verdict(
        scenario=scenario,
        client_name=client_name,
        seed=seed,
        start=control.clock.start,
        end=control.clock.now,
        journal=control.journal,
        names={backup_id: name for name, backup_id in runner.names.items()},
        steps=tuple(runner.records),
        findings=findings,
    )


class _NotThereError(Exception):
    """A step speaks of a backup whose create made none, as the scenario allowed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@final
class _Runner:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario, client: Client, control: Control) -> None:
        self._scenario = scenario
        self._client = client
        self._control = control
        self.records: list[StepRecord] = []
        self.names: dict[str, str] = {
            name: backup_id
            for name, backup_id in zip(scenario.existing_names, control.backups, strict=True)
            if name
        }
        self._judge = Judge(control, self.names)

    async def run(self) -> tuple[Finding, ...]:
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
                return tuple(findings)
        expected = self._scenario.model.expect
        return (
            *self._judge.as_it_is(expected, ("expect",)),
            *self._judge.unused_scripts(self._scenario),
        )

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
                self._control.clock.advance(step.advance)
                return None, []
            case ClusterStep():
                return None, self._act(step, path)
            case ExpectStep():
                return None, list(self._judge.as_it_is(step.expect, (*path, "expect")))

    # --- the five operations -------------------------------------------------------------------

    async def _create(self, step: CreateStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._judge.effects()
        outcome = await self._client.create(step.create.label)
        made = [key for key in self._control.backups if key not in before[0]]
        if step.as_ and made:
            self.names[step.as_] = made[-1]
        findings = self._judge.outcome(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            findings = list(made_one(outcome, made, step.create.label, path))
        if isinstance(step.expect, dict) and not findings:
            document = await self._document(outcome, made[0])
            findings = list(unlike(document, step.expect, (*path, "expect")))
        return outcome, findings

    async def _list(self, step: ListStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._judge.effects()
        prefix = step.list_.prefix
        asked_after = self._control.journal.count
        outcome = await self._client.list(prefix)
        findings = self._judge.outcome(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            findings = list(self._judge.listed(outcome, prefix, step.expect, asked_after, path))
        return outcome, findings

    async def _show(self, step: ShowStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._judge.effects()
        backup_id = self._id_of(step.show)
        asked_after = self._control.journal.count
        outcome = await self._client.show(backup_id)
        findings = self._judge.outcome(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            findings = list(self._judge.shown(outcome, backup_id, asked_after, path))
            if isinstance(step.expect, dict) and not findings:
                findings = list(unlike(outcome.value, step.expect, (*path, "expect")))
        return outcome, findings

    async def _restore(self, step: RestoreStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._judge.effects()
        backup_id = self._id_of(step.restore)
        outcome = await self._client.restore(backup_id)
        findings = self._judge.outcome(outcome, step.expect, before, path)
        restores, _ = self._judge.effects()
        if isinstance(outcome, Ok) and restores.get(backup_id, 0) <= before[0].get(backup_id, 0):
            findings.append(false_success(path, f"a restore of {backup_id} to start"))
        if isinstance(step.expect, dict) and not findings:
            document = await self._document(outcome, backup_id)
            findings = list(unlike(document, step.expect, (*path, "expect")))
        return outcome, findings

    async def _delete(self, step: DeleteStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._judge.effects()
        backup_id = self._id_of(step.delete)
        outcome = await self._client.delete(backup_id)
        findings = self._judge.outcome(outcome, step.expect, before, path)
        restores, _ = self._judge.effects()
        if isinstance(outcome, Ok) and (backup_id not in before[0] or backup_id in restores):
            findings.append(false_success(path, f"backup {backup_id} to be deleted"))
        return outcome, findings

    # --- waiting, acting, looking ------------------------------------------------------------

    async def _wait(self, wait: WaitModel, path: KeyPath) -> list[Finding]:
        name = wait.backup or wait.restore or ""
        backup_id = self._id_named(name)
        clock = self._control.clock
        give_up_at = after(clock.now, wait.within)
        moved_by_requests = isinstance(clock.policy, PerRequest)
        while True:
            asked_at, asked_after = clock.now, self._control.journal.count
            outcome = await self._client.show(backup_id)
            if not isinstance(outcome, Ok):
                return [finding(path, f"the client to show {name}", str(outcome))]
            if moved_by_requests and clock.now == asked_at:
                return [finding(path, f"the client to ask for {name}", "it sent no request")]
            findings = list(self._judge.shown(outcome, backup_id, asked_after, path))
            if findings:
                return findings
            status = restore_status_of(outcome.value) if wait.restore else status_of(outcome.value)
            if status == wait.for_:
                return []
            if status in {Status.READY, Status.ERROR}:
                return [self._judge.ended_otherwise(wait, name, status, outcome.value, path)]
            if (clock.now if moved_by_requests else asked_at) >= give_up_at:
                return [self._judge.never_came(wait, name, status, backup_id, path)]
            if not moved_by_requests:
                now = clock.now
                clock.advance(Duration(min(wait.every, elapsed(now, max(give_up_at, now)))))

    def _act(self, step: ClusterStep, path: KeyPath) -> list[Finding]:
        action = step.cluster
        try:
            if action.deploy is not None:
                self._control.deploy(action.deploy)
            elif action.remove is not None:
                self._control.remove(absolute(action.remove))
            elif action.release is not None:
                self._control.release(action.release)
        except RefusedError as error:
            return [finding(path, "the cluster to do it", str(error))]
        return []

    # --- helpers --------------------------------------------------------------------------------

    def _id_of(self, target: TargetModel) -> str:
        return self._id_named(target.backup) if target.backup else target.id or ""

    def _id_named(self, name: str) -> str:
        if name not in self.names:
            raise _NotThereError(name)
        return self.names[name]

    async def _document(self, outcome: Outcome, backup_id: str) -> object:
        """Return what the operation printed, or ask for it where the client is silent."""
        if isinstance(outcome, Ok) and isinstance(outcome.value, Mapping):
            return outcome.value
        shown = await self._client.show(backup_id)
        return shown.value if isinstance(shown, Ok) else None
