"""The processes of one client on one cluster: started without a shell, bounded, never left behind.

Each has a session and a process group of its own, no standard input, and the environment of the
harness plus that of the client's profile; commands installed beside the harness come first in
PATH. They may have the cluster's time instead of the machine's. POSIX only: other systems have no
process groups.
"""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Final, final

from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, duration_text
from simulator.harness.clients.guardian import MARKER, command_in, guardian, kill_group, kill_strays
from simulator.harness.clients.virtual_time import SharedStart, VirtualTime
from simulator.harness.language.template import filled, filled_words
from simulator.harness.ports import ClientError, Ran, Target

OUTPUT_MAX: Final = 16 * 1024 * 1024
"""Bytes on standard output; a process that writes more is killed."""

ERRORS_KEPT: Final = 64 * 1024
"""Bytes of standard error, from the end; the rest is read and dropped."""

HELPERS_SECONDS: Final = 0.5
"""How long what a process left in its group may go on: the ``tee`` of a shell, for one."""

_LOOK_SECONDS: Final = 0.01

_DYING_SECONDS: Final = 5.0
"""How long a killed process may take to go; only a broken kernel or disk needs so long."""

_READ_AT_ONCE: Final = 64 * 1024


class UnsayableError(ClientError):
    """An argument that no command line can carry; the message says why."""


@final
class Processes:
    """Starts the processes of one client on one cluster, and ends them all.

    Args:
        folder: their working directory.
        environment: added to that of the harness; its texts may hold placeholders.
        target: the cluster; the source of the placeholders' values.
        virtual_time: what gives them the cluster's time; None where they have the machine's.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        target: Target,
        virtual_time: VirtualTime | None = None,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._target = target
        self._virtual_time = virtual_time
        self._starts: list[SharedStart] = []
        self._running: set[Process] = set()
        self._groups: set[int] = set()
        self._used = False

    def start(
        self,
        words: Sequence[str],
        values: Mapping[str, str],
        *,
        read_line: Callable[[bytes], None] | None = None,
    ) -> "Process":
        """Start a process; the words may hold placeholders.

        Args:
            words: the program and its arguments.
            values: of placeholders, beside those of the target.
            read_line: takes each line of standard output; such a process has a standard input.

        Raises:
            ClientError: when the program cannot be started.
            UnsayableError: when an argument cannot be given to any program.
        """
        if not self._used:
            self._used = True
            guardian().watch(self._values["tmp"])
            guardian().watch(self._marker)  # before there is a process that it would not know of
        line = filled_words(words, {**self._values, **values})
        if not line:
            raise ClientError(f"nothing is left to run of {' '.join(words)!r}: no word has a value")
        if any("\0" in word for word in line):
            raise UnsayableError("no command line can carry a text with the character NUL")
        process = Process(line, self._folder, self._variables_now(), read_line)
        self._running.add(process)
        self._groups.add(process.group)
        return process

    async def run(self, words: Sequence[str], values: Mapping[str, str], within: Duration) -> Ran:
        """Start a process and wait for its end; one that takes longer is killed with its group.

        Raises:
            ClientError: when the program cannot be started.
            UnsayableError: when an argument cannot be given to any program.
        """
        process = self.start(words, values)
        try:
            return await process.ran(within)
        finally:
            process.close()
            self._running.discard(process)

    def close(self) -> list[str]:
        """Kill what still runs; returns the command lines of daemons, which no group held."""
        for process in self._running:
            process.close()
        if not self._used:
            return []
        left = kill_strays(self._marker, self._groups)
        for start in self._starts:  # only now: a daemon without it would end by itself, unseen
            start.close()
        shutil.rmtree(self._values["tmp"], ignore_errors=True)
        guardian().forget(self._marker)
        guardian().forget(self._values["tmp"])
        return left

    @cached_property
    def _values(self) -> dict[str, str]:
        return {**asdict(self._target), "tmp": tempfile.mkdtemp(prefix="dcos-sim-")}

    @cached_property
    def _marker(self) -> str:
        """What tells this client's processes from all others of this machine."""
        return f"{os.getpid()}.{Path(self._values['tmp']).name}"

    @cached_property
    def _variables(self) -> dict[str, str]:
        added = {
            name: value
            for name, text in self._environment.items()
            if (value := filled(text, self._values)) is not None
        }
        return {**os.environ, "PATH": search_path(), **added, MARKER: self._marker}

    def _variables_now(self) -> Mapping[str, str]:
        """Return the environment of a process that starts now."""
        if self._virtual_time is None:
            return self._variables
        start = self._virtual_time.begin(f"{self._marker}.{len(self._starts)}")
        self._starts.append(start)
        return start.variables(self._variables)


def search_path() -> str:
    """Return the PATH that an activated environment of the harness's Python has."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return os.pathsep.join(folders)


@final
class Process:
    """One running process with its group.

    Args:
        line: the program and its arguments.
        folder: the working directory.
        variables: the whole environment.
        read_line: takes each line of standard output, without its end; else they are collected.

    Raises:
        ClientError: when the program cannot be started.
    """

    def __init__(
        self,
        line: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        read_line: Callable[[bytes], None] | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._read_line = read_line
        self._process = _started(line, folder, variables, talks=read_line is not None)
        guardian().watch(self._process.pid)
        self._is_open = True
        self._output = bytearray()
        self._errors = bytearray()
        self._stopped = ""
        self._input: asyncio.WriteTransport | None = None
        self.over: asyncio.Future[None] = self._loop.create_future()
        """Done when the process has ended or has to be ended."""
        self._ended = threading.Event()
        assert self._process.stdout
        assert self._process.stderr
        self._pipes = [
            _Pipe(self._process.stdout.fileno(), self._take_output),
            _Pipe(self._process.stderr.fileno(), self._take_errors),
        ]
        threading.Thread(target=self._wait, name="waits for a process", daemon=True).start()

    async def ran(self, within: Duration) -> Ran:
        """Wait for the end and return how it went; kills the group, also of one that ended."""
        try:
            async with asyncio.timeout(within / NANOSECONDS_PER_SECOND):
                await self.over
        except TimeoutError:
            self.stop(f"it had not ended after {duration_text(within)}, so it was killed")
        seconds = self._loop.time() - self._started_at
        await self._let_helpers_end()
        left_running = self.close()
        return Ran(
            status=-signal.SIGKILL
            if self._process.returncode is None
            else self._process.returncode,
            output=bytes(self._output),
            errors=self.errors,
            seconds=seconds,
            stopped=self._stopped,
            left_running="" if self._stopped else left_running,
        )

    async def _let_helpers_end(self) -> None:
        """Wait a while for what the process left: helpers of a shell end just after it."""
        give_up_at = self._loop.time() + HELPERS_SECONDS
        while not self._stopped and self._loop.time() < give_up_at:
            if not command_in(self._process.pid):
                return
            await asyncio.sleep(_LOOK_SECONDS)  # noqa: TID251 - processes end in real time

    @property
    def group(self) -> int:
        """The id of its process group."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    @property
    def stopped(self) -> str:
        """Why the harness killed it; empty when it has not."""
        return self._stopped

    @property
    def errors(self) -> str:
        """The end of what it wrote to standard error."""
        return self._errors.decode(errors="replace").strip()

    async def write_line(self, line: bytes) -> None:
        """Write a line to its standard input; what it does not read waits, and holds up nobody."""
        if self._input is None:
            assert self._process.stdin
            self._input, _ = await self._loop.connect_write_pipe(
                asyncio.BaseProtocol, self._process.stdin
            )
        self._input.write(line + b"\n")

    def end_input(self) -> None:
        """Close its standard input behind what has been written to it."""
        if self._input and not self._input.is_closing():
            self._input.write_eof()

    def stop(self, why: str) -> None:
        """Say why it has to be killed; whoever waits for it goes on."""
        self._stopped = self._stopped or why
        if not self.over.done():
            self.over.set_result(None)

    def drain(self) -> None:
        """Take all that it has written, without waiting for more."""
        for pipe in self._pipes:
            pipe.drain()

    def close(self) -> str:
        """Kill its group and stop reading; returns a command that it had left running there."""
        if not self._is_open:
            return ""
        self._is_open = False
        had_ended = self._ended.is_set()
        self.drain()
        left_running = command_in(self._process.pid) if had_ended else ""
        kill_group(self._process.pid)
        self._ended.wait(_DYING_SECONDS)
        if not had_ended:
            kill_group(self._process.pid)
        for pipe in self._pipes:
            pipe.close()
        if self._input and not self._input.is_closing():
            self._input.abort()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with suppress(OSError):
                    stream.close()
        guardian().forget(self._process.pid)
        return left_running

    def _wait(self) -> None:
        self._process.wait()
        self._ended.set()
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self.stop, "")

    def _take_output(self, data: bytes) -> None:
        self._output += data
        if self._read_line and b"\n" in data:
            *lines, rest = self._output.split(b"\n")
            self._output = bytearray(rest)
            for line in lines:
                self._read_line(bytes(line))
        if len(self._output) > OUTPUT_MAX:
            del self._output[OUTPUT_MAX:]
            mebibytes = OUTPUT_MAX // 1024**2
            how = " in one line" if self._read_line else ""
            self.stop(f"it wrote more than {mebibytes} MiB{how}, so it was killed")

    def _take_errors(self, data: bytes) -> None:
        self._errors += data
        del self._errors[:-ERRORS_KEPT]


def _started(
    line: Sequence[str], folder: Path, variables: Mapping[str, str], *, talks: bool
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the client under test; no shell takes part
            line,
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            restore_signals=True,
        )
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise UnsayableError("no command line can carry a text that is so long") from None
        why = _why_not(error, line[0], folder, variables)
    except UnicodeEncodeError as error:
        character = error.object[error.start]
        raise UnsayableError(f"no command line can carry {character!r}") from None
    except ValueError as error:  # a variable with a name or text that none can have
        why = str(error)
    raise ClientError(f"cannot start {line[0]!r}: {why}")


def _why_not(error: OSError, program: str, folder: Path, variables: Mapping[str, str]) -> str:
    if "/" in program:
        found = folder / program
    else:
        in_path = shutil.which(program, os.F_OK, variables.get("PATH"))
        if not in_path:
            here = (folder / program).is_file()
            return f"it is not in PATH; write ./{program}" if here else "it is not in PATH"
        found = Path(in_path)
    match error.errno:
        case errno.ENOENT if _first_line(found).endswith(b"\r"):
            return "its first line ends with a carriage return; save it with the line ends of Unix"
        case errno.ENOENT if found.exists():
            return "its first line names a program that does not exist"
        case errno.ENOENT:
            return f"there is no file {found}"
        case errno.EACCES if found.is_dir():
            return "it is a folder"
        case errno.EACCES if not os.access(found, os.X_OK):
            return f"it is not executable; run: chmod +x {found}"
        case errno.ENOEXEC:
            return "it is no program; let its first line be like: #!/bin/sh"
    return (error.strerror or str(error)).lower()


@final
class _Pipe:
    """Reads the end of a pipe as long as the loop runs."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._descriptor = descriptor
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._is_open = True
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> bool:
        """Take what there is; whether there may be more."""
        try:
            data = os.read(self._descriptor, _READ_AT_ONCE)
        except BlockingIOError:
            return False
        if data:
            self._take(data)
        else:
            self.close()
        return bool(data)

    def drain(self) -> None:
        """Take all that has been written, without waiting for more."""
        read = 0
        while self._is_open and read * _READ_AT_ONCE < OUTPUT_MAX and self._read():
            read += 1

    def close(self) -> None:
        """Stop reading."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._descriptor)


def _first_line(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.readline(256).rstrip(b"\n")
    except OSError:
        return b""
