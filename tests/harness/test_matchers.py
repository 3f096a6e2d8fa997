from typing import Any

import pytest

from simulator.harness.language.step_model import Matcher, MatcherModel
from simulator.harness.matchers import as_text, described, mismatches, value_at

DOCUMENT = {
    "id": "nightly-1",
    "component_status": {"marathon": {"status": "STATUS_ERROR", "error": "no leader"}},
    "restores": [{"n": 1}, {"n": 2, "done": True}],
    "nothing": None,
    "size": 1.5,
    "empty": "",
}


def matcher(**wanted: Any) -> MatcherModel:  # noqa: ANN401 - text, a list of it, or a flag
    """Return a matcher as a file writes it."""
    return MatcherModel.model_validate(wanted)


def found(path: str, expected: Matcher) -> list[tuple[str, str, str]]:
    """Compare one path of the document."""
    return list(mismatches(DOCUMENT, {path: expected}))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id", "nightly-1"),
        ("component_status.marathon.status", "STATUS_ERROR"),
        ("restores.0.n", "1"),
        ("restores.1.done", "true"),
        ("nothing", "null"),
        ("size", "1.5"),
        ("empty", ""),
        ("id", matcher(contains="ghtly")),
        ("id", matcher(starts_with="nightly")),
        ("id", matcher(matches="^night.*-[0-9]$")),
        ("id", matcher(one_of=["x", "nightly-1"])),
        ("id", matcher(**{"not": "weekly"})),
        ("id", matcher(absent="false")),
        ("restores.2", matcher(absent="true")),
        ("restores.n", matcher(absent="true")),
        ("id.0", matcher(absent="true")),
        ("component_status.other.status", matcher(absent="true")),
        ("restores.-1", matcher(absent="true")),
        ("restores.²", matcher(absent="true")),
        ("", matcher(absent="true")),
    ],
)
def test_a_value_that_fits_says_nothing(path: str, expected: Matcher) -> None:
    """Numbers, booleans and null are compared as a file would write them."""
    assert found(path, expected) == []


@pytest.mark.parametrize(
    ("path", "expected", "wanted", "was"),
    [
        ("id", "weekly", "'weekly'", "'nightly-1'"),
        ("restores.1.done", "True", "'True'", "True"),
        ("size", "1.50", "'1.50'", "1.5"),
        ("gone", "x", "'x'", "nothing there"),
        ("gone", matcher(contains=""), "contains ''", "nothing there"),
        ("gone", matcher(**{"not": "x"}), "not 'x'", "nothing there"),
        ("gone", matcher(absent="false"), "anything", "nothing there"),
        ("id", matcher(absent="true"), "nothing there", "'nightly-1'"),
        ("nothing", matcher(absent="true"), "nothing there", "None"),
        ("id", matcher(contains="week"), "contains 'week'", "'nightly-1'"),
        ("id", matcher(starts_with="week"), "starts with 'week'", "'nightly-1'"),
        ("id", matcher(matches="^week"), "matches '^week'", "'nightly-1'"),
        ("id", matcher(one_of=["a", "b"]), "one of ['a', 'b']", "'nightly-1'"),
        ("id", matcher(**{"not": "nightly-1"}), "not 'nightly-1'", "'nightly-1'"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_was_wanted(
    path: str, expected: Matcher, wanted: str, was: str
) -> None:
    """In words that a person reads under ``expected`` and ``found``."""
    assert found(path, expected) == [(path, wanted, was)]


def test_every_path_is_compared() -> None:
    """In the order of the file."""
    paths: dict[str, Matcher] = {"id": "a", "size": "1.5", "empty": "b"}
    assert [path for path, _, _ in mismatches(DOCUMENT, paths)] == ["id", "empty"]


@pytest.mark.parametrize("document", [None, "text", 3, [], {}])
def test_anything_may_be_looked_into(document: object) -> None:
    """A client may show whatever it likes."""
    assert [was for _, _, was in mismatches(document, {"a.b": "c"})] == ["nothing there"]


def test_values_are_found_and_written() -> None:
    """As JSON has them."""
    assert value_at(DOCUMENT, "restores.1") == {"n": 2, "done": True}
    assert [as_text(value) for value in (True, False, None, 3, "x")] == [
        "true",
        "false",
        "null",
        "3",
        "x",
    ]
    assert described("x") == "'x'"
