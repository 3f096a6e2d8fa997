import re
from collections.abc import Callable
from importlib.metadata import version
from subprocess import CompletedProcess

import pytest

from simulator.cli.main import COMMANDS

Run = Callable[..., CompletedProcess[str]]

HEAVY = ("aiohttp", "pydantic", "yaml", "pytest", "faker", "freezegun", "simulator.harness")


@pytest.mark.parametrize("options", [("--help",), ("-h",), ("--version",)])
def test_help_and_version_import_nothing_heavy(dcos_sim: Run, options: tuple[str, ...]) -> None:
    """Whoever asks for them waits for nothing."""
    finished = dcos_sim(*options, options=("-X", "importtime"))
    assert finished.returncode == 0
    imported = re.findall(r"^import time:.*\| +([\w.]+)$", finished.stderr, re.MULTILINE)
    assert "rich_click" in imported
    assert [name for name in imported if name.split(".")[0] in HEAVY or name in HEAVY] == []


def test_help_lists_every_command_with_its_line(dcos_sim: Run) -> None:
    """And what the whole is."""
    output = dcos_sim("--help").stdout
    assert "A fake DC/OS Enterprise cluster" in output
    for name, line in COMMANDS.items():
        assert re.search(rf"{name}\s+{re.escape(line)}", output)


def test_version_is_that_of_the_distribution(dcos_sim: Run) -> None:
    """On one line."""
    assert dcos_sim("--version").stdout == f"dcos-sim, version {version('dcos-backup-simulator')}\n"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "test"])
def test_every_command_has_help(dcos_sim: Run, name: str) -> None:
    """With its own options; that of ``test`` is pytest's."""
    finished = dcos_sim(name, "--help")
    assert finished.returncode == 0
    assert f"simulator.cli.main {name}" in finished.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tset"], "No such command 'tset'"),
        (["serve", "--prot", "1"], "No such option '--prot'"),
        (["serve", "--rate", "fast"], "'fast' is not a valid float"),
        (["explain"], "Missing argument 'FILE'"),
        (["lint"], "Missing argument 'PATHS...'"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(
    dcos_sim: Run, arguments: list[str], said: str
) -> None:
    """The same status as for everything else that the user has to change."""
    finished = dcos_sim(*arguments)
    assert finished.returncode == 4
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
