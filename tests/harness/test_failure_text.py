import re
import shlex
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import pytest

from simulator.clock import Clock
from simulator.core.events import Event
from simulator.core.instants import Duration, after
from simulator.core.time_policies import Manual
from simulator.harness.failure_text import failure_text, replay_command
from simulator.harness.language.source_file import in_one_line
from simulator.harness.plain_text import SHOWN_MAX
from simulator.harness.ports import Client, Failed, Ok, Outcome
from simulator.harness.timeline import timeline
from simulator.harness.verdict import Verdict
from simulator.journal import Exchange, Journal
from simulator.simulation import Simulation

Run = Callable[..., Verdict]
Behaviour = Callable[[Client, str], Awaitable[Outcome]]

FAILURES = Path(__file__).parent / "golden" / "failures"

EVERY_EVENT = """
    cluster: {marathon: {apps: [/web, /db]}}
    script:
      - on: create
        then:
          - {status: STATUS_BACKING_UP, for: {until: go}, shown_as: STATUS_ODD}
          - {status: STATUS_BACKING_UP, for: {polls: 1}, component: history}
      - on: restore
        times: 1
        then:
          - {status: STATUS_RESTORING, for: 1m30s}
          - {status: STATUS_ERROR, error: no leader}
    steps:
      - create: {label: nightly}
        as: first
      - show: {backup: first}
      - cluster: {release: go}
      - wait: {backup: first, for: STATUS_READY}
      - cluster: {remove: /web}
      - cluster: {deploy: /new}
      - restore: {backup: first}
      - wait: {restore: first, for: STATUS_ERROR}
      - delete: {backup: first}
      - create: {label: weekly}
        as: second
      - cluster: {lose: second}
      - cluster: {disk: full}
      - cluster: {disk: free}
      - cluster: {restart: resume}
      - cluster: {tokens: revoked}
    expect:
      apps: [/web, /db]
      backups: {second: absent}
"""


async def claims_an_id(correct: Client, label: str) -> Outcome:
    """Create nothing, and say otherwise."""
    del correct
    return Ok(f"{label}-0")


async def loses_one(correct: Client, prefix: str) -> Outcome:
    """List all but the last backup."""
    outcome = await correct.list(prefix)
    return Ok(outcome.value[:-1]) if isinstance(outcome, Ok) else outcome


async def takes_it_for_a_failure(correct: Client, label: str) -> Outcome:
    """Create a backup and report a failure."""
    await correct.create(label)
    return Failed("unexpected answer", 200)


@pytest.mark.parametrize(
    ("name", "text", "altered"),
    [
        (
            "false_success",
            "steps: [{create: {label: nightly}, as: first}]",
            {"create": claims_an_id},
        ),
        (
            "error_instead_of_ready",
            """
            script:
              - on: create
                then:
                  - {status: STATUS_BACKING_UP, for: 65s}
                  - {status: STATUS_ERROR, error: could not reach the Marathon leader}
            steps:
              - create: {label: nightly}
                as: first
              - wait: {backup: first, for: STATUS_READY, within: 5m, every: 10s}
            """,
            {},
        ),
        (
            "nearest_miss",
            """
            script:
              - on: create
                then: [{status: STATUS_BACKING_UP, for: {between: [40s, 60s]}}]
            steps:
              - create: {label: nightly}
                as: first
              - wait:
                  backup: first
                  for: STATUS_READY
                  within: 30s
            """,
            {},
        ),
        (
            "lost_entry",
            """
            cluster:
              backups:
                - {label: weekly, as: old, age: 7d}
                - {label: daily, age: 1d, times: 4}
            steps:
              - list: {}
                expect: {count: 5}
            """,
            {"list": loses_one},
        ),
        (
            "failure_that_was_none",
            """
            steps:
              - create: {label: nightly}
                expect: refused
            """,
            {"create": takes_it_for_a_failure},
        ),
        ("every_event", EVERY_EVENT, {}),
        (
            "end_of_a_scenario",
            """
            script:
              - on: restore
                when: {label: weekly}
                then: [{status: STATUS_READY}]
            steps:
              - create: {label: x}
                expect: refused
            expect:
              creates: 1
              marathon: unavailable
            """,
            {},
        ),
    ],
)
def test_a_failure_reads_like_this(
    run: Run,
    golden: Callable[[Path, str], None],
    name: str,
    text: str,
    altered: dict[str, Behaviour],
) -> None:
    """The cause first, then the timeline, then how to see it again."""
    golden(FAILURES / f"{name}.txt", failure_text(run(text, **altered)))


def test_every_kind_of_event_has_a_line(run: Run) -> None:
    """So that nothing in the timeline is blank."""
    verdict = run(EVERY_EVENT)
    kinds = {type(entry) for _, entry in verdict.journal.numbered()}
    assert kinds == {*get_args(Event), Exchange}
    for line in failure_text(verdict).splitlines():
        assert not line.endswith("* ")


def test_a_text_is_the_same_whenever_it_is_written(run: Run) -> None:
    """Nothing in it comes from real time or from real chance."""
    assert failure_text(run(EVERY_EVENT)) == failure_text(run(EVERY_EVENT))


# --- the timeline ------------------------------------------------------------------------------


def exchange(simulation: Simulation, **fields: object) -> Exchange:
    """Return a plain request for a list, but for these fields."""
    plain = Exchange(
        at=simulation.clock.now,
        method="GET",
        target="/system/v1/backup/v1/list",
        headers=(),
        request_body=b"",
        operation="list",
        status=200,
        response_body=b"[]",
        why="what is stored",
        reply=None,
        notes=(),
    )
    return plain._replace(**fields)  # type: ignore[arg-type] # named fields of the tuple


def lines(clock: Clock, journal: Journal) -> list[str]:
    """Return the lines of a timeline without their margins."""
    return [line.strip() for line in timeline(journal, clock.start)]


def test_requests_that_are_the_same_are_folded() -> None:
    """With the number of the first and the last, and how long it went on."""
    simulation = Simulation()
    for _ in range(4):
        simulation.journal.record(exchange(simulation))
        simulation.clock.advance("10s")
    simulation.journal.record(exchange(simulation, target="/system/v1/backup/v1/list?prefix=a"))
    assert lines(simulation.clock, simulation.journal) == [
        "+0s    #1 to #4 GET /list → 200    (what is stored)",
        "… 4 times the same, until +30s",
        "+40s    #5 GET /list?prefix=a → 200    (what is stored)",
    ]


def test_other_requests_between_them_keep_requests_apart() -> None:
    """Order is what a timeline is for."""
    simulation = Simulation()
    for target in ("/a", "/b", "/a"):
        simulation.journal.record(exchange(simulation, target=target))
    assert len(lines(simulation.clock, simulation.journal)) == 3


def test_events_are_never_folded() -> None:
    """Each is told, also when two read the same."""
    simulation = Simulation()
    simulation.release("go")
    simulation.release("go")
    assert lines(simulation.clock, simulation.journal) == ["+0s      * 'go' is released"] * 2


def test_dropped_entries_are_said_to_be_missing() -> None:
    """A bounded journal does not look like a whole one."""
    simulation = Simulation(journal_limit=2)
    for name in ("a", "b", "c", "d"):
        simulation.release(name)
    assert lines(simulation.clock, simulation.journal) == [
        "+0s  … 2 older entries were not kept",
        "+0s      * 'c' is released",
        "+0s      * 'd' is released",
    ]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"status": 401, "response_body": b"\n<!DOCTYPE html>"}, "401 an HTML page"),
        ({"status": 400, "response_body": b'{"errors": ["a", "b"]}'}, "400 a; b"),
        ({"status": 502, "response_body": b"bad gateway"}, "502 "),
        ({"notes": ("one", "two")}, "200    (what is stored; one; two)"),
        ({"target": "/%C3%BC?prefix=a%20b"}, "GET /ü?prefix=a b → 200"),
        ({"request_body": b'{\n "label": "x"\n}'}, 'GET /list { "label": "x" } → 200'),
        ({"request_body": b"\xff"}, "GET /list \ufffd → 200"),
        ({"request_body": b"x" * 500}, f"GET /list {'x' * SHOWN_MAX}… → 200"),
    ],
)
def test_a_request_is_told_in_one_line(fields: dict[str, object], shown: str) -> None:
    """What was sent, what was answered, and why; shortened where it is long."""
    simulation = Simulation()
    simulation.journal.record(exchange(simulation, **fields))
    (line,) = lines(simulation.clock, simulation.journal)
    assert shown in line


def test_what_was_before_the_beginning_is_told_as_such() -> None:
    """The clock may have been started later than the journal."""
    simulation = Simulation()
    simulation.release("go")
    later = Clock(Manual(), after(simulation.clock.start, Duration(90_000_000_000)))
    assert lines(later, simulation.journal) == ["-1m30s      * 'go' is released"]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"create": {"label": "a"}, "as": "b"}, "{create: {label: a}, as: b}"),
        ({"list": {}}, "{list: {}}"),
        (["a", {"b": ["c"]}], "[a, {b: [c]}]"),
        ("plain", "plain"),
        ({"create": {"label": "two\nlines"}}, '{create: {label: "two\\nlines"}}'),
    ],
)
def test_a_step_is_written_as_in_its_file(step: object, text: str) -> None:
    """In flow style, on one line."""
    assert in_one_line(step) == text


# --- replay ------------------------------------------------------------------------------------


def test_the_replay_command_is_fit_for_a_shell(run: Run) -> None:
    """Quoted where a shell would split or expand: that is tried below."""
    verdict = run("steps: [{advance: 1s}]")
    assert replay_command(verdict) == (
        "dcos-sim test flow.scenario.yaml::flow@fake --client fake --sim-seed test"
    )


def told(output: str) -> str:
    """Return the part of pytest's output that the failure text makes, without the port."""
    start = output.index("A test (")
    end = output.index("replay: ")
    return re.sub(r"127\.0\.0\.1:\d+", "HOST", output[start:end])


def test_the_replay_command_runs_the_same_failure_again(
    tmp_path: Path, dcos_sim: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """The very case, with the same ids and the same drawn lengths."""
    (tmp_path / "a file.scenario.yaml").write_text(
        """
scenario: A test
cases:
  - {case: it's one}
  - {case: the other}
cluster: {marathon: {apps: 2}}
script:
  - {on: create, then: [{status: STATUS_BACKING_UP, for: {between: [1s, 1h]}}]}
steps:
  - create: {label: nightly}
  - advance: 1h
expect: {creates: 2}
""",
        encoding="utf-8",
    )
    first = dcos_sim("test", "a file.scenario.yaml", "-k", "one", "-q")
    assert first.returncode == 1, first.stdout + first.stderr
    (command,) = re.findall(r"^replay: dcos-sim (.*)$", first.stdout, re.MULTILINE)
    again = dcos_sim(*shlex.split(command))
    assert again.returncode == 1
    assert "1 failed" in again.stdout
    assert told(again.stdout) == told(first.stdout)
