"""What happens to a cluster itself: restarts of the service, Marathon down, a full disk."""

from collections.abc import Sequence
from itertools import count

import pytest

from simulator.core import events
from simulator.core.backups import Backup
from simulator.core.cluster import Cluster, ClusterSpec, ExistingBackup
from simulator.core.commands import (
    Command,
    Create,
    Delete,
    DeployApp,
    FillDisk,
    List,
    Lose,
    Policy,
    Refused,
    Release,
    RemoveApp,
    Reply,
    Restart,
    Restore,
    TurnMarathon,
)
from simulator.core.events import Event
from simulator.core.instants import Duration, Instant
from simulator.core.marathon import app_from
from simulator.core.scripts import Forever, Lasts, OperationKind, Polls, ScriptRule, Stage, Until
from simulator.core.statuses import Status

START = Instant(1_552_951_000_000_000_000)
SECOND = 1_000_000_000
UP, DOWN = TurnMarathon(up=True), TurnMarathon(up=False)
FULL, FREE = FillDisk(full=True), FillDisk(full=False)
READY, ERROR = Status.READY, Status.ERROR
BACKING_UP, RESTORING = Status.BACKING_UP, Status.RESTORING


class NumberedChance:
    """Numbers the backups."""

    def __init__(self) -> None:
        """Count from 1."""
        self._numbers = count(1)

    def backup_uuid(self) -> str:
        """Return the next number, as a UUID."""
        return f"00000000-0000-4000-8000-{next(self._numbers):012d}"

    def between(self, shortest: int, longest: int) -> int:
        """Return the shortest."""
        return min(shortest, longest)

    def pick(self, weights: Sequence[int]) -> int:
        """Return the first."""
        return weights.index(next(weight for weight in weights if weight))


class Lab:
    """A cluster with one app and one ready backup; time is told in seconds since its start."""

    def __init__(self, *rules: ScriptRule, keeps_past: bool = False) -> None:
        """Start a cluster."""
        spec = ClusterSpec(
            rules=rules,
            apps=(app_from("/web"),),
            backups=(ExistingBackup(label="old", age=Duration(SECOND)),),
        )
        self.cluster = Cluster(spec, now=START, chance=NumberedChance())
        if keeps_past:
            self.cluster.keep_past()
        (self.old,) = self.cluster.backups

    def at(self, second: int) -> tuple[Event, ...]:
        """Let time pass until so many seconds after the start."""
        return self.cluster.advance_to(moment(second))

    def do(self, command: Command) -> tuple[Event, ...]:
        """Carry out a command now; it is not refused."""
        reply = self.reply(command)
        assert reply.refusal is None
        return reply.events

    def reply(self, command: Command) -> Reply:
        """Ask for a command now."""
        return self.cluster.handle(command, self.cluster.now)

    def create(self, label: str = "nightly") -> str:
        """Start a backup and return its id."""
        created = self.reply(Create(label)).backup
        assert created is not None
        return created.id

    def backup(self, backup_id: str) -> Backup:
        """Return a backup as it is stored."""
        return self.cluster.backups[backup_id]

    def error(self, backup_id: str) -> str:
        """Return what the first component of a backup reports."""
        return self.backup(backup_id).components[0].error

    @property
    def apps(self) -> list[str]:
        """The ids of Marathon's apps."""
        return list(self.cluster.apps)


def moment(second: int) -> Instant:
    """Return the instant so many seconds after the start."""
    return Instant(START + second * SECOND)


def kinds(happened: Sequence[Event]) -> list[type[Event]]:
    """Return what kind of events happened."""
    return [type(event) for event in happened]


def creating(*stages: Stage) -> ScriptRule:
    """Return how every backup goes."""
    return ScriptRule(on=OperationKind.CREATE, stages=stages)


def backing_up(seconds: int, component: str = "marathon") -> Stage:
    """Return a running stage."""
    return Stage(status=BACKING_UP, ends=Lasts(Duration(seconds * SECOND)), component=component)


# --- restarts of the backup service --------------------------------------------------------------


def test_a_restart_with_nothing_running_changes_nothing() -> None:
    """It is told, and that is all."""
    lab = Lab()
    assert lab.do(Restart(Policy.RESUME)) == (events.ServiceRestarted(at=START, policy="resume"),)
    assert lab.cluster.marathon_available


@pytest.mark.parametrize("policy", [Policy.STUCK, Policy.ERROR, Policy.LOST])
def test_a_restart_that_should_end_something_needs_something_to_end(policy: Policy) -> None:
    """A test that asks for it would test something else than it says."""
    refusal = Lab().cluster.handle(Restart(policy), START).refusal
    assert refusal is not None
    assert refusal.messages == (f"nothing runs that a restart could leave {policy.value!r}",)


def test_an_operation_that_resumes_goes_on_as_if_nothing_had_been() -> None:
    """To the second."""
    lab = Lab()
    backup_id = lab.create()
    lab.at(10)
    assert kinds(lab.do(Restart(Policy.RESUME))) == [events.ServiceRestarted]
    lab.at(29)
    assert lab.backup(backup_id).status is BACKING_UP
    lab.at(30)
    assert lab.backup(backup_id).status is READY


def test_an_operation_that_is_stuck_never_ends() -> None:
    """Marathon stays away, and nothing else can begin."""
    lab = Lab()
    backup_id = lab.create()
    lab.at(10)
    assert kinds(lab.do(Restart(Policy.STUCK))) == [events.ServiceRestarted, events.StageEntered]
    assert (lab.cluster.next_deadline(), lab.cluster.due(backup_id)) == (None, None)
    assert lab.backup(backup_id).components[0].because.endswith("stage 2 of 2, forever")
    lab.at(1_000_000)
    assert lab.backup(backup_id).status is BACKING_UP
    assert not lab.cluster.marathon_available
    refusal = lab.reply(Create("another")).refusal
    assert refusal is not None
    assert refusal.reason is Refused.BUSY


@pytest.mark.parametrize("ends", [Polls(1), Until("go"), Forever()])
def test_an_operation_is_stuck_whatever_it_waited_for(ends: Polls | Until | Forever) -> None:
    """Polls and releases move it no more."""
    lab = Lab(creating(Stage(status=BACKING_UP, ends=ends)))
    backup_id = lab.create()
    lab.do(Restart(Policy.STUCK))
    lab.do(Release("go"))
    lab.do(List(""))
    lab.at(99)
    assert lab.backup(backup_id).status is BACKING_UP


def test_a_stuck_operation_can_be_restarted_again_and_lost() -> None:
    """Which is the way out of it."""
    lab = Lab()
    backup_id = lab.create()
    lab.do(Restart(Policy.STUCK))
    lab.do(Restart(Policy.STUCK))
    assert kinds(lab.do(Restart(Policy.LOST))) == [
        events.ServiceRestarted,
        events.BackupLost,
        events.MarathonStarted,
    ]
    assert backup_id not in lab.cluster.backups
    assert lab.create() != backup_id


def test_a_create_that_ends_in_error_says_why() -> None:
    """Marathon comes back, and the backup stays to be looked at and deleted."""
    lab = Lab()
    backup_id = lab.create()
    lab.at(10)
    assert kinds(lab.do(Restart(Policy.ERROR))) == [
        events.ServiceRestarted,
        events.StageEntered,
        events.StatusChanged,
        events.MarathonStarted,
    ]
    assert lab.backup(backup_id).status is ERROR
    assert lab.error(backup_id) == "the backup service was restarted"
    assert (lab.cluster.marathon_available, lab.at(99)) == (True, ())
    lab.do(Delete(backup_id))


def test_an_error_takes_the_components_that_still_run() -> None:
    """One that was ready stays so."""
    script = creating(backing_up(5, "zookeeper"), backing_up(20), backing_up(20, "exhibitor"))
    lab = Lab(script)
    backup_id = lab.create()
    lab.at(10)
    lab.do(Restart(Policy.ERROR))
    backup = lab.backup(backup_id)
    assert {each.name: each.status for each in backup.components} == {
        "zookeeper": READY,
        "marathon": ERROR,
        "exhibitor": ERROR,
    }
    assert backup.status is ERROR


def test_a_restore_that_ends_in_error_leaves_the_apps_as_they_were() -> None:
    """And the backup ready for another try."""
    lab = Lab()
    lab.do(DeployApp(app_from("/new")))
    lab.do(Restore(lab.old))
    lab.at(10)
    lab.do(Restart(Policy.ERROR))
    backup = lab.backup(lab.old)
    assert (backup.status, [each.status for each in backup.restores]) == (READY, [ERROR])
    assert lab.apps == ["/web", "/new"]
    lab.do(Restore(lab.old))


def test_a_restore_that_is_stuck_holds_its_backup() -> None:
    """It cannot be deleted while that lasts."""
    lab = Lab()
    lab.do(Restore(lab.old))
    lab.do(Restart(Policy.STUCK))
    lab.at(99)
    assert lab.backup(lab.old).restores[-1].status is RESTORING
    refusal = lab.reply(Delete(lab.old)).refusal
    assert refusal is not None
    assert refusal.reason is Refused.IN_USE


def test_a_create_that_is_lost_leaves_no_backup() -> None:
    """Its snapshot is gone with it."""
    lab = Lab()
    before = dict(lab.cluster.backups)
    backup_id = lab.create()
    lab.at(10)
    lost = lab.do(Restart(Policy.LOST))
    assert lost == (
        events.ServiceRestarted(at=moment(10), policy="lost"),
        events.BackupLost(at=moment(10), backup_id=backup_id),
        events.MarathonStarted(at=moment(10), apps=("/web",)),
    )
    assert (dict(lab.cluster.backups), lab.at(99)) == (before, ())


def test_a_restore_that_is_lost_was_never_there() -> None:
    """The backup stays, with the restores that came before, and the apps stay as they were."""
    lab = Lab()
    for end in (40, 80):
        lab.do(Restore(lab.old))
        lab.at(end)
    before = dict(lab.cluster.backups)
    lab.do(DeployApp(app_from("/new")))
    lab.do(Restore(lab.old))
    assert kinds(lab.do(Restart(Policy.LOST))) == [events.ServiceRestarted, events.MarathonStarted]
    assert dict(lab.cluster.backups) == before
    assert (lab.apps, lab.cluster.marathon_available) == (["/web", "/new"], True)


# --- Marathon down -------------------------------------------------------------------------------


def test_marathon_is_down_until_it_is_started() -> None:
    """It takes no apps meanwhile, and keeps those that it has."""
    lab = Lab()
    assert lab.do(DOWN) == (events.MarathonStopped(at=START, because="as asked"),)
    assert not lab.cluster.marathon_available
    for refused in (DeployApp(app_from("/new")), RemoveApp("/web")):
        refusal = lab.reply(refused).refusal
        assert refusal is not None
        assert refusal.reason is Refused.MARATHON_UNAVAILABLE
    lab.at(10)
    assert lab.do(UP) == (events.MarathonStarted(at=moment(10), apps=("/web",)),)
    assert lab.cluster.marathon_available


@pytest.mark.parametrize("command", [UP, DOWN])
def test_turning_marathon_where_it_is_turned_is_no_event(command: TurnMarathon) -> None:
    """Twice is once."""
    lab = Lab()
    lab.do(command)
    assert lab.do(command) == ()


def test_a_create_without_marathon_ends_in_error_at_once() -> None:
    """Marathon neither goes nor comes, for it is not there."""
    lab = Lab()
    lab.do(DOWN)
    happened = lab.do(Create("nightly"))
    assert kinds(happened) == [events.BackupStarted, events.StageEntered, events.StatusChanged]
    (backup_id,) = (key for key in lab.cluster.backups if key != lab.old)
    assert (lab.backup(backup_id).status, lab.error(backup_id)) == (
        ERROR,
        "Marathon cannot be reached",
    )
    assert lab.cluster.next_deadline() is None


def test_a_restore_without_marathon_ends_in_error_and_restores_nothing() -> None:
    """The backup can be restored once Marathon is back."""
    lab = Lab()
    lab.do(DeployApp(app_from("/new")))
    lab.do(DOWN)
    lab.do(Restore(lab.old))
    (failed,) = lab.backup(lab.old).restores
    assert (failed.status, failed.components[0].error) == (ERROR, "Marathon cannot be reached")
    assert lab.apps == ["/web", "/new"]
    lab.do(UP)
    lab.do(Restore(lab.old))
    lab.at(60)
    assert lab.apps == ["/web"]


def test_marathon_that_is_stopped_during_an_operation_does_not_come_back_with_its_end() -> None:
    """As after a restore that it does not survive; the restore itself is done."""
    lab = Lab()
    lab.do(DeployApp(app_from("/new")))
    lab.do(Restore(lab.old))
    assert lab.do(DOWN) == ()
    assert kinds(lab.at(60)) == [events.StageEntered, events.StatusChanged]
    assert (lab.apps, lab.cluster.marathon_available) == (["/web"], False)
    assert kinds(lab.do(UP)) == [events.MarathonStarted]


def test_marathon_that_is_started_during_an_operation_comes_back_with_its_end() -> None:
    """Not before."""
    lab = Lab()
    lab.create()
    lab.do(DOWN)
    assert lab.do(UP) == ()
    assert not lab.cluster.marathon_available
    assert kinds(lab.at(60))[-1] is events.MarathonStarted
    assert lab.cluster.marathon_available


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("ended_by", ["lose", "restart"])
def test_marathon_that_is_down_does_not_come_back_when_an_operation_is_lost(
    ended_by: str, *, restored: bool
) -> None:
    """However it is lost."""
    lab = Lab()
    if restored:
        lab.do(Restore(lab.old))
    backup_id = lab.old if restored else lab.create()
    lab.do(DOWN)
    happened = lab.do(Lose(backup_id) if ended_by == "lose" else Restart(Policy.LOST))
    assert events.MarathonStarted not in kinds(happened)
    assert not lab.cluster.marathon_available


# --- a full disk ---------------------------------------------------------------------------------


def test_a_create_on_a_full_disk_ends_in_error() -> None:
    """Marathon comes back; the next one has room again once there is some."""
    lab = Lab()
    assert lab.do(FULL) == (events.DiskChanged(at=START, full=True),)
    failed = lab.create()
    assert (lab.backup(failed).status, lab.error(failed)) == (ERROR, "no space left on device")
    assert lab.cluster.marathon_available
    assert lab.do(FREE) == (events.DiskChanged(at=START, full=False),)
    made = lab.create()
    lab.at(60)
    assert lab.backup(made).status is READY


def test_a_restore_needs_no_room() -> None:
    """It goes on a full disk as on any other."""
    lab = Lab()
    lab.do(FULL)
    lab.do(Restore(lab.old))
    lab.at(60)
    assert lab.backup(lab.old).restores[-1].status is READY


def test_a_create_that_runs_is_not_touched_by_a_full_disk() -> None:
    """What fails later is what begins later."""
    lab = Lab()
    backup_id = lab.create()
    lab.do(FULL)
    lab.at(60)
    assert lab.backup(backup_id).status is READY


def test_a_script_does_not_help_against_a_full_disk() -> None:
    """It is used up by the operation all the same."""
    lab = Lab(creating(backing_up(5)))
    lab.do(FULL)
    assert lab.backup(lab.create()).status is ERROR
    assert [use.hits for use in lab.cluster.rules] == [1]


# --- what was ------------------------------------------------------------------------------------


def as_of(lab: Lab, instant: int) -> dict[str, Status]:
    """Return the status of every backup at an instant."""
    return {each.label: each.status for each in lab.cluster.as_of(Instant(instant))}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (FULL, "filled or freed as asked"),
        (DOWN, "turned as asked"),
        (DeployApp(app_from("/new")), "deployed as asked"),
        (RemoveApp("/web"), "removed as asked"),
        (Release("go"), "released as asked"),
        (Restart(Policy.RESUME), "restarted as asked"),
    ],
)
def test_what_is_done_as_asked_says_so(command: Command, why: str) -> None:
    """The journal has no other reason to show."""
    assert Lab().reply(command).why == why


@pytest.mark.parametrize(
    ("command", "why"), [(Delete, "deleted as asked"), (Lose, "lost as asked")]
)
def test_a_backup_that_is_removed_as_asked_says_so(
    command: type[Delete] | type[Lose], why: str
) -> None:
    """Whether by its client or behind its back."""
    lab = Lab()
    assert lab.reply(command(lab.old)).why == why


def test_the_past_is_what_was_stored_then() -> None:
    """From the instant of a change on, to the nanosecond; order and all."""
    lab = Lab(keeps_past=True)
    lab.at(10)
    lab.create()
    lab.at(60)
    assert as_of(lab, moment(10) - 1) == {"old": READY}
    assert as_of(lab, moment(10)) == {"old": READY, "nightly": BACKING_UP}
    assert as_of(lab, moment(40) - 1) == {"old": READY, "nightly": BACKING_UP}
    assert as_of(lab, moment(40)) == {"old": READY, "nightly": READY}
    assert as_of(lab, moment(60)) == {"old": READY, "nightly": READY}


def test_the_past_begins_when_it_is_kept() -> None:
    """What was before that is not known: the first known state stands for it."""
    lab = Lab()
    lab.create()
    lab.at(20)
    lab.cluster.keep_past()
    lab.at(99)
    assert as_of(lab, START) == {"old": READY, "nightly": BACKING_UP}


def test_keeping_the_past_twice_is_keeping_it_once() -> None:
    """Nothing of it is forgotten."""
    lab = Lab(keeps_past=True)
    lab.at(10)
    lab.do(Lose(lab.old))
    lab.cluster.keep_past()
    assert (as_of(lab, moment(9)), as_of(lab, moment(10))) == ({"old": READY}, {})


def test_several_changes_in_one_advance_are_several_states() -> None:
    """Each as of its own instant."""
    lab = Lab(creating(backing_up(5), backing_up(5, "zookeeper"), backing_up(5)), keeps_past=True)
    backup_id = lab.create()
    lab.at(3600)
    seen = [
        tuple(each.status for each in backup.components)
        for second in (0, 4, 5, 9, 10, 3600)
        for backup in lab.cluster.as_of(moment(second))
        if backup.id == backup_id
    ]
    running, half, ready = (BACKING_UP,) * 2, (BACKING_UP, READY), (READY,) * 2
    assert seen == [running, running, half, half, ready, ready]


def test_of_several_changes_at_one_instant_the_last_is_what_was() -> None:
    """A backup that was made and lost at once was never there."""
    lab = Lab(keeps_past=True)
    lab.at(10)
    lab.do(Lose(lab.create()))
    assert as_of(lab, moment(10)) == {"old": READY}


@pytest.mark.parametrize("policy", Policy)
def test_a_restart_is_part_of_the_past(policy: Policy) -> None:
    """What it made of an operation is seen from then on, and not before."""
    lab = Lab(keeps_past=True)
    lab.create()
    lab.at(10)
    lab.do(Restart(policy))
    lab.at(11)
    ends: dict[Policy, dict[str, Status]] = {
        Policy.LOST: {},
        Policy.ERROR: {"nightly": ERROR},
        Policy.STUCK: {"nightly": BACKING_UP},
        Policy.RESUME: {"nightly": BACKING_UP},
    }
    assert as_of(lab, moment(10) - 1) == {"old": READY, "nightly": BACKING_UP}
    assert as_of(lab, moment(10)) == {"old": READY, **ends[policy]}
