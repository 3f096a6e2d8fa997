import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20
COMMAND = (sys.executable, "-m", "simulator.dcos_backup")
ROOT = Path(__file__).parents[2]


def environ(cluster: FakeCluster) -> dict[str, str]:
    given = {"DCOS_URL": cluster.url, "DCOS_ACS_TOKEN": cluster.token, "PYTHONPATH": str(ROOT)}
    return {**os.environ, **given}


def run(cluster: FakeCluster, *argv: str | bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        (*COMMAND, *argv),
        env=environ(cluster),
        capture_output=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )


def read_to_the_end(controlling: int) -> str:
    """Read what was written to a terminal that nobody has open any more."""
    read = b""
    with suppress(OSError):  # Linux ends so
        while chunk := os.read(controlling, 65536):
            read += chunk
    os.close(controlling)
    return read.decode()


def test_the_process_does_what_its_main_does(fake: FakeCluster) -> None:
    """With real time, exit statuses and streams."""
    fake.on_create(times=1).backing_up("15s")
    done = run(fake, "backup", "create", "--label=nightly", "--wait", "--interval=0.01")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    listed = run(fake, "list")
    assert listed.stdout.decode().startswith("BACKUP ID ")
    assert (listed.returncode, listed.stdout.count(b"STATUS_READY")) == (0, 1)
    fake.on_create().error()
    failed = run(fake, "create", "--label=nightly", "--wait", "--interval=0.01")
    assert failed.returncode == 1
    assert failed.stderr.endswith(b" failed: STATUS_ERROR\n")


def test_an_argument_that_is_no_text_is_refused(fake: FakeCluster) -> None:
    """Without a traceback."""
    done = run(fake, "create", b"--label=\xff\xfe")
    if done.returncode == 1:
        pytest.skip("this locale takes every byte for text")
    assert done.returncode == 2
    assert done.stderr == b"argument 2 is not valid text in this locale's encoding\n"


def test_nobody_needs_to_read_to_the_end() -> None:
    """As with ``| head``."""
    spec = ClusterSpec(backups=(ExistingBackup(label="nightly"),))
    with FakeCluster(spec) as fake:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            (*COMMAND, "list"),
            env=environ(fake),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=SECONDS_AT_MOST,
            check=False,
        )
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_progress_is_shown_on_a_real_terminal(fake: FakeCluster) -> None:
    """Standard error is one here; its width is not known, so it counts as 80."""
    fake.on_create().backing_up("25s")
    controlling, terminal = pty.openpty()
    done = subprocess.run(
        (*COMMAND, "create", "--label=nightly", "--wait", "--interval=0.01"),
        env=environ(fake),
        stderr=terminal,
        stdout=subprocess.PIPE,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    os.close(terminal)
    written = read_to_the_end(controlling)
    assert (done.returncode, done.stdout) == (0, b"")
    assert written.startswith("\rBacking up nightly-")
    assert written.endswith(" \r")
    assert ": STATUS_BACKING_UP, 0 s" in written


def test_it_imports_nothing_else_of_the_simulator() -> None:
    """So it starts quickly, whatever the rest needs."""
    program = (
        "import sys, simulator.dcos_backup.main as _\n"
        "mine = [m for m in sys.modules if m.startswith('simulator.')]\n"
        "print(sorted(m for m in mine if not m.startswith('simulator.dcos_backup')),\n"
        "      {'aiohttp', 'asyncio', 'subprocess', 'pydantic', 'pytest'} & set(sys.modules))"
    )
    done = subprocess.run(
        (sys.executable, "-c", program),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )
    assert done.stdout.split() == [b"[]", b"set()"]
