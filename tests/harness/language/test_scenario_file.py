from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.clock import DEFAULT_START
from simulator.core.cluster import ExistingBackup
from simulator.core.instants import Duration, parse_duration, parse_rfc3339
from simulator.core.scripts import (
    Between,
    Branch,
    End,
    Forever,
    Lasts,
    OneOf,
    OperationKind,
    Polls,
    ScriptRule,
    Stage,
    Until,
)
from simulator.core.statuses import Status
from simulator.core.time_policies import Manual, PerRequest, Rate, TimePolicy
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.step_model import CreateStep, ListStep, ShowStep, WaitStep

Load = Callable[..., tuple[Scenario, ...]]

A_STEP = "steps:\n  - create: {label: nightly}\n"


def seconds(count: int) -> Duration:
    """Return so many seconds."""
    return Duration(count * 1_000_000_000)


# --- defaults ----------------------------------------------------------------------------------


def test_the_shortest_file_has_a_title_and_a_step(load: Load) -> None:
    """Everything else has a default."""
    (scenario,) = load(A_STEP)
    spec = scenario.spec()
    assert (scenario.title, scenario.case, scenario.name) == ("A test", "", "flow")
    assert (spec.dcos_version, spec.apps, spec.backups, spec.rules) == ("1.13.0", (), (), ())
    assert (scenario.policy, scenario.start) == (Manual(), DEFAULT_START)
    assert (scenario.model.tags, scenario.made_up_apps) == ([], 0)
    assert (scenario.made_up_backups, list(scenario.existing_names)) == (0, [])


def test_a_step_expects_success_unless_it_says_otherwise(load: Load) -> None:
    """So does a list."""
    (scenario,) = load(A_STEP + "  - list: {}\n")
    create, listed = scenario.model.steps
    assert isinstance(create, CreateStep)
    assert isinstance(listed, ListStep)
    assert (create.expect, create.as_) == ("ok", None)
    assert (listed.expect, listed.list_.prefix) == ("ok", "")


def test_a_wait_asks_every_ten_seconds_for_ten_minutes(load: Load) -> None:
    """Unless it says otherwise."""
    (scenario,) = load("""
        cluster: {backups: [{label: old, as: old}]}
        steps:
          - wait: {backup: old, for: STATUS_READY}
          - wait: {restore: old, for: STATUS_READY, within: 1h, every: 500ms}
    """)
    first, second = scenario.model.steps
    assert isinstance(first, WaitStep)
    assert isinstance(second, WaitStep)
    assert (first.wait.within, first.wait.every) == (seconds(600), seconds(10))
    assert (second.wait.within, second.wait.every) == (seconds(3600), Duration(500_000_000))


# --- the cluster -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "policy"),
    [
        ("manual", Manual()),
        ("{per_request: 5s}", PerRequest(seconds(5))),
        ("{per_request: {between: [8s, 12s]}}", PerRequest(("8s", "12s"))),
        ("{per_request: 5s, rate: 2}", PerRequest("5s", rate=2.0)),
        (
            "{per_request: {list: 30s, POST: {between: [1s, 2s]}, /service/*: 0s, '*': 1s}}",
            PerRequest({"list": "30s", "POST": ("1s", "2s"), "/service/*": "0s", "*": "1s"}),
        ),
        ("autojump", Manual()),
        ("{rate: 60}", Rate(60.0)),
        ("{rate: 0.5}", Rate(0.5)),
    ],
)
def test_the_file_says_what_moves_time(load: Load, time: str, policy: TimePolicy) -> None:
    """Three policies, one of which stands still: the client may move it."""
    (scenario,) = load(f"time: {time}\n{A_STEP}")
    assert scenario.policy == policy


def test_the_file_says_where_time_begins(load: Load) -> None:
    """To the nanosecond."""
    (scenario,) = load(f"cluster: {{start: 2024-02-29T12:00:00.000000001Z}}\n{A_STEP}")
    assert scenario.start == parse_rfc3339("2024-02-29T12:00:00.000000001Z")


def test_apps_are_counted_or_listed(load: Load) -> None:
    """A count makes them up; a list says their ids or their definitions."""
    (counted,) = load(f"cluster: {{marathon: {{apps: 3}}}}\n{A_STEP}")
    assert (counted.made_up_apps, counted.spec().apps) == (3, ())
    (listed,) = load(f"cluster: {{marathon: {{apps: [web, {{id: /db, cpus: 2}}]}}}}\n{A_STEP}")
    assert listed.made_up_apps == 0
    assert [app.id for app in listed.spec().apps] == ["/web", "/db"]
    assert listed.spec().apps[1].definition["cpus"] == "2"


def test_existing_backups_are_named_oldest_first(load: Load) -> None:
    """As a cluster stores them; of equal age, in the order of the file."""
    (scenario,) = load(f"""
        cluster:
          backups:
            - {{label: young, as: young}}
            - {{label: some, age: 1h, times: 2}}
            - {{label: old, as: old, age: 2d, status: STATUS_ERROR, error: disk is full}}
            - {{label: same, as: same}}
        {A_STEP.replace(chr(10), chr(10) + " " * 8)}
    """)
    assert list(scenario.existing_names) == ["old", "", "", "young", "same"]
    assert scenario.spec().backups == (
        ExistingBackup(label="young"),
        ExistingBackup(label="some", age=seconds(3600)),
        ExistingBackup(label="some", age=seconds(3600)),
        ExistingBackup(
            label="old",
            age=parse_duration("2d"),
            status=Status.ERROR,
            error="disk is full",
        ),
        ExistingBackup(label="same"),
    )


def test_existing_backups_are_counted_or_listed(load: Load) -> None:
    """A count makes them up: they are there, and have no names."""
    (counted,) = load(f"cluster: {{backups: 3}}\n{A_STEP}")
    assert (counted.made_up_backups, counted.spec().backups) == (3, ())
    assert list(counted.existing_names) == ["", "", ""]
    assert counted.listed_backups == []
    (listed,) = load(f"cluster: {{backups: [{{label: old}}]}}\n{A_STEP}")
    assert listed.made_up_backups == 0
    assert listed.spec().backups == (ExistingBackup(label="old"),)


# --- scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("90s", Lasts(seconds(90))),
        ("1m30s", Lasts(seconds(90))),
        ("0s", Lasts(Duration(0))),
        ("forever", Forever()),
        ("{between: [10s, 60s]}", Between(seconds(10), seconds(60))),
        ("{polls: 3}", Polls(3)),
        ("{until: go}", Until("go")),
    ],
)
def test_a_stage_ends_in_one_of_five_ways(load: Load, written: str, end: End) -> None:
    """All of them are the core's."""
    (scenario,) = load(f"""
        script:
          - on: create
            then: [{{status: STATUS_BACKING_UP, for: {written}}}]
        steps:
          - create: {{label: nightly}}
          - cluster: {"{release: go}" if "until" in written else "{deploy: /web}"}
    """)
    (rule,) = scenario.rules()
    assert rule.stages == (Stage(status=Status.BACKING_UP, ends=end),)


def test_a_script_says_everything_that_the_core_knows(load: Load) -> None:
    """And where it stands, for people."""
    (scenario,) = load("""
        script:
          - on: restore
            when: {label: "night*"}
            times: 2
            optional: true
            then:
              - {status: STATUS_RESTORING, for: 1s, component: history, shown_as: ODD, overall: SO}
              - one_of:
                  - {weight: 3, then: [{status: STATUS_READY, component: history}]}
                  - then: [{status: STATUS_ERROR, component: history, error: no}]
        steps: [{create: {label: nightly}}]
    """)
    running = Stage(
        status=Status.RESTORING,
        ends=Lasts(seconds(1)),
        component="history",
        shown_as="ODD",
        overall="SO",
    )
    ready = Stage(status=Status.READY, component="history")
    failed = Stage(status=Status.ERROR, component="history", error="no")
    choice = OneOf((Branch(weight=3, stages=(ready,)), Branch(weight=1, stages=(failed,))))
    assert list(scenario.rules()) == [
        ScriptRule(
            on=OperationKind.RESTORE,
            stages=(running, choice),
            label="night*",
            times=2,
            origin="script in line 3",
            optional=True,
        )
    ]


def test_scripts_keep_the_order_of_the_file(load: Load) -> None:
    """The first that matches wins."""
    (scenario,) = load("""
        script:
          - {on: create, when: {label: b}, then: [{status: STATUS_READY}]}
          - {on: restore, then: [{status: STATUS_READY}]}
          - {on: create, then: [{status: STATUS_READY}]}
        steps: [{create: {label: nightly}}]
    """)
    assert [(rule.on.value, rule.label) for rule in scenario.rules()] == [
        ("create", "b"),
        ("restore", "*"),
        ("create", "*"),
    ]


# --- cases -------------------------------------------------------------------------------------

CASES = """
    cases:
      - {case: three letters, label: abc, expected: ok}
      - {case: two letters, label: ab, expected: refused}
    steps:
      - create: {label: <label>}
        expect: <expected>
"""


def test_each_case_is_a_scenario_of_its_own(load: Load) -> None:
    """In the order of the file, named by its case."""
    scenarios = load(CASES)
    assert [scenario.name for scenario in scenarios] == ["three letters", "two letters"]
    assert scenarios[0].title == "A test (three letters)"
    steps = [scenario.model.steps[0] for scenario in scenarios]
    assert all(isinstance(step, CreateStep) for step in steps)
    assert [(step.create.label, step.expect) for step in steps if isinstance(step, CreateStep)] == [
        ("abc", "ok"),
        ("ab", "refused"),
    ]


def test_a_placeholder_may_stand_inside_a_text_and_name_the_case(load: Load) -> None:
    """As often as one likes."""
    (scenario,) = load("""
        cases: [{case: one, part: x}]
        tags: [<case>]
        steps: [{show: {id: "a<part>b<part>"}, expect: failed}]
    """)
    (step,) = scenario.model.steps
    assert isinstance(step, ShowStep)
    assert step.show.id == "axbx"
    assert scenario.model.tags == ["one"]


def test_a_placeholder_alone_may_stand_for_a_list_or_a_mapping(load: Load) -> None:
    """Each scenario has its own copy."""
    scenarios = load("""
        cases:
          - {case: fixed, length: 90s, apps: [/web]}
          - {case: drawn, length: {between: [1s, 2s]}, apps: 2}
        cluster: {marathon: {apps: <apps>}}
        script: [{on: create, then: [{status: STATUS_BACKING_UP, for: <length>}]}]
        steps: [{create: {label: nightly}}]
    """)
    ends = [next(scenario.rules()).stages[0] for scenario in scenarios]
    assert [str(stage.ends) for stage in ends if isinstance(stage, Stage)] == [
        "for 1m30s",
        "for 1s to 2s",
    ]
    assert [scenario.made_up_apps for scenario in scenarios] == [0, 2]


def test_angle_brackets_are_plain_text_where_there_are_no_cases(load: Load) -> None:
    """Nothing is to be filled in."""
    (scenario,) = load("steps: [{create: {label: <label>}, expect: refused}]")
    (step,) = scenario.model.steps
    assert isinstance(step, CreateStep)
    assert step.create.label == "<label>"


def test_other_angle_brackets_are_plain_text(load: Load) -> None:
    """A placeholder begins with a letter."""
    (scenario,) = load("""
        cases: [{case: one}]
        steps: [{create: {label: "<1> <> <<"}, expect: refused}]
    """)
    (step,) = scenario.model.steps
    assert isinstance(step, CreateStep)
    assert step.create.label == "<1> <> <<"


def test_a_name_of_a_file_ends_before_its_suffix(tmp_path: Path) -> None:
    """Only the known suffix is dropped."""
    path = tmp_path / "a.b.scenario.yaml"
    path.write_text(f"scenario: A test\n{A_STEP}", encoding="utf-8")
    assert load_scenarios(path)[0].name == "a.b"


# --- what captures need ------------------------------------------------------------------------


def test_a_backup_may_say_when_and_by_which_version_it_was_made(load: Load) -> None:
    """In place of its age; names follow the timestamps."""
    (scenario,) = load(
        "cluster:\n"
        "  start: 2019-03-18T23:10:00Z\n"
        "  backups:\n"
        "    - {label: new, as: second, age: 1m}\n"
        "    - {label: old, as: first, timestamp: 2019-03-18T23:06:41.5Z, dcos_version: 1.12.3}\n"
        "    - label: odd\n"
        "      as: third\n"
        "      restored: {status: STATUS_ERROR, error: too new}\n" + A_STEP
    )
    new, old, odd = scenario.spec().backups
    assert list(scenario.existing_names) == ["first", "second", "third"]
    assert (old.age, old.dcos_version) == (parse_duration("3m18.5s"), "1.12.3")
    assert (new.dcos_version, new.restored) == ("", None)
    assert (odd.restored, odd.restore_error) == (Status.ERROR, "too new")


def test_a_script_may_give_an_id_and_wipe_marathon(load: Load) -> None:
    """The core gets both."""
    uuid = "505df8f2-2ba3-4d7f-b6df-2d2dc344f242"
    (scenario,) = load(
        "script:\n"
        f"  - {{on: create, times: 1, uuid: {uuid}, then: [{{status: STATUS_READY}}]}}\n"
        "  - {on: restore, then: [{status: STATUS_ERROR, empties_marathon: true}]}\n" + A_STEP
    )
    create, restore = scenario.rules()
    assert create.uuid == uuid
    assert restore.stages == (Stage(status=Status.ERROR, empties_marathon=True),)
