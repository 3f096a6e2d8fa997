"""Golden pairs: what was captured, and the scenario that is made of it."""

import os
from pathlib import Path

import pytest

from simulator.capture.reproduce import Reproduction, reproduce

CAPTURES = Path(__file__).parent / "captures"
GOLDEN = Path(__file__).parent / "golden"
INPUTS = sorted(CAPTURES.iterdir())
EACH = pytest.mark.parametrize("capture", INPUTS, ids=[path.name for path in INPUTS])


def told(made: Reproduction) -> str:
    """Return everything that is told of a scenario beside its text, a line each."""
    lines = [*made.seen, *(f"guessed: {line}" for line in made.guessed), *made.replaced]
    return "\n".join([*lines, f"{made.compared} of {made.total} answers played", *made.differs])


@EACH
def test_a_capture_becomes_the_scenario_that_it_is(capture: Path) -> None:
    """To the letter, with all that is guessed."""
    made = reproduce([str(capture)])
    found = f"{made.text}\n--- told\n{told(made)}\n"
    golden = GOLDEN / f"{capture.name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@EACH
def test_a_scenario_gives_its_capture_back(capture: Path) -> None:
    """Answer by answer; and the built-in client finds everything as its steps expect."""
    assert reproduce([str(capture)]).differs == ()


def test_every_golden_file_belongs_to_a_capture() -> None:
    """None is left over."""
    there = {path.name.removesuffix(".txt") for path in GOLDEN.iterdir()}
    assert there == {path.name for path in INPUTS}


def test_several_captures_are_one(tmp_path: Path) -> None:
    """Files of a folder, in the order of the times in their names."""
    for name, minute in (("ready", 18), ("stuck", 17)):
        text = (CAPTURES / f"show-{name}.json").read_text(encoding="utf-8")
        (tmp_path / f"a-2019-03-18T23-{minute}-00Z.json").write_text(text, encoding="utf-8")
    made = reproduce([str(tmp_path)])
    assert made.differs == ()
    assert "- {status: STATUS_BACKING_UP, for: 56s}\n" in made.text
    assert "the times of the files were taken from their names, as UTC" in made.guessed


def test_files_without_a_time_in_their_names_have_the_time_of_their_last_change(
    tmp_path: Path,
) -> None:
    """Whatever the order of their names."""
    begin = 1_552_951_020  # 2019-03-18T23:17:00Z
    for name, seconds in (("ready", 60), ("stuck", 0)):
        path = tmp_path / f"{name}.json"
        path.write_bytes((CAPTURES / f"show-{name}.json").read_bytes())
        os.utime(path, (begin + seconds, begin + seconds))
    made = reproduce([str(tmp_path)])
    assert made.differs == ()
    assert "- {status: STATUS_BACKING_UP, for: 56s}\n" in made.text
    assert made.guessed[0] == (
        "the times of the files were taken from when they were last changed, as UTC"
    )
