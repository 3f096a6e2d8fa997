"""What the tests of captures share: how to run the command as a real process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS_AT_MOST = 60
"""Of real time, for one command."""


@pytest.fixture
def dcos_sim(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return how to run ``dcos-sim`` in the folder of the test, to its end."""
    own = {name: value for name, value in os.environ.items() if "PYTEST" not in name}

    def dcos_sim(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "simulator.cli.main", *arguments],
            cwd=tmp_path,
            env={**own, "COLUMNS": "100", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_AT_MOST,
        )

    return dcos_sim
