from collections.abc import Callable

import pytest

from simulator.clock import ClockError
from simulator.core import commands
from simulator.core.backups import Backup
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.commands import Refused
from simulator.core.events import (
    AccessChanged,
    AppDeployed,
    AppRemoved,
    BackupLost,
    BackupStarted,
    MarathonStarted,
    MarathonStopped,
    Released,
    StageEntered,
    StatusChanged,
)
from simulator.core.faults import Asked
from simulator.core.instants import Duration, Instant, after, parse_duration, parse_rfc3339
from simulator.core.marathon import app_from
from simulator.core.statuses import Status
from simulator.core.time_policies import Rate
from simulator.simulation import RefusedError, Simulation

SECOND = 1_000_000_000


@pytest.fixture
def simulation() -> Simulation:
    """Return a cluster with one app."""
    return Simulation(ClusterSpec(apps=(app_from("/web"),)))


def create(simulation: Simulation, label: str = "nightly") -> Backup:
    """Start a backup."""
    backup = simulation.do(commands.Create(label)).backup
    assert backup is not None
    return backup


def kinds(simulation: Simulation) -> list[type]:
    """Return what kind of entries the journal has."""
    return [type(entry) for _, entry in simulation.journal.numbered()]


# --- apps ------------------------------------------------------------------------------------


def test_apps_are_deployed_by_id_or_by_definition(simulation: Simulation) -> None:
    """Beside those that were there."""
    simulation.deploy("db")
    simulation.deploy({"id": "/shop/front", "instances": 3})
    assert list(simulation.apps) == ["/web", "/db", "/shop/front"]
    assert simulation.apps["/shop/front"].definition["instances"] == 3


def test_a_deployed_app_replaces_one_of_the_same_id(simulation: Simulation) -> None:
    """What was read before stays as it was."""
    before = simulation.apps
    simulation.deploy({"id": "/web", "instances": 9})
    assert simulation.apps["/web"].definition["instances"] == 9
    assert before["/web"].definition["instances"] == 1


def test_an_app_is_removed(simulation: Simulation) -> None:
    """And the journal says so."""
    simulation.deploy("/db")
    simulation.remove("/web")
    assert list(simulation.apps) == ["/db"]
    assert kinds(simulation) == [AppDeployed, AppRemoved]


@pytest.mark.parametrize("app", ["", "/", "Web", "/a b", {}, {"id": None}, {"id": 3}])
def test_what_is_no_app_is_not_deployed(
    app: str | dict[str, object], simulation: Simulation
) -> None:
    """A mistake of the test, said at once."""
    with pytest.raises(ValueError, match="app"):
        simulation.deploy(app)
    assert (list(simulation.apps), simulation.journal.count) == (["/web"], 0)


def test_an_app_that_is_not_there_cannot_be_removed(simulation: Simulation) -> None:
    """The sentence names those that are."""
    with pytest.raises(RefusedError) as caught:
        simulation.remove("/wbe")
    assert str(caught.value) == "App '/wbe' does not exist; there are: /web"


def test_marathon_refuses_while_it_is_away(simulation: Simulation) -> None:
    """And takes apps again when the operation has ended."""
    create(simulation)
    away = simulation.marathon_available
    for change in (simulation.deploy, simulation.remove):
        with pytest.raises(RefusedError, match="Marathon is restarting for a backup or restore"):
            change("/web")
    simulation.clock.advance("30s")
    simulation.deploy("/db")
    assert (away, simulation.marathon_available) == (False, True)
    assert list(simulation.apps) == ["/web", "/db"]


# --- releases --------------------------------------------------------------------------------


def test_a_release_ends_the_stages_that_wait_for_it(simulation: Simulation) -> None:
    """At once, and no other."""
    simulation.on_create().backing_up(until="go")
    backup = create(simulation)
    simulation.clock.advance("1h")
    simulation.release("come")
    before = simulation.backups[backup.id].status
    simulation.release("go")
    assert [before, simulation.backups[backup.id].status] == [Status.BACKING_UP, Status.READY]


def test_a_release_may_come_before_the_stage(simulation: Simulation) -> None:
    """The stage is then over as it begins."""
    simulation.release("go")
    simulation.on_create().backing_up(until="go").error("no leader")
    assert create(simulation).status is Status.ERROR
    assert kinds(simulation)[0] is Released


def test_a_backup_can_be_lost(simulation: Simulation) -> None:
    """As from the master's disk, also while it is made; nobody has asked for it."""
    backup = create(simulation)
    simulation.lose(backup.id)
    assert simulation.backups == {}
    assert kinds(simulation)[-2:] == [BackupLost, MarathonStarted]
    with pytest.raises(RefusedError, match="does not exist"):
        simulation.lose(backup.id)


def test_access_is_taken_away_and_given_back(simulation: Simulation) -> None:
    """Each change is in the journal; a permission goes 5 s after it was withdrawn."""

    def access() -> tuple[bool, Instant | None]:
        return simulation.token_is_accepted, simulation.permitted_until

    now = simulation.clock.now
    in_five_seconds = after(now, parse_duration("5s"))
    simulation.withdraw_permission()
    assert access() == (True, in_five_seconds)
    simulation.revoke_tokens()
    assert access() == (False, in_five_seconds)
    simulation.grant_permission()
    simulation.accept_tokens()
    assert access() == (True, None)
    changes = [entry for _, entry in simulation.journal.numbered()]
    assert changes == [
        AccessChanged(at=now, change="permission withdrawn"),
        AccessChanged(at=now, change="tokens revoked"),
        AccessChanged(at=now, change="permission granted"),
        AccessChanged(at=now, change="tokens accepted"),
    ]


# --- refusals --------------------------------------------------------------------------------


def test_a_refused_command_is_an_error_for_a_test(simulation: Simulation) -> None:
    """With every sentence of the refusal; nothing has changed and nothing is recorded."""
    with pytest.raises(RefusedError) as caught:
        create(simulation, "-")
    sentences = str(caught.value).split("; ")
    assert len(sentences) == 2
    assert all(sentence.startswith("label: ") for sentence in sentences)
    assert (simulation.backups, simulation.journal.count) == ({}, 0)


def test_a_refused_command_is_an_answer_for_a_client(simulation: Simulation) -> None:
    """Which the caller gets, with a reason that programs can read."""
    create(simulation)
    with simulation.lock:
        reply = simulation.answer(
            commands.Create("second"), simulation.clock.on_request(Asked("create", "POST", "/"))
        )
    assert reply.refusal is not None
    assert reply.refusal.reason is Refused.BUSY


# --- time is settled before anything is looked at --------------------------------------------


def test_an_advance_records_what_fell_due_when_it_fell_due(simulation: Simulation) -> None:
    """Not when it was noticed."""
    simulation.on_create().backing_up("10s").backing_up("10s")
    create(simulation)
    begun = simulation.journal.count
    simulation.clock.advance("1h")
    entries = [
        (type(entry), entry.at - simulation.clock.start)
        for _, entry in simulation.journal.numbered(begun + 1)
    ]
    assert entries == [
        (StageEntered, 10 * SECOND),
        (StageEntered, 20 * SECOND),
        (StatusChanged, 20 * SECOND),
        (MarathonStarted, 20 * SECOND),
    ]


def test_a_start_is_recorded_with_all_that_it_means(simulation: Simulation) -> None:
    """In this order."""
    create(simulation)
    assert kinds(simulation) == [BackupStarted, MarathonStopped, StageEntered]


@pytest.mark.parametrize(
    ("look", "before", "after"),
    [
        (lambda simulation, _: simulation.marathon_available, False, True),
        (lambda simulation, key: simulation.backups[key].status.name, "BACKING_UP", "READY"),
        (lambda simulation, key: simulation.due(key) is not None, True, False),
    ],
    ids=["marathon_available", "backups", "due"],
)
def test_real_time_is_settled_before_a_look(
    look: Callable[[Simulation, str], object], before: object, after: object
) -> None:
    """Every way of looking shows the cluster as it is now."""
    real = [0]
    simulation = Simulation(policy=Rate(1.0), monotonic_ns=lambda: real[0])
    backup = create(simulation)
    real[0] = 30 * SECOND - 1
    first = look(simulation, backup.id)
    real[0] = 30 * SECOND
    assert (first, look(simulation, backup.id)) == (before, after)


def test_real_time_is_settled_before_a_command() -> None:
    """A second backup is taken as soon as the first is due."""
    real = [0]
    simulation = Simulation(policy=Rate(1.0), monotonic_ns=lambda: real[0])
    first = create(simulation, "first")
    real[0] = 30 * SECOND
    second = create(simulation, "second")
    assert list(simulation.backups) == [first.id, second.id]
    assert second.timestamp == simulation.clock.start + 30 * SECOND


def test_a_restore_that_real_time_ends_shows_in_the_apps() -> None:
    """Also when the apps are the first thing looked at."""
    real = [0]
    spec = ClusterSpec(apps=(app_from("/web"),), backups=(ExistingBackup(label="old"),))
    simulation = Simulation(spec, policy=Rate(1.0), monotonic_ns=lambda: real[0])
    simulation.remove("/web")
    simulation.do(commands.Restore(next(iter(simulation.backups))))
    real[0] = 30 * SECOND
    assert list(simulation.apps) == ["/web"]


# --- foresight -------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["", "no leader"])
def test_when_time_alone_decides_the_end_is_known(error: str, simulation: Simulation) -> None:
    """When, and how."""
    script = simulation.on_create().backing_up("10s").backing_up("25s")
    if error:
        script.error(error)
    backup = create(simulation)
    simulation.clock.advance("5s")
    due = simulation.due(backup.id)
    assert due == (simulation.clock.start + 35 * SECOND, Status.ERROR if error else Status.READY)


def test_what_is_foreseen_happens(simulation: Simulation) -> None:
    """Also when the length was drawn."""
    simulation.on_create().backing_up(("1s", "1h"))
    backup = create(simulation)
    due = simulation.due(backup.id)
    assert due is not None
    simulation.clock.advance(f"{due[0] - simulation.clock.now - 1}ns")
    before = simulation.backups[backup.id].status
    simulation.clock.advance("1ns")
    assert [before, simulation.backups[backup.id].status] == [Status.BACKING_UP, due[1]]


def test_when_more_than_time_decides_nothing_is_foreseen(simulation: Simulation) -> None:
    """Polls, a release, or forever; a backup that does not run; one that does not exist."""
    simulation.on_create("polls").backing_up(polls=1)
    simulation.on_create("until").backing_up(until="go")
    ended = []
    for label in ("polls", "until"):
        backup = create(simulation, label)
        assert simulation.due(backup.id) is None
        simulation.do(commands.List())
        simulation.release("go")
        ended.append(simulation.due(backup.id))
    simulation.on_create("forever").backing_up()
    ended.append(simulation.due(create(simulation, "forever").id))
    assert [*ended, simulation.due("no such id")] == [None] * 4


# --- rules -----------------------------------------------------------------------------------


def test_rules_count_the_operations_that_followed_them(simulation: Simulation) -> None:
    """Not those that were refused, nor those of others."""
    simulation.on_create("nightly", times=1).backing_up("1s")
    simulation.on_create("never").error("never")
    simulation.on_restore().restoring("1s")
    backup = create(simulation)
    with pytest.raises(RefusedError):
        create(simulation)
    simulation.clock.advance("1s")
    simulation.do(commands.Restore(backup.id))
    simulation.clock.advance("1s")
    create(simulation)
    assert [(use.hits, use.is_spent) for use in simulation.rules] == [
        (1, True),
        (0, False),
        (1, False),
    ]


# --- what is handed out stays as it is -------------------------------------------------------


def test_what_was_looked_at_does_not_change_afterwards(simulation: Simulation) -> None:
    """A test may compare before and after."""
    backup = create(simulation)
    backups, apps, rules = simulation.backups, simulation.apps, simulation.rules
    simulation.clock.advance("30s")
    simulation.deploy("/db")
    simulation.on_create()
    create(simulation, "second")
    assert {key: found.status for key, found in backups.items()} == {backup.id: Status.BACKING_UP}
    assert (list(apps), rules) == (["/web"], ())


def test_a_cluster_starts_as_its_spec_says() -> None:
    """Backups oldest first, whatever their order; no entry in the journal, no operation."""
    spec = ClusterSpec(
        dcos_version="2.0.0",
        backups=(
            ExistingBackup(label="young"),
            ExistingBackup(label="broken", age=Duration(5), status=Status.ERROR, error="x"),
        ),
    )
    simulation = Simulation(spec)
    found = [(backup.label, backup.status) for backup in simulation.backups.values()]
    assert found == [("broken", Status.ERROR), ("young", Status.READY)]
    assert (simulation.dcos_version, simulation.journal.count) == ("2.0.0", 0)
    assert simulation.marathon_available


def test_a_cluster_starts_when_it_is_told() -> None:
    """Its clock and what it makes agree."""
    start = parse_rfc3339("2030-01-01T00:00:00Z")
    simulation = Simulation(start=start)
    assert (simulation.clock.now, create(simulation).timestamp) == (start, start)


def test_a_limited_journal_keeps_the_newest() -> None:
    """And counts all."""
    simulation = Simulation(journal_limit=2)
    for name in "abc":
        simulation.release(name)
    assert (simulation.journal.count, simulation.journal.dropped) == (3, 1)
    assert simulation.journal.limit == 2


# --- looking at a status ---------------------------------------------------------------------


def test_a_status_is_found_by_id_and_by_the_label_of_the_newest(simulation: Simulation) -> None:
    """Of the backup, or of its latest restore."""
    simulation.on_create(times=1).backing_up("10s").error("disk full")
    first = create(simulation, "nightly")
    simulation.clock.advance("1m")
    create(simulation, "nightly")
    assert simulation.status_of(first.id) == "STATUS_ERROR"
    assert simulation.status_of("nightly") == "STATUS_BACKING_UP"
    simulation.clock.run_until("nightly", "STATUS_READY")
    simulation.do(commands.Restore(list(simulation.backups)[-1]))
    assert simulation.status_of("nightly") == "STATUS_READY"
    assert simulation.status_of("nightly", restore=True) == "STATUS_RESTORING"
    simulation.clock.run_until("nightly", "STATUS_READY", restore=True)
    assert simulation.clock.elapsed == parse_duration("2m")


def test_the_status_of_nothing_is_refused(simulation: Simulation) -> None:
    """With one sentence, whichever it is that is missing."""
    with pytest.raises(ClockError, match="there is no backup with the id or label 'first'"):
        simulation.clock.run_until("first", "STATUS_READY")
    create(simulation, "first")
    with pytest.raises(ClockError, match="first has never been restored"):
        simulation.clock.run_until("first", "STATUS_READY", restore=True)


def test_the_next_event_is_the_end_of_a_stage(simulation: Simulation) -> None:
    """Stages that wait for something else have none."""
    simulation.on_create("nightly").backing_up("90s")
    simulation.on_create("held").backing_up(until="go")
    create(simulation, "nightly")
    assert simulation.clock.advance_to_next() - simulation.clock.start == parse_duration("90s")
    create(simulation, "held")
    with pytest.raises(ClockError, match="nothing changes by itself any more"):
        simulation.clock.advance_to_next()
