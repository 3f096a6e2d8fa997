from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.chance import SeededChance
from simulator.core import events
from simulator.core.cluster import Cluster, ClusterSpec, ExistingBackup, RuleUse
from simulator.core.commands import (
    Command,
    Create,
    Delete,
    DeployApp,
    List,
    Lose,
    Refused,
    Release,
    RemoveApp,
    Reply,
    Restore,
)
from simulator.core.events import Event
from simulator.core.instants import Duration, Instant
from simulator.core.marathon import app_from
from simulator.core.scripts import (
    Between,
    Branch,
    Chance,
    End,
    Forever,
    Lasts,
    OneOf,
    OperationKind,
    Polls,
    ScriptRule,
    Stage,
    Until,
)
from simulator.core.statuses import Status

START = Instant(1_552_951_000_000_000_000)
SECOND = 1_000_000_000
CREATE, RESTORE = OperationKind.CREATE, OperationKind.RESTORE
READY = Stage(status=Status.READY)
FAILED = Stage(status=Status.ERROR, error="no leader")

repeatable = settings(deadline=None, derandomize=True, database=None)


class NumberedChance:
    """Numbers the backups; draws the shortest length and the first branch."""

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
        """Return the first that may be picked."""
        return next(index for index, weight in enumerate(weights) if weight)


class Lab:
    """A cluster whose time is told in seconds since its start."""

    def __init__(
        self,
        *rules: ScriptRule,
        apps: Sequence[str] = (),
        backups: Sequence[ExistingBackup] = (),
        chance: Chance | None = None,
    ) -> None:
        """Start a cluster."""
        spec = ClusterSpec(
            rules=rules, apps=tuple(app_from(app) for app in apps), backups=tuple(backups)
        )
        self.cluster = Cluster(spec, now=START, chance=chance or NumberedChance())

    def at(self, second: int) -> tuple[Event, ...]:
        """Let time pass until so many seconds after the start."""
        return self.cluster.advance_to(moment(second))

    def do(self, command: Command) -> Reply:
        """Carry out a command now, after everything that is due."""
        self.cluster.advance_to(self.cluster.now)
        return self.cluster.handle(command, self.cluster.now)

    def create(self, label: str = "nightly") -> str:
        """Start a backup and return its id."""
        backup = self.do(Create(label)).backup
        assert backup is not None
        return backup.id

    def id_of(self, label: str) -> str:
        """Return the id of the only backup with this label."""
        (found,) = (key for key, backup in self.cluster.backups.items() if backup.label == label)
        return found

    def listed(self, prefix: str = "") -> list[str]:
        """Ask for a list and return the labels in it."""
        return [backup.label for backup in self.do(List(prefix)).backups or ()]

    def shown(self, backup_id: str) -> list[str]:
        """Ask for a list and return what it shows of a backup: itself, then its components."""
        (backup,) = self.do(List(backup_id)).backups or ()
        return [backup.shown, *(component.shown for component in backup.components)]

    def status(self, backup_id: str) -> Status:
        """Return the status of a backup, without asking for a list."""
        return self.cluster.backups[backup_id].status

    def restore_statuses(self, backup_id: str) -> list[Status]:
        """Return the statuses of a backup's restores, without asking for a list."""
        return [restore.status for restore in self.cluster.backups[backup_id].restores]

    @property
    def apps(self) -> list[str]:
        """The ids of Marathon's apps."""
        return list(self.cluster.apps)

    def picture(self) -> tuple[object, ...]:
        """Return everything that can be seen of the cluster, as values."""
        cluster = self.cluster
        return (
            tuple(cluster.backups.values()),
            dict(cluster.apps),
            cluster.marathon_available,
            cluster.next_deadline(),
            [use.hits for use in cluster.rules],
            cluster.now,
        )


def moment(second: int) -> Instant:
    """Return the instant so many seconds after the start."""
    return Instant(START + second * SECOND)


def seconds(number: int) -> Duration:
    """Return so many seconds."""
    return Duration(number * SECOND)


def running(
    ends: End | int,
    *,
    component: str = "marathon",
    shown_as: str | None = None,
    overall: str | None = None,
) -> Stage:
    """Return a running stage of a create; a number stands for seconds."""
    end = Lasts(seconds(ends)) if isinstance(ends, int) else ends
    return Stage(
        status=Status.BACKING_UP, ends=end, component=component, shown_as=shown_as, overall=overall
    )


def restoring(ends: End | int) -> Stage:
    """Return a running stage of a restore; a number stands for seconds."""
    end = Lasts(seconds(ends)) if isinstance(ends, int) else ends
    return Stage(status=Status.RESTORING, ends=end)


def on(
    operation: OperationKind, *stages: Stage | OneOf, label: str = "*", times: int | None = None
) -> ScriptRule:
    """Return a rule that says in its origin which label it is for."""
    return ScriptRule(
        on=operation, stages=stages, label=label, times=times, origin=f"the rule for {label}"
    )


def changes(happened: Sequence[Event]) -> list[events.StatusChanged]:
    """Return the changes of status among the events."""
    return [event for event in happened if isinstance(event, events.StatusChanged)]


# --- create ------------------------------------------------------------------------------------


def test_a_create_starts_a_backup() -> None:
    """It has an id, a time, a version and the component that real backups have."""
    lab = Lab()
    lab.at(5)
    reply = lab.do(Create("nightly"))
    backup = reply.backup
    assert backup is not None
    assert backup.id == "nightly-00000000-0000-4000-8000-000000000001"
    assert (backup.label, backup.dcos_version) == ("nightly", "1.13.0")
    assert backup.timestamp == moment(5)
    assert (backup.status, backup.shown) == (Status.BACKING_UP, "STATUS_BACKING_UP")
    assert [component.name for component in backup.components] == ["marathon"]
    assert backup.restores == ()
    assert lab.cluster.backups == {backup.id: backup}


def test_a_backup_becomes_ready_after_thirty_seconds_unless_a_script_says_otherwise() -> None:
    """Not a nanosecond before."""
    lab = Lab()
    backup_id = lab.create()
    assert lab.cluster.next_deadline() == moment(30)
    lab.cluster.advance_to(Instant(moment(30) - 1))
    assert lab.status(backup_id) is Status.BACKING_UP
    lab.at(30)
    assert lab.status(backup_id) is Status.READY
    assert lab.cluster.next_deadline() is None


def test_a_backup_tells_its_story_in_events() -> None:
    """In order, with the time at which each fell due."""
    lab = Lab(on(CREATE, running(10), FAILED), apps=["/web"])
    reply = lab.do(Create("nightly"))
    assert reply.backup is not None
    backup_id = reply.backup.id
    assert reply.why == "the rule for *"
    assert reply.events == (
        events.BackupStarted(at=START, backup_id=backup_id, because="the rule for *"),
        events.MarathonStopped(at=START, because="the rule for *"),
        events.StageEntered(
            at=START,
            backup_id=backup_id,
            restore=0,
            component="marathon",
            status=Status.BACKING_UP,
            shown="STATUS_BACKING_UP",
            error="",
            because="the rule for *, stage 1 of 2, for 10s",
            until=moment(10),
        ),
    )
    assert lab.at(60) == (
        events.StageEntered(
            at=moment(10),
            backup_id=backup_id,
            restore=0,
            component="marathon",
            status=Status.ERROR,
            shown="STATUS_ERROR",
            error="no leader",
            because="the rule for *, stage 2 of 2",
            until=None,
        ),
        events.StatusChanged(
            at=moment(10),
            backup_id=backup_id,
            restore=0,
            before=Status.BACKING_UP,
            after=Status.ERROR,
        ),
        events.MarathonStarted(at=moment(10), apps=("/web",)),
    )


@pytest.mark.parametrize("last", [READY, FAILED])
def test_a_script_may_be_over_as_soon_as_it_begins(last: Stage) -> None:
    """The create itself then tells the whole story."""
    lab = Lab(on(CREATE, last))
    reply = lab.do(Create("nightly"))
    assert reply.backup is not None
    assert reply.backup.status is last.status
    assert [type(event) for event in reply.events] == [
        events.BackupStarted,
        events.MarathonStopped,
        events.StageEntered,
        events.StatusChanged,
        events.MarathonStarted,
    ]
    assert lab.cluster.marathon_available


def test_stages_of_no_length_are_passed_before_the_next_command() -> None:
    """All of them, in order, at one instant."""
    lab = Lab(on(CREATE, running(0), running(0), FAILED))
    backup_id = lab.create()
    assert lab.status(backup_id) is Status.BACKING_UP
    happened = lab.at(0)
    assert {event.at for event in happened} == {START}
    assert [type(event) for event in happened] == [
        events.StageEntered,
        events.StageEntered,
        events.StatusChanged,
        events.MarathonStarted,
    ]
    assert lab.status(backup_id) is Status.ERROR


# --- list --------------------------------------------------------------------------------------


def test_a_list_shows_backups_oldest_first() -> None:
    """All of them, or those whose id starts with the prefix."""
    lab = Lab(on(CREATE, READY))
    for label in ("weekly", "nightly2", "nightly"):
        lab.create(label)
    assert lab.listed() == ["weekly", "nightly2", "nightly"]
    assert lab.listed("night") == ["nightly2", "nightly"]
    assert lab.listed("nightly-") == ["nightly"]
    assert lab.listed(lab.id_of("weekly")) == ["weekly"]
    assert lab.listed("monthly") == []


def test_a_list_of_what_has_not_changed_is_the_same_tuple() -> None:
    """Also while an operation runs."""
    lab = Lab()
    lab.create()
    first = lab.do(List()).backups
    lab.at(29)
    assert lab.do(List()).backups is first
    lab.at(30)
    assert lab.do(List()).backups is not first
    assert lab.do(List()).backups is lab.do(List()).backups


def test_a_list_says_in_which_stages_the_operation_stands() -> None:
    """Also the list that is the last to show them; one that shows no operation says less."""
    lab = Lab(on(CREATE, running(Polls(1)), running(10, component="keys")))
    lab.create()
    whys = [lab.do(List(prefix)).why for prefix in ("weekly", "", "")]
    lab.at(10)
    assert [*whys, lab.do(List()).why] == [
        "what is stored",
        "the rule for *, stage 1 of 2, for 1 poll; the rule for *, stage 1 of 2, for 10s",
        "the rule for *, stage 2 of 2; the rule for *, stage 1 of 2, for 10s",
        "what is stored",
    ]


def test_what_was_listed_stays_as_it_was() -> None:
    """Backups are values."""
    lab = Lab()
    lab.create()
    (before,) = lab.do(List()).backups or ()
    lab.at(30)
    (after,) = lab.do(List()).backups or ()
    assert (before.status, after.status) == (Status.BACKING_UP, Status.READY)


# --- stages that end by polls, releases, or never ----------------------------------------------


def test_the_list_that_is_the_last_still_shows_the_stage() -> None:
    """The next one shows what follows."""
    lab = Lab(on(CREATE, running(Polls(2), shown_as="first"), running(Polls(1), shown_as="second")))
    backup_id = lab.create()
    shown = [lab.shown(backup_id)[1] for _ in range(5)]
    assert shown == ["first", "first", "second", "STATUS_READY", "STATUS_READY"]


def test_the_last_list_carries_the_events_that_it_caused() -> None:
    """The others carry none."""
    lab = Lab(on(CREATE, running(Polls(2))))
    lab.create()
    assert lab.do(List()).events == ()
    lab.at(7)
    caused = lab.do(List()).events
    assert [change.after for change in changes(caused)] == [Status.READY]
    assert {event.at for event in caused} == {moment(7)}


def test_only_lists_that_show_the_backup_count() -> None:
    """A refused one shows nothing either."""
    lab = Lab(on(CREATE, running(Polls(1))))
    backup_id = lab.create("nightly")
    lab.do(List("weekly"))
    lab.do(List("/"))
    lab.at(3_600)
    assert lab.status(backup_id) is Status.BACKING_UP
    lab.do(List("night"))
    assert lab.status(backup_id) is Status.READY


def test_lists_before_a_stage_was_reached_do_not_count_for_it() -> None:
    """Counting begins with the stage."""
    lab = Lab(on(CREATE, running(10), running(Polls(1))))
    backup_id = lab.create()
    lab.listed()
    lab.listed()
    lab.at(10)
    assert lab.status(backup_id) is Status.BACKING_UP
    lab.listed()
    assert lab.status(backup_id) is Status.READY


def test_lists_count_for_a_restore_too() -> None:
    """They show the backup that it lives in."""
    lab = Lab(on(RESTORE, restoring(Polls(2))), backups=[ExistingBackup(label="good")])
    backup_id = lab.id_of("good")
    lab.do(Restore(backup_id))
    lab.listed()
    assert lab.restore_statuses(backup_id) == [Status.RESTORING]
    lab.listed()
    assert lab.restore_statuses(backup_id) == [Status.READY]


def test_a_stage_ends_when_its_name_is_released() -> None:
    """Another name does nothing."""
    lab = Lab(on(CREATE, running(Until("go")), FAILED))
    backup_id = lab.create()
    lab.at(3_600)
    assert lab.do(Release("stop")).events == (events.Released(at=moment(3_600), name="stop"),)
    assert lab.status(backup_id) is Status.BACKING_UP
    happened = lab.do(Release("go")).events
    assert happened[0] == events.Released(at=moment(3_600), name="go")
    assert [change.after for change in changes(happened)] == [Status.ERROR]
    assert lab.status(backup_id) is Status.ERROR


def test_what_follows_a_release_lasts_from_then_on() -> None:
    """However long it was waited for."""
    lab = Lab(on(CREATE, running(Until("go")), running(10)))
    lab.create()
    lab.at(3_600)
    lab.do(Release("go"))
    assert lab.cluster.next_deadline() == moment(3_610)


def test_a_name_may_be_released_before_anything_waits_for_it() -> None:
    """Before the operation, or before its stage."""
    lab = Lab(on(CREATE, running(Until("early")), running(10), running(Until("late"))))
    lab.do(Release("early"))
    backup_id = lab.create()
    assert lab.cluster.next_deadline() == moment(10)
    lab.at(5)
    lab.do(Release("late"))
    assert lab.status(backup_id) is Status.BACKING_UP
    lab.at(10)
    assert lab.status(backup_id) is Status.READY


def test_a_released_name_stays_released() -> None:
    """The next operation does not wait for it again."""
    lab = Lab(on(CREATE, running(Until("go"))))
    first = lab.create()
    lab.do(Release("go"))
    second = lab.create()
    assert [lab.status(first), lab.status(second)] == [Status.READY, Status.READY]


def test_forever_is_forever() -> None:
    """Neither time nor lists nor releases end it."""
    lab = Lab(on(CREATE, running(Forever())))
    backup_id = lab.create()
    lab.at(10**9)
    lab.listed()
    lab.do(Release("go"))
    assert lab.status(backup_id) is Status.BACKING_UP
    assert lab.cluster.next_deadline() is None


# --- components --------------------------------------------------------------------------------


def test_components_go_their_own_ways_and_the_whole_ends_with_the_last() -> None:
    """One that failed early fails the whole at the end."""
    lab = Lab(
        on(
            CREATE,
            running(10),
            FAILED,
            running(20, component="secrets"),
        )
    )
    backup_id = lab.create()
    assert lab.shown(backup_id) == ["STATUS_BACKING_UP", "STATUS_BACKING_UP", "STATUS_BACKING_UP"]
    early = lab.at(10)
    assert lab.shown(backup_id) == ["STATUS_BACKING_UP", "STATUS_ERROR", "STATUS_BACKING_UP"]
    assert [type(event) for event in early] == [events.StageEntered]
    assert not lab.cluster.marathon_available
    lab.at(20)
    assert lab.shown(backup_id) == ["STATUS_ERROR", "STATUS_ERROR", "STATUS_READY"]
    assert lab.cluster.marathon_available


def test_components_that_move_at_one_instant_do_so_in_their_order() -> None:
    """The order in which the script first names them."""
    lab = Lab(on(CREATE, running(5, component="users"), running(5), running(5, component="keys")))
    lab.create()
    entered = [event for event in lab.at(5) if isinstance(event, events.StageEntered)]
    assert [event.component for event in entered] == ["users", "marathon", "keys"]


def test_clients_see_what_a_stage_shows_while_the_truth_goes_on() -> None:
    """For a component, and for the whole, which follows its only component."""
    lab = Lab(
        on(
            CREATE,
            running(10, shown_as="STATUS_ODD"),
            running(10, overall="STATUS_READY"),
            Stage(status=Status.ERROR, shown_as="STATUS_READY", overall="STATUS_WHOLE"),
        )
    )
    backup_id = lab.create()
    assert lab.shown(backup_id) == ["STATUS_ODD", "STATUS_ODD"]
    lab.at(10)
    assert lab.shown(backup_id) == ["STATUS_READY", "STATUS_BACKING_UP"]
    assert lab.do(Restore(backup_id)).refusal is not None
    lab.at(20)
    assert lab.shown(backup_id) == ["STATUS_WHOLE", "STATUS_READY"]
    assert lab.status(backup_id) is Status.ERROR


def test_the_whole_does_not_follow_what_one_of_several_components_shows() -> None:
    """It is derived from the truth of all."""
    lab = Lab(on(CREATE, running(10, shown_as="STATUS_ODD"), running(10, component="users")))
    assert lab.shown(lab.create()) == ["STATUS_BACKING_UP", "STATUS_ODD", "STATUS_BACKING_UP"]


# --- restore -----------------------------------------------------------------------------------


def test_a_restore_lives_in_its_backup_which_stays_ready() -> None:
    """It has a number, a start and a status of its own."""
    lab = Lab(backups=[ExistingBackup(label="good")])
    backup_id = lab.id_of("good")
    lab.at(5)
    backup = lab.do(Restore(backup_id)).backup
    assert backup is not None
    (restore,) = backup.restores
    assert backup.id == backup_id
    assert backup.status is Status.READY
    assert (restore.number, restore.started) == (1, moment(5))
    assert (restore.status, restore.shown) == (Status.RESTORING, "STATUS_RESTORING")
    assert [component.name for component in restore.components] == ["marathon"]
    assert lab.cluster.backups[backup_id] == backup
    lab.at(35)
    assert lab.restore_statuses(backup_id) == [Status.READY]
    assert lab.status(backup_id) is Status.READY


def test_a_restore_tells_its_story_in_events() -> None:
    """Each says which restore of which backup it speaks of."""
    lab = Lab(on(RESTORE, restoring(10)), apps=["/web"], backups=[ExistingBackup(label="good")])
    backup_id = lab.id_of("good")
    reply = lab.do(Restore(backup_id))
    assert reply.why == "the rule for *"
    assert reply.events[:2] == (
        events.RestoreStarted(at=START, backup_id=backup_id, restore=1, because="the rule for *"),
        events.MarathonStopped(at=START, because="the rule for *"),
    )
    entered, changed, started = lab.at(10)
    assert isinstance(entered, events.StageEntered)
    assert (entered.restore, entered.status) == (1, Status.READY)
    assert changed == events.StatusChanged(
        at=moment(10),
        backup_id=backup_id,
        restore=1,
        before=Status.RESTORING,
        after=Status.READY,
    )
    assert started == events.MarathonStarted(at=moment(10), apps=("/web",))


def test_a_backup_can_be_restored_again_and_again() -> None:
    """Each restore is kept with its own end; a failed one does not spoil the backup."""
    lab = Lab(on(RESTORE, restoring(10), FAILED, times=1), backups=[ExistingBackup(label="good")])
    backup_id = lab.id_of("good")
    lab.do(Restore(backup_id))
    lab.at(10)
    lab.do(Restore(backup_id))
    assert lab.restore_statuses(backup_id) == [Status.ERROR, Status.RESTORING]
    lab.at(40)
    lab.do(Restore(backup_id))
    assert lab.restore_statuses(backup_id) == [Status.ERROR, Status.READY, Status.RESTORING]
    assert [restore.number for restore in lab.cluster.backups[backup_id].restores] == [1, 2, 3]


@pytest.mark.parametrize("ended", [Status.READY, Status.ERROR])
def test_a_backup_may_have_been_restored_before_the_start(ended: Status) -> None:
    """The next restore is its second; the backup itself is as good as ever."""
    lab = Lab(backups=[ExistingBackup(label="old", restored=ended)])
    backup_id = lab.id_of("old")
    (before,) = lab.cluster.backups[backup_id].restores
    assert (before.number, before.shown, before.components[0].status) == (1, ended.value, ended)
    assert lab.status(backup_id) is Status.READY
    lab.do(Restore(backup_id))
    assert lab.restore_statuses(backup_id) == [ended, Status.RESTORING]
    assert lab.cluster.backups[backup_id].restores[-1].number == 2


def test_a_backup_may_have_been_left_behind_before_the_start() -> None:
    """Nothing works at it: it stays as it is, others can be made, and it cannot be deleted."""
    lab = Lab(backups=[ExistingBackup(label="stuck", status=Status.BACKING_UP)])
    stuck = lab.id_of("stuck")
    assert lab.cluster.marathon_available
    assert lab.cluster.next_deadline() is None
    other = lab.create("other")
    lab.at(30)
    assert (lab.status(other), lab.status(stuck)) == (Status.READY, Status.BACKING_UP)
    refusal = lab.do(Delete(stuck)).refusal
    assert refusal is not None
    assert refusal.reason is Refused.IN_USE


def test_a_restore_before_the_start_may_have_ended_with_a_reason() -> None:
    """It is its component that tells the reason."""
    failed = ExistingBackup(label="old", restored=Status.ERROR, restore_error="too new")
    lab = Lab(backups=[failed])
    (before,) = lab.cluster.backups[lab.id_of("old")].restores
    assert (before.components[0].status, before.components[0].error) == (Status.ERROR, "too new")


def test_a_script_may_give_the_id_of_the_backup_that_is_made() -> None:
    """Only once: where it is taken, chance gives another one."""
    uuid = "505df8f2-2ba3-4d7f-b6df-2d2dc344f242"
    lab = Lab(replace(on(CREATE, READY), uuid=uuid))
    first = lab.create("nightly")
    second = lab.create("nightly")
    assert first == f"nightly-{uuid}"
    assert second != first


@pytest.mark.parametrize(("empties", "left"), [(True, []), (False, ["/web"])])
def test_a_restore_that_fails_may_leave_marathon_empty(empties: bool, left: list[str]) -> None:  # noqa: FBT001 - a row of the table
    """Where its script says so."""
    ends = Stage(status=Status.ERROR, error="no archive", empties_marathon=empties)
    old = ExistingBackup(label="old")
    lab = Lab(on(RESTORE, restoring(10), ends), apps=["/web"], backups=[old])
    lab.do(Restore(lab.id_of("old")))
    started = lab.at(10)[-1]
    assert lab.apps == left
    assert started == events.MarathonStarted(at=moment(10), apps=tuple(left))


def test_a_restore_brings_back_the_apps_of_its_backup() -> None:
    """Apps made since are gone, deleted ones are back, changed ones are as they were."""
    lab = Lab(on(CREATE, READY), apps=["/kept", "/deleted"])
    backup_id = lab.create()
    before = dict(lab.cluster.apps)
    lab.do(RemoveApp("/deleted"))
    lab.do(DeployApp(app_from({"id": "/kept", "instances": 7})))
    lab.do(DeployApp(app_from("/made")))
    lab.do(Restore(backup_id))
    assert lab.apps == ["/kept", "/made"]
    started = lab.at(30)[-1]
    assert dict(lab.cluster.apps) == before
    assert started == events.MarathonStarted(at=moment(30), apps=("/kept", "/deleted"))


def test_a_restore_that_fails_leaves_the_apps_alone() -> None:
    """Marathon comes back with what it had."""
    lab = Lab(on(CREATE, READY), on(RESTORE, restoring(10), FAILED), apps=["/old"])
    backup_id = lab.create()
    lab.do(DeployApp(app_from("/new")))
    lab.do(Restore(backup_id))
    started = lab.at(10)[-1]
    assert lab.apps == ["/old", "/new"]
    assert started == events.MarathonStarted(at=moment(10), apps=("/old", "/new"))


def test_each_backup_holds_the_apps_of_its_own_time() -> None:
    """Restores can go back and forth between them."""
    lab = Lab(on(CREATE, READY), on(RESTORE, READY), apps=["/one"])
    first = lab.create("first")
    lab.do(DeployApp(app_from("/two")))
    second = lab.create("second")
    lab.do(Restore(first))
    assert lab.apps == ["/one"]
    lab.do(Restore(second))
    assert lab.apps == ["/one", "/two"]
    lab.do(Restore(first))
    assert lab.apps == ["/one"]


def test_a_backup_that_failed_leaves_the_apps_alone() -> None:
    """Only a restore ever brings apps back."""
    lab = Lab(on(CREATE, running(10), FAILED), apps=["/old"])
    lab.create()
    lab.at(10)
    assert lab.apps == ["/old"]


# --- delete ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.READY, Status.ERROR])
def test_a_delete_removes_a_backup_for_good(status: Status) -> None:
    """One that is ready, one that failed; the reply still holds it."""
    lab = Lab(backups=[ExistingBackup(label="old", status=status), ExistingBackup(label="kept")])
    backup_id = lab.id_of("old")
    backup = lab.cluster.backups[backup_id]
    reply = lab.do(Delete(backup_id))
    assert reply.backup == backup
    assert reply.events == (events.BackupDeleted(at=START, backup_id=backup_id),)
    assert lab.listed() == ["kept"]
    again = lab.do(Delete(backup_id)).refusal
    assert again is not None
    assert again.reason is Refused.UNKNOWN


def test_a_backup_can_be_deleted_while_another_operation_runs() -> None:
    """Which goes on."""
    lab = Lab(backups=[ExistingBackup(label="old")])
    running_id = lab.create()
    assert lab.do(Delete(lab.id_of("old"))).refusal is None
    lab.at(30)
    assert lab.status(running_id) is Status.READY


def test_a_backup_cannot_be_deleted_during_its_second_restore_either() -> None:
    """The first one is over, the latest counts."""
    lab = Lab()
    backup_id = lab.create()
    for start in (30, 60):
        lab.at(start)
        lab.do(Restore(backup_id))
    refusal = lab.do(Delete(backup_id)).refusal
    assert refusal is not None
    assert refusal.reason is Refused.IN_USE
    lab.at(90)
    assert lab.do(Delete(backup_id)).refusal is None


def test_a_backup_can_be_deleted_once_its_restore_ended() -> None:
    """However it ended."""
    lab = Lab(on(RESTORE, restoring(10), FAILED), backups=[ExistingBackup(label="old")])
    backup_id = lab.id_of("old")
    lab.do(Restore(backup_id))
    lab.at(10)
    assert lab.do(Delete(backup_id)).refusal is None
    assert lab.listed() == []


# --- losing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.READY, Status.ERROR])
def test_a_lost_backup_is_not_there_any_more(status: Status) -> None:
    """Whether it was ready or had failed; the reply still holds it."""
    lab = Lab(backups=[ExistingBackup(label="old", status=status), ExistingBackup(label="kept")])
    backup_id = lab.id_of("old")
    backup = lab.cluster.backups[backup_id]
    reply = lab.do(Lose(backup_id))
    assert reply.backup == backup
    assert reply.events == (events.BackupLost(at=START, backup_id=backup_id),)
    assert lab.listed() == ["kept"]
    again = lab.do(Lose(backup_id)).refusal
    assert again is not None
    assert again.reason is Refused.UNKNOWN


def test_a_backup_that_is_lost_while_it_is_made_ends_the_operation() -> None:
    """Marathon comes back, and the next backup may start; nothing is heard of the lost one."""
    lab = Lab(on(CREATE, running(30)), apps=["/web"])
    backup_id = lab.create()
    lab.at(10)
    reply = lab.do(Lose(backup_id))
    assert reply.events == (
        events.BackupLost(at=lab.cluster.now, backup_id=backup_id),
        events.MarathonStarted(at=lab.cluster.now, apps=("/web",)),
    )
    assert lab.cluster.marathon_available
    assert lab.cluster.next_deadline() is None
    second = lab.create()
    lab.at(40)
    assert lab.listed() == ["nightly"]
    assert lab.status(second) is Status.READY


def test_a_backup_that_is_lost_while_it_is_restored_brings_nothing_back() -> None:
    """The apps are those of before."""
    lab = Lab(on(RESTORE, restoring(30)), apps=["/web"], backups=[ExistingBackup(label="old")])
    lab.do(DeployApp(app_from("/new")))
    backup_id = lab.id_of("old")
    lab.do(Restore(backup_id))
    lab.do(Lose(backup_id))
    lab.at(30)
    assert sorted(lab.cluster.apps) == ["/new", "/web"]
    assert lab.cluster.marathon_available


def test_another_backup_can_be_lost_while_an_operation_runs() -> None:
    """Which goes on."""
    lab = Lab(backups=[ExistingBackup(label="old")])
    running_id = lab.create()
    lab.do(Lose(lab.id_of("old")))
    assert not lab.cluster.marathon_available
    lab.at(30)
    assert lab.status(running_id) is Status.READY


# --- refusals ----------------------------------------------------------------------------------

UNKNOWN_ID = "nobody-00000000-0000-4000-8000-000000000000"

CommandFor = Callable[[Lab], Command]


def idle() -> Lab:
    """Return a cluster in which nothing runs."""
    return Lab(
        on(CREATE, running(Forever())),
        on(RESTORE, restoring(Forever())),
        apps=["/web"],
        backups=[
            ExistingBackup(label="good"),
            ExistingBackup(label="other"),
            ExistingBackup(label="broken", status=Status.ERROR),
        ],
    )


def backing_up() -> Lab:
    """Return a cluster in which a backup called ``running`` runs."""
    lab = idle()
    lab.create("running")
    return lab


def restoring_good() -> Lab:
    """Return a cluster in which the backup ``good`` is being restored."""
    lab = idle()
    lab.do(Restore(lab.id_of("good")))
    return lab


def create(label: str) -> CommandFor:
    """Return what makes a create."""
    return lambda _lab: Create(label)


def restore(label: str) -> CommandFor:
    """Return what makes a restore of the backup with this label."""
    return lambda lab: Restore(lab.id_of(label))


def delete(label: str) -> CommandFor:
    """Return what makes a delete of the backup with this label."""
    return lambda lab: Delete(lab.id_of(label))


def exactly(command: Command) -> CommandFor:
    """Return what makes just this command."""
    return lambda _lab: command


refusals = pytest.mark.parametrize(
    ("begin", "command_for", "reason"),
    [
        (idle, create("x"), Refused.INVALID),
        (backing_up, create("x"), Refused.INVALID),
        (backing_up, create("nightly"), Refused.BUSY),
        (restoring_good, create("nightly"), Refused.BUSY),
        (idle, exactly(Restore("x")), Refused.INVALID),
        (backing_up, exactly(Restore("x")), Refused.INVALID),
        (idle, exactly(Restore(UNKNOWN_ID)), Refused.UNKNOWN),
        (backing_up, exactly(Restore(UNKNOWN_ID)), Refused.UNKNOWN),
        (idle, restore("broken"), Refused.NOT_READY),
        (restoring_good, restore("broken"), Refused.NOT_READY),
        (backing_up, restore("running"), Refused.NOT_READY),
        (backing_up, restore("good"), Refused.BUSY),
        (restoring_good, restore("other"), Refused.BUSY),
        (restoring_good, restore("good"), Refused.BUSY),
        (idle, exactly(Delete("x")), Refused.INVALID),
        (backing_up, exactly(Delete("x")), Refused.INVALID),
        (idle, exactly(Delete(UNKNOWN_ID)), Refused.UNKNOWN),
        (backing_up, exactly(Delete(UNKNOWN_ID)), Refused.UNKNOWN),
        (backing_up, delete("running"), Refused.IN_USE),
        (restoring_good, delete("good"), Refused.IN_USE),
        (idle, exactly(List("/")), Refused.INVALID),
        (idle, exactly(RemoveApp("/nobody")), Refused.UNKNOWN),
        (backing_up, exactly(RemoveApp("/nobody")), Refused.MARATHON_UNAVAILABLE),
        (backing_up, exactly(RemoveApp("/web")), Refused.MARATHON_UNAVAILABLE),
        (restoring_good, exactly(RemoveApp("/web")), Refused.MARATHON_UNAVAILABLE),
        (backing_up, exactly(DeployApp(app_from("/new"))), Refused.MARATHON_UNAVAILABLE),
        (restoring_good, exactly(DeployApp(app_from("/new"))), Refused.MARATHON_UNAVAILABLE),
    ],
)


@refusals
def test_of_several_reasons_to_refuse_the_first_is_told(
    begin: Callable[[], Lab], command_for: CommandFor, reason: Refused
) -> None:
    """A malformed argument, an unknown backup, its status, a busy cluster: in this order."""
    lab = begin()
    reply = lab.do(command_for(lab))
    assert reply.refusal is not None
    assert reply.refusal.reason is reason
    assert reply.why == f"refused, {reason.value}: {'; '.join(reply.refusal.messages)}"


@refusals
def test_a_refused_command_changes_nothing(
    begin: Callable[[], Lab], command_for: CommandFor, reason: Refused
) -> None:
    """Nor does it tell any event."""
    lab = begin()
    listed = lab.do(List()).backups
    before = lab.picture()
    reply = lab.do(command_for(lab))
    assert (reply.backup, reply.backups, reply.events) == (None, None, ())
    assert lab.picture() == before
    assert lab.do(List()).backups is listed
    repeated = lab.do(command_for(lab)).refusal
    assert repeated is not None
    assert repeated.reason is reason


def two_apps() -> Lab:
    """Return a cluster with two apps."""
    return Lab(apps=["/web", "/api"])


ONE_AT_A_TIME = "only one backup or restore runs at a time"


@pytest.mark.parametrize(
    ("begin", "command_for", "sentence"),
    [
        (backing_up, create("nightly"), f"backup {{running}} is in progress: {ONE_AT_A_TIME}"),
        (restoring_good, create("nightly"), f"restore of {{good}} is in progress: {ONE_AT_A_TIME}"),
        (
            idle,
            restore("broken"),
            "backup {broken} is STATUS_ERROR: only a backup that is STATUS_READY can be restored",
        ),
        (
            backing_up,
            delete("running"),
            "backup {running} is STATUS_BACKING_UP: it can be deleted once that ends",
        ),
        (
            restoring_good,
            delete("good"),
            "backup {good} is being restored: it can be deleted once that ends",
        ),
        (idle, exactly(Restore(UNKNOWN_ID)), f"backup {UNKNOWN_ID} does not exist"),
        (idle, exactly(RemoveApp("/no")), "App '/no' does not exist; there are: /web"),
        (two_apps, exactly(RemoveApp("/no")), "App '/no' does not exist; there are: /web, /api"),
        (Lab, exactly(RemoveApp("/no")), "App '/no' does not exist; there are: none"),
        (backing_up, exactly(RemoveApp("/web")), "Marathon is restarting for a backup or restore"),
    ],
)
def test_a_refusal_is_a_sentence_for_the_client(
    begin: Callable[[], Lab], command_for: CommandFor, sentence: str
) -> None:
    """It names what is in the way; ``{good}`` stands for the id of the backup ``good``."""
    lab = begin()
    refusal = lab.do(command_for(lab)).refusal
    ids = {backup.label: backup.id for backup in lab.cluster.backups.values()}
    assert refusal is not None
    assert refusal.messages == (sentence.format(**ids),)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (Create("é"), ["label", "label"]),
        (List("/" * 63), ["prefix", "prefix"]),
        (Restore("é"), ["id", "id"]),
        (Delete("é"), ["id", "id"]),
        (Lose("é"), ["id", "id"]),
    ],
)
def test_a_malformed_argument_is_refused_with_every_problem(
    command: Command, fields: list[str]
) -> None:
    """As many sentences as problems, each with the name of the argument."""
    refusal = Lab().do(command).refusal
    assert refusal is not None
    assert [message.split(":")[0] for message in refusal.messages] == fields


# --- Marathon ----------------------------------------------------------------------------------


def test_marathon_is_away_while_an_operation_runs() -> None:
    """From its start to its end, for a backup and for a restore."""
    lab = Lab()
    assert lab.cluster.marathon_available
    backup_id = lab.create()
    assert not lab.cluster.marathon_available
    lab.at(30)
    assert lab.cluster.marathon_available
    lab.do(Restore(backup_id))
    assert not lab.cluster.marathon_available
    lab.at(60)
    assert lab.cluster.marathon_available


def test_apps_come_and_go() -> None:
    """Each with its event; deploying one again replaces it."""
    lab = Lab(apps=["/web"])
    bigger = app_from({"id": "/web", "instances": 5})
    assert lab.do(DeployApp(bigger)).events == (events.AppDeployed(at=START, app_id="/web"),)
    lab.do(DeployApp(app_from("/new")))
    assert lab.apps == ["/web", "/new"]
    assert lab.cluster.apps["/web"] == bigger
    assert lab.do(RemoveApp("/web")).events == (events.AppRemoved(at=START, app_id="/web"),)
    assert lab.apps == ["/new"]


# --- rules -------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_wins() -> None:
    """By operation and label; where none matches, the default holds."""
    lab = Lab(
        on(RESTORE, READY),
        on(CREATE, READY, label="night*"),
        on(CREATE, FAILED, label="nightly"),
        on(CREATE, FAILED, label="day*"),
    )
    assert lab.do(Create("nightly")).why == "the rule for night*"
    assert lab.do(Create("daily")).why == "the default script"
    lab.at(30)
    assert lab.do(Create("day2")).why == "the rule for day*"
    assert [use.hits for use in lab.cluster.rules] == [0, 1, 0, 1]


def test_a_rule_serves_as_often_as_it_says_then_the_next_one_does() -> None:
    """Its hits are counted."""
    lab = Lab(on(CREATE, FAILED, times=2), on(CREATE, READY))
    statuses = [lab.status(lab.create(label)) for label in ("one", "two", "three", "four")]
    assert statuses == [Status.ERROR, Status.ERROR, Status.READY, Status.READY]
    assert [use.hits for use in lab.cluster.rules] == [2, 2]
    assert [use.is_spent for use in lab.cluster.rules] == [True, False]


def test_a_rule_that_is_added_is_tried_after_the_others() -> None:
    """Its use can be watched by who added it."""
    lab = Lab(on(CREATE, READY, times=1))
    use = lab.cluster.add_rule(on(CREATE, FAILED))
    assert use == RuleUse(on(CREATE, FAILED), hits=0)
    assert lab.status(lab.create("one")) is Status.READY
    assert lab.status(lab.create("two")) is Status.ERROR
    assert (use.hits, use.is_spent) == (1, False)


def test_a_restore_is_scripted_by_the_label_of_its_backup() -> None:
    """As a create is."""
    lab = Lab(
        on(RESTORE, FAILED, label="bad"),
        backups=[ExistingBackup(label="good"), ExistingBackup(label="bad")],
    )
    assert lab.do(Restore(lab.id_of("bad"))).why == "the rule for bad"
    assert lab.do(Restore(lab.id_of("good"))).why == "the default script"


# --- backups that are there from the start -----------------------------------------------------


def test_backups_may_be_there_from_the_start() -> None:
    """Listed by age, the oldest first; equally old ones as they were written."""
    lab = Lab(
        backups=[
            ExistingBackup(label="today"),
            ExistingBackup(label="old1", age=seconds(60)),
            ExistingBackup(label="older", age=seconds(3_600)),
            ExistingBackup(label="old2", age=seconds(60)),
        ]
    )
    assert lab.listed() == ["older", "old1", "old2", "today"]
    assert [backup.timestamp for backup in lab.cluster.backups.values()] == [
        moment(-3_600),
        moment(-60),
        moment(-60),
        moment(0),
    ]
    lab.create("newest")
    assert lab.listed() == ["older", "old1", "old2", "today", "newest"]


def test_a_backup_that_is_there_from_the_start_may_have_an_id_and_a_version_of_its_own() -> None:
    """Then no chance is asked for one; what is made later has the cluster's version."""
    uuid = "317c19df-34e4-41a0-93c9-d66c7f307208"
    lab = Lab(backups=[ExistingBackup(label="old", uuid=uuid, dcos_version="1.10.2")])
    (backup,) = lab.cluster.backups.values()
    assert (backup.id, backup.dcos_version) == (f"old-{uuid}", "1.10.2")
    lab.create("new")
    assert lab.cluster.backups[lab.id_of("new")].dcos_version == "1.13.0"


def test_a_backup_that_is_there_from_the_start_may_have_failed() -> None:
    """With what its component reports."""
    lab = Lab(backups=[ExistingBackup(label="old", status=Status.ERROR, error="disk full")])
    (backup,) = lab.cluster.backups.values()
    (component,) = backup.components
    assert (backup.status, backup.shown) == (Status.ERROR, "STATUS_ERROR")
    assert (component.name, component.status, component.error) == (
        "marathon",
        Status.ERROR,
        "disk full",
    )
    assert (component.shown, component.because) == ("STATUS_ERROR", "there from the start")


def test_a_backup_that_is_there_from_the_start_holds_the_apps_of_the_start() -> None:
    """Restoring it undoes everything since."""
    lab = Lab(on(RESTORE, READY), apps=["/old"], backups=[ExistingBackup(label="good")])
    lab.do(RemoveApp("/old"))
    lab.do(DeployApp(app_from("/new")))
    lab.do(Restore(lab.id_of("good")))
    assert lab.apps == ["/old"]


def test_a_cluster_does_not_start_with_a_label_it_would_refuse() -> None:
    """Whoever reads scenarios has checked it."""
    with pytest.raises(AssertionError, match="'x' is no label"):
        Lab(backups=[ExistingBackup(label="x")])


# --- foreseeing --------------------------------------------------------------------------------


def test_the_end_of_an_operation_can_be_foreseen() -> None:
    """Of the backup that it works on, while it runs."""
    lab = Lab(on(CREATE, running(10), running(5), FAILED), backups=[ExistingBackup(label="good")])
    backup_id = lab.create()
    assert lab.cluster.due(backup_id) == (moment(15), Status.ERROR)
    assert lab.cluster.due(lab.id_of("good")) is None
    lab.at(12)
    assert lab.cluster.due(backup_id) == (moment(15), Status.ERROR)
    lab.at(15)
    assert lab.cluster.due(backup_id) is None


def test_a_component_that_has_ended_does_not_hide_the_end() -> None:
    """The others are waited for."""
    lab = Lab(on(CREATE, READY, running(20, component="secrets")))
    backup_id = lab.create()
    lab.at(5)
    assert lab.cluster.due(backup_id) == (moment(20), Status.READY)


def test_an_end_that_depends_on_more_than_time_cannot_be_foreseen() -> None:
    """Until only time is left."""
    lab = Lab(on(CREATE, running(Polls(1)), running(10)))
    backup_id = lab.create()
    assert lab.cluster.due(backup_id) is None
    lab.listed()
    assert lab.cluster.due(backup_id) == (moment(10), Status.READY)


# --- time and chance ---------------------------------------------------------------------------


def test_time_never_runs_backwards() -> None:
    """Neither when it passes nor when a command comes."""
    lab = Lab()
    lab.at(10)
    with pytest.raises(AssertionError, match="time runs forward only"):
        lab.at(9)
    with pytest.raises(AssertionError, match="time runs forward only"):
        lab.cluster.handle(List(), moment(9))
    assert lab.cluster.now == moment(10)


def test_no_command_overtakes_what_is_due() -> None:
    """Time is settled first."""
    lab = Lab()
    lab.create()
    with pytest.raises(AssertionError, match=r"advance_to\(now\) comes before handle"):
        lab.cluster.handle(List(), moment(30))


def test_a_command_may_come_later_than_time_was_settled() -> None:
    """As long as nothing fell due in between."""
    lab = Lab()
    lab.create()
    lab.cluster.handle(List(), moment(29))
    assert lab.cluster.now == moment(29)


def test_what_is_no_command_is_our_own_mistake() -> None:
    """It is not refused like a client's."""
    with pytest.raises(AssertionError):
        Lab().cluster.handle(cast("Command", "create"), START)


component_names = st.sampled_from(["marathon", "secrets", "users"])
timed_stages = st.builds(
    lambda number, name: running(number, component=name), st.integers(0, 9), component_names
)


@repeatable
@given(st.lists(timed_stages, max_size=8), st.lists(st.integers(0, 80), max_size=12))
def test_one_long_wait_equals_many_short_ones(stages: list[Stage], stops: list[int]) -> None:
    """The same events, and the same backup in the end."""
    at_once, in_steps = Lab(on(CREATE, *stages)), Lab(on(CREATE, *stages))
    backup_id = at_once.create()
    assert in_steps.create() == backup_id
    happened: list[Event] = []
    for stop in [*sorted(stops), 80]:
        happened += in_steps.at(stop)
    assert at_once.at(80) == tuple(happened)
    assert at_once.picture() == in_steps.picture()
    assert at_once.status(backup_id) is Status.READY


def story(seed: str) -> list[Event]:
    """Return everything that happens in a cluster in which chance decides a lot."""
    stages = (
        running(Between(seconds(1), seconds(60))),
        OneOf(
            (
                Branch(weight=3, stages=(running(Between(seconds(1), seconds(60))), READY)),
                Branch(weight=1, stages=(FAILED,)),
            )
        ),
    )
    lab = Lab(on(CREATE, *stages), chance=SeededChance(seed))
    happened: list[Event] = []
    for number in range(1, 6):
        happened += lab.do(Create(f"nightly{number}")).events
        happened += lab.at(200 * number)
    return happened


@pytest.mark.parametrize("seed", ["1", "2", "a long one"])
def test_the_same_seed_gives_the_same_events(seed: str) -> None:
    """Ids, lengths and branches included."""
    assert story(seed) == story(seed)


def test_another_seed_gives_other_events() -> None:
    """Chance is not merely fixed."""
    assert story("1") != story("2")
