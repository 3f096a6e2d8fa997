"""What must hold in a scenario file beyond the shape of its parts: names, scripts, releases."""

from collections.abc import Iterable, Iterator

from simulator.core.faults import fault_problems, hidden_rules
from simulator.core.identifiers import label_problems
from simulator.core.marathon import app_from
from simulator.core.scripts import OperationKind, Path, dead_rules, stage_problems
from simulator.core.statuses import Status
from simulator.harness.language.allowed import unknown_checks
from simulator.harness.language.cluster_model import (
    ChoiceModel,
    StageModel,
    StageOrChoice,
    UntilModel,
)
from simulator.harness.language.program_model import ProgramRunModel
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath, Problem, nearest
from simulator.harness.language.step_model import (
    AdvanceStep,
    ClusterActionModel,
    ClusterStep,
    CreateStep,
    DeleteStep,
    EndExpect,
    ExpectStep,
    ListModel,
    ListStep,
    RestoreStep,
    ShowStep,
    UntilStatusModel,
    WaitModel,
    WaitStep,
)

Finding = tuple[KeyPath, str, str]
"""Where, what is wrong, and a hint."""


def broken_rules(scenario: Scenario) -> Iterator[Problem]:
    """Yield everything in a scenario that cannot be meant."""
    for check in (_cluster, _time, _scripts, _faults, _release_names, _backup_names, _statuses):
        for path, message, hint in check(scenario):
            place = scenario.source.place(path, of_key=_names_a_backup(path))
            yield Problem(place=place, message=message, hint=hint)
    yield from unknown_checks(scenario.model.allow, scenario.source)


def _names_a_backup(path: KeyPath) -> bool:
    """Whether the last key of a path, rather than its value, is what a finding is about."""
    return len(path) > 1 and path[-2] in {"backups", "entries"} and isinstance(path[-1], str)


def _cluster(scenario: Scenario) -> Iterator[Finding]:
    ids = [(backup.label, backup.uuid) for backup in scenario.listed_backups if backup.uuid]
    for index, backup in enumerate(scenario.listed_backups):
        if backup.uuid and ids.count((backup.label, backup.uuid)) > 1:
            where: KeyPath = ("cluster", "backups", index, "uuid")
            yield where, "two backups cannot have one id", "change a label or a uuid"
    for index, backup in enumerate(scenario.listed_backups):
        path = ("cluster", "backups", index)
        for problem in label_problems(backup.label):
            yield (*path, "label"), problem, ""
        if backup.as_ and backup.times != 1:
            yield (*path, "as"), "a name needs exactly one backup; leave out as, or times", ""
        if backup.timestamp is not None and backup.timestamp > scenario.start:
            message = "is after the start of the cluster's time"
            yield (*path, "timestamp"), message, "write an earlier one, or a later cluster: start"
        if backup.error and backup.status is not Status.ERROR:
            yield (*path, "error"), f"an error text belongs to {Status.ERROR}", ""
    apps = scenario.model.cluster.marathon.apps
    given = [] if isinstance(apps, int) else list(enumerate(apps))
    yield from _app_problems(given, ("cluster", "marathon", "apps"))
    for place, action in _actions(scenario):
        if action.deploy is not None:
            yield from _app_problems([("deploy", action.deploy)], place)


def _actions(scenario: Scenario) -> Iterator[tuple[KeyPath, ClusterActionModel]]:
    """Yield all that happens to the cluster, with its place."""
    for index, step in enumerate(scenario.model.steps):
        if isinstance(step, ClusterStep):
            yield ("steps", index, "cluster"), step.cluster
    program = scenario.model.program
    for index, event in enumerate(program.meanwhile if program else ()):
        yield ("program", "meanwhile", index, "cluster"), event.cluster


def _app_problems(apps: Iterable[tuple[int | str, object]], path: KeyPath) -> Iterator[Finding]:
    for key, app in apps:
        try:
            app_from(app)  # type: ignore[arg-type] # the model lets text and mappings through only
        except ValueError as error:
            yield (*path, key), str(error), ""


def _scripts(scenario: Scenario) -> Iterator[Finding]:
    rules = list(scenario.rules())
    for index, rule in enumerate(rules):
        script = scenario.model.script[index]
        for place, problem in stage_problems(rule.on, rule.stages):
            yield ("script", index, *_written(script.then, place)), problem, ""
        if rule.times == 0:
            yield ("script", index, "times"), "a script for 0 times never applies", "delete it"
    for later, earlier in dead_rules(rules):
        message = f"never applies: the {rules[earlier].origin} takes everything before it"
        yield ("script", later), message, "put it first, or give the other one times or a label"


def _faults(scenario: Scenario) -> Iterator[Finding]:
    rules = list(scenario.faults())
    for index, rule in enumerate(rules):
        for key, problem in fault_problems(rule):
            yield ("faults", index, key), problem, ""
    for later, earlier in hidden_rules(rules):
        message = f"never strikes: the {rules[earlier].origin} takes every request before it"
        yield ("faults", later), message, "put it first, or limit the other one, or say also: true"


def _time(scenario: Scenario) -> Iterator[Finding]:
    """Nobody moves the clock while a program runs, so it would wait for ever."""
    if scenario.model.program and scenario.model.time == "manual":
        hint = "leave time out, or write autojump, {per_request: 10s} or {rate: 60}"
        yield ("time",), "stands still while a program runs", hint


def _written(stages: list[StageOrChoice], path: Path) -> KeyPath:
    """Translate a place among the core's stages into a path of the file."""
    index, *rest = path
    stage = stages[index]
    if not rest or isinstance(stage, StageModel):
        return ("then", index)
    branch, *deeper = rest
    inside = _written(stage.one_of[branch].then, tuple(deeper)) if deeper else ()
    return ("then", index, "one_of", branch, *inside)


def _release_names(scenario: Scenario) -> Iterator[Finding]:
    awaited = {
        name: path
        for index, script in enumerate(scenario.model.script)
        for path, name in _awaited(script.then, ("script", index, "then"))
    }
    given = {action.release: path for path, action in _actions(scenario) if action.release}
    for name, path in awaited.items():
        if name not in given:
            hint = f"add a step: cluster: {{release: {name}}}; or write for: forever"
            yield path, f"waits until {name!r}, which nothing releases", hint
    for name, path in given.items():
        if name not in awaited:
            hint = nearest(name, awaited) if awaited else f"let a stage last for: {{until: {name}}}"
            yield (*path, "release"), f"no script waits until {name!r}", hint


def _awaited(stages: list[StageOrChoice], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every name that stages wait for, with its place."""
    for index, stage in enumerate(stages):
        here = (*path, index)
        if isinstance(stage, ChoiceModel):
            for number, branch in enumerate(stage.one_of):
                yield from _awaited(branch.then, (*here, "one_of", number, "then"))
        elif isinstance(stage.for_, UntilModel):
            yield (*here, "for", "until"), stage.for_.until


def _backup_names(scenario: Scenario) -> Iterator[Finding]:
    known: list[str] = []
    for path, name, is_new in _names(scenario):
        if is_new and name in known:
            yield path, f"there is a backup named {name!r} already", "take another name"
        elif is_new:
            known.append(name)
        elif name not in known:
            hint = nearest(name, known) if known else f"name it where it is created: as: {name}"
            yet = " yet" if path[0] == "steps" else ""
            yield path, f"no backup is named {name!r}{yet}", hint
    for index, step in enumerate(scenario.model.steps):
        if isinstance(step, CreateStep) and step.as_ and step.expect == "refused":
            where = ("steps", index, "as")
            yield where, "a refused create makes no backup to name", "delete it"


def _names(scenario: Scenario) -> Iterator[tuple[KeyPath, str, bool]]:
    """Yield every name of a backup in order: its place, and whether it is new there."""
    for index, backup in enumerate(scenario.listed_backups):
        if backup.as_:
            yield ("cluster", "backups", index, "as"), backup.as_, True
    for index, step in enumerate(scenario.model.steps):
        for path, name in _names_used(step):
            yield ("steps", index, *path), name, False
        if isinstance(step, CreateStep) and step.as_:
            yield ("steps", index, "as"), step.as_, True
    program = scenario.model.program
    if program and program.as_:
        yield ("program", "as"), program.as_, True
    for path, name in _names_of_program(program) if program else ():
        yield ("program", *path), name, False
    for path, name in _names_expected(scenario.model.expect):
        yield ("expect", *path), name, False


def _names_used(  # noqa: C901 - one for each kind of step
    step: object,
) -> Iterator[tuple[KeyPath, str]]:
    match step:
        case ShowStep(show=target):
            yield from _named(("show", "backup"), target.backup)
        case RestoreStep(restore=target):
            yield from _named(("restore", "backup"), target.backup)
        case DeleteStep(delete=target):
            yield from _named(("delete", "backup"), target.backup)
        case ClusterStep(cluster=action):
            yield from _named(("cluster", "lose"), action.lose)
        case WaitStep(wait=looked_at):
            yield from _looked_at("wait", looked_at)
        case AdvanceStep(advance=UntilStatusModel() as looked_at):
            yield from _looked_at("advance", looked_at)
        case ListStep(expect=ListModel() as expected):
            for key in ("exactly", "includes", "lacks"):
                for index, name in enumerate(getattr(expected, key) or ()):
                    yield ("expect", key, index), name
            yield from ((("expect", "entries", name), name) for name in expected.entries)
        case ExpectStep(expect=expected):
            yield from ((("expect", *path), name) for path, name in _names_expected(expected))


def _looked_at(verb: str, looked_at: WaitModel | UntilStatusModel) -> Iterator[tuple[KeyPath, str]]:
    yield from _named((verb, "backup"), looked_at.backup)
    yield from _named((verb, "restore"), looked_at.restore)


def _names_of_program(program: ProgramRunModel) -> Iterator[tuple[KeyPath, str]]:
    yield from _named(("backup",), program.backup)
    for index, event in enumerate(program.meanwhile):
        yield from _named(("meanwhile", index, "cluster", "lose"), event.cluster.lose)


def _named(path: KeyPath, name: str | None) -> Iterator[tuple[KeyPath, str]]:
    if name is not None:
        yield path, name


def _names_expected(expected: EndExpect) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("backups", name), name) for name in expected.backups)


def _statuses(scenario: Scenario) -> Iterator[Finding]:
    """A wait for a status that nothing in the scenario ever shows cannot end."""
    shown = [status.value for status in Status]
    for script in scenario.model.script:
        shown += _shown_in(script.then)
    for index, step in enumerate(scenario.model.steps):
        if isinstance(step, WaitStep) and step.wait.for_ not in shown:
            path = ("steps", index, "wait", "for")
            yield path, f"nothing ever shows {step.wait.for_!r}", nearest(step.wait.for_, shown)
        running = OperationKind.CREATE.running
        if isinstance(step, WaitStep) and step.wait.restore and step.wait.for_ == running:
            yield ("steps", index, "wait", "for"), f"a restore is never {running}", ""
        if isinstance(step, AdvanceStep) and isinstance(step.advance, UntilStatusModel):
            never = OperationKind.CREATE if step.advance.restore else OperationKind.RESTORE
            if step.advance.until is never.running:
                what = "a restore" if step.advance.restore else "a backup itself"
                yield ("steps", index, "advance", "until"), f"{what} is never {never.running}", ""


def _shown_in(stages: list[StageOrChoice]) -> Iterator[str]:
    for stage in stages:
        if isinstance(stage, StageModel):
            yield from (text for text in (stage.shown_as, stage.overall) if text)
        else:
            for branch in stage.one_of:
                yield from _shown_in(branch.then)
