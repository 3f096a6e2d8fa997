from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.harness.language.file_errors import spot_of
from simulator.harness.language.file_model import ScenarioModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError
from simulator.harness.language.step_model import VERBS

GOLDEN = Path(__file__).parent / "golden"
WRONG_FILES = sorted(path.name for path in GOLDEN.glob("*.scenario.yaml"))

GOOD = """
scenario: Everything that a file can say
tags: [smoke, status-error]
cluster:
  dcos_version: 1.13.0
  start: 2019-03-18T23:16:33.265478871Z
  marathon: {apps: [/web, {id: /db, cpus: 1}]}
  backups:
    - {label: old, as: old, age: 1d}
    - {label: older, age: 2d, status: STATUS_ERROR, error: disk is full, times: 2}
time: manual
script:
  - on: create
    when: {label: "night*"}
    times: 1
    optional: true
    then:
      - {status: STATUS_BACKING_UP, for: {between: [10s, 60s]}, shown_as: STATUS_ODD}
      - {status: STATUS_BACKING_UP, for: {polls: 3}, overall: STATUS_ODD}
      - {status: STATUS_BACKING_UP, for: {until: go}}
      - one_of:
          - {weight: 2, then: [{status: STATUS_READY}]}
          - then: [{status: STATUS_ERROR, component: history, error: no leader}]
  - on: restore
    then: [{status: STATUS_RESTORING, for: forever}]
steps:
  - create: {label: nightly}
    as: first
    expect: {status: STATUS_ODD, id: {starts_with: nightly}, restores: {absent: true}}
  - list: {prefix: night}
    expect:
      count: 1
      exactly: [first]
      includes: [first]
      lacks: [old]
      entries: {first: {status: {one_of: [STATUS_ODD, STATUS_READY]}}}
  - cluster: {release: go}
  - wait: {backup: first, for: STATUS_READY, within: 5m, every: 10s}
  - show: {backup: first}
    expect: {status: {not: STATUS_ERROR}, id: {matches: "^nightly-"}}
  - restore: {id: nightly-1}
    expect: refused
  - delete: {backup: first}
    expect: ok
  - advance: 10m
  - cluster: {deploy: /new}
  - expect: {marathon: available}
expect:
  backups: {first: absent}
  apps: [/web]
  creates: 1
  restores: 0
  deletes: 1
"""


# --- golden pairs ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_gets_the_message_beside_it(
    name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``golden/NAME.scenario.yaml`` with ``NAME.txt``: where, what, and what to write instead."""
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(SourceError) as error:
        load_scenarios(Path(name))
    golden(GOLDEN / f"{name.removesuffix('.scenario.yaml')}.txt", str(error.value))


def test_every_message_belongs_to_a_file() -> None:
    """No golden text is left over."""
    texts = {path.stem for path in GOLDEN.glob("*.txt")}
    assert texts == {name.removesuffix(".scenario.yaml") for name in WRONG_FILES}


# --- places in the model -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "path", "around"),
    [
        (("stepz",), ("stepz",), ("scenario", "steps", "expect")),
        (("scenario", "str"), ("scenario",), ("scenario", "steps", "expect")),
        (("steps", 0, "no such tag", "x"), ("steps", 0), ("steps",)),
        (("steps", 0, "create", "create", "label"), ("steps", 0, "create", "label"), ("label",)),
        (("steps", 0, "create", "as"), ("steps", 0, "as"), ("create", "as", "expect")),
        (("steps", 0, "wait", "wait", "for"), ("steps", 0, "wait", "for"), ("for", "within")),
        (("time", "rate", "rate"), ("time", "rate"), ("rate",)),
        (
            (
                "script",
                0,
                "then",
                1,
                "choice",
                "one_of",
                0,
                "then",
                2,
                "stage",
                "for",
                "polls",
                "x",
            ),
            ("script", 0, "then", 1, "one_of", 0, "then", 2, "for", "x"),
            ("polls",),
        ),
        (
            ("steps", 1, "show", "expect", "paths", "status", "matcher", "not"),
            ("steps", 1, "expect", "status", "not"),
            ("contains", "not"),
        ),
        (
            ("cluster", "marathon", "apps", "list", 3, "id"),
            ("cluster", "marathon", "apps", 3),
            ("apps",),
        ),
    ],
)
def test_a_location_of_pydantic_becomes_a_path_of_the_file(
    location: tuple[str | int, ...], path: tuple[str | int, ...], around: tuple[str, ...]
) -> None:
    """Tags that chose a model are left out, also where they read like a key of the file."""
    spot = spot_of(location, ScenarioModel)
    assert spot.path == path
    assert set(around) <= set(spot.around)


def test_a_mapping_that_should_stand_there_names_its_keys() -> None:
    """So that a message can say what to write."""
    assert spot_of(("script", 0, "then", 0, "stage"), ScenarioModel).inside[:2] == ("status", "for")
    assert spot_of(("cluster",), ScenarioModel).inside == (
        "dcos_version",
        "marathon",
        "backups",
        "start",
    )
    assert spot_of(("tags",), ScenarioModel).inside == ()


# --- any file ----------------------------------------------------------------------------------


def test_the_file_that_is_edited_below_is_good(tmp_path: Path) -> None:
    """Otherwise every edit would be refused for the same reason."""
    path = tmp_path / "good.scenario.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (scenario,) = load_scenarios(path)
    assert len(scenario.model.steps) == len(VERBS) + 1


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a document."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [(*path, key) for key, _ in inner]
    return found + [place for key, each in inner for place in places(each, (*path, key))]


DOCUMENT: dict[str, Any] = yaml.load(GOOD, Loader=yaml.BaseLoader)  # noqa: S506 - all is text
PLACES = places(DOCUMENT)

OTHER_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        "",
        "text",
        "0",
        "-1",
        "99999999999999999999",
        "90s",
        "0s",
        "forever",
        "true",
        "STATUS_READY",
        "STATUS_RESTORING",
        "first",
        "<case>",
        "(",
        [],
        ["text"],
        [[]],
        {},
        {"for": "90s"},
        {"status": "STATUS_READY"},
        {"case": "x"},
        {"create": {"label": "nightly"}},
        {"list": "x", "wait": []},
    ]
)
NAMES = st.sampled_from(
    sorted({str(key) for place in PLACES for key in place} | {"cases", "as_", "for_", "x", ""})
)
EDITS = st.tuples(
    st.sampled_from(["delete", "rename", "replace", "duplicate"]),
    st.sampled_from(PLACES),
    OTHER_VALUES,
    NAMES,
)


def edited(document: dict[str, Any], edits: list[tuple[str, tuple[Any, ...], Any, str]]) -> Any:  # noqa: ANN401
    """Return a document after all edits that are still possible."""
    document = deepcopy(document)
    for kind, path, value, name in edits:
        holder: Any = document
        try:
            for key in path[:-1]:
                holder = holder[key]
            _ = holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue
        if isinstance(holder, (dict, list)):
            _edit(holder, path[-1], kind, deepcopy(value), name)
    return document


def _edit(holder: Any, key: Any, kind: str, value: Any, name: str) -> None:  # noqa: ANN401
    if kind == "delete":
        del holder[key]
    elif kind == "replace":
        holder[key] = value
    elif isinstance(holder, list):
        holder.insert(key, deepcopy(holder[key]))
    else:
        holder[name] = holder.pop(key) if kind == "rename" else deepcopy(holder[key])


def loaded_or_refused(path: Path) -> tuple[Scenario, ...] | SourceError:
    """Return what becomes of a file; any other exception fails the test."""
    try:
        return load_scenarios(path)
    except SourceError as error:
        return error


@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_any_edit_of_a_good_file_loads_or_is_refused(
    edits: list[tuple[str, tuple[Any, ...], Any, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Keys deleted, renamed and doubled, values of other kinds: never any other error."""
    text = yaml.safe_dump(edited(DOCUMENT, edits), allow_unicode=True, sort_keys=False)
    path = tmp_path_factory.getbasetemp() / "edited.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    result = loaded_or_refused(path)
    if isinstance(result, SourceError):
        assert result.problems
        assert all(problem.message for problem in result.problems)
    else:
        assert [scenario.spec() for scenario in result]
