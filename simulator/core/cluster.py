"""The fake cluster: backups, restores, Marathon, and one operation at a time."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from simulator.core import commands, events, statuses
from simulator.core.backups import Backup, Component, Restore
from simulator.core.commands import Command, Policy, Refusal, Refused, Reply
from simulator.core.events import Event
from simulator.core.faults import FaultRule
from simulator.core.identifiers import BackupId, backup_id_problems, label_problems, prefix_problems
from simulator.core.instants import ZERO, Duration, Instant
from simulator.core.marathon import App, Apps, apps_of, with_app, without_app
from simulator.core.operation import Operation
from simulator.core.scripts import (
    MARATHON,
    Chance,
    Forever,
    OperationKind,
    ScriptRule,
    Stage,
    default_rule,
    draw,
)
from simulator.core.shelf import Shelf
from simulator.core.statuses import Signal, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingBackup:
    """A backup that a cluster starts with; it holds the apps that the cluster starts with.

    Attributes:
        age: how long before the cluster's start it was made.
        status: READY or ERROR; BACKING_UP for one that nothing works at any more.
        error: what ``marathon`` reports beside ERROR.
        uuid: the end of its id; empty for one that the cluster makes.
        dcos_version: the cluster's version when it was made; empty for the present one.
        restored: how a restore of it has ended, READY or ERROR; RESTORING for one that nothing
            works at any more; None where there was none.
        restore_error: what ``marathon`` reports of that restore, beside ERROR.
    """

    label: str
    age: Duration = ZERO
    status: Status = Status.READY
    error: str = ""
    uuid: str = ""
    dcos_version: str = ""
    restored: Status | None = None
    restore_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """What a cluster is when it starts."""

    dcos_version: str = "1.13.0"
    apps: tuple[App, ...] = ()
    backups: tuple[ExistingBackup, ...] = ()
    rules: tuple[ScriptRule, ...] = ()
    faults: tuple[FaultRule, ...] = ()


@dataclass(slots=True)
class RuleUse:
    """A script rule and how many operations it has served."""

    rule: ScriptRule
    hits: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether the rule has served as often as it may."""
        return self.rule.times is not None and self.hits >= self.rule.times


class Cluster:
    """A cluster as a pure state machine: time and chance are arguments.

    Call ``advance_to(now)`` before ``handle(command, now)``; time never runs backwards.
    """

    def __init__(self, spec: ClusterSpec, *, now: Instant, chance: Chance) -> None:
        self.spec = spec
        self.now = now
        self.rules = [RuleUse(rule) for rule in spec.rules]
        self._chance = chance
        self._shelf = Shelf()
        self._snapshots: dict[str, Apps] = {}
        self._apps = apps_of(spec.apps)
        self._operation: Operation | None = None
        self._released: set[str] = set()
        self._marathon_is_down = False
        self._disk_is_full = False
        self._past: list[tuple[Instant, tuple[Backup, ...]]] | None = None
        for existing in sorted(spec.backups, key=lambda backup: -backup.age):
            self._put_existing(existing)

    # --- reading ---------------------------------------------------------------------------

    @property
    def apps(self) -> Apps:
        """Marathon's apps. Readable also while Marathon itself does not answer."""
        return self._apps

    @property
    def backups(self) -> Mapping[str, Backup]:
        """Every stored backup by its id, oldest first."""
        return self._shelf.by_id

    @property
    def marathon_available(self) -> bool:
        """Whether Marathon answers: it is restarted for every backup and restore.

        Source: docs, backup-and-restore ("Marathon is rebooted in order to perform the operation
        in a consistent state"). That it is away until the operation ends is inferred.
        """
        return self._operation is None and not self._marathon_is_down

    def next_deadline(self) -> Instant | None:
        """Return when something next changes by itself; None when nothing will."""
        return self._operation.next_deadline() if self._operation else None

    def keep_past(self) -> None:
        """Keep every state of the backups from now on, for ``as_of``."""
        if self._past is None:
            self._past = []
            self._note_past()

    def as_of(self, instant: Instant) -> tuple[Backup, ...]:
        """Return the backups as they were stored at an instant since ``keep_past``."""
        assert self._past, "keep_past() comes first"
        index = bisect_right(self._past, instant, key=lambda state: state[0])
        return self._past[max(index - 1, 0)][1]

    def _note_past(self) -> None:
        if self._past is not None:
            self._past.append((self.now, tuple(self._shelf.by_id.values())))

    def due(self, backup_id: str) -> tuple[Instant, Status] | None:
        """Foresee when and how the operation on a backup ends, if time alone decides that."""
        operation = self._operation
        if operation is None or operation.backup_id != backup_id:
            return None
        return operation.due(self.now)

    # --- changing --------------------------------------------------------------------------

    def advance_to(self, now: Instant) -> tuple[Event, ...]:
        """Let time pass: return everything that fell due, in order."""
        assert now >= self.now, f"time runs forward only: {now} is before {self.now}"
        happened: list[Event] = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            assert self._operation is not None, "only an operation has deadlines"
            self.now = deadline
            happened += self._moved(self._operation.end_due_stages(deadline))
        self.now = now
        return tuple(happened)

    def handle(  # noqa: C901, PLR0911 - one for each command
        self, command: Command, now: Instant
    ) -> Reply:
        """Carry out one command, or refuse it and change nothing.

        Everything due at ``now`` must have been settled by ``advance_to``.
        """
        deadline = self.next_deadline()
        assert now >= self.now, f"time runs forward only: {now} is before {self.now}"
        assert deadline is None or deadline > now, "advance_to(now) comes before handle(…, now)"
        self.now = now
        match command:
            case commands.List():
                return self._list(command)
            case commands.Create():
                return self._create(command)
            case commands.Restore():
                return self._restore(command)
            case commands.Delete():
                return self._delete(command)
            case commands.DeployApp():
                return self._deploy_app(command)
            case commands.RemoveApp():
                return self._remove_app(command)
            case commands.Release():
                return self._release(command)
            case commands.Lose():
                return self._lose(command)
            case commands.Restart():
                return self._restart(command)
            case commands.TurnMarathon():
                return self._turn_marathon(command)
            case commands.FillDisk():
                return self._fill_disk(command)
            case _:
                assert_never(command)

    def add_rule(self, rule: ScriptRule) -> RuleUse:
        """Add a script rule, to be tried after those that are there."""
        use = RuleUse(rule)
        self.rules.append(use)
        return use

    # --- commands --------------------------------------------------------------------------

    def _create(self, command: commands.Create) -> Reply:
        problems = label_problems(command.label)
        if problems:
            return _refuse(Refused.INVALID, *problems)
        if self._operation:
            return self._busy(self._operation)
        rule = self._rule_for(OperationKind.CREATE, command.label)
        backup_id = self._new_id(command.label, rule.uuid)
        self._snapshots[backup_id] = self._apps
        operation = self._begin(rule, backup_id, 0)
        backup = Backup(
            id=backup_id,
            label=command.label,
            timestamp=self.now,
            dcos_version=self.spec.dcos_version,
            status=operation.status,
            shown=operation.shown,
            components=operation.components,
        )
        self._put(backup)
        started = events.BackupStarted(at=self.now, backup_id=backup_id, because=operation.origin)
        return self._started(operation, backup_id, started)

    def _restore(self, command: commands.Restore) -> Reply:
        found = self._find(command.id)
        if isinstance(found, Reply):
            return found
        if not statuses.allowed(found.status, Signal.RESTORE):
            return _refuse(
                Refused.NOT_READY,
                f"backup {found.id} is {found.status}: "
                f"only a backup that is {Status.READY} can be restored",
            )
        if self._operation:
            return self._busy(self._operation)
        number = len(found.restores) + 1
        rule = self._rule_for(OperationKind.RESTORE, found.label)
        operation = self._begin(rule, found.id, number)
        restore = Restore(
            number=number,
            started=self.now,
            status=operation.status,
            shown=operation.shown,
            components=operation.components,
        )
        self._put(found._replace(restores=(*found.restores, restore)))
        started = events.RestoreStarted(
            at=self.now, backup_id=found.id, restore=number, because=operation.origin
        )
        return self._started(operation, found.id, started)

    def _list(self, command: commands.List) -> Reply:
        problems = prefix_problems(command.prefix)
        if problems:
            return _refuse(Refused.INVALID, *problems)
        shown = self._shelf.starting_with(command.prefix)
        operation = self._operation
        if operation is None or not operation.backup_id.startswith(command.prefix):
            return Reply(why="what is stored", backups=shown)
        return Reply(
            why=operation.why,
            backups=shown,
            events=tuple(self._moved(operation.polled(self.now))),
        )

    def _delete(self, command: commands.Delete) -> Reply:
        found = self._find(command.id)
        if isinstance(found, Reply):
            return found
        if not statuses.allowed(found.status, Signal.DELETE) or found.is_being_restored:
            doing = "being restored" if found.is_being_restored else found.status.value
            return _refuse(
                Refused.IN_USE, f"backup {found.id} is {doing}: it can be deleted once that ends"
            )
        self._remove(found)
        gone = events.BackupDeleted(at=self.now, backup_id=found.id)
        return Reply(why="deleted as asked", backup=found, events=(gone,))

    def _lose(self, command: commands.Lose) -> Reply:
        """Lose a backup; an operation on it ends, and Marathon comes back as it was (inferred)."""
        found = self._find(command.id)
        if isinstance(found, Reply):
            return found
        happened: list[Event] = [events.BackupLost(at=self.now, backup_id=found.id)]
        if self._operation and self._operation.backup_id == found.id:
            self._operation = None
            happened += self._marathon_back()
        self._remove(found)
        return Reply(why="lost as asked", backup=found, events=tuple(happened))

    def _restart(self, command: commands.Restart) -> Reply:
        """Restart the backup service; what becomes of an operation is not documented, so chosen."""
        if self._operation is None and command.policy is not Policy.RESUME:
            policy = command.policy.value
            return _refuse(Refused.UNKNOWN, f"nothing runs that a restart could leave {policy!r}")
        happened: list[Event] = [events.ServiceRestarted(at=self.now, policy=command.policy.value)]
        operation = self._operation
        if operation is not None:
            happened += self._after_restart(operation, command.policy)
        return Reply(why="restarted as asked", events=tuple(happened))

    def _after_restart(self, operation: Operation, policy: Policy) -> Iterable[Event]:
        if policy is Policy.RESUME:
            return ()
        if policy is Policy.LOST:
            return self._forgotten(operation)
        stage = Stage(status=Status.ERROR, error="the backup service was restarted")
        if policy is Policy.STUCK:
            stage = Stage(status=operation.begun_as, ends=Forever())
        return self._moved(operation.overrule(stage, self.now))

    def _forgotten(self, operation: Operation) -> Iterable[Event]:
        """Forget an operation: the backup that was made, or the restore, is not there any more."""
        self._operation = None
        backup = self._shelf.by_id[operation.backup_id]
        if operation.restore:
            self._put(backup._replace(restores=backup.restores[:-1]))
            return self._marathon_back()
        self._remove(backup)
        lost = events.BackupLost(at=self.now, backup_id=backup.id)
        return (lost, *self._marathon_back())

    def _turn_marathon(self, command: commands.TurnMarathon) -> Reply:
        was_available = self.marathon_available
        self._marathon_is_down = not command.up
        happened: tuple[Event, ...] = ()
        if was_available and not command.up:
            happened = (events.MarathonStopped(at=self.now, because="as asked"),)
        elif self.marathon_available and not was_available:
            happened = self._marathon_back()
        return Reply(why="turned as asked", events=happened)

    def _fill_disk(self, command: commands.FillDisk) -> Reply:
        self._disk_is_full = command.full
        changed = events.DiskChanged(at=self.now, full=command.full)
        return Reply(why="filled or freed as asked", events=(changed,))

    def _marathon_back(self) -> tuple[Event, ...]:
        """Return what it means that nothing of ours keeps Marathon away any more."""
        if self._marathon_is_down:
            return ()
        return (events.MarathonStarted(at=self.now, apps=tuple(self._apps)),)

    def _remove(self, backup: Backup) -> None:
        self._shelf.remove(backup.id)
        del self._snapshots[backup.id]
        self._note_past()

    def _put(self, backup: Backup) -> None:
        self._shelf.put(backup)
        self._note_past()

    def _deploy_app(self, command: commands.DeployApp) -> Reply:
        if not self.marathon_available:
            return _MARATHON_UNAVAILABLE
        self._apps = with_app(self._apps, command.app)
        done = events.AppDeployed(at=self.now, app_id=command.app.id)
        return Reply(why="deployed as asked", events=(done,))

    def _remove_app(self, command: commands.RemoveApp) -> Reply:
        if not self.marathon_available:
            return _MARATHON_UNAVAILABLE
        if command.app_id not in self._apps:
            there = ", ".join(self._apps) or "none"
            return _refuse(
                Refused.UNKNOWN, f"App '{command.app_id}' does not exist; there are: {there}"
            )
        self._apps = without_app(self._apps, command.app_id)
        done = events.AppRemoved(at=self.now, app_id=command.app_id)
        return Reply(why="removed as asked", events=(done,))

    def _release(self, command: commands.Release) -> Reply:
        self._released.add(command.name)
        happened: list[Event] = [events.Released(at=self.now, name=command.name)]
        if self._operation:
            happened += self._moved(self._operation.release(self.now))
        return Reply(why="released as asked", events=tuple(happened))

    # --- the running operation ---------------------------------------------------------------

    def _new_id(self, label: str, uuid: str) -> BackupId:
        """Make the id of a new backup; one that a script gives is not given twice."""
        scripted = BackupId(f"{label}-{uuid}")
        if uuid and scripted not in self._shelf.by_id:
            return scripted
        return BackupId(f"{label}-{self._chance.backup_uuid()}")

    def _begin(self, rule: ScriptRule, backup_id: BackupId, restore: int) -> Operation:
        signal = Signal.BEGIN_RESTORE if restore else Signal.BEGIN_BACKUP
        self._operation = Operation(
            backup_id=backup_id,
            restore=restore,
            origin=rule.origin,
            begun_as=statuses.begin(signal),
            released=self._released,
        )
        timelines = draw(rule, self._chance)
        if why := self._cannot(rule.on):
            timelines = {MARATHON: (Stage(status=Status.ERROR, error=why),)}
        self._operation.begin(timelines, self.now)
        return self._operation

    def _cannot(self, kind: OperationKind) -> str:
        """Say why an operation that begins now ends in error; empty when it does not (inferred)."""
        if self._marathon_is_down:
            return "Marathon cannot be reached"
        is_full = self._disk_is_full and kind is OperationKind.CREATE
        return "no space left on device" if is_full else ""

    def _rule_for(self, kind: OperationKind, label: str) -> ScriptRule:
        for use in self.rules:
            if use.rule.matches(kind, label) and not use.is_spent:
                use.hits += 1
                return use.rule
        return _DEFAULTS[kind]

    def _started(self, operation: Operation, backup_id: BackupId, started: Event) -> Reply:
        stopped = events.MarathonStopped(at=self.now, because=operation.origin)
        away = () if self._marathon_is_down else (stopped,)
        entered = self._entered(operation, operation.components, operation.begun_as)
        happened = (started, *away, *entered)
        return Reply(why=operation.origin, backup=self._shelf.by_id[backup_id], events=happened)

    def _moved(self, names: tuple[str, ...]) -> list[Event]:
        """Bring the backup up to date with its operation; return what that means."""
        operation = self._operation
        if operation is None or not names:
            return []
        moved = tuple([one for one in operation.components if one.name in names])
        return self._entered(operation, moved, self._store_progress(operation))

    def _entered(
        self, operation: Operation, moved: tuple[Component, ...], before: Status
    ) -> list[Event]:
        """Return what it means that components entered stages; end the operation if it is over."""
        happened: list[Event] = [
            _stage_entered(self.now, operation, component) for component in moved
        ]
        if before is not operation.status:
            happened.append(
                events.StatusChanged(
                    at=self.now,
                    backup_id=operation.backup_id,
                    restore=operation.restore,
                    before=before,
                    after=operation.status,
                )
            )
        if not operation.is_running:
            happened += self._finish(operation)
        return happened

    def _store_progress(self, operation: Operation) -> Status:
        """Write the operation's present state into the backup; return the status before."""
        backup = self._shelf.by_id[operation.backup_id]
        subject: Backup | Restore = backup.restores[-1] if operation.restore else backup
        progress = subject._replace(
            status=operation.status, shown=operation.shown, components=operation.components
        )
        if isinstance(progress, Restore):
            progress = backup._replace(restores=(*backup.restores[:-1], progress))
        self._put(progress)
        return subject.status

    def _finish(self, operation: Operation) -> tuple[Event, ...]:
        """End the operation: Marathon comes back, with the backup's apps if it was restored.

        A restore that fails leaves Marathon's apps as they were (inferred), unless its script says
        that it leaves none (source: Marathon wipes its state before it reads the backup).
        """
        self._operation = None
        if operation.restore and operation.status is Status.READY:
            self._apps = self._snapshots[operation.backup_id]
        elif operation.empties_marathon:
            self._apps = apps_of(())
        return self._marathon_back()

    # --- helpers ---------------------------------------------------------------------------

    def _find(self, backup_id: str) -> Backup | Reply:
        problems = backup_id_problems(backup_id)
        if problems:
            return _refuse(Refused.INVALID, *problems)
        found = self._shelf.by_id.get(backup_id)
        if found is None:
            return _refuse(Refused.UNKNOWN, f"backup {backup_id} does not exist")
        return found

    def _busy(self, operation: Operation) -> Reply:
        doing = "restore of" if operation.restore else "backup"
        return _refuse(
            Refused.BUSY,
            f"{doing} {operation.backup_id} is in progress: only one backup or restore runs at a "
            "time",
        )

    def _put_existing(self, existing: ExistingBackup) -> None:
        problems = label_problems(existing.label)
        assert not problems, f"{existing.label!r} is no label: {problems}"
        component = Component(
            name=MARATHON,
            status=existing.status,
            shown=existing.status.value,
            error=existing.error,
            because="there from the start",
            until=None,
        )
        backup = Backup(
            id=BackupId(f"{existing.label}-{existing.uuid or self._chance.backup_uuid()}"),
            label=existing.label,
            timestamp=Instant(self.now - existing.age),
            dcos_version=existing.dcos_version or self.spec.dcos_version,
            status=existing.status,
            shown=existing.status.value,
            components=(component,),
            restores=_restored_before(existing, component, self.now),
        )
        self._snapshots[backup.id] = self._apps
        self._put(backup)


def _restored_before(
    existing: ExistingBackup, component: Component, now: Instant
) -> tuple[Restore, ...]:
    """Return the restore that a backup had before the start, if any."""
    status = existing.restored
    if status is None:
        return ()
    ended = component._replace(status=status, shown=status.value, error=existing.restore_error)
    return (Restore(number=1, started=now, status=status, shown=status.value, components=(ended,)),)


def _stage_entered(now: Instant, operation: Operation, component: Component) -> Event:
    return events.StageEntered(
        at=now,
        backup_id=operation.backup_id,
        restore=operation.restore,
        component=component.name,
        status=component.status,
        shown=component.shown,
        error=component.error,
        because=component.because,
        until=component.until,
    )


def _refuse(reason: Refused, *messages: str) -> Reply:
    refusal = Refusal(reason=reason, messages=messages)
    return Reply(why=f"refused, {reason.value}: {'; '.join(messages)}", refusal=refusal)


_MARATHON_UNAVAILABLE: Final = _refuse(
    Refused.MARATHON_UNAVAILABLE, "Marathon is restarting for a backup or restore"
)

_DEFAULTS: Final = {kind: default_rule(kind) for kind in OperationKind}
"""What happens where no rule matches."""
