import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from simulator.catalogue import catalogue_folder

Run = Callable[..., CompletedProcess[str]]

SHOWN = {
    "dcos_version": "1.13.0",
    "id": "nightly-317c19df-34e4-41a0-93c9-d66c7f307208",
    "component_status": {"marathon": {"status": "STATUS_ERROR", "error": "disk full"}},
    "timestamp": "2019-03-18T23:16:33.265478871Z",
    "status": "STATUS_ERROR",
}
ODD = [SHOWN, {**SHOWN, "id": "no-id"}]


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """Write what ``dcos backup show`` has printed."""
    path = tmp_path / "show.json"
    path.write_text(json.dumps(SHOWN, indent=4), encoding="utf-8")
    return path


@pytest.mark.usefixtures("captured")
def test_a_capture_becomes_a_scenario_that_passes(dcos_sim: Run, tmp_path: Path) -> None:
    """It is written where it is wanted, and what was done is told on standard error."""
    made = dcos_sim("reproduce", "show.json", "-o", "made.scenario.yaml")
    assert (made.returncode, made.stdout) == (0, "")
    assert made.stderr.splitlines() == [
        "seen      read show.json: 1 answer",
        "replaced  nothing that looks like a secret",
        "guessed   nothing",
        "replayed  1 answer, the same as captured",
        "written   made.scenario.yaml",
    ]
    assert str(SHOWN["id"]) in (tmp_path / "made.scenario.yaml").read_text(
        encoding="utf-8"
    ).replace("uuid: ", "nightly-")
    tested = dcos_sim("test", "made.scenario.yaml", "-q")
    assert tested.returncode == 0, tested.stdout


@pytest.mark.usefixtures("captured")
def test_without_a_file_the_scenario_goes_to_standard_output(dcos_sim: Run) -> None:
    """So it can be piped on."""
    made = dcos_sim("reproduce", "show.json")
    assert made.returncode == 0
    assert made.stdout.startswith("# Made by dcos-sim reproduce.\n")
    assert "error: disk full\n" in made.stdout


@pytest.mark.usefixtures("captured")
def test_a_file_that_is_there_is_not_overwritten(dcos_sim: Run, tmp_path: Path) -> None:
    """Unless somebody insists: it may have been edited by hand."""
    there = tmp_path / "made.scenario.yaml"
    there.write_text("mine", encoding="utf-8")
    refused = dcos_sim("reproduce", "show.json", "-o", there.name)
    assert (refused.returncode, there.read_text(encoding="utf-8")) == (4, "mine")
    assert refused.stderr == (
        "-o made.scenario.yaml: is there already; take another name, or say --force\n"
    )
    assert dcos_sim("reproduce", "show.json", "-o", there.name, "--force").returncode == 0
    assert there.read_text(encoding="utf-8") != "mine"


def test_what_cannot_be_given_back_is_told_and_written(dcos_sim: Run, tmp_path: Path) -> None:
    """The scenario is there, and the exit status says that something is missing."""
    (tmp_path / "list.json").write_text(json.dumps(ODD), encoding="utf-8")
    made = dcos_sim("reproduce", "list.json", "-o", "made.scenario.yaml")
    assert made.returncode == 1
    assert (tmp_path / "made.scenario.yaml").exists()
    assert "replayed  1 answer; what differs from the capture:\n" in made.stderr
    assert "list.json:1, list at +0s: backup no-id: captured there, replayed nothing" in made.stderr


def test_standard_input_is_read(dcos_sim: Run) -> None:
    """As ``-``."""
    made = dcos_sim("reproduce", "-", text=json.dumps(SHOWN))
    assert made.returncode == 0
    assert "seen      read standard input: 1 answer\n" in made.stderr


@pytest.mark.usefixtures("captured")
def test_a_kind_of_secret_can_be_kept(dcos_sim: Run, tmp_path: Path) -> None:
    """The others are replaced."""
    text = json.dumps(SHOWN).replace("disk full", "10.0.4.17 refused alice@corp.com")
    (tmp_path / "host.json").write_text(text, encoding="utf-8")
    made = dcos_sim("reproduce", "host.json", "--keep", "address")
    assert "error: 10.0.4.17 refused user-1\n" in made.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a file, a folder, or - for standard input"),
        (["nosuch.json"], "nosuch.json: there is no such file"),
        (["show.json", "-o", "."], "-o .: is a folder; name a file in it"),
        (["other.json"], "other.json: holds JSON, but no backup of DC/OS"),
        (["empty.json"], "empty.json: is empty"),
        (["show.json", "--keep", "everything"], "'everything' is not one of"),
    ],
)
@pytest.mark.usefixtures("captured")
def test_what_cannot_be_used_is_told_in_a_sentence(
    dcos_sim: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """With the exit status of everything that the user has to change."""
    (tmp_path / "other.json").write_text('{"apps": [{"id": "/web"}]}', encoding="utf-8")
    (tmp_path / "empty.json").write_text("", encoding="utf-8")
    refused = dcos_sim("reproduce", *arguments)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


# --- known causes --------------------------------------------------------------------------------


def test_the_known_causes_are_listed(dcos_sim: Run) -> None:
    """With what one sees, in the width of the terminal."""
    listed = dcos_sim("reproduce", "--list")
    assert listed.returncode == 0
    assert "\ndisk-full " in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 100


def test_a_known_cause_can_be_written(dcos_sim: Run, tmp_path: Path) -> None:
    """The bundled file as it is."""
    written = dcos_sim("reproduce", "--cause", "disk-full", "-o", "mine.scenario.yaml")
    assert (written.returncode, written.stderr) == (0, "written   mine.scenario.yaml\n")
    text = (tmp_path / "mine.scenario.yaml").read_text(encoding="utf-8")
    bundled = catalogue_folder() / "status-error" / "disk-full.scenario.yaml"
    assert text == bundled.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cause", "disk-ful"], "did you mean disk-full?"),
        (["--cause", "disk-full", "show.json"], "--cause takes no inputs; leave them out"),
        (["--list", "show.json"], "--list takes no inputs; leave them out"),
    ],
)
def test_a_cause_that_cannot_be_shown_is_told_in_a_sentence(
    dcos_sim: Run, arguments: list[str], said: str
) -> None:
    """With the exit status of everything that the user has to change."""
    refused = dcos_sim("reproduce", *arguments)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert said in refused.stderr
