"""Runs one scenario: drives the client step by step and compares what it claims with the truth.

It knows a client and the controls of a cluster (``ports.py``), and neither pytest nor HTTP.
"""

from collections.abc import Iterator, Mapping
from typing import final

from simulator.clock import PerRequest
from simulator.core.events import BackupDeleted, BackupStarted, RestoreStarted
from simulator.core.instants import Duration, after, duration_text, elapsed
from simulator.core.statuses import Status
from simulator.harness.documents import (
    Document,
    components_of,
    entries_by_id,
    restore_status_of,
    status_of,
)
from simulator.harness.language.file_model import (
    AdvanceStep,
    ClusterStep,
    CreateStep,
    DeleteStep,
    EndExpect,
    ExpectStep,
    ListModel,
    ListStep,
    Matcher,
    RestoreStep,
    ShowStep,
    StepModel,
    TargetModel,
    WaitModel,
    WaitStep,
)
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath
from simulator.harness.matchers import mismatches
from simulator.harness.ports import Client, Control, Failed, Indeterminate, Ok, Outcome
from simulator.harness.verdict import Finding, StepRecord, Verdict
from simulator.simulation import RefusedError

Effects = tuple[dict[str, int], tuple[str, ...]]
"""What a client can change: each backup with its number of restores, and the apps."""


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

    async def run(self) -> tuple[Finding, ...]:
        for index, step in enumerate(self._scenario.model.steps):
            at, after_entry = self._control.clock.now, self._control.journal.count
            path: KeyPath = ("steps", index)
            try:
                outcome, findings = await self._take(step, path)
            except _NotThereError as error:
                wanted = f"a backup named {error.name}"
                outcome, findings = None, [_finding(path, wanted, "no create has made it")]
            record = StepRecord(number=index, at=at, after_entry=after_entry, outcome=outcome)
            self.records.append(record)
            if findings:
                return tuple(findings)
        expected = self._scenario.model.expect
        return (*self._as_it_is(expected, ("expect",)), *self._unused_scripts())

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
                return None, list(self._as_it_is(step.expect, (*path, "expect")))

    # --- the five operations -------------------------------------------------------------------

    async def _create(self, step: CreateStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._effects()
        outcome = await self._client.create(step.create.label)
        made = [key for key in self._control.backups if key not in before[0]]
        if step.as_ and made:
            self.names[step.as_] = made[-1]
        findings = self._judged(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            findings = list(_made_one(outcome, made, step.create.label, path))
        if isinstance(step.expect, dict) and not findings:
            document = await self._document(outcome, made[0])
            findings = list(_unlike(document, step.expect, (*path, "expect")))
        return outcome, findings

    async def _list(self, step: ListStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._effects()
        prefix = step.list_.prefix
        outcome = await self._client.list(prefix)
        findings = self._judged(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            there = [key for key in self._control.backups if key.startswith(prefix)]
            findings = list(self._listed(outcome, there, step.expect, path))
        return outcome, findings

    async def _show(self, step: ShowStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._effects()
        backup_id = self._id_of(step.show)
        outcome = await self._client.show(backup_id)
        findings = self._judged(outcome, step.expect, before, path)
        if isinstance(outcome, Ok) and not findings:
            findings = list(self._shown(outcome, backup_id, path))
            if isinstance(step.expect, dict) and not findings:
                findings = list(_unlike(outcome.value, step.expect, (*path, "expect")))
        return outcome, findings

    async def _restore(self, step: RestoreStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._effects()
        backup_id = self._id_of(step.restore)
        outcome = await self._client.restore(backup_id)
        findings = self._judged(outcome, step.expect, before, path)
        restores, _ = self._effects()
        if isinstance(outcome, Ok) and restores.get(backup_id, 0) <= before[0].get(backup_id, 0):
            findings.append(_false_success(path, f"a restore of {backup_id} to start"))
        if isinstance(step.expect, dict) and not findings:
            document = await self._document(outcome, backup_id)
            findings = list(_unlike(document, step.expect, (*path, "expect")))
        return outcome, findings

    async def _delete(self, step: DeleteStep, path: KeyPath) -> tuple[Outcome, list[Finding]]:
        before = self._effects()
        backup_id = self._id_of(step.delete)
        outcome = await self._client.delete(backup_id)
        findings = self._judged(outcome, step.expect, before, path)
        restores, _ = self._effects()
        if isinstance(outcome, Ok) and (backup_id not in before[0] or backup_id in restores):
            findings.append(_false_success(path, f"backup {backup_id} to be deleted"))
        return outcome, findings

    # --- waiting, acting, looking ------------------------------------------------------------

    async def _wait(self, wait: WaitModel, path: KeyPath) -> list[Finding]:
        name = wait.backup or wait.restore or ""
        backup_id = self._id_named(name)
        clock = self._control.clock
        give_up_at = after(clock.now, wait.within)
        moved_by_requests = isinstance(clock.policy, PerRequest)
        while True:
            asked_at = clock.now
            outcome = await self._client.show(backup_id)
            if not isinstance(outcome, Ok):
                return [_finding(path, f"the client to show {name}", str(outcome))]
            if moved_by_requests and clock.now == asked_at:
                return [_finding(path, f"the client to ask for {name}", "it sent no request")]
            findings = list(self._shown(outcome, backup_id, path))
            if findings:
                return findings
            status = restore_status_of(outcome.value) if wait.restore else status_of(outcome.value)
            if status == wait.for_:
                return []
            if status in {Status.READY, Status.ERROR}:
                return [self._ended_otherwise(wait, name, status, outcome.value, path)]
            if (clock.now if moved_by_requests else asked_at) >= give_up_at:
                return [self._never_came(wait, name, status, backup_id, path)]
            if not moved_by_requests:
                now = clock.now
                clock.advance(Duration(min(wait.every, elapsed(now, max(give_up_at, now)))))

    def _act(self, step: ClusterStep, path: KeyPath) -> list[Finding]:
        action = step.cluster
        try:
            if action.deploy is not None:
                self._control.deploy(action.deploy)
            elif action.remove is not None:
                self._control.remove(_absolute(action.remove))
            elif action.release is not None:
                self._control.release(action.release)
        except RefusedError as error:
            return [_finding(path, "the cluster to do it", str(error))]
        return []

    def _as_it_is(self, expected: EndExpect, path: KeyPath) -> Iterator[Finding]:
        """Compare the cluster itself with what is expected of it."""
        backups = self._control.backups
        for name, status in expected.backups.items():
            backup = backups.get(self.names[name]) if name in self.names else None
            found = backup.status.value if backup else "absent"
            if found != status:
                yield _finding((*path, "backups", name), f"{name} to be {status}", found)
        apps = sorted(self._control.apps)
        if expected.apps is not None and apps != sorted(_absolute(app) for app in expected.apps):
            wanted = ", ".join(expected.apps) or "none"
            yield _finding((*path, "apps"), f"the apps {wanted}", ", ".join(apps) or "none")
        marathon = "available" if self._control.marathon_available else "unavailable"
        if expected.marathon not in {None, marathon}:
            yield _finding((*path, "marathon"), f"Marathon to be {expected.marathon}", marathon)
        kinds = {"creates": BackupStarted, "restores": RestoreStarted, "deletes": BackupDeleted}
        entries = [entry for _, entry in self._control.journal.numbered()]
        for field, kind in kinds.items():
            wanted_count = getattr(expected, field)
            count = sum(isinstance(entry, kind) for entry in entries)
            if wanted_count not in {None, count}:
                yield _finding((*path, field), f"{wanted_count} {field}", str(count))

    def _unused_scripts(self) -> Iterator[Finding]:
        for index, script in enumerate(self._scenario.model.script):
            use = self._control.rules[index]
            if use.hits == 0 and not script.optional:
                wanted = f"a {script.on} of a backup with a label like {use.rule.label!r}"
                note = "write optional: true where a script need not apply"
                yield _finding(("script", index), wanted, "this script never applied", note)

    # --- judging --------------------------------------------------------------------------------

    def _judged(
        self, outcome: Outcome, expect: object, before: Effects, path: KeyPath
    ) -> list[Finding]:
        """Compare the kind of an outcome with the kind that is expected."""
        wanted = expect if isinstance(expect, str) else "ok"
        here = path if wanted == "ok" else (*path, "expect")
        if wanted == "refused" and isinstance(outcome, Failed) and self._effects() != before:
            return [_finding(here, "nothing to change", "it changed the cluster")]
        if not isinstance(outcome, _KINDS[wanted]):
            return [_finding(here, _WANTED[wanted], _claimed(outcome), *self._last_reason())]
        return []

    def _listed(
        self, outcome: Ok, there: list[str], expect: object, path: KeyPath
    ) -> Iterator[Finding]:
        entries = entries_by_id(outcome.value)
        if entries is None:
            yield _finding(path, "a list of backups, each with its id", repr(outcome.value)[:200])
            return
        if sorted(entries) != sorted(there) or len(entries) != len(outcome.value):
            lost = [self._name(key) for key in there if key not in entries]
            extra = [self._name(key) for key in entries if key not in there]
            found = f"{len(outcome.value)}; lost: {', '.join(lost) or 'none'}; "
            found += f"not there: {', '.join(extra) or 'none'}"
            yield _finding(path, f"the client to list all {len(there)} backups", found)
            return
        if isinstance(expect, ListModel):
            yield from self._as_expected(entries, expect, (*path, "expect"))

    def _as_expected(
        self, entries: Mapping[str, Document], expect: ListModel, path: KeyPath
    ) -> Iterator[Finding]:
        names = sorted(self._name(key) for key in entries)
        listed = ", ".join(names) or "none"
        if expect.count not in {None, len(names)}:
            yield _finding((*path, "count"), f"{expect.count} backups", str(len(names)))
        if expect.exactly is not None and sorted(expect.exactly) != names:
            wanted = ", ".join(expect.exactly) or "none"
            yield _finding((*path, "exactly"), f"exactly {wanted}", listed)
        for name in expect.includes:
            if name not in names:
                yield _finding((*path, "includes"), f"{name} among them", listed)
        for name in expect.lacks:
            if name in names:
                yield _finding((*path, "lacks"), f"{name} not among them", listed)
        for name, paths in expect.entries.items():
            document = entries.get(self.names.get(name, ""))
            if document is None:
                yield _finding((*path, "entries", name), f"{name} among them", listed)
            else:
                yield from _unlike(document, paths, (*path, "entries", name))

    def _shown(self, outcome: Ok, backup_id: str, path: KeyPath) -> Iterator[Finding]:
        value = outcome.value
        if not isinstance(value, Mapping) or value.get("id") != backup_id:
            found = repr(value)[:200]
            yield _finding(path, f"the client to show backup {backup_id}", found)
        elif backup_id not in self._control.backups:
            yield _false_success(path, f"no backup {backup_id} to be shown: there is none")

    def _ended_otherwise(
        self, wait: WaitModel, name: str, status: str, value: Document, path: KeyPath
    ) -> Finding:
        components = components_of(value, of_restore=wait.restore is not None)
        errors = [str(each["error"]) for each in components if "error" in each]
        notes = [f"the diagnostic says: {error}" for error in errors]
        at = duration_text(self._control.clock.elapsed)
        what = "the restore of " if wait.restore else ""
        return _finding(path, f"{what}{name} to become {wait.for_}", f"{status} at +{at}", *notes)

    def _never_came(
        self, wait: WaitModel, name: str, status: str, backup_id: str, path: KeyPath
    ) -> Finding:
        clock = self._control.clock
        notes = []
        due = self._control.due(backup_id)
        last = duration_text(clock.elapsed)
        if due:
            at = duration_text(elapsed(clock.start, due[0]))
            notes.append(f"nearest miss: {due[1]} at +{at}; the last poll was at +{last}")
        else:
            notes.append(f"no time alone ends this; the last poll was at +{last}")
        what = "the restore of " if wait.restore else ""
        wanted = f"{what}{name} to become {wait.for_} within {duration_text(wait.within)}"
        return _finding(path, wanted, f"still {status}", *notes)

    # --- helpers --------------------------------------------------------------------------------

    def _effects(self) -> Effects:
        backups = self._control.backups
        return {key: len(each.restores) for key, each in backups.items()}, tuple(self._control.apps)

    def _id_of(self, target: TargetModel) -> str:
        return self._id_named(target.backup) if target.backup else target.id or ""

    def _id_named(self, name: str) -> str:
        if name not in self.names:
            raise _NotThereError(name)
        return self.names[name]

    def _name(self, backup_id: str) -> str:
        return next((name for name, key in self.names.items() if key == backup_id), backup_id)

    def _last_reason(self) -> tuple[str, ...]:
        exchanges = self._control.journal.exchanges
        return (f"the cluster's last answer: {exchanges[-1].why}",) if exchanges else ()

    async def _document(self, outcome: Outcome, backup_id: str) -> object:
        """Return what the operation printed, or ask for it where the client is silent."""
        if isinstance(outcome, Ok) and isinstance(outcome.value, Mapping):
            return outcome.value
        shown = await self._client.show(backup_id)
        return shown.value if isinstance(shown, Ok) else None


_KINDS = {"ok": Ok, "refused": Failed, "failed": Failed, "indeterminate": Indeterminate}
_WANTED = {
    "ok": "the client to succeed",
    "refused": "the client to say that it failed, and nothing to change",
    "failed": "the client to say that it failed",
    "indeterminate": "the client to say that it cannot tell",
}


def _claimed(outcome: Outcome) -> str:
    return "the client says that it succeeded" if isinstance(outcome, Ok) else str(outcome)


def _finding(path: KeyPath, expected: str, found: str, *notes: str) -> Finding:
    return Finding(path=path, expected=expected, found=found, notes=notes)


def _false_success(path: KeyPath, wanted: str) -> Finding:
    found = "it did not happen, and the client says that it succeeded"
    return _finding(path, wanted, found)


def _made_one(outcome: Ok, made: list[str], label: str, path: KeyPath) -> Iterator[Finding]:
    if len(made) != 1:
        yield _finding(path, "one new backup", f"{len(made)} new backups")
        return
    if not made[0].startswith(f"{label}-"):
        yield _finding(path, f"a backup with the label {label!r}", f"the cluster made {made[0]}")
    value = outcome.value
    claimed = value.get("id") if isinstance(value, Mapping) else value
    if claimed is not None and claimed != made[0]:
        yield _finding(path, f"the client to name the new backup, {made[0]}", repr(claimed))


def _unlike(document: object, expect: Mapping[str, Matcher], path: KeyPath) -> Iterator[Finding]:
    for where, wanted, found in mismatches(document, expect):
        yield _finding((*path, where), f"{where}: {wanted}", found)


def _absolute(app_id: str) -> str:
    return app_id if app_id.startswith("/") else f"/{app_id}"
