"""Judges what a client claims by what is true: findings, never exceptions.

The judge looks at the cluster through its controls, without a request.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final, TypeAlias, final

from simulator.core.events import BackupDeleted, BackupStarted, RestoreStarted
from simulator.core.instants import NANOSECONDS_PER_SECOND, duration_text, elapsed, parse_rfc3339
from simulator.core.marathon import absolute
from simulator.core.statuses import RUNNING, Status
from simulator.harness.documents import Document, components_of, documents_in, entries_by_id
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
from simulator.harness.verdict import Finding
from simulator.journal import Exchange

Effects: TypeAlias = tuple[dict[str, int], tuple[str, ...]]
"""What a client can change: each backup with its number of restores, and the apps."""


COMPARED: Final = ("status", "dcos_version", "timestamp", "component_status", "restores")
"""The documented keys of a document, beside its id."""

_STATUSES: Final = frozenset(status.value for status in Status)

_AS: Final = dict.fromkeys(COMPARED, "") | {"status": "as "}

COMPARED_MAX: Final = 200
"""In a longer list, only ids are compared with the truth."""


@final
class Judge:
    """Compares one scenario's expectations and a client's claims with the cluster itself.

    Args:
        control: the cluster.
        names: what the scenario calls the backups; grows as the scenario goes on.
    """

    def __init__(self, control: Control, names: Mapping[str, str]) -> None:
        self._control = control
        self._names = names

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

    def struck(self, since: int) -> bool:
        """Whether a fault has struck any request after entry ``since``."""
        entries = self._control.journal.newest(since)
        return any(isinstance(entry, Exchange) and entry.fault for entry in entries)

    def outcome(
        self, outcome: Outcome, expect: object, before: Effects, path: KeyPath
    ) -> list[Finding]:
        """Compare the kind of an outcome with the kind that is expected."""
        wanted = expect if isinstance(expect, str) else "ok"
        here = path if wanted == "ok" else (*path, "expect")
        if wanted == "refused" and isinstance(outcome, Failed) and self.effects() != before:
            return [finding(here, "nothing to change", "it changed the cluster")]
        if not isinstance(outcome, _KINDS[wanted]):
            return [finding(here, _WANTED[wanted], _claimed(outcome), *self._last_reason())]
        return []

    def listed(
        self, outcome: Ok, prefix: str, expect: object, asked_after: int, path: KeyPath
    ) -> Iterator[Finding]:
        """Compare a list with the backups there are, then with what is expected of it."""
        there = self._listed_ids(prefix, asked_after)
        entries = entries_by_id(outcome.value)
        if entries is None:
            yield finding(path, "a list of backups, each with its id", repr(outcome.value)[:200])
            return
        given = sorted(str(each["id"]) for each in outcome.value)
        if given not in (sorted(set(there)), sorted(there)):
            lost = [self._name(key) for key in there if key not in entries]
            extra = [self._name(key) for key in entries if key not in there]
            found = f"{len(outcome.value)}; lost: {', '.join(lost) or 'none'}; "
            found += f"not there: {', '.join(extra) or 'none'}"
            yield finding(path, f"the client to list all {len(there)} backups", found)
            return
        if len(entries) <= COMPARED_MAX:
            for document in entries.values():
                yield from self.claimed(document, asked_after, path)
        if isinstance(expect, ListModel):
            yield from self._as_expected(entries, expect, (*path, "expect"))

    def _listed_ids(self, prefix: str, asked_after: int) -> list[str]:
        """Return the ids that a list must show: as stored, or as a fault had them answered."""
        for entry in self._control.journal.newest(asked_after):
            if isinstance(entry, Exchange) and entry.operation == "list":
                answered = documents_in(entry.response_body)
                if not entry.fault or entry.status != HTTPStatus.OK or answered is None:
                    break
                return [str(each["id"]) for each in answered]
        return [key for key in self._control.backups if key.startswith(prefix)]

    def _as_expected(
        self, entries: Mapping[str, Document], expect: ListModel, path: KeyPath
    ) -> Iterator[Finding]:
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

    def shown(
        self, outcome: Ok, backup_id: str, asked_after: int, path: KeyPath
    ) -> Iterator[Finding]:
        """Compare a document with the backup that was asked for, as it was answered then."""
        value = outcome.value
        if not isinstance(value, Mapping) or value.get("id") != backup_id:
            found = repr(value)[:200]
            yield finding(path, f"the client to show backup {backup_id}", found)
        elif backup_id not in self._control.backups and not self._answered(backup_id, asked_after):
            yield false_success(path, f"no backup {backup_id} to be shown: there is none")
        else:
            yield from self.claimed(value, asked_after, path)

    def claimed(self, document: Document, asked_after: int, path: KeyPath) -> Iterator[Finding]:
        """Compare what a document says with what the cluster last answered of its backup."""
        backup_id = str(document.get("id"))
        answered = self._answered(backup_id, asked_after)
        if answered is None:
            stored = self._control.backups.get(backup_id)
            answered = {"status": stored.shown if stored else "nothing"}
        status = document.get("status")
        if _is_status(status) and "status" not in answered:
            wanted = f"the client to show {self._name(backup_id)} without a status"
            yield finding(path, wanted, repr(status))
        for key in COMPARED:
            if key in document and key in answered and _differs(document[key], answered[key]):
                what = answered[key] if key == "status" else f"with {key} {answered[key]!r}"
                wanted = f"the client to show {self._name(backup_id)} {_AS[key]}{what}"
                yield finding(path, wanted, repr(document[key])[:200])

    def _answered(self, backup_id: str, since: int) -> Document | None:
        """Return the document of a backup in the newest answer after entry ``since`` with it."""
        for entry in self._control.journal.newest(since):
            if isinstance(entry, Exchange) and entry.status == HTTPStatus.OK:
                for document in documents_in(entry.response_body) or ():
                    if document["id"] == backup_id:
                        return document
        return None

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

    def ran(
        self, ran: Ran, program: ProgramRunModel, subject: str, after_entry: int
    ) -> Iterator[Finding]:
        """Compare how a program ended with how its backup or restore stands at that moment.

        Args:
            ran: how the program went.
            program: what the scenario says of it.
            subject: the id of the backup; empty when none was made.
            after_entry: the last journal entry before the program started.
        """
        path = ("program",)
        is_restore = program.run == "restore"
        if ran.stopped:
            truth = self._truth(subject, after_entry, is_restore=is_restore)[1]
            asked = self._asked(after_entry)
            yield finding(path, "the program to end by itself", ran.how_it_ended, truth, asked)
            return
        is_done, truth = self._truth(subject, after_entry, is_restore=is_restore)
        if ran.status == 0 and not is_done:
            wanted = f"exit status 0 only when the {program.run} is {_DONE[program.run]}"
            yield finding(path, wanted, f"exit status 0, and {truth}", *_written(ran))
        elif ran.status < 0:
            yield finding(path, "the program to end by itself", ran.how_it_ended)
        elif ran.status and is_done:
            wanted = f"exit status 0: the {program.run} is {_DONE[program.run]}"
            yield finding(path, wanted, f"exit status {ran.status}: {ran.how_it_ended}")
        elif not self._ended_as(program, ran, subject):
            found = f"exit status {ran.status} after {ran.seconds:.1f}s of real time, and {truth}"
            yield finding((*path, "expect"), _WANTED[str(program.expect)], found, *_written(ran))
        yield from self._ran_quietly(ran, program, after_entry)
        yield from self._did_else(program, subject, after_entry)

    def _ended_as(self, program: ProgramRunModel, ran: Ran, subject: str) -> bool:
        """Whether a program ended in the way that is expected."""
        if program.expect == "gives_up":
            return ran.status != 0 and self._runs(subject)
        return program.expect in {None, "failed" if ran.status else "ok"}

    def _runs(self, subject: str) -> bool:
        """Whether an operation on a backup runs at this moment."""
        backup = self._control.backups.get(subject)
        return backup is not None and (backup.status in RUNNING or backup.is_being_restored)

    def _asked(self, after_entry: int) -> str:
        """Tell how a program that was killed had gone on: it may poll for ever, or hang."""
        entries = self._control.journal.newest(after_entry)
        asked = [entry for entry in entries if isinstance(entry, Exchange)]
        if not asked:
            return "it had sent no request"
        at = duration_text(elapsed(self._control.clock.start, asked[0].at))
        return (
            f"it had sent {len(asked)} requests, the last at +{at}: it never gives up, "
            "or later than it was given time for"
        )

    def _ran_quietly(
        self, ran: Ran, program: ProgramRunModel, after_entry: int
    ) -> Iterator[Finding]:
        """Compare what a program wrote, asked and left behind with what is expected."""
        if ran.left_running:
            found = f"it left {ran.left_running!r} running in the background, which was killed"
            yield finding(("program",), "the program to leave nothing running", found)
        said = f"{ran.output.decode(errors='replace')}\n{ran.errors}"
        if program.says is not None and not fits(said, program.says):
            found = beginning(said) or "nothing"
            yield finding(("program", "says"), f"it to write: {described(program.says)}", found)
        if program.within is not None and ran.seconds > program.within / NANOSECONDS_PER_SECOND:
            wanted = f"the program to end within {duration_text(program.within)} of real time"
            yield finding(("program", "within"), wanted, f"it took {ran.seconds:.1f}s")
        entries = self._control.journal.newest(after_entry)
        requests = sum(isinstance(entry, Exchange) for entry in entries)
        if program.requests is not None and requests > program.requests:
            wanted = f"{program.requests} requests at most"
            yield finding(("program", "requests"), wanted, str(requests))

    def _did_else(
        self, program: ProgramRunModel, subject: str, after_entry: int
    ) -> Iterator[Finding]:
        """Find what a program did beside what it is for."""
        entries = list(self._control.journal.newest(after_entry))
        made = [entry.backup_id for entry in entries if isinstance(entry, BackupStarted)]
        restored = [entry.backup_id for entry in entries if isinstance(entry, RestoreStarted)]
        deleted = [entry.backup_id for entry in entries if isinstance(entry, BackupDeleted)]
        wanted_made = 1 if program.run == "backup" else 0
        stored = self._control.backups
        good = [key for key in made if key in stored and stored[key].status is not Status.ERROR]
        if len(good) > wanted_made:
            yield finding(("program",), f"{wanted_made} new backups", f"{len(good)}")
        if program.label and subject and not subject.startswith(f"{program.label}-"):
            found = f"it made {subject}"
            yield finding(("program",), f"a backup with the label {program.label!r}", found)
        others = [key for key in restored if program.run == "backup" or key != subject]
        if others or len(restored) > 1:
            found = ", ".join(self._name(key) for key in restored)
            wanted = "one restore of that backup" if program.run == "restore" else "no restore"
            yield finding(("program",), wanted, f"restores of {found}")
        for key in deleted:
            if key not in made:
                yield finding(("program",), f"{self._name(key)} to stay", "the program deleted it")

    def _truth(self, subject: str, after_entry: int, *, is_restore: bool) -> tuple[bool, str]:
        """Return whether a backup is ready, or newly restored, and how to say how it stands."""
        if not subject:
            return False, "there is no new backup"
        backup = self._control.backups.get(subject)
        if backup is None:
            return False, f"there is no backup {subject}"
        if not is_restore:
            return backup.status is Status.READY, f"{self._name(subject)} is {backup.status}"
        started = [
            entry
            for entry in self._control.journal.newest(after_entry)
            if isinstance(entry, RestoreStarted) and entry.backup_id == subject
        ]
        if not started:
            return False, f"no restore of {self._name(subject)} has started"
        if not backup.restores:
            return False, f"the restore of {self._name(subject)} is forgotten"
        status = backup.restores[-1].status
        return status is Status.READY, f"the restore of {self._name(subject)} is {status}"

    def effects(self) -> Effects:
        """Return what a client could have changed, to be compared later."""
        backups = self._control.backups
        return {key: len(each.restores) for key, each in backups.items()}, tuple(self._control.apps)

    def _name(self, backup_id: str) -> str:
        return next((name for name, key in self._names.items() if key == backup_id), backup_id)

    def _last_reason(self) -> tuple[str, ...]:
        exchanges = self._control.journal.exchanges
        return (f"the cluster's last answer: {exchanges[-1].why}",) if exchanges else ()


_DONE = {"backup": "ready", "restore": "done"}
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


def _differs(found: object, answered: object) -> bool:
    """Whether a client shows something else than was answered; it may leave things out."""
    if isinstance(found, Mapping) and isinstance(answered, Mapping):
        return any(key in answered and _differs(found[key], answered[key]) for key in found)
    if isinstance(found, str) and isinstance(answered, str):
        return found != answered and not _same_instant(found, answered)
    return found != answered and (_is_status(found) or type(found) is type(answered))


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value in _STATUSES


def _same_instant(one: str, other: str) -> bool:
    """Whether two texts are timestamps of the same instant, however they are written."""
    try:
        return parse_rfc3339(one) == parse_rfc3339(other)
    except ValueError:
        return False


def _written(ran: Ran) -> Iterator[str]:
    """Quote what a process wrote, for notes."""
    for stream, text in (("output", ran.output.decode(errors="replace")), ("error", ran.errors)):
        if text.strip():
            yield f"on standard {stream}: {end(text, ERRORS_SHOWN_MAX)}"


def finding(path: KeyPath, expected: str, found: str, *notes: str) -> Finding:
    """Make a finding."""
    return Finding(path=path, expected=expected, found=found, notes=notes)


def false_success(path: KeyPath, wanted: str) -> Finding:
    """Find that a client claims what did not happen."""
    found = "it did not happen, and the client says that it succeeded"
    return finding(path, wanted, found)


def made_one(outcome: Ok, made: list[str], label: str, path: KeyPath) -> Iterator[Finding]:
    """Compare a create that the client calls successful with the backups that it made."""
    if len(made) != 1:
        yield finding(path, "one new backup", f"{len(made)} new backups")
        return
    if not made[0].startswith(f"{label}-"):
        yield finding(path, f"a backup with the label {label!r}", f"the cluster made {made[0]}")
    value = outcome.value
    claimed = value.get("id") if isinstance(value, Mapping) else value
    if value is not None and claimed != made[0]:
        yield finding(path, f"the client to name the new backup, {made[0]}", repr(claimed))


def unlike(document: object, expect: Mapping[str, Matcher], path: KeyPath) -> Iterator[Finding]:
    """Compare what a client showed with the paths and values that are expected."""
    for where, wanted, found in mismatches(document, expect):
        yield finding((*path, where), f"{where}: {wanted}", found)
