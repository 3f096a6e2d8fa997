"""What is made up. ``.ci/oldest-faker`` runs this file under the oldest Faker that is allowed."""

import json
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faker import Generator

from simulator.chance import SeededChance
from simulator.clock import DEFAULT_START
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.commands import Restore
from simulator.core.identifiers import label_problems
from simulator.core.instants import Instant, parse_duration, parse_rfc3339, rfc3339
from simulator.core.marathon import app_from
from simulator.core.statuses import Status
from simulator.simulation import Simulation
from simulator.world import made_up_apps, made_up_backups, made_up_users, words
from simulator.world.history import version_before

GOLDEN = Path(__file__).parent / "golden" / "world.txt"

IMAGE = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9.-]+)*:[A-Za-z0-9][A-Za-z0-9.-]*")

DAY = parse_duration("1d")

Json = dict[str, Any]


def definitions(seed: str, count: int) -> list[Json]:
    """Return the definitions of made-up apps."""
    return [dict(app.definition) for app in made_up_apps(SeededChance(seed), count)]


def uids(seed: str, count: int) -> list[str]:
    """Return the user ids of made-up users."""
    return [user.uid for user in made_up_users(SeededChance(seed), count)]


def past(
    seed: str, count: int, *, start: Instant = DEFAULT_START, version: str = "1.13.0"
) -> tuple[ExistingBackup, ...]:
    """Return made-up backups, newest first."""
    return made_up_backups(SeededChance(seed), count, start=start, dcos_version=version)


def made_at(backup: ExistingBackup) -> str:
    """Return when a backup of the default past was made."""
    return rfc3339(Instant(DEFAULT_START - backup.age))


EVERYTHING = [
    pytest.param(definitions, id="apps"),
    pytest.param(uids, id="users"),
    pytest.param(past, id="backups"),
]

MakeUp = Callable[[str, int], list[object]]


# --- the same for the same seed ------------------------------------------------------------------


def digest(lines: Iterable[str]) -> str:
    """Return a hash of lines."""
    return sha256("\n".join(lines).encode()).hexdigest()


def told(seed: str, apps: int, users: int, backups: int) -> dict[str, list[str]]:
    """Write a world down in lines, by what they tell of."""
    chance = SeededChance(seed)
    return {
        "apps": [
            f"{'' if key == 'id' else '  '}{key}: {json.dumps(value)}"
            for definition in definitions(seed, apps)
            for key, value in definition.items()
        ],
        "users": [f"{user.uid}: {user.name}" for user in made_up_users(chance, users)],
        "backups": [
            f"{made_at(backup)} {backup.dcos_version} {backup.status} {backup.label}-{backup.uuid}"
            + (f": {backup.error}" if backup.error else "")
            for backup in past(seed, backups)
        ],
    }


def test_worlds_do_not_change_from_release_to_release(
    golden: Callable[[Path, str], None],
) -> None:
    """Nor with Python or Faker: a seed in a report must still mean the same.

    ``UPDATE_GOLDEN=1 pytest`` writes the file anew, after a change of our words.
    """
    lines = []
    for what, written in told("0", apps=5, users=5, backups=12).items():
        lines += [what, *(f"  {line}" for line in written)]
    lines.append("hashes of 500 of each, from three seeds")
    for seed in ("0", "a", ""):
        hashes = {what: digest(written) for what, written in told(seed, 500, 500, 500).items()}
        lines += [f"  {seed!r} {what} {digested}" for what, digested in hashes.items()]
    golden(GOLDEN, "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("make_up", EVERYTHING)
def test_the_same_seed_makes_up_the_same(make_up: MakeUp) -> None:
    """In the same order, to the last field."""
    assert make_up("a", 50) == make_up("a", 50)


@pytest.mark.parametrize("make_up", EVERYTHING)
def test_another_seed_makes_up_something_else(make_up: MakeUp) -> None:
    assert make_up("a", 50) != make_up("b", 50)


@pytest.mark.parametrize("make_up", EVERYTHING)
@pytest.mark.parametrize("count", [1, 20, 700])
def test_more_begin_with_the_same_ones(make_up: MakeUp, count: int) -> None:
    """A scenario that asks for one more keeps those that it had: of backups, the newest."""
    assert make_up("a", 800)[:count] == make_up("a", count)


@pytest.mark.parametrize("make_up", EVERYTHING)
def test_nothing_is_drawn_but_with_random(make_up: MakeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python promises the numbers of ``Random.random()`` only; ids are tested with chance."""
    made = make_up("a", 200)
    original = SeededChance.faker

    def only_random(chance: SeededChance, purpose: str) -> Generator:
        generator = original(chance, purpose)
        if not purpose.endswith("ids"):
            generator.random = cast("Any", SimpleNamespace(random=generator.random.random))
        return generator

    monkeypatch.setattr(SeededChance, "faker", only_random)
    assert make_up("a", 200) == made


# --- apps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 200, 10_000])
def test_made_up_apps_are_as_many_as_asked_for_and_all_different(count: int) -> None:
    """Also when there are more than teams and services come to mind."""
    ids = [app.id for app in made_up_apps(SeededChance("0"), count)]
    assert len(ids) == len(set(ids)) == count


@pytest.mark.parametrize("seed", ["0", "a", "test"])
def test_made_up_apps_are_apps(seed: str) -> None:
    """With ids that Marathon takes and images that Docker takes, and JSON all through."""
    for app in made_up_apps(SeededChance(seed), 1500):
        definition = cast("Json", app.definition)
        assert app_from(definition).id == app.id == definition["id"]
        assert IMAGE.fullmatch(definition["container"]["docker"]["image"])
        assert json.loads(json.dumps(dict(definition))) == definition


def test_made_up_apps_have_sizes_that_fit_what_they_do() -> None:
    """A store keeps its data and runs once; what is reached from outside runs twice."""
    by_name = {each["id"].rpartition("/")[2]: each for each in definitions("0", 2000)}
    assert by_name["postgres"]["mem"] >= 2048
    assert by_name["postgres"]["instances"] == 1
    assert by_name["postgres"]["container"]["volumes"][0]["persistent"]["size"] >= 10240
    assert by_name["web"]["instances"] >= 2
    assert by_name["web"]["labels"]["HAPROXY_GROUP"] == "external"
    assert by_name["web"]["healthChecks"][0]["path"].startswith("/")
    assert "healthChecks" not in by_name["worker"]


def test_made_up_apps_belong_to_teams() -> None:
    """Which are their folders; all owners are users, the first ones of the company."""
    owners, everybody = set(), uids("0", 80)
    for definition in definitions("0", 600):
        labels = definition["labels"]
        assert definition["id"].startswith(f"/{labels['team']}/")
        owners.add(labels["owner"])
    assert owners <= set(everybody)
    assert len(owners) > 40


def test_a_few_apps_look_like_the_apps_of_one_company() -> None:
    """Its teams share a registry and a domain."""
    own = [
        each["container"]["docker"]["image"].partition("/")[0]
        for each in definitions("0", 200)
        if each["env"]
    ]
    assert len(set(own)) == 1


# --- users ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["0", "a", "test", "b"])
def test_made_up_users_have_ids_made_of_their_names(seed: str) -> None:
    """All in one way, all different, all in ASCII."""
    users = made_up_users(SeededChance(seed), 3000)
    assert len({user.uid for user in users}) == len(users)
    for user in users:
        last = user.name.split()[1].lower()
        assert re.fullmatch(r"[a-z]{2}[a-z]*(\.[a-z]+)?\d*", user.uid)
        assert last in user.uid


# --- backups -------------------------------------------------------------------------------------

SEEDS = [str(number) for number in range(60)]


def kinds(backups: Iterable[ExistingBackup]) -> set[str]:
    """Return the kinds of backups that are known by how their labels begin."""
    matches = (re.match(r"nightly|weekly|pre-upgrade", backup.label) for backup in backups)
    return {match[0] for match in matches if match}


def test_made_up_backups_have_labels_that_the_service_takes() -> None:
    """Whoever makes them, and whatever the version."""
    for seed in SEEDS:
        for version in ("1.13.0", "2.2.0", "9999.9999.9999", "1.9"):
            for backup in past(seed, 200, version=version):
                assert not label_problems(backup.label)


def test_thirty_made_up_backups_have_every_kind_among_them() -> None:
    """Whatever the seed: nightly, weekly and pre-upgrade ones, and one in error."""
    for seed in SEEDS:
        backups = past(seed, 30)
        assert kinds(backups) == {"nightly", "weekly", "pre-upgrade"}
        assert Status.ERROR in {backup.status for backup in backups}


def test_a_year_of_made_up_backups_has_some_by_hand() -> None:
    """By users of the company, or for a change that somebody was about to make."""
    everybody = uids("0", 6)
    labels = {backup.label for seed in SEEDS for backup in past(seed, 400)}
    assert any(label.removeprefix("before-") in words.CHANGES for label in labels)
    assert any(label.partition("-")[0] in everybody for label in labels)


def test_there_is_a_nightly_backup_for_every_night() -> None:
    """At two, one after the other; on Sundays a weekly one."""
    for seed in SEEDS[:10]:
        backups = past(seed, 400)
        nights = [DEFAULT_START - each.age for each in backups if each.label.startswith("nightly")]
        days = [night // DAY for night in nights]
        assert days == list(range(days[0], days[0] - len(days), -1))
        assert {made_at(each)[11:16] for each in backups if "nightly" in each.label} == {"02:00"}
        sundays = {
            (DEFAULT_START - each.age) // DAY % 7 for each in backups if "weekly" in each.label
        }
        assert sundays == {3}  # 1970-01-04 was one


def test_made_up_backups_come_newest_first_and_none_is_of_the_future() -> None:
    """Also where the cluster starts in the night itself."""
    for start in ("2020-03-01T02:00:05Z", "2020-03-01T04:30:01Z", "2020-03-01T00:00:00Z"):
        for seed in SEEDS[:20]:
            ages = [backup.age for backup in past(seed, 60, start=parse_rfc3339(start))]
            assert ages[0] >= 0
            assert all(newer < older for newer, older in pairwise(ages))
            assert ages[0] <= DAY + parse_duration("20s")


def test_a_made_up_backup_fails_for_a_reason_and_only_at_night() -> None:
    """Nobody upgrades after a backup that failed."""
    for seed in SEEDS:
        for backup in past(seed, 400):
            assert bool(backup.error) == (backup.status is Status.ERROR)
            assert backup.error in {"", *words.TROUBLES}
            if backup.error:
                assert kinds([backup]) <= {"nightly", "weekly"}


def test_few_made_up_backups_have_failed() -> None:
    """From one in fifty to one in five, in a year."""
    for seed in SEEDS:
        failed = sum(backup.status is Status.ERROR for backup in past(seed, 400))
        assert 8 <= failed <= 80


def test_before_an_upgrade_the_cluster_had_an_older_version() -> None:
    """A backup made before it has that version, and may name the next one."""
    for seed in SEEDS:
        now = "1.13.0"
        for backup in past(seed, 400):
            if backup.label.startswith("pre-upgrade"):
                assert backup.label.endswith(("pre-upgrade", now))
                assert backup.dcos_version == version_before(now)
                now = backup.dcos_version
            assert backup.dcos_version == now
        assert now.startswith(("1.12", "1.11", "1.10"))


@pytest.mark.parametrize(
    ("version", "before"),
    [
        ("1.13.0", "1.12.3"),
        ("1.13", "1.12.3"),
        ("1.10.1", "1.10.0"),
        ("1.10.0", ""),
        ("1.10", ""),
        ("1.9", ""),
        ("3.0.0", "2.2.0"),
    ],
)
def test_the_version_before_is_the_latest_that_is_older(version: str, before: str) -> None:
    """No cluster older than 1.10 made backups."""
    assert version_before(version) == before


def test_a_cluster_of_the_first_version_has_always_had_it() -> None:
    """Its upgrades were of something else."""
    for seed in SEEDS:
        backups = past(seed, 200, version="1.10.0")
        assert {backup.dcos_version for backup in backups} == {"1.10.0"}
        assert {each.label for each in backups if "upgrade" in each.label} == {"pre-upgrade"}


# --- in a cluster --------------------------------------------------------------------------------


def test_a_cluster_has_its_made_up_apps_beside_its_own() -> None:
    """Marathon shows all of them."""
    simulation = Simulation(made_up=3, seed="0")
    simulation.deploy("/mine")
    assert len(simulation.apps) == 4


def test_a_cluster_has_its_made_up_backups_beside_its_own() -> None:
    """All of them oldest first."""
    mine = ExistingBackup(label="mine", age=parse_duration("12h"))
    simulation = Simulation(ClusterSpec(backups=(mine,)), made_up_backups=30, seed="0")
    backups = list(simulation.backups.values())
    assert len(backups) == 31
    assert [backup.label for backup in backups].count("mine") == 1
    assert backups == sorted(backups, key=lambda backup: backup.timestamp)


def test_a_made_up_backup_holds_the_apps_of_the_start() -> None:
    """As every backup does that is there from the start; one in error cannot be restored."""
    simulation = Simulation(made_up=200, made_up_backups=30, seed="0")
    apps = dict(simulation.apps)
    for app_id in apps:
        simulation.remove(app_id)
    oldest = next(each for each in simulation.backups.values() if each.status is Status.READY)
    simulation.do(Restore(oldest.id))
    simulation.clock.advance("1m")
    assert dict(simulation.apps) == apps


def test_more_made_up_backups_leave_the_ids_of_the_newer_ones() -> None:
    """And those of the backups that are made later."""
    few, many = (Simulation(made_up_backups=count, seed="0") for count in (30, 31))
    assert list(many.backups)[1:] == list(few.backups)
    assert few.chance.backup_uuid() == many.chance.backup_uuid()


def test_apps_do_not_change_the_ids_of_backups() -> None:
    """Nor the seed of anything else: every stream is its own."""
    bare = Simulation(seed="0")
    crowded = Simulation(seed="0", made_up=50, made_up_backups=50)
    assert [bare.chance.backup_uuid(), bare.chance.between(0, 10**9)] == [
        crowded.chance.backup_uuid(),
        crowded.chance.between(0, 10**9),
    ]
