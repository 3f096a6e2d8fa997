import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.core.instants import parse_duration
from simulator.core.time_policies import Manual
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import start_cluster, target_of
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.runner import run_scenario
from simulator.harness.staging import first_trouble, play
from simulator.service.fake_cluster import FakeCluster

BUNDLED = Path(__file__).parents[2] / "scenarios"

Play = Callable[[str, str], tuple[FakeCluster, dict[str, str]]]

FLOW = """
    scenario: A whole flow
    cluster:
      marathon: {apps: [/web]}
      backups: [{label: older, as: old}]
    script:
      - on: create
        then: [{status: STATUS_BACKING_UP, for: 42s}, {status: STATUS_ERROR, error: disk full}]
    faults:
      - {on: create, do: {answer: 502}}
    steps:
      - create: {label: nightly}
        as: first
        expect: unsuccessful
      - list: {}
      - wait: {backup: first, for: STATUS_ERROR, every: 10s}
      - cluster: {deploy: /late}
      - restore: {backup: old}
      - advance: next
      - delete: {backup: first}
      - advance: 1m
"""


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Play]:
    """Return how to play a scenario up to a moment, or to the end of its steps."""
    started: list[FakeCluster] = []

    def played(text: str, until: str) -> tuple[FakeCluster, dict[str, str]]:
        path = tmp_path / "flow.scenario.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        (scenario,) = load_scenarios(path)
        started.append(start_cluster(scenario, "0"))
        moment = parse_duration(until) if until else None
        return started[-1], dict(play(scenario, started[-1], moment))

    yield played
    for cluster in started:
        cluster.stop()


def statuses(cluster: FakeCluster) -> dict[str, str]:
    """Return the status of every backup by its label."""
    return {backup.label: backup.status for backup in cluster.backups.values()}


def test_time_stops_at_the_moment(played: Play) -> None:
    """In the middle of a wait: the backup still runs."""
    cluster, names = played(FLOW, "30s")
    assert cluster.clock.elapsed == parse_duration("30s")
    assert statuses(cluster) == {"older": "STATUS_READY", "nightly": "STATUS_BACKING_UP"}
    assert set(names) == {"old", "first"}


def test_at_the_start_only_what_begins_there_has_happened(played: Play) -> None:
    """The first create falls there."""
    cluster, _ = played(FLOW, "0s")
    assert statuses(cluster)["nightly"] == "STATUS_BACKING_UP"
    assert list(cluster.apps) == ["/web"]


def test_a_wait_ends_with_the_poll_that_shows_it(played: Play) -> None:
    """After 42 s, asked every 10: at 50 the steps go on, and the restore runs."""
    cluster, _ = played(FLOW, "50s")
    assert statuses(cluster)["nightly"] == "STATUS_ERROR"
    assert list(cluster.apps) == ["/web", "/late"]
    assert next(iter(cluster.backups.values())).is_being_restored


def test_all_steps_are_played_where_there_is_time(played: Play) -> None:
    """And the rest of the time passes."""
    cluster, _ = played(FLOW, "1h")
    assert cluster.clock.elapsed == parse_duration("1h")
    assert statuses(cluster) == {"older": "STATUS_READY"}
    assert list(cluster.apps) == ["/web"]


def test_no_request_is_sent(played: Play) -> None:
    """So no fault strikes, and the journal begins with whoever comes."""
    cluster, _ = played(FLOW, "1h")
    assert cluster.journal.exchanges == ()
    assert [use.hits for use in cluster.faults.uses] == [0]


def test_what_the_cluster_refuses_is_passed_over(played: Play) -> None:
    """As a scenario may expect it to."""
    cluster, _ = played(
        """
        scenario: Refusals
        steps:
          - create: {label: x}
            expect: refused
          - create: {label: nightly}
            as: first
          - create: {label: second}
            expect: refused
          - delete: {id: unknown}
            expect: refused
          - advance: {backup: first, until: STATUS_READY}
        """,
        "30s",
    )
    assert statuses(cluster) == {"nightly": "STATUS_READY"}


def test_a_program_begins_at_the_start_and_things_happen_meanwhile(played: Play) -> None:
    """At their times, as far as they lie before the moment."""
    text = """
        scenario: A program
        script:
          - on: create
            then: [{status: STATUS_BACKING_UP, for: {until: go}}]
        program:
          run: backup
          label: nightly
          as: first
          meanwhile:
            - {at: 2m, cluster: {release: go}}
    """
    early, names = played(text, "1m59s")
    assert statuses(early) == {"nightly": "STATUS_BACKING_UP"}
    assert list(names) == ["first"]
    late, _ = played(text, "2m")
    assert statuses(late) == {"nightly": "STATUS_READY"}


def test_a_wait_for_what_time_alone_does_not_bring_takes_none(played: Play) -> None:
    """What a stage is that only polls end, nobody can play without polling."""
    cluster, _ = played(
        """
        scenario: Polls
        script:
          - on: create
            then: [{status: STATUS_BACKING_UP, for: {polls: 3}}]
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
          - advance: 5s
        """,
        "5s",
    )
    assert statuses(cluster) == {"nightly": "STATUS_BACKING_UP"}
    assert cluster.clock.elapsed == parse_duration("5s")


QUEUE = """
scenario: A queue
time: {time}
script:
  - on: create
    then:
      - {{status: STATUS_BACKING_UP, for: 0s}}
      - {{status: STATUS_BACKING_UP, for: 15s}}
      - {{status: STATUS_BACKING_UP, for: 28s, shown_as: STATUS_QUEUED}}
  - on: restore
    optional: true
    then: [{{status: STATUS_RESTORING, for: 30s, shown_as: STATUS_SLOW}}]
steps:
- create: {{label: nightly}}
  as: first
{steps}
"""
"""Clients are shown a status of its own from 15 s to 43 s, when the backup is ready."""


@pytest.mark.parametrize(
    ("step", "passed"),
    [
        ("wait: {backup: first, for: STATUS_QUEUED}", "20s"),
        ("wait: {backup: first, for: STATUS_READY, every: 7s}", "49s"),
        ("wait: {backup: first, for: STATUS_READY, within: 45s}", "45s"),
        ("wait: {backup: first, for: STATUS_READY, within: 20s}", "20s"),
        ("wait: {backup: first, for: STATUS_ERROR}", "50s"),
        ("wait: {restore: first, for: STATUS_READY}", "50s"),
        ("advance: next", "15s"),
        ("advance: {backup: first, until: STATUS_READY}", "43s"),
    ],
)
def test_as_much_time_passes_as_in_a_run(played: Play, step: str, passed: str) -> None:
    """To the poll that shows a status, also one of a script's own, and never past the last one."""
    cluster, _ = played(QUEUE.format(time="manual", steps=f"- {step}"), "")
    assert cluster.clock.elapsed == parse_duration(passed)


def test_a_wait_knows_what_a_restore_shows(played: Play) -> None:
    """That is what its components show."""
    steps = """
- advance: {backup: first, until: STATUS_READY}
- restore: {backup: first}
- wait: {restore: first, for: STATUS_SLOW}
- wait: {restore: first, for: STATUS_READY, every: 1s}
"""
    cluster, _ = played(QUEUE.format(time="manual", steps=steps), "")
    assert cluster.clock.elapsed == parse_duration("1m13s")


def test_where_requests_move_time_a_wait_ends_with_the_change(played: Play) -> None:
    """How many polls there would be, nobody knows."""
    step = "- wait: {backup: first, for: STATUS_READY, every: 10s}"
    cluster, _ = played(QUEUE.format(time="{per_request: 1s}", steps=step), "")
    assert cluster.clock.elapsed == parse_duration("43s")


def test_nothing_is_done_for_whom_admin_router_does_not_let_in(played: Play) -> None:
    """Without a token at once, without the permission after five seconds."""
    cluster, _ = played(
        """
        scenario: Let in and out
        cluster: {backups: [{label: older, as: old}]}
        steps:
          - cluster: {tokens: revoked}
          - delete: {backup: old}
            expect: refused
          - cluster: {tokens: accepted}
          - cluster: {permission: withdrawn}
          - advance: 4s
          - create: {label: in-time}
          - advance: 30s
          - create: {label: too-late}
            expect: refused
        """,
        "",
    )
    assert list(statuses(cluster)) == ["older", "in-time"]


def test_time_ends_also_for_a_scenario(played: Play) -> None:
    """A wait that would go on behind the last year is given up, and the rest is not waited for."""
    cluster, _ = played(
        """
        scenario: Late
        cluster: {start: 9000-12-31T23:59:49Z}
        steps:
          - create: {label: nightly}
            as: first
          - wait: {backup: first, for: STATUS_READY}
        """,
        "1h",
    )
    assert cluster.clock.elapsed == parse_duration("10s")


def state(cluster: FakeCluster) -> tuple[object, ...]:
    """Return all of a cluster that a scenario can have changed."""
    backups = [
        (backup.id, backup.status, [restore.status for restore in backup.restores])
        for backup in cluster.backups.values()
    ]
    return cluster.clock.elapsed, backups, list(cluster.apps), cluster.marathon_available


async def run(scenario: Scenario, cluster: FakeCluster) -> None:
    """Run a scenario through the built-in client."""
    async with client_kind("http").open(target_of(cluster), cluster.clock) as session:
        assert (await run_scenario(scenario, session, cluster, seed="0")).passed


def test_what_is_played_comes_to_what_a_run_comes_to() -> None:
    """Every bundled scenario in which time stands still by itself and no fault strikes."""
    count, others = 0, set()
    for path in BUNDLED.rglob("*.scenario.yaml"):
        for scenario in load_scenarios(path):
            model = scenario.model
            if model.program or model.faults or scenario.policy != Manual():
                continue
            with start_cluster(scenario, "0") as ran, start_cluster(scenario, "0") as shown:
                asyncio.run(run(scenario, ran))
                play(scenario, shown)
                if state(ran) != state(shown):
                    others.add(scenario.name)
            count += 1
    assert count > 100
    assert others == {"a-backup-is-ready-after-some-polls"}  # and there are none


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        ("- list: {}\n- wait: {backup: old, for: STATUS_ERROR}\n- list: {}", 2),
        ("- list: {}\n- create: {label: x}\n  expect: refused", 1),
        ("- show: {backup: old}\n  expect: {status: STATUS_ERROR}", 0),
        ("- list: {}\n- show: {backup: old}\n  expect: failed", 1),
        ("- list: {}\n- advance: 1s\n- delete: {backup: old}", 3),
    ],
)
def test_the_first_trouble_is_found(steps: str, count: int, tmp_path: Path) -> None:
    """A wait for it is taken; what would be refused is left to whoever comes."""
    path = tmp_path / "flow.scenario.yaml"
    text = f"scenario: x\ncluster: {{backups: [{{label: old, as: old}}]}}\nsteps:\n{steps}\n"
    path.write_text(text, encoding="utf-8")
    (scenario,) = load_scenarios(path)
    assert first_trouble(scenario) == count
