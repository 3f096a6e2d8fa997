"""Wall time of the bundled catalogue, and of one more scenario item in a pytest run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from measure import ROOT, AtMost, Figure, last_words, unavailable

AIM_ITEM_MS: Final = AtMost(15)
COPIES: Final = 50
LIMIT_SECONDS: Final = 600
PLUGIN: Final = "simulator.harness.pytest_plugin"
CATALOGUE: Final = ("-m", "simulator.cli.main", "test", "-q")
PYTEST: Final = (
    *("-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("-p", "no:xdist"),
)

SCENARIO: Final = """\
scenario: A backup is made, restored and deleted
steps:
  - create: {label: nightly}
    as: first
  - wait: {backup: first, for: STATUS_READY, within: 5m, every: 10s}
  - restore: {backup: first}
  - wait: {restore: first, for: STATUS_READY, within: 5m, every: 10s}
  - delete: {backup: first}
"""
"""The flow of ``flow.py``, as a person would write it."""


class FailedError(Exception):
    """A command that did not pass; carries its last line."""


def measure(*, quick: bool) -> list[Figure]:
    """Measure both; what does not exist yet is said to be not available."""
    rounds = 1 if quick else 5
    return [_catalogue(rounds), _item(rounds)]


def _catalogue(rounds: int) -> Figure:
    name = "the whole catalogue, dcos-sim test"
    try:
        taken = median(seconds(CATALOGUE, ROOT) for _ in range(rounds))
    except FailedError as error:
        return unavailable(name, "s", str(error))
    return Figure(name=name, value=taken, unit="s")


def _item(rounds: int) -> Figure:
    name = "one more scenario item in a pytest run"
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "one"), Path(folder, "many")
        _write(one, 1)
        _write(many, COPIES)
        try:
            seconds(PYTEST, one)  # compiles what is imported
            taken = median(seconds(PYTEST, many) - seconds(PYTEST, one) for _ in range(rounds))
        except FailedError as error:
            return unavailable(name, "ms", str(error))
    return Figure(name=name, value=taken / (COPIES - 1) * 1000, unit="ms", aim=AIM_ITEM_MS)


def _write(folder: Path, copies: int) -> None:
    folder.mkdir()
    Path(folder, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for number in range(copies):
        path = folder / f"copy_{number}.scenario.yaml"
        path.write_text(SCENARIO, encoding="utf-8")


def seconds(arguments: Sequence[str], folder: Path) -> float:
    """Run Python with these arguments; return how long that took.

    Raises:
        FailedError: when it did not pass.
    """
    started = perf_counter()
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise FailedError(last_words(f"{done.stdout}\n{done.stderr}"))
    return perf_counter() - started
