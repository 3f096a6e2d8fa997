import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest

from simulator.cli.typed import obey
from simulator.simulation import Simulation

SECONDS_AT_MOST = 30
"""Of real time: a command that hangs fails its test instead of stopping the run."""

STOPS_WITHIN_SECONDS = 5
"""It takes a fraction of one; the rest is for a busy machine."""

BASE_PATH = "/system/v1/backup/v1"

RATES = "the rate must be from 0.1 to 1000000, or 0: time stands still"

Process = subprocess.Popen[str]
Run = Callable[..., subprocess.CompletedProcess[str]]


class Start(Protocol):
    """Starts ``dcos-sim serve``."""

    def __call__(self, *options: str) -> tuple[Process, dict[str, str]]:
        """Return the process and what it has announced, by the first word of each line."""
        ...


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Return how to start a served cluster; what still runs is killed with the test."""
    started: list[Process] = []

    def start(*options: str) -> tuple[Process, dict[str, str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.cli.main", "serve", *options],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, announced(process)

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=SECONDS_AT_MOST)


def announced(process: Process) -> dict[str, str]:
    """Read what a served cluster prints, up to its last line."""
    assert process.stdout
    said: dict[str, str] = {}
    watchdog = threading.Timer(SECONDS_AT_MOST, process.kill)
    watchdog.start()
    while "Ctrl-C" not in said:
        word, _, rest = process.stdout.readline().strip().partition(" ")
        assert word, f"it ended after {said}"
        said[word] = rest.strip()
    watchdog.cancel()
    return said


def ask(said: dict[str, str], method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """Ask a served cluster as curl would; return what it answers."""
    address = urlsplit(said["url"]).netloc
    connection = HTTPConnection(address, timeout=SECONDS_AT_MOST)
    headers = {"Authorization": f"token={said['token']}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body)
    connection.request(method, BASE_PATH + path, body=sent, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == 200, answer
    return json.loads(answer) if answer else None


def status_once_it_changes(said: dict[str, str], before: str) -> str:
    """Poll until the only backup has another status; cluster time runs by itself."""
    for _ in range(10_000):
        (backup,) = ask(said, "GET", "/list")
        if backup["status"] != before:
            return str(backup["status"])
    raise AssertionError(f"still {before}")


# --- serving -----------------------------------------------------------------------------------


def test_a_served_cluster_says_how_to_reach_it(start: Start) -> None:
    """Address, user, password, token; what time does; that its journal is bounded."""
    _, said = start()
    assert said["url"].startswith("http://127.0.0.1:")
    assert (said["user"], said["password"]) == ("bootstrapuser", "deleteme")
    assert said["time"] == "1 s in each real second"
    assert said["journal"] == "the last 10000 entries are kept"
    assert said["export"] == f"DCOS_URL={said['url']} DCOS_ACS_TOKEN={said['token']}"


def test_a_whole_flow_takes_no_time_at_a_high_rate(start: Start) -> None:
    """At rate 1000 the 30 seconds of a backup are 30 milliseconds."""
    _, said = start("--rate", "1000")
    made = ask(said, "POST", "/create", {"label": "nightly"})
    assert made["status"] == "STATUS_BACKING_UP"
    assert status_once_it_changes(said, "STATUS_BACKING_UP") == "STATUS_READY"
    restored = ask(said, "POST", "/restore", {"id": made["id"]})
    assert restored["restores"]["component_status"]["marathon"]["status"] == "STATUS_RESTORING"


def test_the_seed_decides_the_ids(start: Start) -> None:
    """So that what was seen can be seen again."""
    made = [
        ask(start("--seed", seed, "--rate", "0")[1], "POST", "/create", {"label": "nightly"})["id"]
        for seed in ("a", "a", "b")
    ]
    assert made[0] == made[1] != made[2]


def test_the_options_reach_the_cluster(start: Start) -> None:
    """Version, stopped time, and a port of one's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, said = start("--dcos-version", "2.2.0", "--rate", "0", "--apps", "0", "--port", str(port))
    assert said["url"] == f"http://127.0.0.1:{port}"
    assert said["time"] == "manual"
    assert ask(said, "POST", "/create", {"label": "nightly"})["dcos_version"] == "2.2.0"


def test_a_served_cluster_can_have_a_past(start: Start) -> None:
    """Of as many backups as are asked for."""
    _, said = start("--backups", "30", "--rate", "0")
    labels = [backup["id"][:-37] for backup in ask(said, "GET", "/list")]
    assert len(labels) == 30
    assert any(label.startswith("nightly") for label in labels)


# --- time in one's hands ------------------------------------------------------------------------


def typed(process: Process, *lines: str) -> list[str]:
    """Type lines; return the answer to each."""
    assert process.stdin
    assert process.stdout
    answers = []
    for line in lines:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answers.append(process.stdout.readline().rstrip("\n"))
    return answers


def test_time_can_be_stepped_by_hand(start: Start) -> None:
    """To the next event, by so much, or until a status; the answer is what time it is."""
    process, said = start("--rate", "0")
    ask(said, "POST", "/create", {"label": "nightly"})
    answers = typed(process, "advance 10s", "next", "time")
    assert [answer.split(", ")[1:] for answer in answers] == [
        ["+10s", "manual"],
        ["+30s", "manual"],
        ["+30s", "manual"],
    ]
    assert ask(said, "GET", "/list")[0]["status"] == "STATUS_READY"
    ask(said, "POST", "/create", {"label": "weekly"})
    (answer,) = typed(process, "until weekly STATUS_READY within 1h")
    assert answer.split(", ")[1] == "+1m"


def test_time_can_be_paused_and_run_at_another_rate(start: Start) -> None:
    """At once."""
    process, said = start("--rate", "1000000", "--pause")
    assert said["paused"] == "until you type: resume"
    assert typed(process, "time")[0].endswith(", +0s, 1000000 s in each real second, paused")
    ask(said, "POST", "/create", {"label": "nightly"})
    assert ask(said, "GET", "/list")[0]["status"] == "STATUS_BACKING_UP"
    typed(process, "resume")
    assert status_once_it_changes(said, "STATUS_BACKING_UP") == "STATUS_READY"
    assert typed(process, "rate 0", "pause")[-1].endswith(", manual, paused")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("stop", "there is no 'stop'; type one of: time | pause"),
        ("advance", "type it like: advance 90s"),
        ("advance soon", "'soon' is not a duration; write one like 90s"),
        ("rate fast", "'fast' is no number; type one like: rate 60"),
        ("rate 1e9", RATES),
        ("next", "nothing changes by itself any more"),
        ("until nightly", "type it like: until nightly STATUS_READY within 1h"),
        ("until nightly STATUS_READY", "there is no backup with the id or label 'nightly'"),
        ("pause now", "type it like: pause"),
    ],
)
def test_what_cannot_be_done_is_answered_with_one_sentence(line: str, answer: str) -> None:
    """And nothing has happened."""
    simulation = Simulation()
    assert obey(line, simulation).startswith(answer)
    assert simulation.clock.elapsed == 0
    assert not simulation.clock.is_paused


def test_a_cluster_without_a_keyboard_is_served_on(start: Start) -> None:
    """Standard input may end."""
    process, said = start("--rate", "0")
    assert process.stdin
    process.stdin.close()
    assert ask(said, "GET", "/list") == []
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=STOPS_WITHIN_SECONDS) == 0
    process.stdin = None


# --- stopping ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_it_cleanly(start: Start, name: str) -> None:
    """Also with a client that keeps its connection: status 0, no traceback, the port is free."""
    process, said = start()
    address = urlsplit(said["url"])
    assert address.port
    with socket.create_connection(("127.0.0.1", address.port), timeout=SECONDS_AT_MOST):
        process.send_signal(signal.Signals[name])
        _, errors = process.communicate(timeout=STOPS_WITHIN_SECONDS)
    assert process.returncode == 0
    assert errors == "\nstopped\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", address.port), timeout=SECONDS_AT_MOST)


# --- what is refused ---------------------------------------------------------------------------


def test_a_port_in_use_is_one_sentence(dcos_sim: Run) -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = dcos_sim("serve", "--port", str(port))
    assert finished.returncode == 4
    assert finished.stdout == ""
    assert finished.stderr == (
        f"127.0.0.1:{port} is in use; stop what listens there or take another port "
        "(0: any free one)\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rate", "-1"], RATES),
        (["--rate", "nan"], RATES),
        (["--rate", "1e7"], RATES),
        (["--apps", "-1"], "--apps and --backups must be from 0 to 10000"),
        (["--backups", "-1"], "--apps and --backups must be from 0 to 10000"),
        (["--backups", "10001"], "--apps and --backups must be from 0 to 10000"),
        (["--port", "65536"], "65536 is no port; take one from 0 to 65535 (0: any free one)"),
        (
            ["--dcos-version", "latest"],
            "'latest' is not a version of DC/OS; write one like 1.13.0 or 2.2.0",
        ),
        (["--dcos-version", "2"], "'2' is not a version of DC/OS; write one like 1.13.0 or 2.2.0"),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence(
    dcos_sim: Run, options: list[str], said: str
) -> None:
    """Status 4 and no traceback."""
    finished = dcos_sim("serve", *options)
    assert (finished.returncode, finished.stdout, finished.stderr) == (4, "", f"{said}\n")


# --- a scenario's cluster ------------------------------------------------------------------------

SCRIPTED = """\
scenario: A backup that fails
seed: mine
cluster: {dcos_version: 2.1.0, backups: [{label: older, as: old}]}
script:
  - on: create
    when: {label: "nightly*"}
    then: [{status: STATUS_BACKING_UP, for: 42s}, {status: STATUS_ERROR, error: disk full}]
faults:
  - {on: delete, do: {answer: 503}}
steps:
  - create: {label: nightly}
    as: first
  - wait: {backup: first, for: STATUS_ERROR}
"""
CASES = SCRIPTED.replace(
    "seed: mine\n", "cases: [{case: one, l: nightly}, {case: two, l: x}]\n"
).replace("{label: nightly}", "{label: <l>}")


def test_a_scenario_is_served_as_its_file_scripts_it(
    start: Start, write: Callable[[str, str], Path]
) -> None:
    """Its backups, scripts and faults are there; nothing of its steps has happened."""
    write("mine", SCRIPTED)
    _, said = start("--scenario", "mine.scenario.yaml", "--rate", "0")
    assert said["scenario"] == "A backup that fails"
    assert said["script"] == "create of a backup labelled nightly*"
    assert said["fault"] == "delete: an answer with 503"
    (older,) = ask(said, "GET", "/list")
    assert (older["dcos_version"], older["status"]) == ("2.1.0", "STATUS_READY")
    assert ask(said, "POST", "/create", {"label": "nightly-1"})["status"] == "STATUS_BACKING_UP"


def test_it_can_be_served_from_the_middle_of_its_steps(
    start: Start, write: Callable[[str, str], Path]
) -> None:
    """What is there by then is told."""
    write("mine", SCRIPTED)
    _, said = start("--scenario", "mine.scenario.yaml", "--rate", "0", "--at", "+41s")
    assert said["played"] == "up to +41s"
    assert said["backup"].startswith("first: nightly-")
    shown = {each["id"].split("-")[0]: each["status"] for each in ask(said, "GET", "/list")}
    assert shown == {"older": "STATUS_READY", "nightly": "STATUS_BACKING_UP"}
    assert said["time"] == "manual"


@pytest.mark.parametrize(
    ("text", "options", "time"),
    [
        ("time: manual\nsteps: [list: {}]", [], "1 s in each real second"),
        ("time: autojump\nsteps: [list: {}]", [], "1 s in each real second"),
        ("program: {run: backup, label: x}", [], "1 s in each real second"),
        ("time: {rate: 60}\nsteps: [list: {}]", [], "60 s in each real second"),
        ("time: {per_request: 5s}\nsteps: [list: {}]", [], "5s per request"),
        ("time: {per_request: 5s}\nsteps: [list: {}]", ["--rate", "0"], "manual"),
    ],
)
def test_time_moves_as_a_file_says_where_it_needs_no_client(
    start: Start, write: Callable[[str, str], Path], text: str, options: list[str], time: str
) -> None:
    """A file that leaves it to its client, or says nothing, is served in real time."""
    write("timed", f"scenario: Timed\n{text}\n")
    _, said = start("--scenario", "timed.scenario.yaml", *options)
    assert said["time"] == time


def test_the_seed_that_is_given_comes_before_that_of_the_file(
    start: Start, write: Callable[[str, str], Path]
) -> None:
    """All ids are made from it."""
    write("mine", SCRIPTED)
    write("another", SCRIPTED.replace("mine", "another"))
    given = ("mine", "another", "another --seed mine")
    ids = []
    for each in given:
        file, *options = each.split()
        _, said = start("--scenario", f"{file}.scenario.yaml", *options)
        ids.append(ask(said, "GET", "/list")[0]["id"])
    assert ids[0] == ids[2] != ids[1]


def test_one_case_of_a_file_is_served(start: Start, write: Callable[[str, str], Path]) -> None:
    """That which is named."""
    write("cases", CASES)
    _, said = start("--scenario", "cases.scenario.yaml", "--case", "two", "--pause")
    assert said["scenario"] == "A backup that fails (two)"
    assert said["paused"] == "until you type: resume"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--scenario", "cases.scenario.yaml"],
            "has several cases; name one with --case: one, two",
        ),
        (
            ["--scenario", "cases.scenario.yaml", "--case", "3"],
            "has no such case; it has: one, two",
        ),
        (["--scenario", "mine.scenario.yaml", "--case", "3"], "has no such case; it has: none"),
        (["--scenario", "none.scenario.yaml"], "none.scenario.yaml"),
        (["--scenario", "wrong.scenario.yaml"], "wrong.scenario.yaml:1:1: unknown key 'scenari'"),
        (["--scenario", "mine.scenario.yaml", "--apps", "1"], "--apps is the scenario's to say"),
        (
            ["--scenario", "mine.scenario.yaml", "--at", "noon"],
            "--at noon: 'noon' is not a duration",
        ),
        (["--scenario", "mine.scenario.yaml", "--rate", "-1"], RATES),
        (["--at", "+42s"], "--at needs --scenario FILE beside it"),
        (["--case", "one"], "--case needs --scenario FILE beside it"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(
    dcos_sim: Run, write: Callable[[str, str], Path], options: list[str], said: str
) -> None:
    """With the exit status of everything that the user has to change."""
    write("mine", SCRIPTED)
    write("cases", CASES)
    write("wrong", "scenari: x\n")
    refused = dcos_sim("serve", *options)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        ("disk-full", {"STATUS_READY", "STATUS_ERROR"}),
        ("stuck-after-crash", {"STATUS_BACKING_UP"}),
        ("no-leader", {"STATUS_BACKING_UP"}),
        ("master-replaced", set()),
    ],
)
def test_a_known_cause_is_served_where_it_has_come_to_its_trouble(
    environment: dict[str, str], cause: str, shown: set[str]
) -> None:
    """Whoever looks sees it at once."""
    command = [sys.executable, "-m", "simulator.cli.main", "reproduce", "--cause", cause]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = announced(process)
            assert {each["status"] for each in ask(said, "GET", "/list")} == shown
            assert said["you"].startswith("see")
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 0
