"""Processes of a client have the cluster's dates, and sleep on its clock."""

import asyncio
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.clock import DEFAULT_START, Clock, RealTime
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, parse_duration
from simulator.core.time_policies import Manual, PerRequest, Rate, TimePolicy
from simulator.harness.clients import client_kind, virtual_time
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.clients.processes import Processes
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.clients.virtual_time import SHARED_MEMORY, VirtualTime, find_library
from simulator.harness.failure_text import failure_text
from simulator.harness.language.scenario import Scenario
from simulator.harness.ports import ClientError, Ok, Ran, Target

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="virtual time is for Linux only")

needs_library = pytest.mark.skipif(find_library() is None, reason=virtual_time.NOT_INSTALLED)

SECONDS_AT_MOST = 20
"""Of real time: whatever hangs fails its test instead of stopping the run."""

LONG = Duration(SECONDS_AT_MOST * NANOSECONDS_PER_SECOND)
SHORT = Duration(300_000_000)

TARGET = Target(url="http://127.0.0.1:1", token="t", username="u", password="p")

START = DEFAULT_START / NANOSECONDS_PER_SECOND

Load = Callable[..., tuple[Scenario, ...]]


class Shell:
    """Runs scripts as processes of one client, in a cluster's time."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def run(
        self,
        script: str,
        policy: TimePolicy,
        within: Duration = LONG,
        environment: dict[str, str] | None = None,
    ) -> tuple[Ran, float]:
        """Run one script to its end; returns how it went, and cluster time then since the start."""
        library = find_library()
        assert library

        async def once() -> tuple[Ran, float]:
            clock = Clock(policy)
            given = environment or {}
            made = Processes(self.folder, given, TARGET, VirtualTime(library, clock))
            try:
                ran = await made.run(["bash", "-c", script], {}, within)
                return ran, clock.elapsed / NANOSECONDS_PER_SECOND
            finally:
                assert not made.close()

        return asyncio.run(once())

    def dates(self, script: str, policy: TimePolicy) -> tuple[list[float], float]:
        """Run a script that prints dates; returns them and the cluster's in the end, since then."""
        ran, now = self.run(script, policy)
        assert (ran.status, ran.errors) == (0, ""), ran
        return [float(word) - START for word in ran.output.split()], now


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Return how to run scripts in the test's folder; nothing may be left in shared memory."""
    before = shared_memory()
    yield Shell(tmp_path)
    assert shared_memory() == before


def shared_memory() -> set[str]:
    """Return what this harness has there: the names hold its process id."""
    return {path.name for path in SHARED_MEMORY.glob(f"*faketime*_{os.getpid()}.dcos-sim-*")}


# --- what a process sees -----------------------------------------------------------------------

TREE = """
    date +%s.%N
    sleep 60
    date +%s.%N
    PYTHON -ISc 'import time; print(time.time()); time.sleep(60); print(time.time())'
    (sleep 60; date +%s.%N) | cat
    timeout 600 bash -c 'echo $EPOCHREALTIME'
""".replace("PYTHON", sys.executable)
"""Prints dates, in several programs, with pauses of a minute."""


@needs_library
def test_dates_and_pauses_are_of_the_cluster(shell: Shell) -> None:
    """In every program of the tree, one after the other; three minutes take about a second."""
    began = RealTime.monotonic()
    dates, now = shell.dates(TREE, Rate(200))
    real = RealTime.monotonic() - began
    assert dates == sorted(dates)
    assert dates[0] >= 0
    assert dates[-1] <= now <= real * 200
    pauses = [dates[1] - dates[0], dates[3] - dates[2], dates[4] - dates[3]]
    assert all(pause >= 60 for pause in pauses)


@needs_library
@pytest.mark.parametrize("policy", [Manual(), PerRequest("10s"), Rate(1)], ids=str)
def test_without_a_rate_time_is_real_from_the_date_on(shell: Shell, policy: TimePolicy) -> None:
    """Where requests or steps move the cluster's time: nobody can foresee what they will."""
    dates, _ = shell.dates("date +%s.%N; sleep 0.2; bash -c 'date +%s.%N'", policy)
    assert 0 <= dates[0] < dates[1] - 0.2
    assert dates[1] < SECONDS_AT_MOST


@needs_library
def test_each_process_begins_at_the_present_date(tmp_path: Path) -> None:
    """And none has time of its own while it is over."""
    library = find_library()
    assert library

    async def use() -> list[int]:
        clock = Clock(Manual())
        made = Processes(tmp_path, {}, TARGET, VirtualTime(library, clock))
        try:
            found = []
            for _ in range(2):
                ran = await made.run(["date", "+%s"], {}, LONG)
                found.append(int(ran.output) - int(START))
                clock.advance("1h")
            return found
        finally:
            made.close()

    first, second = asyncio.run(use())
    assert 0 <= first < SECONDS_AT_MOST
    assert 3600 <= second < 3600 + SECONDS_AT_MOST


@needs_library
def test_time_of_the_harness_is_not_handed_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the profile preloads stays; what it says of time itself does not."""
    monkeypatch.setenv("FAKETIME", "2001-01-01 00:00:00")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    ran, _ = shell.run(
        "env | grep -c FAKETIME_DONT_FAKE; date +%Y; echo $LD_PRELOAD",
        Rate(60),
        environment={"LD_PRELOAD": "libdl.so.2"},
    )
    count, year, loaded = ran.output.decode().split()
    assert (count, year) == ("0", "2019")
    assert loaded == f"libdl.so.2:{find_library()}"


@needs_library
@pytest.mark.parametrize(
    ("script", "status"), [("exit 3", 3), ("kill -TERM $$", -signal.SIGTERM)], ids=str
)
def test_its_end_is_its_own(shell: Shell, script: str, status: int) -> None:
    """No wrapper stands between."""
    ran, _ = shell.run(f"sleep 1; {script}", Rate(1000))
    assert (ran.status, ran.output, ran.errors, ran.stopped) == (status, b"", "", "")


@needs_library
def test_a_timeout_is_real_and_leaves_nothing(shell: Shell) -> None:
    """The whole tree is killed, at whatever moment."""
    ran, _ = shell.run("sleep 100000 & while :; do date; done | tail -1", Rate(60), SHORT)
    assert ran.stopped == "it had not ended after 300ms, so it was killed"


@needs_library
def test_many_are_killed_and_the_others_go_on(shell: Shell) -> None:
    """None waits for something that a killed one held."""
    storm = "for i in {1..30}; do (while :; do date; done >/dev/null) & kill -9 $!; done; date +%Y"
    ran, _ = shell.run(storm, Rate(60))
    assert ran.output == b"2019\n"


HARNESS = """
import asyncio
from pathlib import Path
from simulator.clock import Clock
from simulator.core.time_policies import Rate
from simulator.harness.clients import guardian
from simulator.harness.clients.processes import Processes
from simulator.harness.clients.virtual_time import VirtualTime, find_library
from simulator.harness.ports import Target

async def main():
    target = Target(url="", token="", username="", password="")
    time = VirtualTime(find_library(), Clock(Rate(60)))
    processes = Processes(Path.cwd(), {}, target, time)
    processes.start(["sleep", "100000"], {})
    print(guardian.guardian()._process.pid, flush=True)
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


@needs_library
def test_nothing_is_left_when_the_harness_is_killed(tmp_path: Path) -> None:
    """Its guardian removes what it had in shared memory."""
    line = [sys.executable, "-c", HARNESS]
    with subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout
        guards = os.pidfd_open(int(harness.stdout.readline()))
        of_harness = f"*faketime*_{harness.pid}.dcos-sim-*"
        assert len(list(SHARED_MEMORY.glob(of_harness))) == 3
        harness.kill()
    assert select.select([guards], [], [], SECONDS_AT_MOST)[0]
    os.close(guards)
    assert list(SHARED_MEMORY.glob(of_harness)) == []


@needs_library
def test_a_machine_without_shared_memory_says_so(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an error of the client, not as one of the simulator."""
    monkeypatch.setattr(virtual_time, "SHARED_MEMORY", shell.folder / "missing")
    monkeypatch.setattr(virtual_time, "_make_semaphore", lambda _: None)
    with pytest.raises(ClientError, match=r"cannot make virtual time in .*: no such file"):
        shell.run("true", Rate(60))


# --- what a client says of it ------------------------------------------------------------------


class Maker:
    """Makes client profiles and the programs that they name, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def kind(self, **more: object) -> ProfiledClient:
        """Load a profile with virtual time, unless it says otherwise."""
        profile = {"client": "mine", "kind": "http", "virtual_time": "faketime", **more}
        path = self.folder / "mine.client.yaml"
        path.write_text(json.dumps(profile), encoding="utf-8")
        return client_kind(str(path))

    def static(self, name: str) -> None:
        """Make the head of a program that is linked statically, for this kind of machine."""
        path = self.folder / name
        head = bytearray(Path(sys.executable).read_bytes()[:64])
        head[54:64] = bytes(10)  # no headers, of whatever kind
        path.write_bytes(head)
        path.chmod(0o755)


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Return how to make clients in the test's folder."""
    return Maker(tmp_path)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a library be found; nothing is run with it."""
    monkeypatch.setenv("LIBFAKETIME", sys.executable)


BASH = {"backup": {"run": "bash -c ./backup"}}


@pytest.mark.usefixtures("installed")
def test_a_client_has_virtual_time_where_its_profile_says_so(make: Maker) -> None:
    """In a short form and in a long one, with the rate."""
    kind = make.kind(programs=BASH)
    assert (kind.lacks_virtual_time, kind.rate) == ("", 60.0)
    kind = make.kind(programs=BASH, virtual_time={"faketime": "600"})
    assert (kind.lacks_virtual_time, kind.rate) == ("", 600.0)


@pytest.mark.usefixtures("installed")
def test_a_client_without_it_says_so(make: Maker) -> None:
    """One that has no processes lacks nothing."""
    profile = make.folder / "plain.client.yaml"
    profile.write_text("{client: plain, kind: http, programs: {backup: {run: bash}}}")
    assert client_kind(str(profile)).lacks_virtual_time == "no virtual_time in its profile"
    profile.write_text("{client: plain, kind: http}")
    assert client_kind(str(profile)).lacks_virtual_time == ""
    assert client_kind("http").lacks_virtual_time == "no virtual_time in its profile"


@pytest.mark.parametrize("named", ["", "/no/such/library"])
def test_a_missing_library_is_a_reason(
    make: Maker, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Also one that is named and not there."""
    monkeypatch.setenv("LIBFAKETIME", named)
    monkeypatch.setattr(virtual_time, "_PLACES", ())
    why = "libfaketime is not installed (Debian: apt install faketime)"
    assert make.kind(programs=BASH).lacks_virtual_time == why


def test_without_the_library_time_is_real(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client works all the same."""
    monkeypatch.setattr(virtual_time, "find_library", lambda: None)
    operations = {"show": ["bash", "-c", 'echo "\\"${LD_PRELOAD-none}\\""']}
    kind = make.kind(kind="command", operations=operations)

    async def use() -> object:
        async with kind.open(TARGET, Clock(Manual())) as session:
            return await session.client.show("a")

    assert asyncio.run(use()) == Ok("none")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "more",
    [
        {"programs": {"backup": {"run": "./static {label}"}}},
        {"kind": "command", "operations": {"show": "bash", "list": ["./static"]}},
        {"kind": "jsonrpc", "run": ["./static"], "programs": BASH},
    ],
    ids=["program", "command", "jsonrpc"],
)
def test_a_program_out_of_reach_is_a_reason(make: Maker, more: dict[str, object]) -> None:
    """It is no error: the other scenarios run."""
    make.static("static")
    why = "./static is statically linked: libfaketime cannot reach it"
    assert make.kind(**more).lacks_virtual_time == why


@pytest.mark.usefixtures("installed")
def test_programs_are_looked_for_as_they_are_started(make: Maker) -> None:
    """In the PATH of the profile; what is known only with a cluster is taken to be in reach."""
    make.static("client")
    run = {"backup": {"run": "client {label}"}}
    assert make.kind(programs=run).lacks_virtual_time == ""
    why_not = make.kind(programs=run, env={"PATH": str(make.folder)}).lacks_virtual_time
    assert why_not.startswith("client is statically linked")
    assert make.kind(programs={"backup": {"run": "{tmp}/client"}}).lacks_virtual_time == ""


# --- whole scenarios ---------------------------------------------------------------------------

EIGHT_MINUTES = """
    time: autojump
    script:
      - on: create
        then: [{status: STATUS_BACKING_UP, for: 8m}]
    program: {run: backup, label: nightly, as: first, expect: ok}
    expect: {backups: {first: STATUS_READY}}
"""


def example(folder: Path, **environment: str) -> ProfiledClient:
    """Load a profile of the example in bash as it is used in earnest, at 240 times real time."""
    program = Path(__file__).parents[3] / "examples" / "bash-curl" / "backup.sh"
    profile = {
        "client": "in-earnest",
        "kind": "http",
        "env": {"DCOS_URL": "{url}", "DCOS_ACS_TOKEN": "{token}", **environment},
        "programs": {"backup": {"run": [str(program), "create-and-wait", "{label}"]}},
        "virtual_time": {"faketime": "240"},
    }
    path = folder / "in-earnest.client.yaml"
    path.write_text(json.dumps(profile), encoding="utf-8")
    return client_kind(str(path))


@needs_library
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed here")
def test_a_program_waits_with_its_own_pauses(load: Load, tmp_path: Path) -> None:
    """Eight minutes, a poll every ten seconds, in two real seconds."""
    kind = example(tmp_path, POLL_INTERVAL="10", REQUEST_TIMEOUT="600")
    assert kind.lacks_virtual_time == ""
    (scenario,) = load(EIGHT_MINUTES)
    verdict = asyncio.run(run_in_process(scenario, kind, "seed"))
    assert verdict.passed, failure_text(verdict)
    polls = [each for each in verdict.journal.exchanges if each.operation == "list"]
    assert 5 <= len(polls) <= 49
    assert polls[-1].at - verdict.journal.exchanges[0].at >= parse_duration("8m")


@needs_library
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed here")
def test_a_program_that_gives_up_too_early_is_caught(load: Load, tmp_path: Path) -> None:
    """By the pauses that it has in earnest."""
    kind = example(tmp_path, POLL_INTERVAL="10", POLL_LIMIT="12", REQUEST_TIMEOUT="600")
    (scenario,) = load(EIGHT_MINUTES)
    assert not asyncio.run(run_in_process(scenario, kind, "seed")).passed
