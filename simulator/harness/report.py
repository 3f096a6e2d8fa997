"""What a run of many scenarios came to, as plain values: for the JSON report, and for summaries.

Everything that a worker tells is a dict of texts, numbers, lists and dicts: it travels between
processes as it stands in the report. ``TypedDict`` says what is in it; the published schema is made
from these.
"""

import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from typing_extensions import TypedDict  # pydantic makes schemas of no other before Python 3.12

from simulator.core.instants import rfc3339
from simulator.harness.coverage import Area, coverage, overall, points_of
from simulator.harness.failure_text import replay_command
from simulator.harness.ports import Failed, Indeterminate, Ok, Outcome
from simulator.harness.verdict import Finding, Verdict
from simulator.journal import plain_entry

FORMAT: Final = 1
"""Counts up when something in a report gets another meaning or is left out."""

BODY_MAX: Final = 4000
"""Characters of a body in a report: lists can be very long."""

PACKAGES: Final = ("dcos-backup-simulator", "aiohttp", "faker", "freezegun", "pytest")


class FindingReport(TypedDict):
    """Something that was not as it should be.

    Attributes:
        code: of the check that found it; empty for what the scenario itself expects.
        severity: ``error`` or ``warning``.
        line: in the scenario file, from 1.
        column: there, from 1.
        expected: the rule of the check, or what the scenario expects.
        found: what was found.
        notes: what helps to see why.
        requests: numbers of the requests that show it, from 1.
    """

    code: str
    severity: str
    line: int
    column: int
    expected: str
    found: str
    notes: list[str]
    requests: list[int]


class StepReport(TypedDict):
    """A step that was taken, or the program that was run.

    Attributes:
        number: of the step, from 1.
        at: cluster time when it began.
        after: the last entry of the timeline before it; 0 for none.
        claim: ``ok``, ``failed`` or ``indeterminate``; empty where nothing is claimed.
        message: what the client said, where it did not succeed.
    """

    number: int
    at: str
    after: int
    claim: str
    message: str


class ScenarioReport(TypedDict):
    """One scenario through one client.

    Attributes:
        id: what pytest calls it.
        file: the scenario file.
        title: what it shows.
        case: the name of its case; empty for none.
        client: the name of the client.
        known_failing: why its profile says that it fails here; empty where it does not.
        outcome: ``passed``, ``failed``, ``skipped``, ``known failing`` or ``error``.
        reason: why it was skipped, is known to fail, or could not be run.
        seconds: of real time.
        seed: of its cluster.
        replay: the command that runs it again in the same way.
        start: where its cluster time began.
        end: where it ended.
        findings: what was wrong.
        warnings: what was found that does not fail it.
        allowed: codes of checks that were broken, and may be.
        allows: codes that the scenario itself allows to be broken.
        steps: what the client was asked for, and what it claims.
        faults: a line for each armed fault.
        timeline: everything that the cluster saw and went through.
        points: what was exercised, as areas with points.
    """

    id: str
    file: str
    title: str
    case: str
    client: str
    known_failing: str
    outcome: str
    reason: str
    seconds: float
    seed: str
    replay: str
    start: str
    end: str
    findings: list[FindingReport]
    warnings: list[FindingReport]
    allowed: list[str]
    allows: list[str]
    steps: list[StepReport]
    faults: list[str]
    timeline: list[dict[str, Any]]
    points: list[list[str]]


class ClientReport(TypedDict):
    """A client that was judged.

    Attributes:
        name: what names of tests call it.
        given: what ``--client`` calls it.
        allows: checks that its profile lets it break, each with the reason.
        unused: those of them that it never broke in this run.
    """

    name: str
    given: str
    allows: dict[str, str]
    unused: list[str]


class AreaReport(TypedDict):
    """How much of an area was exercised.

    Attributes:
        name: of the area.
        percent: of what could be reached.
        reached: points that were.
        missed: points that were not.
        unreachable: points that could not be, each with the reason.
    """

    name: str
    percent: float
    reached: list[str]
    missed: list[str]
    unreachable: dict[str, str]


class CoverageReport(TypedDict):
    """What of the client's world was exercised."""

    percent: float
    areas: list[AreaReport]


class RunReport(TypedDict):
    """A whole run.

    Attributes:
        format: of this report; counts up when something gets another meaning.
        versions: of what it was made with.
        seed: that was given; empty where each scenario had one of its own.
        clients: that were judged.
        summary: number of scenarios by outcome.
        scenarios: each through each client, in the order of their names.
        coverage: what was exercised.
    """

    format: int
    versions: dict[str, str]
    seed: str
    clients: list[ClientReport]
    summary: dict[str, int]
    scenarios: list[ScenarioReport]
    coverage: CoverageReport


OUTCOMES: Final = ("passed", "failed", "skipped", "known failing", "error")


# --- one scenario --------------------------------------------------------------------------------


def scenario_report(verdict: Verdict, *, timeline: bool, points: bool) -> dict[str, Any]:
    """Return what a verdict says, as plain values: a ``ScenarioReport`` but for pytest's part.

    Args:
        verdict: what came of the scenario.
        timeline: whether everything that the cluster saw is wanted, too.
        points: whether what was exercised is.
    """
    scenario = verdict.scenario
    return {
        "file": scenario.source.name,
        "title": scenario.title,
        "case": scenario.case,
        "client": verdict.client_name,
        "seed": verdict.seed,
        "replay": replay_command(verdict),
        "start": rfc3339(verdict.start),
        "end": rfc3339(verdict.end),
        "findings": [_finding(verdict, each, "error") for each in verdict.findings],
        "warnings": [_finding(verdict, each, "warning") for each in verdict.judged.warnings],
        "allowed": sorted(verdict.judged.allowed),
        "allows": sorted(scenario.model.allow),
        "steps": list(_steps(verdict)),
        "faults": list(verdict.faults),
        "timeline": list(_timeline(verdict)) if timeline else [],
        "points": sorted(map(list, points_of(verdict))) if points else [],
    }


def _finding(verdict: Verdict, finding: Finding, severity: str) -> FindingReport:
    place = verdict.scenario.source.place(finding.path)
    return {
        "code": finding.check.code if finding.check else "",
        "severity": severity,
        "line": place.line,
        "column": place.column,
        "expected": finding.expected,
        "found": finding.found,
        "notes": list(finding.notes),
        "requests": list(finding.requests),
    }


def _steps(verdict: Verdict) -> Iterator[StepReport]:
    for record in verdict.steps:
        claim, message = _claim(record.outcome)
        yield {
            "number": record.number + 1,
            "at": rfc3339(record.at),
            "after": record.after_entry,
            "claim": claim,
            "message": message,
        }


def _claim(outcome: Outcome | None) -> tuple[str, str]:
    match outcome:
        case Ok():
            return "ok", ""
        case Failed(message=message):
            return "failed", message
        case Indeterminate(message=message):
            return "indeterminate", message
        case None:
            return "", ""


def _timeline(verdict: Verdict) -> Iterator[dict[str, Any]]:
    for number, entry in verdict.journal.numbered():
        line = plain_entry(number, entry)
        yield {name: _shortened(value) for name, value in line.items()}


def _shortened(value: object) -> object:
    if isinstance(value, str) and len(value) > BODY_MAX:
        return f"{value[:BODY_MAX]}… and {len(value) - BODY_MAX} more characters"
    return value


# --- a run ---------------------------------------------------------------------------------------


def run_report(
    scenarios: Sequence[Mapping[str, Any]],
    clients: Sequence[Mapping[str, Any]],
    areas: Sequence[Area],
    seed: str,
) -> RunReport:
    """Put together what all scenarios came to."""
    found: Any = sorted(scenarios, key=lambda each: str(each["id"]))
    return {
        "format": FORMAT,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "seed": seed,
        "clients": [_client(client, scenarios) for client in clients],
        "summary": {
            outcome: sum(each["outcome"] == outcome for each in scenarios) for outcome in OUTCOMES
        },
        "scenarios": found,
        "coverage": {
            "percent": round(overall(areas), 1),
            "areas": [
                {
                    "name": area.name,
                    "percent": round(area.percent, 1),
                    "reached": list(area.reached),
                    "missed": list(area.missed),
                    "unreachable": dict(area.unreachable),
                }
                for area in areas
            ],
        },
    }


def _client(client: Mapping[str, Any], scenarios: Iterable[Mapping[str, Any]]) -> ClientReport:
    used: set[str] = set()
    for each in scenarios:
        if each["client"] == client["name"]:
            used.update(each["allowed"])
    allows = dict(client["allows"])
    return {
        "name": client["name"],
        "given": client["given"],
        "allows": allows,
        "unused": sorted(set(allows) - used),
    }


def areas_of(
    scenarios: Iterable[Mapping[str, Any]], *, programs: bool, virtual_time: bool
) -> tuple[Area, ...]:
    """Return what all scenarios together have exercised."""
    points = {(area, point) for each in scenarios for area, point in each["points"]}
    return coverage(points, programs=programs, virtual_time=virtual_time)


def write_report(report: RunReport, path: Path) -> None:
    """Write a report as JSON.

    Raises:
        OSError: when the file cannot be written.
    """
    text = json.dumps(report, indent=1, ensure_ascii=False)
    path.write_text(text.encode(errors="backslashreplace").decode(), encoding="utf-8")


# --- summaries -----------------------------------------------------------------------------------


def coverage_lines(areas: Sequence[Area]) -> Iterator[str]:
    """Yield the table of what was exercised, and what was not."""
    width = max(len(area.name) for area in areas)
    yield f"{'':{width}}  reached  missed  unreachable"
    for area in areas:
        counts = (len(area.reached), len(area.missed), len(area.unreachable))
        row = f"{area.name:{width}}  {counts[0]:7}  {counts[1]:6}  {counts[2]:11}"
        yield f"{row}  {area.percent:5.1f} %"
    yield f"{'all':{width}}  {'':7}  {'':6}  {'':11}  {overall(areas):5.1f} %"
    for area in areas:
        for point in area.missed:
            yield f"missed: {area.name}: {point}"
    for area in areas:
        for point, why in area.unreachable.items():
            yield f"unreachable: {area.name}: {point}: {why}"


def warning_lines(scenarios: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each warning once for each client, with how often it came and one place."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for each in scenarios:
        for warning in each["warnings"]:
            key = (each["client"], warning["code"], warning["expected"])
            places.setdefault(key, []).append(f"{each['id']}: {warning['found']}")
    for (client, code, rule), found in sorted(places.items()):
        count = "once" if len(found) == 1 else f"{len(found)} times"
        yield f"{code}  {client}, {count}: {rule}"
        yield f"        first in {found[0]}"


def unused_lines(report: RunReport) -> Iterator[str]:
    """Yield what was allowed, by a profile or a scenario, and never needed."""
    for client in report["clients"]:
        for code in client["unused"]:
            yield f"{client['given']}: allow: {code} was not needed: {client['allows'][code]}"
    needed: dict[tuple[str, str], bool] = {}
    for each in report["scenarios"]:
        for code in each["allows"]:
            key = (each["file"], code)
            needed[key] = needed.get(key, False) or code in each["allowed"]
    for (file, code), is_needed in sorted(needed.items()):
        if not is_needed:
            yield f"{file}: allow: {code} was not needed"
