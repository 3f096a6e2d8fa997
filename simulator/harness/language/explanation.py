"""Writes what a scenario scripts as text: the cluster, each script's timeline, the steps."""

from collections.abc import Iterator, Sequence

from simulator.core.faults import CHANGING
from simulator.core.instants import ZERO, Duration, duration_text, rfc3339
from simulator.core.scripts import (
    MARATHON,
    Between,
    End,
    Forever,
    Lasts,
    OneOf,
    ScriptRule,
    Stage,
)
from simulator.core.statuses import RUNNING, Status
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import in_one_line

Span = tuple[Duration, Duration, tuple[str, ...]]
"""The earliest and the latest time that a stage can begin, and what else has to happen first."""

NOW: Span = (ZERO, ZERO, ())


def explanation(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Yield the lines that explain a file; of its cases, the first stands for all."""
    first = scenarios[0]
    yield first.model.scenario
    if first.case:
        cases = ", ".join(scenario.case for scenario in scenarios)
        yield f"cases     {cases}; shown here: {first.case}"
    yield from _cluster_lines(first)
    for rule in first.rules():
        yield ""
        yield from _rule_lines(rule)
    if not first.model.script:
        yield ""
        yield "no script: a backup and a restore take 30s each, then STATUS_READY"
    if first.model.faults:
        yield ""
        yield "faults"
        for written, strikes in zip(first.source.value["faults"], first.faults(), strict=True):
            commit = ""
            if set(strikes.operations) & set(CHANGING):
                commit = f", {strikes.commit.value} it is carried out"
            yield f"  {in_one_line(written)}: {strikes.fault}{commit}"
    yield ""
    if first.model.program:
        yield f"program   {in_one_line(first.source.value['program'])}"
        return
    yield "steps"
    for number, step in enumerate(first.written_steps, 1):
        yield f"  {number:3d}  {in_one_line(step)}"


def _cluster_lines(scenario: Scenario) -> Iterator[str]:
    cluster = scenario.model.cluster
    apps = cluster.marathon.apps
    listed = 0 if isinstance(apps, int) else len(apps)
    there = _counted("apps", listed, scenario.made_up_apps)
    times = sum(backup.times for backup in scenario.listed_backups)
    backups = _counted("backups", times, scenario.made_up_backups)
    yield f"cluster   DC/OS {cluster.dcos_version}, {there}, {backups} at the start"
    time = "autojump: what the client sleeps passes" if scenario.is_autojump else scenario.policy
    yield f"time      {time}, from {rfc3339(scenario.start)}"


def _counted(what: str, listed: int, made_up: int) -> str:
    return f"{made_up} made-up {what}" if made_up else f"{listed} {what}"


def _rule_lines(rule: ScriptRule) -> Iterator[str]:
    times = "" if rule.times is None else f", the first {rule.times} only"
    yield f"{rule.on.value} of a backup with a label like {rule.label!r}{times} ({rule.origin})"
    yield from _stage_lines(rule.stages, {}, {}, "  ")


def _stage_lines(
    stages: Sequence[Stage | OneOf], begun: dict[str, Span], last: dict[str, Stage], indent: str
) -> Iterator[str]:
    """Yield a line for each stage, with the time at which it begins.

    ``begun`` and ``last`` hold what came before, in the lists around this one.
    """
    begun, last = dict(begun), dict(last)
    for stage in stages:
        if isinstance(stage, OneOf):
            total = sum(branch.weight for branch in stage.branches)
            for branch in stage.branches:
                yield f"{indent}in {branch.weight} of {total}:"
                yield from _stage_lines(branch.stages, begun, last, f"{indent}  ")
            return
        at = begun.get(stage.component, NOW)
        yield f"{indent}{_when(at):<18} {_described(stage)}"
        begun[stage.component] = _after(at, stage.ends)
        last[stage.component] = stage
    for component, stage in last.items():
        if stage.status in RUNNING and not isinstance(stage.ends, Forever):
            implied = Stage(status=Status.READY, component=component)
            yield f"{indent}{_when(begun[component]):<18} {_described(implied)}"


def _described(stage: Stage) -> str:
    component = "" if stage.component == MARATHON else f"{stage.component}: "
    shown = f" shown as {stage.shown_as}" if stage.shown_as else ""
    whole = f", the whole shown as {stage.overall}" if stage.overall else ""
    error = f": {stage.error}" if stage.error else ""
    ends = f" {stage.ends}" if stage.ends else ""
    return f"{component}{stage.status}{shown}{whole}{error}{ends}"


def _after(at: Span, end: End | None) -> Span:
    earliest, latest, also = at
    if isinstance(end, Lasts):
        return Duration(earliest + end.length), Duration(latest + end.length), also
    if isinstance(end, Between):
        return Duration(earliest + end.shortest), Duration(latest + end.longest), also
    return earliest, latest, (*also, str(end).removeprefix("for ").removeprefix("until "))


def _when(at: Span) -> str:
    earliest, latest, also = at
    text = f"+{duration_text(earliest)}"
    if latest != earliest:
        text += f" to +{duration_text(latest)}"
    return (
        " and ".join([text, *also])
        if earliest or latest or not also
        else "after " + ", ".join(also)
    )
