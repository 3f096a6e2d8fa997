"""What the tests of the commands share: how to run them as real processes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS_AT_MOST = 60
"""Of real time, for one command."""

Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment of a person at a terminal of 100 columns, without this pytest's."""
    own = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    return {**own, "COLUMNS": "100", "NO_COLOR": "1"}


@pytest.fixture
def dcos_sim(environment: dict[str, str], tmp_path: Path) -> Callable[..., Finished]:
    """Return how to run ``dcos-sim`` in the folder of the test, to its end."""

    def dcos_sim(*arguments: str, options: tuple[str, ...] = (), text: str = "") -> Finished:
        return subprocess.run(
            [sys.executable, *options, "-m", "simulator.cli.main", *arguments],
            cwd=tmp_path,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_AT_MOST,
        )

    return dcos_sim


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return how to write a scenario file in the folder of the test."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.scenario.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
