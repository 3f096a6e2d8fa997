"""Loads scenario files: text in, scenarios out, or every problem with its place."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from simulator.harness.language.file_errors import problems_of
from simulator.harness.language.file_model import ScenarioModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_rules import broken_rules
from simulator.harness.language.source_file import (
    KeyPath,
    Place,
    Problem,
    SourceFile,
    Value,
    nearest,
    read_source,
)

_PLACEHOLDER: Final = re.compile(r"<([A-Za-z_][\w ]*)>")


def load_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Load a scenario file: one scenario for each of its cases, or the one that it holds.

    Raises:
        SourceError: with every problem of the file, each with line, caret and hint.
    """
    source = read_source(path)
    if not isinstance(source.value, dict):
        message = "a scenario file is a mapping: scenario, steps and more"
        raise source.error([Problem(place=Place(1, 1), message=message)])
    scenarios: list[Scenario] = []
    problems: dict[Problem, list[str]] = {}
    cases = list(_cases(source))
    for case, filled in cases:
        try:
            model = ScenarioModel.model_validate(filled.value)
        except ValidationError as error:
            found = list(problems_of(error, filled, ScenarioModel, keys_beside=("cases",)))
        else:
            scenario = Scenario(source=filled, model=model, case=case)
            found = list(broken_rules(scenario))
            scenarios.append(scenario)
        for problem in found:
            problems.setdefault(problem, []).append(case)
    if problems:
        raise source.error(_of_cases(problems, len(cases)))
    return tuple(scenarios)


def _of_cases(problems: Mapping[Problem, list[str]], case_count: int) -> Iterator[Problem]:
    """Name the cases in the problems that not all cases have."""
    for problem, cases in problems.items():
        if len(cases) == case_count:
            yield problem
        else:
            named = f"in the case {cases[0]!r}: {problem.message}"
            yield replace(problem, message=named)


# --- cases -------------------------------------------------------------------------------------


def _cases(source: SourceFile) -> Iterator[tuple[str, SourceFile]]:
    """Yield (name, file with the case's values filled in); one without a name if none is listed."""
    value = dict(source.value)
    if "cases" not in value:
        yield "", source
        return
    cases = value.pop("cases")
    problems = list(_wrong_cases(source, cases))
    if problems:
        raise source.error(problems)
    unused = set(cases[0]) - {"case"}
    for case in cases:
        used: set[str] = set()
        filled = _filled(value, (), case, used, source)
        unused -= used
        yield case["case"], replace(source, value=filled)
    for name in sorted(unused):
        place = source.place(("cases", 0, name), of_key=True)
        message = f"nothing uses <{name}>"
        raise source.error([Problem(place=place, message=message, hint="use it, or delete it")])


def _wrong_cases(source: SourceFile, cases: Value) -> Iterator[Problem]:
    place = source.place(("cases",), of_key=True)
    if not isinstance(cases, list) or not cases:
        yield Problem(place=place, message="cases must be a list of mappings, with one at least")
        return
    seen: set[str] = set()
    for index, case in enumerate(cases):
        here = source.place(("cases", index))
        if not isinstance(case, dict) or not isinstance(case.get("case"), str):
            message = "each case is a mapping with a name: {case: three letters, …}"
            yield Problem(place=here, message=message)
        elif not _is_name(case["case"]):
            here = source.place(("cases", index, "case"))
            message = f"{case['case']!r} is no name of a case"
            yield Problem(place=here, message=message, hint="write a few words, no '::' and no '['")
        elif case["case"] in seen:
            yield Problem(place=here, message=f"case {case['case']!r} is there twice")
        elif isinstance(cases[0], dict):
            yield from _odd_keys(source, index, case, cases[0])
            seen.add(case["case"])


def _is_name(text: str) -> bool:
    """Whether a text can be part of a test's name: pytest reads ``::`` and ``[`` in its own way."""
    return bool(text.strip()) and text.isprintable() and "::" not in text and "[" not in text


def _odd_keys(
    source: SourceFile, index: int, case: Mapping[str, Value], first: Mapping[str, Value]
) -> Iterator[Problem]:
    for key in case:
        if key not in first:
            place = source.place(("cases", index, key), of_key=True)
            message = f"the first case has no {key!r}"
            yield Problem(place=place, message=message, hint=nearest(key, first))
    for key in first:
        if key not in case:
            message = f"{key!r} is missing: every case has the keys of the first"
            yield Problem(place=source.place(("cases", index)), message=message)


def _filled(
    value: Value, path: KeyPath, case: Mapping[str, Value], used: set[str], source: SourceFile
) -> Value:
    """Replace ``<name>`` by the case's value; alone it may stand for a list or a mapping."""
    if isinstance(value, dict):
        return {
            key: _filled(inner, (*path, key), case, used, source) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _filled(inner, (*path, index), case, used, source) for index, inner in enumerate(value)
        ]
    names = _PLACEHOLDER.findall(value)
    for name in names:
        if name not in case:
            message = f"no case has a value for <{name}>"
            problem = Problem(place=source.place(path), message=message, hint=nearest(name, case))
            raise source.error([problem])
    used.update(names)
    if len(names) == 1 and value == f"<{names[0]}>":
        return deepcopy(case[names[0]])
    for name in names:
        if not isinstance(case[name], str):
            message = f"<{name}> stands inside a text, so its value must be text"
            raise source.error([Problem(place=source.place(path), message=message)])
    return _PLACEHOLDER.sub(lambda match: case[match[1]], value)
