from collections.abc import Callable
from subprocess import CompletedProcess

from simulator.harness.language.schema import scenario_schema_text

Run = Callable[..., CompletedProcess[str]]


def test_the_schema_is_printed_as_it_is_stored(dcos_sim: Run) -> None:
    """So that it can be redirected to a file."""
    finished = dcos_sim("schema")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == scenario_schema_text()
