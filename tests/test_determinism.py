"""The same seed and the same requests give the same bytes, whatever process asks.

This file is the driver too: run as a program it prints the journal of a fixed sequence of requests.
"""

import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

import simulator
from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.instants import Duration
from simulator.core.scripts import Between, Polls, Stage
from simulator.core.statuses import Status
from simulator.service.backup_api import BASE_PATH
from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20


def script(fake: FakeCluster) -> None:
    """Let chance decide: lengths, branches, and how many polls it takes."""
    good = (
        Stage(status=Status.BACKING_UP, ends=Between(Duration(10**9), Duration(90 * 10**9))),
        Stage(status=Status.READY),
    )
    slow = (
        Stage(status=Status.BACKING_UP, ends=Polls(2)),
        Stage(status=Status.ERROR, error="no leader, é"),
    )
    fake.on_create("wide*").backing_up(("1s", "10m")).component("zookeeper").backing_up(polls=3)
    fake.on_create().backing_up(("1ms", "20s")).one_of((2, good), (1, slow))
    fake.on_restore().restoring(("1s", "1m")).one_of(
        (1, (Stage(status=Status.READY),)), (1, (Stage(status=Status.ERROR, error="migration"),))
    )


def drive(fake: FakeCluster) -> None:
    """Send the fixed sequence of requests, on one connection."""
    connection = HTTPConnection(fake.url.removeprefix("http://"), timeout=SECONDS_AT_MOST)
    headers = {"Authorization": f"token={fake.token}", "Content-Type": "application/json"}

    def ask(method: str, target: str, body: str = "") -> None:
        connection.request(method, f"{BASE_PATH}{target}", body.encode() or None, headers)
        connection.getresponse().read()

    for number in range(8):
        ask("POST", "/create", f'{{"label": "label{number}"}}')
        ask("POST", "/create", '{"label": "busy", "b": 1, "a": 2}')
        for _ in range(4):
            ask("GET", "/list?prefix=label&x=1")
            fake.clock.advance("30s")
        ask("POST", "/restore", f'{{"id": "{list(fake.backups)[-1]}"}}')
        ask("GET", "/list")
        fake.clock.advance("1m")
        fake.deploy(f"/app{number}")
    ask("POST", "/create", '{"label": "wide"}')
    for _ in range(5):
        ask("GET", "/list")
        fake.clock.advance("3m")
    ask("DELETE", "/delete", f'{{"id": "{next(iter(fake.backups))}"}}')
    ask("PUT", "/list", "é{")
    connection.close()


def journal_of(seed: str) -> list[str]:
    """Return the journal's lines after all that."""
    spec = ClusterSpec(backups=(ExistingBackup(label="old"),))
    with FakeCluster(spec, seed=seed, made_up=5) as fake:
        script(fake)
        drive(fake)
        return list(fake.journal.lines())


def printed_by_another_process(seed: str, hash_seed: str) -> bytes:
    """Run this file as a program, with another order of sets and dicts."""
    ran = subprocess.run(
        [sys.executable, __file__, seed],
        env={
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": str(Path(simulator.__file__).parents[1]),
        },
        capture_output=True,
        timeout=SECONDS_AT_MOST,
        check=True,
    )
    return ran.stdout


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_any_process_writes_the_same_journal_for_the_same_seed(hash_seed: str) -> None:
    """Byte for byte: ids, lengths, branches, timestamps, reasons, answers."""
    here = "".join(f"{line}\n" for line in journal_of("a seed")).encode()
    assert printed_by_another_process("a seed", hash_seed) == here


def test_another_seed_writes_another_journal() -> None:
    """Lengths and branches too, not only ids."""

    def without_ids(seed: str) -> list[str]:
        return [line for line in journal_of(seed) if '"kind":"Exchange"' not in line]

    first, second = without_ids("a seed"), without_ids("another seed")
    assert first != second
    statuses = [
        [line.split('"status":')[1][:20] for line in lines if '"kind":"StageEntered"' in line]
        for lines in (first, second)
    ]
    assert statuses[0] != statuses[1]


def test_the_sequence_is_worth_comparing() -> None:
    """Every branch is taken, refusals and odd requests happen."""
    written = "\n".join(journal_of("a seed"))
    for wanted in (
        "no leader, é",
        "migration",
        "is in progress",
        "was ignored",
        "zookeeper",
        '"kind":"BackupDeleted"',
        '"kind":"MarathonStarted"',
        "method: must be GET, not PUT",
    ):
        assert wanted in written


if __name__ == "__main__":
    sys.stdout.buffer.writelines(f"{line}\n".encode() for line in journal_of(sys.argv[1]))
