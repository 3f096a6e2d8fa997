import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]

GOLDEN = Path(__file__).parent / "golden"

RICH = """\
scenario: Everything that can be scripted
cases:
  - {case: quick, length: 10s}
  - {case: slow, length: {between: [1h, 2h]}}
tags: [smoke]
cluster:
  dcos_version: 1.12.3
  start: 2020-02-29T12:00:00Z
  marathon: {apps: [/web, /db]}
  backups: [{label: old, as: old, age: 1d}, {label: older, age: 2d, times: 3}]
time: {per_request: 5s}
script:
  - on: create
    when: {label: "night*"}
    times: 2
    then:
      - {status: STATUS_BACKING_UP, for: <length>}
      - {status: STATUS_BACKING_UP, for: {between: [10s, 1m]}, shown_as: STATUS_ODD}
      - {status: STATUS_BACKING_UP, for: {polls: 3}}
      - {status: STATUS_BACKING_UP, for: {until: go}, overall: STATUS_READY}
      - {status: STATUS_BACKING_UP, for: 90s, component: history}
      - one_of:
          - weight: 3
            then: [{status: STATUS_READY}]
          - then:
              - {status: STATUS_ERROR, error: no leader}
              - {status: STATUS_ERROR, component: history, error: disk is full}
  - on: create
    optional: true
    then: [{status: STATUS_BACKING_UP, for: forever}]
  - on: restore
    then:
      - {status: STATUS_RESTORING, for: 1m30s}
      - {status: STATUS_RESTORING, for: 500ms, component: history}
steps:
  - create: {label: nightly}
    as: first
  - cluster: {release: go}
  - wait: {backup: first, for: STATUS_READY}
  - restore: {backup: first}
    expect: {status: STATUS_READY}
expect: {creates: 1}
"""


def test_a_rich_file_is_explained_like_this(dcos_sim: Run, write: Write) -> None:
    """``UPDATE_GOLDEN=1 pytest`` writes the expected text anew."""
    finished = dcos_sim("explain", write("rich", RICH).name)
    path = GOLDEN / "rich.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(finished.stdout, encoding="utf-8")
    assert finished.returncode == 0
    assert finished.stdout == path.read_text(encoding="utf-8")


def test_a_file_without_scripts_names_the_default(dcos_sim: Run, write: Write) -> None:
    """What happens must be somewhere."""
    write("plain", "scenario: Plain\nsteps:\n  - list: {}\n")
    assert dcos_sim("explain", "plain.scenario.yaml").stdout == (
        "Plain\n"
        "cluster   DC/OS 1.13.0, 0 apps, 0 backups at the start\n"
        "time      manual, from 2019-03-18T23:16:33.265478871Z\n"
        "\n"
        "no script: a backup and a restore take 30s each, then STATUS_READY\n"
        "\n"
        "steps\n"
        "    1  {list: {}}\n"
    )


def test_what_is_made_up_is_said_to_be(dcos_sim: Run, write: Write) -> None:
    """Nobody looks for its names in the file."""
    cluster = "cluster: {marathon: {apps: 200}, backups: 30}"
    write("past", f"scenario: A past\n{cluster}\nsteps:\n  - list: {{}}\n")
    assert (
        "cluster   DC/OS 1.13.0, 200 made-up apps, 30 made-up backups at the start\n"
        in dcos_sim("explain", "past.scenario.yaml").stdout
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "wrong.scenario.yaml",
            "wrong.scenario.yaml:1:1: the file needs steps to take or a program",
        ),
        ("none.scenario.yaml", "none.scenario.yaml:1:1: cannot be read: No such file"),
        (".", ".:1:1: cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_explained_is_a_usage_error(
    dcos_sim: Run, write: Write, name: str, said: str
) -> None:
    """With the loader's message."""
    write("wrong", "scenario: Wrong\n")
    finished = dcos_sim("explain", name)
    assert finished.returncode == 4
    assert finished.stderr.startswith(said)
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
