"""What a person sees of ten broken clients that differ as much as can be: golden files.

``UPDATE_GOLDEN=1 pytest tests/zoo/test_failures.py`` writes them anew; read what has changed.
"""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import zoo

from simulator.harness.clients.in_process import run_in_process
from simulator.harness.failure_text import failure_text

GOLDEN = Path(__file__).parent / "golden"

MUTANTS = {mutant.name: mutant for mutant in zoo.mutants()}

FAILURES = {
    "a-second-create": (
        "python-sync/sends-again-over-a-new-connection",
        "faults/commit/half-an-answer-to-a-create::a broken chunk",
    ),
    "a-token-for-another-host": (
        "bash-curl/token-follows-any-redirect",
        "faults/answers/a-token-belongs-to-one-host::for now",
    ),
    "a-delete-that-was-refused": (
        "node-jsonrpc/deletes-whatever-is-refused",
        "delete/a-running-backup-cannot-be-deleted",
    ),
    "ready-before-it-is": (
        "python-async/believes-the-status-of-the-whole",
        "programs/the-whole-claims-ready-too-early",
    ),
    "an-entry-is-lost": (
        "python-sync/takes-any-page-for-an-empty-answer",
        "faults/answers/a-page-is-no-success",
    ),
    "another-time": (
        "python-sync/cuts-timestamps-to-microseconds",
        "errors/a-failed-backup-says-why",
    ),
    "a-token-in-a-message": (
        "python-sync/tells-its-headers-in-errors",
        "delete/the-beginning-of-an-id-is-no-id::one character",
    ),
    "something-left-behind": (
        "python-async/leaves-its-alarm-clock-behind",
        "programs/a-program-waits-until-the-backup-is-ready",
    ),
    "a-token-that-was-refused": (
        "python-async/looks-on-with-a-refused-token",
        "faults/programs/a-token-is-revoked-while-it-waits",
    ),
    "a-failure-that-was-none": (
        "python-sync/never-forgives-a-failed-look",
        "faults/programs/every-second-poll-fails::a page",
    ),
}
"""Broken clients, each with a scenario that finds it."""


def text_of(name: str, place: Path) -> str:
    """Run a broken client through a scenario; return the text of its failure."""
    client, scenario = FAILURES[name]
    kind = zoo.client_in(MUTANTS[client].made_in(place))
    verdict = asyncio.run(run_in_process(zoo.scenarios()[scenario], kind, zoo.SEED))
    zoo.forget(place)
    assert not verdict.passed
    return failure_text(verdict)


def without_places(text: str, place: Path) -> str:
    """Leave out what differs from machine to machine, and from run to run."""
    for path, name in ((str(zoo.ROOT) + "/", ""), (str(place), "CLIENT")):
        text = text.replace(path, name)
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT", text)
    return re.sub(r"\d+\.\d+s of real time", "SECONDS of real time", text)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_reads_like_this(name: str, tmp_path: Path) -> None:
    """The cause on the first screen, the next step, the command that replays it."""
    text = without_places(text_of(name, tmp_path), tmp_path)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_command_of_a_failure_replays_it(tmp_path: Path) -> None:
    """With the same findings and the same timeline."""
    text = text_of("a-second-create", tmp_path)
    command = shlex.split(text.rpartition("replay: ")[2])
    assert command[:2] == ["dcos-sim", "test"]
    environment = {name: os.environ[name] for name in os.environ if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "simulator.cli.main", *command[1:], "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
        cwd=zoo.ROOT,
    )
    assert done.returncode == 1
    assert text.replace(f"{zoo.ROOT}/", "").strip() in done.stdout.replace(f"{zoo.ROOT}/", "")
