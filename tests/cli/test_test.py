from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from simulator.catalogue import catalogue_folder

Run = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]

GOOD = "scenario: Good\nsteps:\n  - create: {label: nightly}\n"
BAD = GOOD.replace("Good", "Bad") + "expect: {creates: 2}\n"
WRONG = "scenario: Wrong\nsteps: []\n"

TOPIC = min(catalogue_folder().rglob("*.scenario.yaml")).parent.name
"""A folder of the catalogue: selects some of its scenarios by ``-k``."""

QUIET = ("-q", "-p", "no:randomly")


def test_the_bundled_scenarios_run_from_any_folder(dcos_sim: Run) -> None:
    """Where no file is named; here a few of them."""
    finished = dcos_sim("test", *QUIET, "-k", TOPIC)
    assert finished.returncode == 0, finished.stdout
    assert " passed" in finished.stdout


def test_the_value_of_an_option_names_no_file(dcos_sim: Run, tmp_path: Path) -> None:
    """Even where a file is called like that."""
    (tmp_path / TOPIC).mkdir()
    finished = dcos_sim("test", *QUIET, "--collect-only", "-k", TOPIC)
    assert finished.returncode == 0
    collected = [line for line in finished.stdout.splitlines() if "::" in line]
    assert collected
    assert len(collected) < len(list(catalogue_folder().rglob("*.scenario.yaml")))


def test_named_files_run_alone(dcos_sim: Run, write: Write) -> None:
    """Status 0 when all passed, 1 when some failed."""
    write("good", GOOD)
    write("inside/bad", BAD)
    good = dcos_sim("test", *QUIET, "good.scenario.yaml")
    assert good.returncode == 0
    assert "1 passed" in good.stdout
    bad = dcos_sim("test", *QUIET, "good.scenario.yaml", "inside")
    assert bad.returncode == 1
    assert "1 failed, 1 passed" in bad.stdout
    assert "replay: dcos-sim test inside/bad.scenario.yaml::bad@http --client http" in bad.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wrong.scenario.yaml"], "wrong.scenario.yaml:2:8: 'steps' needs at least 1, and has 0"),
        (["good.scenario.yaml", "--client", "nobody"], "ERROR: no client is called 'nobody'"),
        (["good.scenario.yaml", "missing.scenario.yaml"], "ERROR: file or directory not found"),
        (["good.scenario.yaml", "--no-such-option"], "unrecognized arguments: --no-such-option"),
    ],
)
def test_what_the_user_has_to_change_is_status_4(
    dcos_sim: Run, write: Write, arguments: list[str], said: str
) -> None:
    """As in pytest, and without a traceback."""
    write("good", GOOD)
    write("wrong", WRONG)
    finished = dcos_sim("test", *QUIET, *arguments)
    output = finished.stdout + finished.stderr
    assert finished.returncode == 4
    assert said in output
    assert "Traceback" not in output


def test_nothing_to_run_is_status_5(dcos_sim: Run, write: Write) -> None:
    """A filter that matches nothing must not pass."""
    write("good", GOOD)
    assert dcos_sim("test", *QUIET, "good.scenario.yaml", "-k", "nothing").returncode == 5


def test_options_are_those_of_pytest(dcos_sim: Run, write: Write, tmp_path: Path) -> None:
    """A replay's item, reports, and the seed."""
    write("bad", BAD)
    item = "bad.scenario.yaml::bad@http"
    options = ["--sim-seed", "mine", "--junitxml=report.xml", "-x", "--tb=short"]
    finished = dcos_sim("test", *QUIET, item, *options)
    assert finished.returncode == 1
    assert "seed: mine\n" in finished.stdout
    assert "bad@http" in (tmp_path / "report.xml").read_text(encoding="utf-8")


def test_help_is_that_of_pytest_with_ours(dcos_sim: Run) -> None:
    """There is nothing else to learn."""
    finished = dcos_sim("test", "--help")
    assert finished.returncode == 0
    for option in ("--client=CLIENT", "--sim-seed=SEED", "--junit-xml=path", "-k EXPRESSION"):
        assert option in finished.stdout


def test_warnings_are_no_noise(dcos_sim: Run, write: Write) -> None:
    """Nor do ours become the user's errors; pytest-asyncio has a warning of its own."""
    write("good", GOOD)
    finished = dcos_sim("test", "good.scenario.yaml", "-W", "error", "-p", "no:asyncio")
    assert finished.returncode == 0
    assert "1 passed in " in finished.stdout
    assert "warnings summary" not in finished.stdout
    assert finished.stderr == ""


def test_a_file_of_another_folder_keeps_its_name(
    dcos_sim: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Though names below the root are all that pytest knows."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "bad.scenario.yaml"
    elsewhere.write_text(BAD, encoding="utf-8")
    finished = dcos_sim("test", *QUIET, str(elsewhere))
    assert "FAILED bad.scenario.yaml::bad@http - Bad" in finished.stdout
