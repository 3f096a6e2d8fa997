"""Judges what a client claims by what is true: findings, never exceptions.

The judge looks at the cluster through its controls, without a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final, final

from simulator.core.backups import Backup
from simulator.core.events import BackupDeleted, BackupStarted, RestoreStarted
from simulator.core.instants import NANOSECONDS_PER_SECOND, duration_text, elapsed
from simulator.core.marathon import Apps, absolute
from simulator.core.statuses import RUNNING
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import Breach, Check, Severity, breaches
from simulator.harness.checks.claims import CLAIM_CHECKS, truth
from simulator.harness.checks.conduct import Call, Conduct
from simulator.harness.documents import Document, components_of, entries_by_id
from simulator.harness.language.program_model import ProgramRunModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath
from simulator.harness.language.step_model import EndExpect, ListModel, Matcher, WaitModel
from simulator.harness.matchers import described, fits, mismatches
from simulator.harness.plain_text import beginning, end
from simulator.harness.ports import (
    ERRORS_SHOWN_MAX,
    Control,
    Failed,
    Indeterminate,
    Ok,
    Outcome,
    Ran,
)
from simulator.harness.recorder import Recorder
from simulator.harness.verdict import Finding, Judged

_EVIDENCE_MAX: Final = 3

CONDUCT_CHECKS: Final = tuple(check for check in CHECKS.values() if check.family != "OUT")
"""Those that look at a whole run, and not at one call."""


@final
class Judge:
    """Compares one scenario's expectations and a client's claims with the cluster itself.

    Args:
        control: the cluster.
        names: what the scenario calls the backups; grows as the scenario goes on.
        recorder: what the client did and claimed.
        allowed: the codes of checks that the client may break.
    """

    def __init__(
        self,
        control: Control,
        names: Mapping[str, str],
        recorder: Recorder,
        allowed: AbstractSet[str] = frozenset(),
    ) -> None:
        self._control = control
        self._names = names
        self._recorder = recorder
        self._allowed = allowed
        self._exercised: set[str] = set()
        self._breaches: list[Breach] = []
        self._warnings: list[Finding] = []

    def as_it_is(self, expected: EndExpect, path: KeyPath) -> Iterator[Finding]:
        """Compare the cluster itself with what is expected of it."""
        backups = self._control.backups
        for name, status in expected.backups.items():
            backup = backups.get(self._names[name]) if name in self._names else None
            found = backup.status.value if backup else "absent"
            if found != status:
                yield finding((*path, "backups", name), f"{name} to be {status}", found)
        yield from self._apps_as_they_are(expected, path)
        marathon = "available" if self._control.marathon_available else "unavailable"
        if expected.marathon not in {None, marathon}:
            yield finding((*path, "marathon"), f"Marathon to be {expected.marathon}", marathon)
        kinds = {"creates": BackupStarted, "restores": RestoreStarted, "deletes": BackupDeleted}
        entries = [entry for _, entry in self._control.journal.numbered()]
        for field, kind in kinds.items():
            wanted_count = getattr(expected, field)
            count = sum(isinstance(entry, kind) for entry in entries)
            if wanted_count not in {None, count}:
                yield finding((*path, field), f"{wanted_count} {field}", str(count))

    def _apps_as_they_are(self, expected: EndExpect, path: KeyPath) -> Iterator[Finding]:
        apps = sorted(self._control.apps)
        if isinstance(expected.apps, int):
            if expected.apps != len(apps):
                yield finding((*path, "apps"), f"{expected.apps} apps", str(len(apps)))
        elif expected.apps is not None and apps != sorted(map(absolute, expected.apps)):
            wanted = ", ".join(expected.apps) or "none"
            yield finding((*path, "apps"), f"the apps {wanted}", ", ".join(apps) or "none")

    def unused_scripts(self, scenario: Scenario) -> Iterator[Finding]:
        """Find scripts that no operation has used."""
        for index, script in enumerate(scenario.model.script):
            use = self._control.rules[index]
            if use.hits == 0 and not script.optional:
                wanted = f"a {script.on} of a backup with a label like {use.rule.label!r}"
                note = "write optional: true where a script need not apply"
                yield finding(("script", index), wanted, "this script never applied", note)

    def unused_faults(self) -> Iterator[Finding]:
        """Find faults that no request has met."""
        for index, use in enumerate(self._control.faults.uses):
            if use.hits == 0 and not use.rule.optional:
                wanted = f"{use.rule.fault} to strike a request"
                came = len(self._control.journal.exchanges)
                found = f"it never did; of {came} requests, {use.seen} came where and when it holds"
                note = "write optional: true where a fault need not strike"
                yield finding(("faults", index), wanted, found, note)

    def is_true(self, status: str, backup_id: str, wait: WaitModel) -> bool:
        """Whether a backup, or its latest restore, really has a status that a client shows."""
        backup = self._control.backups.get(backup_id)
        subject = backup.restores[-1] if backup and backup.restores and wait.restore else backup
        return subject is not None and subject.status.value == status

    # --- the client ----------------------------------------------------------------------------

    def checked(self, call: Call) -> list[Finding]:
        """Compare what a client claims of a call with what happened: the checks of claims.

        The first finding is told: others about the same call mostly follow from it.
        """
        return list(islice(self._findings(CLAIM_CHECKS, self._recorder.of_one(call)), 1))

    def conduct(self) -> list[Finding]:
        """Apply all checks but those of claims, which each call has met already."""
        return list(self._findings(CONDUCT_CHECKS, self._recorder.conduct))

    def _findings(self, checks: Sequence[Check], conduct: Conduct) -> Iterator[Finding]:
        for breach in breaches(checks, conduct, self._exercised):
            self._breaches.append(breach)
            if breach.check.code not in self._allowed:
                found = of_breach(breach, *self._notes(breach))
                if breach.check.severity is Severity.ERROR:
                    yield found
                else:
                    self._warnings.append(found)

    def _notes(self, breach: Breach) -> Iterator[str]:
        """Yield what a program wrote that has claimed too much, and what it did not wait for."""
        call = breach.call
        if breach.check.code == "OUT010" and call and call.ran:
            subject = call.argument if call.operation == "restore" else (call.made or ("",))[-1]
            due = self._control.due(subject)
            if due:
                at = duration_text(elapsed(self._control.clock.start, due[0]))
                yield f"nearest miss: it becomes {due[1]} at +{at}"
            yield from _written(call.ran)

    @property
    def judged(self) -> Judged:
        """What the checks found until now."""
        codes = {breach.check.code for breach in self._breaches}
        return Judged(
            exercised=frozenset(self._exercised),
            broken=frozenset(codes),
            allowed=frozenset(codes & self._allowed),
            warnings=tuple(self._warnings),
        )

    def claimed(self, call: Call, expect: object, apps: Apps) -> list[Finding]:
        """Judge what a client claims of an operation, then compare it with what is expected."""
        path, outcome = call.path, call.outcome
        findings = self.checked(call)
        if findings:
            return findings
        wanted = expect if isinstance(expect, str) else "ok"
        here = path if wanted == "ok" else (*path, "expect")
        if wanted == "refused" and isinstance(outcome, Failed) and self._has_changed(call, apps):
            return [finding(here, "nothing to change", "it changed the cluster")]
        if not isinstance(outcome, _KINDS[wanted]):
            reasons = [f"the cluster's last answer: {each.exchange.why}" for each in call.requests]
            return [finding(here, _WANTED[wanted], _claimed(outcome), *reasons[-1:])]
        return []

    def _has_changed(self, call: Call, apps: Apps) -> bool:
        def effects(backups: Mapping[str, Backup]) -> dict[str, int]:
            return {key: len(each.restores) for key, each in backups.items()}

        changed = effects(call.before) != effects(call.after)
        return changed or tuple(apps) != tuple(self._control.apps)

    def listed(self, outcome: Ok, expect: ListModel, path: KeyPath) -> Iterator[Finding]:
        """Compare a list with what is expected of it."""
        entries = entries_by_id(outcome.value) or {}
        names = sorted(self._name(key) for key in entries)
        listed = ", ".join(names) or "none"
        if expect.count not in {None, len(names)}:
            yield finding((*path, "count"), f"{expect.count} backups", str(len(names)))
        if expect.exactly is not None and sorted(expect.exactly) != names:
            wanted = ", ".join(expect.exactly) or "none"
            yield finding((*path, "exactly"), f"exactly {wanted}", listed)
        for name in expect.includes:
            if name not in names:
                yield finding((*path, "includes"), f"{name} among them", listed)
        for name in expect.lacks:
            if name in names:
                yield finding((*path, "lacks"), f"{name} not among them", listed)
        for name, paths in expect.entries.items():
            document = entries.get(self._names.get(name, ""))
            if document is None:
                yield finding((*path, "entries", name), f"{name} among them", listed)
            else:
                yield from unlike(document, paths, (*path, "entries", name))

    def ended_otherwise(
        self, wait: WaitModel, name: str, status: str, value: Document, path: KeyPath
    ) -> Finding:
        """Find that a wait met another end, with the diagnostics that the client showed."""
        components = components_of(value, of_restore=wait.restore is not None)
        errors = [str(each["error"]) for each in components if "error" in each]
        notes = [f"the diagnostic says: {error}" for error in errors]
        at = duration_text(self._control.clock.elapsed)
        what = "the restore of " if wait.restore else ""
        return finding(path, f"{what}{name} to become {wait.for_}", f"{status} at +{at}", *notes)

    def never_came(
        self, wait: WaitModel, name: str, found: str, backup_id: str, path: KeyPath
    ) -> Finding:
        """Find that a wait took too long, with the nearest miss."""
        clock = self._control.clock
        notes = []
        due = self._control.due(backup_id)
        last = duration_text(clock.elapsed)
        if due:
            at = duration_text(elapsed(clock.start, due[0]))
            notes.append(f"nearest miss: {due[1]} at +{at}; the last poll was at +{last}")
        elif self.is_true(wait.for_, backup_id, wait):
            notes.append(f"in truth it is {wait.for_}; the last poll was at +{last}")
        else:
            notes.append(f"no time alone ends this; the last poll was at +{last}")
        what = "the restore of " if wait.restore else ""
        wanted = f"{what}{name} to become {wait.for_} within {duration_text(wait.within)}"
        return finding(path, wanted, found, *notes)

    def ran(self, call: Call, program: ProgramRunModel) -> Iterator[Finding]:
        """Judge how a program ended, then compare it with what is expected."""
        ran = call.ran
        assert ran is not None, "a program has run"
        findings = self.checked(call)
        codes = {each.check.code for each in findings if each.check}
        yield from findings
        if ran.stopped:
            return
        path = ("program",)
        if ran.status < 0 and "OUT011" not in codes:
            yield finding(path, "the program to end by itself", ran.how_it_ended)
        elif not findings and not self._ended_as(program, call, ran):
            standing = truth(call, self._recorder.of_one(call))
            found = (
                f"exit status {ran.status} after {ran.seconds:.1f}s of real time, and {standing}"
            )
            yield finding((*path, "expect"), _WANTED[str(program.expect)], found, *_written(ran))
        yield from self._ran_as_told(ran, program, len(call.requests))

    def _ended_as(self, program: ProgramRunModel, call: Call, ran: Ran) -> bool:
        """Whether a program ended in the way that is expected."""
        if program.expect == "gives_up":
            return ran.status != 0 and self._runs(call)
        return program.expect in {None, "failed" if ran.status else "ok"}

    def _runs(self, call: Call) -> bool:
        """Whether an operation on its backup runs at this moment."""
        subject = call.argument if call.operation == "restore" else (call.made or ("",))[-1]
        backup = self._control.backups.get(subject)
        return backup is not None and (backup.status in RUNNING or backup.is_being_restored)

    def _ran_as_told(self, ran: Ran, program: ProgramRunModel, requests: int) -> Iterator[Finding]:
        """Compare what a program wrote and asked with what is expected."""
        said = f"{ran.output.decode(errors='replace')}\n{ran.errors}"
        if program.says is not None and not fits(said, program.says):
            found = beginning(said) or "nothing"
            yield finding(("program", "says"), f"it to write: {described(program.says)}", found)
        if program.within is not None and ran.seconds > program.within / NANOSECONDS_PER_SECOND:
            wanted = f"the program to end within {duration_text(program.within)} of real time"
            yield finding(("program", "within"), wanted, f"it took {ran.seconds:.1f}s")
        if program.requests is not None and requests > program.requests:
            wanted = f"{program.requests} requests at most"
            yield finding(("program", "requests"), wanted, str(requests))

    def _name(self, backup_id: str) -> str:
        return next((name for name, key in self._names.items() if key == backup_id), backup_id)


_KINDS: Final[Mapping[str, tuple[type[Outcome], ...]]] = {
    "ok": (Ok,),
    "refused": (Failed,),
    "failed": (Failed,),
    "indeterminate": (Indeterminate,),
    "unsuccessful": (Failed, Indeterminate),
    "honest": (Ok, Failed, Indeterminate),
}
_WANTED = {
    "ok": "the client to succeed",
    "refused": "the client to say that it failed, and nothing to change",
    "failed": "the client to say that it failed",
    "gives_up": "the program to give up, with another exit status than 0, while it still runs",
    "indeterminate": "the client to say that it cannot tell",
    "unsuccessful": "the client to say that it failed, or that it cannot tell",
    "honest": "the client to say anything that is true",
}


def _claimed(outcome: Outcome) -> str:
    return "the client says that it succeeded" if isinstance(outcome, Ok) else str(outcome)


def _written(ran: Ran) -> Iterator[str]:
    """Quote what a process wrote, for notes."""
    for stream, text in (("output", ran.output.decode(errors="replace")), ("error", ran.errors)):
        if text.strip():
            yield f"on standard {stream}: {end(text, ERRORS_SHOWN_MAX)}"


def finding(path: KeyPath, expected: str, found: str, *notes: str) -> Finding:
    """Make a finding."""
    return Finding(path=path, expected=expected, found=found, notes=notes)


def of_breach(breach: Breach, *notes: str) -> Finding:
    """Make a finding of a breach."""
    numbers = ", ".join(f"#{number}" for number in breach.requests[:_EVIDENCE_MAX])
    more = len(breach.requests) - _EVIDENCE_MAX
    evidence = f"see request {numbers}{f' and {more} more' if more > 0 else ''}"
    return Finding(
        path=breach.call.path if breach.call else (),
        expected=breach.check.rule,
        found=breach.found,
        notes=(*((evidence,) if breach.requests else ()), *notes),
        check=breach.check,
        requests=breach.requests,
    )


def unlike(document: object, expect: Mapping[str, Matcher], path: KeyPath) -> Iterator[Finding]:
    """Compare what a client showed with the paths and values that are expected."""
    for where, wanted, found in mismatches(document, expect):
        yield finding((*path, where), f"{where}: {wanted}", found)
