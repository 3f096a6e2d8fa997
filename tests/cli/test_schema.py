from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from simulator.harness.schemas import SCHEMAS, schema_text

Run = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize("kind", [[], *([name] for name in SCHEMAS)])
def test_a_schema_is_printed_as_it_is_stored(dcos_sim: Run, kind: list[str]) -> None:
    """So that it can be redirected to a file."""
    finished = dcos_sim("schema", *kind)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == schema_text(kind[0] if kind else "scenario")
