from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]

GOOD = "scenario: Good\nsteps:\n  - list: {}\n"
TABLE = GOOD + "cases: [{case: one}, {case: two}]\n"
WRONG = "scenario: Wrong\nsteps:\n  - lits: {}\n"
WRONG_TEXT = """\
wrong.scenario.yaml:3:5: 'lits' is no step
    3 |   - lits: {}
      |     ^^^^
        did you mean 'list'? allowed here: create, list, show, restore, delete, wait, advance, \
cluster, expect
"""


def test_good_files_are_counted(dcos_sim: Run, write: Write) -> None:
    """Files and folders may be mixed; each case is a scenario."""
    write("good", GOOD)
    write("inside/table", TABLE)
    write("inside/other", GOOD)
    finished = dcos_sim("lint", "good.scenario.yaml", "inside")
    assert (finished.returncode, finished.stdout) == (0, "3 of 3 files are good (4 scenarios)\n")
    assert finished.stderr == ""


def test_every_wrong_file_is_told(dcos_sim: Run, write: Write) -> None:
    """All of a folder, in order, and the good ones are counted all the same."""
    write("wrong", WRONG)
    write("good", GOOD)
    write("also", "scenario: [\n")
    finished = dcos_sim("lint", ".")
    assert finished.returncode == 4
    assert finished.stdout.startswith("also.scenario.yaml:2:1: is not YAML: ")
    assert WRONG_TEXT in finished.stdout
    assert finished.stdout.endswith("1 of 3 files are good (1 scenarios)\n")


def test_a_file_that_is_not_there_is_wrong(dcos_sim: Run) -> None:
    """Not silently skipped."""
    finished = dcos_sim("lint", "none.scenario.yaml")
    assert finished.returncode == 4
    assert finished.stdout.startswith("none.scenario.yaml:1:1: cannot be read: No such file")
    assert "Traceback" not in finished.stderr


def test_a_folder_without_scenarios_is_wrong(dcos_sim: Run, tmp_path: Path) -> None:
    """A path that was mistyped must not pass."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "other.yaml").write_text("a: b\n", encoding="utf-8")
    finished = dcos_sim("lint", "empty")
    assert finished.returncode == 4
    first, second = finished.stdout.splitlines()
    assert first == "no *.scenario.yaml or *.client.yaml in empty"
    assert second == "0 of 0 files are good (0 scenarios)"


def test_a_named_file_may_have_any_name(dcos_sim: Run, tmp_path: Path) -> None:
    """Only in folders the suffix decides."""
    (tmp_path / "draft.yaml").write_text(GOOD, encoding="utf-8")
    assert dcos_sim("lint", "draft.yaml").returncode == 0


def test_client_profiles_are_checked_too(dcos_sim: Run, write: Write, tmp_path: Path) -> None:
    """By the end of their names, or by what a file that is named itself holds."""
    write("good", GOOD)
    (tmp_path / "mine.client.yaml").write_text("client: mine\nkind: http\n", encoding="utf-8")
    (tmp_path / "odd.yaml").write_text("client: odd\nkind: htpp\n", encoding="utf-8")
    finished = dcos_sim("lint", ".", "odd.yaml")
    assert finished.returncode == 4
    assert "odd.yaml:2:7: there is no such kind\n" in finished.stdout
    assert finished.stdout.endswith("2 of 3 files are good (1 scenarios, 1 client profiles)\n")
