"""Sees to it that no process of a client outlives the harness, however the harness ends.

A process of its own holds one end of a pipe and is told what runs. When the other end closes, be
it because the harness was killed, it kills whatever is left and ends. This file is that process's
program, too.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Container
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, final

MARKER: Final = "DCOS_SIM_RUN"
"""The variable in a process's environment that says which client of which harness it belongs to."""

ROUNDS_MAX: Final = 100
"""Of looking for strays: what makes new processes faster than that is left alone."""

_PROCESSES: Final = Path("/proc")


@final
class Guardian:
    """The harness's end of the pipe; ``guardian`` returns the only one of this process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        atexit.register(self.close)

    def watch(self, what: int | str) -> None:
        """Kill this process group, or all that carries this marker, when the harness ends.

        A path is the folder or the file to remove then.
        """
        self._tell(f"+{what}\n")

    def forget(self, what: int | str) -> None:
        """Leave a process group or a marker alone: all of it has ended."""
        self._tell(f"-{what}\n")

    def close(self) -> None:
        """End the guardian; what it was told and not told to forget is killed."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        with suppress(OSError):  # somebody has killed the guardian
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


@cache
def guardian() -> Guardian:
    """Return the guardian, started when it is first needed."""
    return Guardian()


def kill_group(group: int) -> None:
    """Kill a process group, if there still is one."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of zombies
        os.killpg(group, signal.SIGKILL)


def command_in(group: int) -> str:
    """Return the command line of something that runs in a process group; empty when nothing does.

    Ended processes that nobody has waited for do not run.
    """
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return ""
    if not (_PROCESSES / "self" / "stat").exists():
        return "a process"
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # gone
            after_name = (process / "stat").read_bytes().rpartition(b")")[2].split()
            if int(after_name[2]) == group and after_name[0] not in (b"Z", b"X"):
                return _command_line(int(process.name))
    return ""


def strays(marker: str) -> list[int]:
    """Find the processes that carry a marker, in whatever group: daemons. Looks on Linux only."""
    wanted = f"{MARKER}={marker}\0".encode()
    found = []
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # another user's, or gone
            if wanted in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def kill_strays(marker: str, killed_groups: Container[int] = ()) -> list[str]:
    """Kill the processes that carry a marker until there are none; returns their command lines.

    Those of groups that have been killed are on their way out, and are not among them.
    """
    killed: dict[int, str] = {}
    for _ in range(ROUNDS_MAX):
        found = [pid for pid in strays(marker) if pid not in killed]
        if not found:
            break
        for pid in found:
            killed[pid] = "" if _group_of(pid) in killed_groups else _command_line(pid)
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    return [line for line in killed.values() if line]


def _group_of(pid: int) -> int:
    with suppress(OSError):  # gone
        return os.getpgid(pid)
    return 0


def _command_line(pid: int) -> str:
    with suppress(OSError):
        words = (_PROCESSES / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        if line := words.replace("\0", " ").strip():
            return line
    return f"process {pid}"  # gone, or not yet the program that it will be


def _guard() -> None:
    """Follow what the harness says until it ends, then kill what is left."""
    left: set[str] = set()
    for line in sys.stdin:
        (left.add if line[0] == "+" else left.discard)(line[1:].strip())
    for group in filter(str.isdigit, left):
        kill_group(int(group))
    for marker in left:
        if not marker.isdigit() and not marker.startswith("/"):
            kill_strays(marker)
    for path in left:
        if path.startswith("/"):
            _remove(path)


def _remove(path: str) -> None:
    if os.path.isdir(path):  # noqa: PTH112 - as fast as it goes
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):  # never made, or gone
        os.unlink(path)  # noqa: PTH108 - the same


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _guard()
