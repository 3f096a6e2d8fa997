from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.core.instants import parse_duration
from simulator.harness.clients.in_process import start_cluster
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.staging import first_trouble, play
from simulator.service.fake_cluster import FakeCluster

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
    """Return how to play a scenario up to a moment; its cluster ends with the test."""
    started: list[FakeCluster] = []

    def played(text: str, until: str) -> tuple[FakeCluster, dict[str, str]]:
        path = tmp_path / "flow.scenario.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        (scenario,) = load_scenarios(path)
        started.append(start_cluster(scenario, "0"))
        return started[-1], dict(play(scenario, started[-1], parse_duration(until)))

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
