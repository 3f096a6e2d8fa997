import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from simulator.core.instants import Duration
from simulator.harness.clients import guardian, processes
from simulator.harness.clients.processes import ERRORS_KEPT, Processes, UnsayableError
from simulator.harness.ports import ClientError, Ran, Target

SECONDS_AT_MOST = 20
"""Of real time: whatever hangs fails its test instead of stopping the run."""

LONG = Duration(SECONDS_AT_MOST * 1_000_000_000)
SHORT = Duration(300_000_000)

TARGET = Target(url="http://127.0.0.1:1", token="t", username="u", password="p")

Result = TypeVar("Result")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Witness:
    """A fifo that processes hold open: its end has come when all of them are gone."""

    def __init__(self, path: Path) -> None:
        """Make the fifo at this path."""
        os.mkfifo(path)
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read_to_end(self) -> list[str]:
        """Return the words that were written, once nobody can write any more."""
        text = b""
        while data := self._read():
            text += data
        os.close(self._descriptor)
        return text.decode().split()

    def read_once(self) -> list[str]:
        """Return the words that are written first."""
        return self._read().decode().split()

    def _read(self) -> bytes:
        assert select.select([self._descriptor], [], [], SECONDS_AT_MOST)[0], "they live on"
        return os.read(self._descriptor, 1000)


@pytest.fixture
def alive(tmp_path: Path) -> Witness:
    """Return a fifo called ``alive`` in the test's folder."""
    return Witness(tmp_path / "alive")


class Shell:
    """Runs shell scripts as processes of one client, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def with_processes(
        self,
        use: Callable[[Processes], Awaitable[Result]],
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Do something with the processes of one client, and end them."""

        async def once() -> Result:
            made = Processes(self.folder, environment or {}, TARGET)
            try:
                async with asyncio.timeout(SECONDS_AT_MOST):
                    return await use(made)
            finally:
                made.close()

        return asyncio.run(once())

    def run(self, script: str, within: Duration = LONG) -> Ran:
        """Run one script to its end."""
        return self.with_processes(lambda made: made.run(["sh", "-c", script], {}, within))

    def error_of(self, *words: str, **environment: str) -> str:
        """Return why a program cannot be started."""
        with pytest.raises(ClientError) as error:
            self.with_processes(lambda made: made.run(words, {}, LONG), environment)
        assert "\n" not in str(error.value)
        return str(error.value)

    def write(self, name: str, text: str, mode: int = 0o755) -> Path:
        """Write a file that may be a program."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return how to run scripts in the test's folder."""
    return Shell(tmp_path)


# --- how a process went ------------------------------------------------------------------------


def test_a_process_is_seen_from_outside(shell: Shell) -> None:
    """Its status, what it wrote where, and how long it took."""
    ran = shell.run("echo out; echo err >&2; exit 3")
    assert (ran.status, ran.output, ran.errors) == (3, b"out\n", "err")
    assert (ran.stopped, ran.left_running) == ("", "")
    assert 0 < ran.seconds < SECONDS_AT_MOST


def test_output_is_complete_however_much_it_is(shell: Shell) -> None:
    """Also what is still in the pipes when the process has ended; both are read at once."""
    ran = shell.run("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; echo end >&2; echo x")
    assert (len(ran.output), ran.output[-2:]) == (300_002, b"x\n")
    assert ran.errors.endswith("end")
    assert len(ran.errors) <= ERRORS_KEPT


def test_output_without_end_is_bounded(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed long before its time is over."""
    monkeypatch.setattr(processes, "OUTPUT_MAX", 1024**2)
    ran = shell.run("exec yes")
    assert ran.stopped == "it wrote more than 1 MiB, so it was killed"
    assert len(ran.output) == 1024**2


def test_errors_without_end_are_read_and_dropped(shell: Shell) -> None:
    """Until the time is over."""
    ran = shell.run("exec yes >&2", SHORT)
    assert ran.stopped == "it had not ended after 300ms, so it was killed"
    assert ERRORS_KEPT - 2 <= len(ran.errors) <= ERRORS_KEPT


def test_standard_input_is_at_its_end(shell: Shell) -> None:
    """A program that reads it goes on at once."""
    assert shell.run("cat; echo end").output == b"end\n"


def test_a_process_may_close_its_output_and_work_on(shell: Shell) -> None:
    """Its end is what counts."""
    ran = shell.run("echo early; exec >&- 2>&-; : > done; exit 4")
    assert (ran.status, ran.output) == (4, b"early\n")
    assert (shell.folder / "done").exists()


# --- what cannot be started --------------------------------------------------------------------


def test_what_does_not_exist_cannot_be_started(shell: Shell) -> None:
    """Neither a path nor a name."""
    missing = shell.folder / "missing"
    assert shell.error_of("./missing") == f"cannot start './missing': there is no file {missing}"
    assert shell.error_of("/no/such") == "cannot start '/no/such': there is no file /no/such"
    assert shell.error_of("missing", PATH="/bin") == "cannot start 'missing': it is not in PATH"
    assert shell.error_of("") == "cannot start '': it is not in PATH"


def test_a_program_beside_the_profile_needs_a_path(shell: Shell) -> None:
    """As in a shell."""
    shell.write("client", "#!/bin/sh\n")
    said = shell.error_of("client")
    assert said == "cannot start 'client': it is not in PATH; write ./client"


def test_a_program_must_be_executable(shell: Shell) -> None:
    """What to do is a command that can be copied."""
    path = shell.write("client", "#!/bin/sh\n", mode=0o644)
    why = f"it is not executable; run: chmod +x {path}"
    assert shell.error_of("./client") == f"cannot start './client': {why}"
    in_path = shell.error_of("client", PATH=str(shell.folder))
    assert in_path == f"cannot start 'client': {why}"


def test_a_script_must_say_what_runs_it(shell: Shell) -> None:
    """The kernel runs no text that does not."""
    why = "it is no program; let its first line be like: #!/bin/sh"
    shell.write("client", "echo hello\n")
    assert shell.error_of("./client") == f"cannot start './client': {why}"
    shell.write("client", "")
    in_path = shell.error_of("client", PATH=str(shell.folder))
    assert in_path == f"cannot start 'client': {why}"


@pytest.mark.parametrize(
    ("interpreter", "why"),
    [
        ("/no/such/python", "its first line names a program that does not exist"),
        (
            "/bin/sh\r",
            "its first line ends with a carriage return; save it with the line ends of Unix",
        ),
    ],
)
def test_what_runs_a_script_must_exist(shell: Shell, interpreter: str, why: str) -> None:
    """Also under the name with which another system ends its lines."""
    shell.write("client", f"#!{interpreter}\n")
    assert shell.error_of("./client") == f"cannot start './client': {why}"
    in_path = shell.error_of("client", PATH=str(shell.folder))
    assert in_path == f"cannot start 'client': {why}"


def test_a_folder_is_no_program(shell: Shell) -> None:
    """Nor is what would stand below a file."""
    (shell.folder / "client").mkdir()
    assert shell.error_of("./client") == "cannot start './client': it is a folder"
    in_path = shell.error_of("client", PATH=str(shell.folder))
    assert in_path == "cannot start 'client': it is not in PATH"
    shell.write("file", "")
    assert shell.error_of("./file/x") == "cannot start './file/x': not a directory"


def test_what_runs_a_script_must_be_a_program(shell: Shell) -> None:
    """The system's own words, where there is nothing better to say."""
    shell.write("client", f"#!{shell.folder}\n")
    assert shell.error_of("./client") == "cannot start './client': permission denied"


def test_something_must_be_left_to_run(shell: Shell) -> None:
    """After words without a value were dropped."""
    said = shell.error_of("{ca_cert?}", "--x={ca_cert?}")
    assert said == "nothing is left to run of '{ca_cert?} --x={ca_cert?}': no word has a value"


def test_variables_must_be_possible(shell: Shell) -> None:
    """The system knows no names with an equals sign, and no text with NUL."""
    said = shell.error_of("true", **{"A=B": "x"})
    assert said == "cannot start 'true': illegal environment variable name"
    assert shell.error_of("true", A="\0") == "cannot start 'true': embedded null byte"


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("a\0b", "no command line can carry a text with the character NUL"),
        ("x" * 200_000, "no command line can carry a text that is so long"),
        ("\ud800", "no command line can carry '\\ud800'"),
    ],
    ids=["NUL", "long", "surrogate"],
)
def test_some_texts_are_not_for_command_lines(shell: Shell, argument: str, why: str) -> None:
    """Nothing is started, and no folder is left behind."""
    tmp: list[str] = []

    async def use(made: Processes) -> None:
        tmp.append((await made.run(["echo", "{tmp}"], {}, LONG)).output.decode().strip())
        await made.run(["touch", "{label}"], {"label": argument}, LONG)

    with pytest.raises(UnsayableError) as error:
        shell.with_processes(use)
    assert str(error.value) == why
    assert list(shell.folder.iterdir()) == []
    assert not Path(tmp[0]).exists()


def test_no_folder_is_left_behind_where_nothing_was_started(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it is made before anything is."""
    monkeypatch.setattr("tempfile.tempdir", str(shell.folder))
    shell.error_of("echo", "{tmp}\0")
    assert list(shell.folder.iterdir()) == []


# --- what is left behind -----------------------------------------------------------------------

FAMILY = """
    trap '' TERM INT HUP
    exec 3>alive
    mkfifo has_begun
    sh -c 'trap "" TERM INT HUP; echo >has_begun; sleep 600; :' &
    read -r _ <has_begun
    echo both >&3
    wait
"""
"""A process that nothing but SIGKILL ends, and a child of the same kind."""

DAEMON = """
    mkfifo started
    setsid sh -c 'exec 3>alive; echo daemon >&3; echo >started; exec sleep 600' >&- 2>&- &
    read -r _ <started
"""
"""A process in a session of its own, which nobody waits for."""


def test_a_process_is_killed_with_all_of_its_group(shell: Shell, alive: Witness) -> None:
    """Once its time is over; they cannot refuse."""
    ran = shell.run(FAMILY, Duration(1_000_000_000))
    assert ran.stopped == "it had not ended after 1s, so it was killed"
    assert not ran.left_running
    assert alive.read_to_end() == ["both"]


def test_a_stopped_process_is_killed_too(shell: Shell) -> None:
    """It could not end by itself."""
    assert shell.run("kill -STOP $$", SHORT).stopped.startswith("it had not ended")


def test_who_holds_the_pipes_open_holds_nobody_up(shell: Shell, alive: Witness) -> None:
    """The process has ended; what it left in the background is killed."""
    ran = shell.run("exec 3>alive; echo up >&3; sleep 600 & echo done; exit 0")
    assert (ran.status, ran.output) == (0, b"done\n")
    assert "sleep 600" in ran.left_running
    assert alive.read_to_end() == ["up"]


ZOMBIE = """
import os
child = os.posix_spawnp("true", ["true"], {})
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
os._exit(0)
"""


@on_linux
def test_a_child_that_has_ended_is_not_left_running(shell: Shell) -> None:
    """Though nobody has waited for it, and it is still in the group."""

    async def use(made: Processes) -> list[str]:
        line = [sys.executable, "-ISc", ZOMBIE]
        return [(await made.run(line, {}, LONG)).left_running for _ in range(5)]

    assert shell.with_processes(use) == [""] * 5


@on_linux
def test_a_daemon_is_found_in_the_end(shell: Shell, alive: Witness) -> None:
    """It left its group, and is known by its environment."""

    async def use(made: Processes) -> tuple[Ran, list[str]]:
        ran = await made.run(["sh", "-c", DAEMON], {}, LONG)
        assert alive.read_once() == ["daemon"]
        return ran, made.close()

    ran, left = shell.with_processes(use)
    assert (ran.status, ran.left_running) == (0, "")
    assert len(left) == 1
    assert "sleep 600" in left[0]  # or its shell, just before
    assert alive.read_to_end() == []


@on_linux
def test_what_was_killed_with_its_group_is_no_daemon(shell: Shell) -> None:
    """Even where it takes some of them a while to die."""
    many = "for _ in $(seq 50); do sleep 600 & done; wait"

    async def use(made: Processes) -> list[str]:
        await made.run(["sh", "-c", many], {}, SHORT)
        return made.close()

    assert shell.with_processes(use) == []


def test_a_cancelled_run_leaves_nothing(shell: Shell, alive: Witness) -> None:
    """As when the user interrupts the harness."""

    async def use(made: Processes) -> None:
        running = asyncio.create_task(made.run(["sh", "-c", FAMILY], {}, LONG))
        assert await asyncio.to_thread(alive.read_once) == ["both"]
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        shell.with_processes(use)
    assert alive.read_to_end() == []


# --- nothing piles up --------------------------------------------------------------------------


def test_others_go_on_while_a_process_runs(shell: Shell) -> None:
    """The first process ends only when a second one was started."""
    os.mkfifo(shell.folder / "fifo")

    async def use(made: Processes) -> tuple[Ran, Ran]:
        reads, writes = ["cat", "fifo"], ["sh", "-c", "echo hello >fifo"]
        return await asyncio.gather(made.run(reads, {}, LONG), made.run(writes, {}, LONG))

    assert [ran.output for ran in shell.with_processes(use)] == [b"hello\n", b""]


def test_nothing_leaks(shell: Shell) -> None:
    """Neither descriptors nor threads, whatever way the processes go."""

    async def use(made: Processes) -> tuple[int, int]:
        async def some(times: int) -> int:
            for _ in range(times):
                await made.run(["true"], {}, LONG)
                await made.run(["sh", "-c", "sleep 600 & exit 1"], {}, LONG)
                await made.run(["sleep", "600"], {}, Duration(1_000_000))
                with pytest.raises(ClientError):
                    await made.run(["./missing"], {}, LONG)
            return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a moment

        return await some(1), await some(15)

    before, after = shell.with_processes(use)
    assert before == after
    for thread in threading.enumerate():
        if thread.name == "waits for a process":
            thread.join(SECONDS_AT_MOST)
            assert not thread.is_alive()


# --- the guardian ------------------------------------------------------------------------------

HARNESS = f"""
import asyncio
import signal
import sys
from pathlib import Path
from simulator.core.instants import Duration
from simulator.harness.clients import guardian
from simulator.harness.clients.processes import Processes
from simulator.harness.ports import Target

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" would have it ignored

async def main():
    target = Target(url="", token="", username="", password="")
    processes = Processes(Path.cwd(), {{}}, target)
    print(guardian.guardian()._process.pid, flush=True)
    for script in sys.argv[1:]:
        await processes.run(["sh", "-c", script], {{}}, Duration({SECONDS_AT_MOST}_000_000_000))
    print("done", flush=True)
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


class Harness:
    """A harness of its own, which can be killed."""

    def __init__(self, folder: Path, *scripts: str) -> None:
        """Let it run these scripts in this folder, one after the other, and then wait."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", HARNESS, *scripts],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.guardian = int(self.line())

    def line(self) -> str:
        """Return the next line that it prints."""
        assert self._process.stdout
        return self._process.stdout.readline()

    def end_by(self, number: signal.Signals) -> int:
        """Send it a signal and return its status."""
        self._process.send_signal(number)
        self._process.communicate(timeout=SECONDS_AT_MOST)
        return self._process.returncode


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_process_outlives_the_harness(
    tmp_path: Path, alive: Witness, number: signal.Signals
) -> None:
    """However it is ended, and whatever they ignore."""
    harness = Harness(tmp_path, FAMILY)
    assert alive.read_once() == ["both"]
    assert harness.end_by(number) == -number
    assert alive.read_to_end() == []


@on_linux
def test_no_daemon_outlives_the_harness(tmp_path: Path, alive: Witness) -> None:
    """As long as the session of its client had not been closed."""
    harness = Harness(tmp_path, DAEMON)
    assert alive.read_once() == ["daemon"]
    assert harness.line() == "done\n"
    harness.end_by(signal.SIGKILL)
    assert alive.read_to_end() == []


@on_linux
def test_the_guardian_ends_with_the_harness(tmp_path: Path) -> None:
    """There is nothing more to guard."""
    harness = Harness(tmp_path, "true")
    guards = os.pidfd_open(harness.guardian)
    assert harness.line() == "done\n"
    harness.end_by(signal.SIGKILL)
    assert select.select([guards], [], [], SECONDS_AT_MOST)[0]
    os.close(guards)


@on_linux
def test_no_folder_outlives_the_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client keeps in its folder may be a token."""
    passing = tmp_path / "passing"
    passing.mkdir()
    monkeypatch.setenv("TMPDIR", str(passing))
    harness = Harness(tmp_path, "true")
    guards = os.pidfd_open(harness.guardian)
    assert harness.line() == "done\n"
    assert len(list(passing.iterdir())) == 1
    harness.end_by(signal.SIGKILL)
    assert select.select([guards], [], [], SECONDS_AT_MOST)[0]
    os.close(guards)
    assert list(passing.iterdir()) == []


def test_a_killed_guardian_holds_nobody_up(tmp_path: Path) -> None:
    """The harness works on without it."""
    os.mkfifo(tmp_path / "guardian")
    harness = Harness(tmp_path, "read -r pid <guardian; kill -KILL $pid", "true", "true")
    (tmp_path / "guardian").write_text(f"{harness.guardian}\n", encoding="utf-8")
    assert harness.line() == "done\n"
    assert harness.end_by(signal.SIGINT) == -signal.SIGINT


def test_a_group_that_has_ended_can_be_killed() -> None:
    """Nothing happens."""
    process = subprocess.Popen(["/bin/sh", "-c", ":"], start_new_session=True)
    process.wait(SECONDS_AT_MOST)
    guardian.kill_group(process.pid)
    assert guardian.command_in(process.pid) == ""


def test_a_group_lives_while_anything_in_it_runs() -> None:
    """And no longer, waited for or not."""
    process = subprocess.Popen(
        ["/bin/cat"], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert guardian.command_in(process.pid)
        guardian.kill_group(process.pid)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert guardian.command_in(process.pid) == ""


@on_linux
def test_a_marker_is_a_whole_word() -> None:
    """One that only begins alike belongs to others."""
    variables = {**os.environ, guardian.MARKER: "0.10"}
    with subprocess.Popen(["/bin/cat"], env=variables, stdin=subprocess.PIPE) as process:
        assert guardian.strays("0.1") == []
        assert guardian.strays("0.10") == [process.pid]
        assert guardian.kill_strays("0.10") == ["/bin/cat"]
    assert guardian.strays("0.10") == []
