"""The cluster against a model that knows nothing of how it works.

The model keeps what was asked and when, and works out every status from the beginning each time:
there is no stage that is entered or left, only a list of moments at which stages end.
"""

from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator.chance import SeededChance
from simulator.core.cluster import Cluster, ClusterSpec
from simulator.core.commands import (
    Command,
    Create,
    Delete,
    DeployApp,
    List,
    Lose,
    Release,
    RemoveApp,
    Reply,
    Restore,
)
from simulator.core.events import Event, StatusChanged
from simulator.core.instants import Duration, Instant
from simulator.core.marathon import app_from
from simulator.core.scripts import (
    MARATHON,
    End,
    Forever,
    Lasts,
    OperationKind,
    Polls,
    ScriptRule,
    Stage,
    Until,
)
from simulator.core.statuses import Status

Moment = tuple[int, int]
"""A time and the number of a command: what falls due at a time comes before its commands."""

NEVER: Moment = (10**18, 0)

LABELS = ["day", "night", "nightly"]
PREFIXES = ["", "", "night", "night-", "day", "x"]
APP_IDS = ["/a", "/b"]
RELEASES = ["go", "stop"]


# --- what a script is, for model and cluster ---------------------------------------------------


@dataclass(frozen=True)
class Part:
    """How one component goes: its running stages, then the status in which it stays."""

    stages: tuple[tuple[str, int | str], ...]
    last: str


Script = dict[str, Part]

# Weighted so that most operations end: one that never does hides whatever would follow.
timed = st.tuples(st.just("lasts"), st.sampled_from([0, 1, 5, 10]))
polled = st.tuples(st.just("polls"), st.integers(1, 3))
awaited = st.tuples(st.just("until"), st.sampled_from(RELEASES))
stages_of_a_part = st.lists(st.one_of(timed, polled, awaited), max_size=2).map(tuple)
last_statuses = st.sampled_from(6 * ["STATUS_READY"] + 3 * ["STATUS_ERROR"] + ["forever"])
parts = st.builds(Part, stages_of_a_part, last_statuses)
scripts = st.one_of(
    parts.map(lambda part: {MARATHON: part}),
    st.fixed_dictionaries({MARATHON: parts, "secrets": parts}),
)


def as_end(kind: str, value: int | str) -> End:
    """Return the end of a stage."""
    if kind == "lasts":
        return Lasts(Duration(int(value)))
    return Polls(int(value)) if kind == "polls" else Until(str(value))


def as_rule(operation: OperationKind, script: Script) -> ScriptRule:
    """Return the script as a rule that serves once."""
    stages = []
    for name, part in script.items():
        ends = [as_end(kind, value) for kind, value in part.stages]
        if part.last == "forever":
            ends.append(Forever())
        stages += [Stage(status=operation.running, ends=end, component=name) for end in ends]
        if part.last != "forever":
            stages.append(Stage(status=Status(part.last), component=name))
    return ScriptRule(on=operation, stages=tuple(stages), times=1)


# --- the model ---------------------------------------------------------------------------------


@dataclass
class Work:
    """A create or a restore: when it began, what it follows, and the lists that showed it."""

    began: Moment
    running: str
    script: Script
    shown: list[Moment] = field(default_factory=list)

    def ends(self, part: Part, released: dict[str, Moment]) -> Moment:
        """Return the moment from which a component stays as it is."""
        now = self.began
        for kind, value in part.stages:
            if kind == "lasts":
                now = max(now, (now[0] + int(value), 0))
            elif kind == "until":
                now = max(now, released.get(str(value), NEVER))
            else:
                later = [moment for moment in self.shown if moment > now]
                now = later[int(value) - 1] if len(later) >= int(value) else NEVER
            if now == NEVER:
                return NEVER
        return NEVER if part.last == "forever" else now

    def ended(self, released: dict[str, Moment]) -> Moment:
        """Return the moment from which the whole stays as it is."""
        return max(self.ends(part, released) for part in self.script.values())

    def components(self, now: Moment, released: dict[str, Moment]) -> dict[str, str]:
        """Return the status of every component."""
        return {
            name: part.last if self.ends(part, released) <= now else self.running
            for name, part in self.script.items()
        }

    def status(self, now: Moment, released: dict[str, Moment]) -> str:
        """Return the status of the whole."""
        if self.ended(released) > now:
            return self.running
        failed = any(part.last == "STATUS_ERROR" for part in self.script.values())
        return "STATUS_ERROR" if failed else "STATUS_READY"


@dataclass
class Stored:
    """A backup: its create, the apps at that time, and its restores."""

    label: str
    create: Work
    apps: set[str]
    restores: list[Work] = field(default_factory=list)


class Model:
    """What was asked of a cluster, and what must have come of it."""

    def __init__(self) -> None:
        """Begin with one app and no backups, at time 0."""
        self.now: Moment = (0, 0)
        self.backups: dict[str, Stored] = {}
        self.released: dict[str, Moment] = {}
        self.apps = {"/a"}
        self.last: tuple[str, Work] | None = None

    def is_busy(self) -> bool:
        """Tell whether the latest operation still runs."""
        return self.last is not None and self.last[1].ended(self.released) > self.now

    def settle(self) -> None:
        """Bring the apps back once a restore has succeeded."""
        if self.last is None or self.is_busy():
            return
        backup_id, work = self.last
        succeeded = work.status(self.now, self.released) == "STATUS_READY"
        if succeeded and work.running == "STATUS_RESTORING":
            self.apps = set(self.backups[backup_id].apps)
        self.last = None

    def status(self, backup_id: str) -> str:
        """Return the status of a backup."""
        return self.backups[backup_id].create.status(self.now, self.released)

    def refusal_of_restore(self, backup_id: str) -> str | None:
        """Say why this backup cannot be restored now."""
        if backup_id not in self.backups:
            return "unknown"
        if self.status(backup_id) != "STATUS_READY":
            return "not ready"
        return "busy" if self.is_busy() else None

    def refusal_of_delete(self, backup_id: str) -> str | None:
        """Say why this backup cannot be deleted now."""
        if backup_id not in self.backups:
            return "unknown"
        at_work = self.is_busy() and self.last is not None and self.last[0] == backup_id
        return "in use" if at_work else None

    def matching(self, prefix: str) -> list[str]:
        """Return the ids with this prefix, oldest first."""
        return [backup_id for backup_id in self.backups if backup_id.startswith(prefix)]


# --- one against the other ---------------------------------------------------------------------


class ClusterAgainstModel(RuleBasedStateMachine):
    """Ask both the same, and compare everything that can be seen after each step."""

    @initialize(seed=st.integers(0, 9))
    def start(self, seed: int) -> None:
        """Start a cluster without rules: each operation brings its own."""
        spec = ClusterSpec(apps=(app_from("/a"),))
        self.cluster = Cluster(spec, now=Instant(0), chance=SeededChance(str(seed)))
        self.model = Model()
        self.numbers = count(1)
        self.ids = ["nobody-00000000-0000-4000-8000-000000000000"]

    @rule(span=st.sampled_from([1, 3, 10]))
    def wait(self, span: int) -> None:
        """Let time pass."""
        self.model.now = (self.model.now[0] + span, 0)
        self.let_pass()

    @rule(label=st.sampled_from(LABELS), script=scripts)
    def create(self, label: str, script: Script) -> None:
        """Start a backup, or be told that the cluster is busy."""
        refusal = "busy" if self.model.is_busy() else None
        if refusal is None:
            self.cluster.add_rule(as_rule(OperationKind.CREATE, script))
        reply = self.ask(Create(label), refusal)
        if refusal is None:
            assert reply.backup is not None
            assert reply.backup.id not in self.ids
            work = Work(self.model.now, "STATUS_BACKING_UP", script)
            self.model.backups[reply.backup.id] = Stored(label, work, set(self.model.apps))
            self.model.last = (reply.backup.id, work)
            self.ids.insert(0, reply.backup.id)
        self.hear(reply.events)

    @rule(data=st.data(), script=scripts)
    def restore(self, data: st.DataObject, script: Script) -> None:
        """Restore a backup, or be told why not."""
        backup_id = self.one_of_the_ids(data)
        refusal = self.model.refusal_of_restore(backup_id)
        if refusal is None:
            self.cluster.add_rule(as_rule(OperationKind.RESTORE, script))
        reply = self.ask(Restore(backup_id), refusal)
        if refusal is None:
            work = Work(self.model.now, "STATUS_RESTORING", script)
            self.model.backups[backup_id].restores.append(work)
            self.model.last = (backup_id, work)
        self.hear(reply.events)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a backup, or be told why not."""
        backup_id = self.one_of_the_ids(data)
        refusal = self.model.refusal_of_delete(backup_id)
        self.hear(self.ask(Delete(backup_id), refusal).events)
        if refusal is None:
            del self.model.backups[backup_id]

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """Lose a backup, whatever goes on with it: an operation on it is over."""
        backup_id = self.one_of_the_ids(data)
        is_there = backup_id in self.model.backups
        reply = self.ask(Lose(backup_id), None if is_there else "unknown")
        if is_there:
            del self.model.backups[backup_id]
            if self.model.last is not None and self.model.last[0] == backup_id:
                self.model.last = None
        self.hear(reply.events)

    @rule(prefix=st.sampled_from(PREFIXES))
    def list_backups(self, prefix: str) -> None:
        """Ask for a list: it shows what holds before it, and counts as a poll."""
        wanted = [
            (backup_id, self.model.status(backup_id)) for backup_id in self.model.matching(prefix)
        ]
        reply = self.ask(List(prefix), None)
        assert [(backup.id, backup.shown) for backup in reply.backups or ()] == wanted
        if self.model.last is not None and self.model.last[0].startswith(prefix):
            self.model.last[1].shown.append(self.model.now)
        self.hear(reply.events)

    @rule(name=st.sampled_from(RELEASES))
    def release(self, name: str) -> None:
        """Release a name; a second time changes nothing."""
        reply = self.ask(Release(name), None)
        self.model.released.setdefault(name, self.model.now)
        self.hear(reply.events)

    @rule(app_id=st.sampled_from(APP_IDS), deployed=st.booleans())
    def change_apps(self, app_id: str, *, deployed: bool) -> None:
        """Deploy or remove an app, or be told why not."""
        command = DeployApp(app_from(app_id)) if deployed else RemoveApp(app_id)
        refusal = None if deployed or app_id in self.model.apps else "unknown"
        refusal = "Marathon unavailable" if self.model.is_busy() else refusal
        self.hear(self.ask(command, refusal).events)
        if refusal is None:
            self.model.apps = self.model.apps - {app_id} | ({app_id} if deployed else set())

    @rule()
    def wait_for_the_end(self) -> None:
        """Do what a patient client does, so that operations end and others follow."""
        for _ in range(6):
            self.wait(10)
            self.list_backups("")

    @invariant()
    def backups_agree(self) -> None:
        """The same backups in the same order, each with its statuses and its restores."""
        now, released = self.model.now, self.model.released
        assert list(self.cluster.backups) == list(self.model.backups)
        for backup_id, stored in self.model.backups.items():
            backup = self.cluster.backups[backup_id]
            works = [stored.create, *stored.restores]
            seen = [(backup.status, backup.components)]
            seen += [(restore.status, restore.components) for restore in backup.restores]
            assert [status for status, _ in seen] == [work.status(now, released) for work in works]
            assert [
                {part.name: part.status.value for part in components} for _, components in seen
            ] == [work.components(now, released) for work in works]
            assert backup.timestamp == stored.create.began[0]
            assert [restore.started for restore in backup.restores] == [
                work.began[0] for work in stored.restores
            ]

    @invariant()
    def marathon_agrees(self) -> None:
        """The same apps, and answering at the same times."""
        assert set(self.cluster.apps) == self.model.apps
        assert self.cluster.marathon_available is not self.model.is_busy()

    @invariant()
    def what_was_foreseen_comes_true(self) -> None:
        """The model knows the end too, once no list and no release is missing."""
        for backup_id, stored in self.model.backups.items():
            due = self.cluster.due(backup_id)
            if due is not None:
                work = [stored.create, *stored.restores][-1]
                end = work.ended(self.model.released)
                assert due == (end[0], work.status(end, self.model.released))

    # --- helpers ---

    def one_of_the_ids(self, data: st.DataObject) -> str:
        """Choose an id, mostly one of the newest; the oldest one nobody ever had."""
        return self.ids[min(data.draw(st.sampled_from([0, 0, 0, 1, 9])), len(self.ids) - 1)]

    def ask(self, command: Command, refusal: str | None) -> Reply:
        """Ask the cluster; it must refuse for just this reason, or not at all."""
        self.model.now = (self.model.now[0], next(self.numbers))
        reply = self.cluster.handle(command, Instant(self.model.now[0]))
        assert (reply.refusal.reason.value if reply.refusal else None) == refusal
        return reply

    def hear(self, happened: tuple[Event, ...]) -> None:
        """Compare what a command caused, then let pass what fell due at once."""
        self.compare_end(happened)
        self.let_pass()

    def let_pass(self) -> None:
        """Settle time in the cluster and in the model."""
        # What fell due comes after every command so far, and before the next.
        self.model.now = (self.model.now[0], next(self.numbers))
        self.compare_end(self.cluster.advance_to(Instant(self.model.now[0])))
        self.model.settle()

    def compare_end(self, happened: tuple[Event, ...]) -> None:
        """A change of status must come when the model says, to what it says."""
        for event in happened:
            if isinstance(event, StatusChanged):
                assert self.model.last is not None
                work = self.model.last[1]
                end = work.ended(self.model.released)
                assert (event.at, event.before) == (end[0], work.running)
                assert event.after == work.status(end, self.model.released)


TestClusterAgainstModel = ClusterAgainstModel.TestCase
TestClusterAgainstModel.settings = settings(
    deadline=None, derandomize=True, database=None, max_examples=250, stateful_step_count=50
)
