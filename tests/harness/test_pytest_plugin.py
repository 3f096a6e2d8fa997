import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import dedent

import pytest

SECONDS_AT_MOST = 60
"""Of real time, for a session of its own."""

GOOD = """
    scenario: A good one
    tags: [smoke]
    steps:
      - create: {label: nightly}
"""
BAD = """
    scenario: A bad one
    tags: [status-error]
    steps:
      - create: {label: nightly}
      - list: {}
        expect: {count: 7}
"""
CASES = """
    scenario: A table
    cases:
      - {case: two letters, label: ab, expected: refused}
      - {case: three letters, label: abc, expected: ok}
    steps:
      - create: {label: <label>}
        expect: <expected>
"""
WRONG = """
    scenario: A wrong one
    stepz: []
    steps:
      - create: {label: nightly}
"""
WRONG_TEXT = """\
wrong.scenario.yaml:2:1: unknown key 'stepz'
    2 | stepz: []
      | ^^^^^
        did you mean 'steps'? allowed here: scenario, tags, cause, seed, cluster, time, script, \
faults, steps, program, expect, allow, cases
"""
CLIENT = """
    import json
    import urllib.error
    import urllib.request

    class Creates:
        def __init__(self, target):
            self.target = target

        def create(self, label):
            request = urllib.request.Request(
                self.target.url + "/system/v1/backup/v1/create",
                data=json.dumps({"label": label}).encode(),
                headers={
                    "Authorization": "token=" + self.target.token,
                    "Content-Type": "application/json",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                with error:
                    raise RuntimeError(error.code) from None

    def make(target):
        return Creates(target)

    def fail(target):
        raise ValueError("no login")

    class LeavesBadly:
        def __enter__(self):
            return self

        def __exit__(self, *details):
            raise ZeroDivisionError("while leaving")

        def create(self, label):
            raise RuntimeError("no create")

        def show(self, backup_id):
            raise RuntimeError("no show")

    def leave_badly(target):
        return LeavesBadly()
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return an empty project for sessions of its own, whatever session this one is part of."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
    return pytester


def write(project: pytest.Pytester, **files: str) -> None:
    """Write scenario files by their names; ``client`` and tests are Python."""
    for name, text in files.items():
        is_python = name.startswith(("test_", "client", "conftest"))
        suffix = ".py" if is_python else ".scenario.yaml"
        path = Path(project.path, name.replace("__", "/") + suffix)
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text).lstrip(), encoding="utf-8")


def session(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in this process, in the order of the files, without what others add to it."""
    return project.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio", *options)


def process(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest as a process of its own."""
    return project.runpytest_subprocess("-p", "no:randomly", *options, timeout=SECONDS_AT_MOST)


def ids(project: pytest.Pytester, *options: str) -> list[str]:
    """Return the node ids that are collected."""
    result = session(project, "--collect-only", "-q", *options)
    return [line for line in result.outlines if "::" in line]


# --- collecting --------------------------------------------------------------------------------


def test_scenario_files_are_tests(project: pytest.Pytester) -> None:
    """Named by file, then by case or file once more, then by client."""
    write(project, good=GOOD, inside__table=CASES)
    assert ids(project) == [
        "good.scenario.yaml::good@http",
        "inside/table.scenario.yaml::two letters@http",
        "inside/table.scenario.yaml::three letters@http",
    ]
    session(project).assert_outcomes(passed=3)


def test_a_session_finds_a_test_by_its_id(project: pytest.Pytester) -> None:
    """As a failure prints it."""
    write(project, table=CASES)
    assert ids(project, "table.scenario.yaml::two letters@http") == [
        "table.scenario.yaml::two letters@http"
    ]


def test_each_case_runs_through_each_client(project: pytest.Pytester) -> None:
    """A client that is named twice runs once."""
    write(project, table=CASES, client=CLIENT)
    options = ["--client", "http", "--client", "python:client:make", "--client", "http"]
    assert ids(project, *options) == [
        "table.scenario.yaml::two letters@http",
        "table.scenario.yaml::two letters@python:client:make",
        "table.scenario.yaml::three letters@http",
        "table.scenario.yaml::three letters@python:client:make",
    ]
    session(project, *options).assert_outcomes(passed=4)


def test_other_yaml_files_are_left_alone(project: pytest.Pytester) -> None:
    """The suffix decides."""
    write(project, good=GOOD)
    (project.path / "test_this.yaml").write_text(": not yaml [", encoding="utf-8")
    (project.path / "scenario.yaml").write_text(": not yaml [", encoding="utf-8")
    assert len(ids(project)) == 1


def test_ordinary_tests_are_left_alone(project: pytest.Pytester) -> None:
    """They pass and fail as ever, beside scenario files."""
    tests = """
        def test_passes():
            assert True

        def test_fails():
            assert [1] == [2]
    """
    write(project, good=GOOD, test_plain=tests)
    result = session(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*def test_fails*", "E*assert [[]1] == [[]2]"])
    result.stdout.no_fnmatch_line("*fake cluster*")


def test_the_plugin_may_be_named_once_more(project: pytest.Pytester) -> None:
    """A conftest that asks for it does not register it twice."""
    write(project, good=GOOD, conftest='pytest_plugins = ["simulator.harness.pytest_plugin"]\n')
    process(project).assert_outcomes(passed=1)


# --- selecting ---------------------------------------------------------------------------------


def test_k_selects_by_name(project: pytest.Pytester) -> None:
    """Of the file, the case or the client."""
    write(project, good=GOOD, table=CASES)
    assert len(ids(project, "-k", "good")) == 1
    assert len(ids(project, "-k", "letters and not two")) == 1
    assert len(ids(project, "-k", "http")) == 3


def test_m_selects_by_tag(project: pytest.Pytester) -> None:
    """Tags are marks that strict pytest knows."""
    write(project, good=GOOD, bad=BAD, table=CASES)
    assert ids(project, "--strict-markers", "-m", "smoke") == ["good.scenario.yaml::good@http"]
    assert ids(project, "-m", "status-error") == ["bad.scenario.yaml::bad@http"]
    assert len(ids(project, "-m", "not smoke")) == 3


def test_lf_runs_what_failed_last(project: pytest.Pytester) -> None:
    """Once it is mended, nothing is left of it."""
    write(project, good=GOOD, bad=BAD)
    session(project).assert_outcomes(passed=1, failed=1)
    session(project, "--lf").assert_outcomes(failed=1)
    write(project, bad=BAD.replace("count: 7", "count: 1"))
    session(project, "--lf").assert_outcomes(passed=1)


def test_x_stops_at_the_first_failure(project: pytest.Pytester) -> None:
    """Like any test."""
    write(project, bad=BAD, good=GOOD)
    session(project, "-x").assert_outcomes(failed=1)


# --- failing -----------------------------------------------------------------------------------


def test_a_failure_is_the_verdict_and_no_traceback(project: pytest.Pytester) -> None:
    """Under the scenario's own title."""
    write(project, bad=BAD)
    result = session(project)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*___ A bad one ___*",
            "A bad one",
            "bad.scenario.yaml:6:21: step 2 of 2, client http",
            "    6 |     expect: {count: 7}",
            "      |                     ^",
            "  expected  7 backups",
            "  found     1",
            "timeline (cluster time, from 2019-03-18T23:16:33.265478871Z):",
            '*#1 POST /create {"label": "nightly"} → 200 nightly-* STATUS_BACKING_UP*',
            "seed: *",
            "replay: dcos-sim test bad.scenario.yaml::bad@http --client http --sim-seed *",
        ]
    )
    output = result.stdout.str()
    assert "Traceback" not in output
    assert ".py:" not in output


def test_a_client_that_cannot_start_fails_the_test_in_one_sentence(
    project: pytest.Pytester,
) -> None:
    """It may be the cluster's fault, so it is no usage error."""
    write(project, good=GOOD, client=CLIENT)
    result = session(project, "--client", "python:client:fail")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["python:client:fail failed to make a client: ValueError: no login"]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_client_that_cannot_be_closed_is_said_in_one_sentence(project: pytest.Pytester) -> None:
    """Not with a traceback through the harness."""
    write(project, good=GOOD, client=CLIENT)
    result = session(project, "--client", "python:client:leave_badly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*also: python:client:leave_badly failed to close its client: ZeroDivisionError: *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_junit_tells_the_verdict(project: pytest.Pytester) -> None:
    """One case for each, the text of the failure inside."""
    write(project, good=GOOD, bad=BAD)
    session(project, "--junitxml", "report.xml")
    report = ET.parse(project.path / "report.xml")  # noqa: S314 - as above
    failures = {
        case.get("name"): [failure.text for failure in case.iter("failure")]
        for case in report.iter("testcase")
    }
    assert failures["good@http"] == []
    (text,) = failures["bad@http"]
    assert text is not None
    assert "  expected  7 backups\n" in text
    assert "Traceback" not in text


def test_paths_are_shown_as_a_person_would_type_them(project: pytest.Pytester) -> None:
    """From the folder that pytest was started in."""
    write(project, inside__bad=BAD)
    session(project).stdout.fnmatch_lines(["inside/bad.scenario.yaml:6:21: step 2 of 2*"])
    os.chdir(project.path / "inside")
    result = session(project, "--rootdir", str(project.path))
    result.stdout.fnmatch_lines(["bad.scenario.yaml:6:21: step 2 of 2*"])


# --- fixtures of the project -------------------------------------------------------------------


def test_fixtures_of_the_project_apply_to_scenarios(project: pytest.Pytester) -> None:
    """Those that are autouse, of every scope."""
    conftest = """
        import pytest

        @pytest.fixture(autouse=True)
        def around(request):
            print("before", request.node.name)
            yield
            print("after", request.node.name)

        @pytest.fixture(autouse=True, scope="session")
        def once():
            print("once")
    """
    write(project, table=CASES, conftest=conftest)
    output = session(project, "-s", "-q").stdout.str()
    assert re.findall(r"once|before \w+ \w+@http|after \w+ \w+@http", output) == [
        "once",
        "before two letters@http",
        "after two letters@http",
        "before three letters@http",
        "after three letters@http",
    ]


def test_a_fixture_that_fails_is_an_error_of_the_scenario(project: pytest.Pytester) -> None:
    """As for any test."""
    conftest = """
        import pytest

        @pytest.fixture(autouse=True)
        def broken():
            raise OSError("no network")
    """
    write(project, good=GOOD, conftest=conftest)
    result = session(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*OSError: no network"])


# --- wrong files and clients -------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_wrong_file_is_a_usage_error(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Only the loader's message is shown."""
    write(project, wrong=WRONG, good=GOOD)
    result = process(project, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = result.stdout.str()
    assert WRONG_TEXT in output
    assert "Traceback" not in output
    assert ".py:" not in output


def test_what_is_good_can_run_beside_a_wrong_file(project: pytest.Pytester) -> None:
    """If that is asked for; it stays a usage error."""
    write(project, wrong=WRONG, good=GOOD)
    result = session(project, "--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_other_collection_errors_keep_their_status(project: pytest.Pytester) -> None:
    """Pytest calls them an interruption."""
    write(project, good=GOOD, test_broken="import no_such_module\n")
    assert session(project).ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("client", "message"),
    [
        ("htpp", "ERROR: no client is called 'htpp'; take http, python:package.module:factory, *"),
        ("python:client:none", "ERROR: python:client:none: client has no function 'none'"),
        ("python:nope:make", "ERROR: python:nope:make cannot be imported: ModuleNotFoundError*"),
    ],
)
def test_an_unknown_client_is_a_usage_error(
    project: pytest.Pytester, client: str, message: str
) -> None:
    """Before anything is collected."""
    write(project, good=GOOD, client=CLIENT)
    result = session(project, "--client", client)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str()


# --- client profiles ---------------------------------------------------------------------------

SAYS_READY = """
    client: says-ready
    kind: command
    operations:
      create: "true"
      list: ["printf", '[{"id": "nightly-1", "status": "STATUS_READY"}]']
    programs:
      backup: {run: "true"}
"""
PROGRAM = """
    scenario: A program
    program: {run: backup, label: nightly}
"""
RESTORE = """
    scenario: A restore
    cluster: {backups: [{label: old, as: old}]}
    steps:
      - restore: {backup: old}
"""


def profile(project: pytest.Pytester, text: str, name: str = "mine.client.yaml") -> None:
    """Write a client profile."""
    path = project.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(dedent(text).lstrip(), encoding="utf-8")


def test_a_profile_is_a_client(project: pytest.Pytester) -> None:
    """Its name is in the name of the test; its path is in the command that repeats it."""
    write(project, program=PROGRAM)
    profile(project, SAYS_READY)
    result = session(project, "--client", "mine.client.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "program.scenario.yaml:2:10: the program, client says-ready",
            "  OUT010    A program ends with exit status 0 only when the backup is ready, *",
            "  found     exit status 0, and there is no new backup",
            "*program: {run: backup, label: nightly}   → ok",
            "replay: dcos-sim test *::program@says-ready --client mine.client.yaml --sim-seed *",
        ]
    )


def test_what_a_client_lacks_is_skipped_and_counted(project: pytest.Pytester) -> None:
    """With the reason."""
    write(project, restore=RESTORE, good=GOOD)
    profile(project, SAYS_READY)
    result = session(project, "--client", "mine.client.yaml", "-rs")
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.fnmatch_lines(["SKIPPED * client says-ready has no operation 'restore'"])


def test_a_program_without_virtual_time_is_skipped_where_it_needs_it(
    project: pytest.Pytester,
) -> None:
    """With the reason; its other scenarios run."""
    write(project, program=PROGRAM, waits=f"{PROGRAM.rstrip()}\n    time: autojump\n")
    profile(project, SAYS_READY)
    result = session(project, "--client", "mine.client.yaml", "-rs")
    result.assert_outcomes(skipped=1, failed=1)
    why = "no virtual_time in its profile"
    result.stdout.fnmatch_lines([f"SKIPPED * client says-ready lacks virtual time: {why}"])


def test_what_a_client_turns_out_to_lack_is_skipped(project: pytest.Pytester) -> None:
    """A client in Python is not looked at before it is asked."""
    write(project, restore=RESTORE, client=CLIENT)
    result = session(project, "--client", "python:client:make", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*client python:client:make: the client has no operation *"])


def test_a_known_failure_is_run_and_expected(project: pytest.Pytester) -> None:
    """It is counted with its reason, and fails nothing."""
    write(project, program=PROGRAM)
    profile(project, dedent(SAYS_READY) + "known_failing: {program: issue 12}\n")
    result = session(project, "--client", "mine.client.yaml", "-rx")
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL program.scenario.yaml::program@says-ready - issue 12"])


def test_an_unexpected_pass_names_the_line_to_delete(project: pytest.Pytester) -> None:
    """In the profile, quoted."""
    write(project, inside__good=GOOD)
    profile(project, "client: mine\nkind: http\nknown_failing:\n  inside/*: issue 12\n")
    result = session(project, "--client", "mine.client.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "passed, although the client is known to fail here: issue 12",
            "mine.client.yaml:4:3: known_failing",
            "    4 |   inside/*: issue 12",
            "      |   ^^^^^^^^",
            "        delete this line, or let its pattern name only what still fails",
        ]
    )


def test_a_wrong_profile_is_a_usage_error(project: pytest.Pytester) -> None:
    """With line and caret, before anything is collected."""
    write(project, good=GOOD)
    profile(project, "client: mine\nkind: htpp\n")
    result = session(project, "--client", "mine.client.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: the client profile is wrong",
            "mine.client.yaml:2:7: there is no such kind",
            "    2 | kind: htpp",
            "      |       ^^^^",
            "        did you mean 'http'? allowed here: http, python, command, jsonrpc",
        ]
    )


def test_a_profile_that_is_not_there_is_a_usage_error(project: pytest.Pytester) -> None:
    """Which says that it is not there."""
    write(project, good=GOOD)
    result = session(project, "--client", "nowhere.client.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: there is no client profile nowhere.client.yaml"])


def test_two_clients_of_one_name_are_a_usage_error(project: pytest.Pytester) -> None:
    """Nobody could tell their tests apart."""
    write(project, good=GOOD)
    profile(project, "client: http\nkind: http\n")
    result = session(project, "--client", "http", "--client", "mine.client.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: two clients are called 'http': http and mine.client.yaml"])


def test_a_client_whose_program_is_missing_fails_in_one_sentence(project: pytest.Pytester) -> None:
    """It is no outcome: a scenario that expects a failure must not pass because of it."""
    write(project, table=CASES)
    profile(project, SAYS_READY.replace('create: "true"', "create: ./nothing"))
    result = session(project, "--client", "mine.client.yaml")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["cannot start './nothing': *"])


# --- the clients of a project ------------------------------------------------------------------


def settings(project: pytest.Pytester, text: str) -> None:
    """Write the project's pyproject.toml."""
    (project.path / "pyproject.toml").write_text(text, encoding="utf-8")


def test_a_project_may_name_its_clients(project: pytest.Pytester) -> None:
    """Once, in its pyproject.toml; profiles are found beside it, from wherever pytest starts."""
    write(project, good=GOOD)
    profile(project, "client: mine\nkind: http\n", "clients/mine.client.yaml")
    settings(project, '[tool.dcos-sim]\nclients = ["http", "clients/mine.client.yaml"]\n')
    assert ids(project) == ["good.scenario.yaml::good@http", "good.scenario.yaml::good@mine"]
    session(project).assert_outcomes(passed=2)


def test_the_command_line_replaces_the_clients_of_the_project(project: pytest.Pytester) -> None:
    """It does not add to them."""
    write(project, good=GOOD, client=CLIENT)
    settings(project, '[tool.dcos-sim]\nclients = ["nobody"]\n')
    assert ids(project, "--client", "http") == ["good.scenario.yaml::good@http"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[tool.dcos-sim]\nclient = ["http"]\n',
            "ERROR: *pyproject.toml: [[]tool.dcos-sim] has an unknown key 'client'; did you mean *",
        ),
        (
            '[tool.dcos-sim]\nclients = "http"\n',
            "ERROR: *pyproject.toml: [[]tool.dcos-sim]: clients must be a list of texts: *",
        ),
        (
            "[tool]\ndcos-sim = 3\n",
            "ERROR: *pyproject.toml: [[]tool.dcos-sim] must be a table: *",
        ),
        ('[tool.dcos-sim]\nclients = ["nobody"]\n', "ERROR: no client is called 'nobody'; *"),
    ],
)
def test_wrong_settings_are_a_usage_error(
    project: pytest.Pytester, text: str, message: str
) -> None:
    """Which says what to write."""
    write(project, good=GOOD)
    settings(project, text)
    result = session(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


# --- cluster fixtures --------------------------------------------------------------------------

ASKS = """
    import json
    import urllib.request

    def get(cluster):
        request = urllib.request.Request(
            cluster.url + "/system/v1/backup/v1/list",
            headers={"Authorization": "token=" + cluster.token},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)
"""


def test_a_cluster_is_there_for_one_test(project: pytest.Pytester) -> None:
    """With three apps, its own time, and an end."""
    tests = (
        ASKS
        + """
    import urllib.error
    import pytest

    gone = []

    def test_uses_it(cluster):
        assert get(cluster) == []
        assert len(cluster.apps) == 3
        cluster.clock.advance("1h")
        gone.append(cluster)

    def test_has_another(cluster):
        assert cluster.clock.elapsed == 0
        with pytest.raises(urllib.error.URLError):
            get(gone[0])
    """
    )
    write(project, test_cluster=tests)
    session(project).assert_outcomes(passed=2)


def test_a_test_may_have_many_clusters(project: pytest.Pytester) -> None:
    """Each with its own port, seed and state; arguments are those of FakeCluster."""
    tests = (
        ASKS
        + """
    from simulator.core.time_policies import PerRequest
    from simulator.core.cluster import ClusterSpec, ExistingBackup
    from simulator.core.instants import parse_duration

    def test_many(clusters):
        one = clusters()
        old = ClusterSpec(backups=(ExistingBackup(label="old"),))
        two = clusters(old, made_up=2, made_up_backups=4)
        three = clusters(policy=PerRequest(parse_duration("5s")), seed="mine")
        assert len({each.url for each in (one, two, three)}) == 3
        assert [len(get(each)) for each in (one, two, three)] == [0, 5, 0]
        assert [len(each.apps) for each in (one, two, three)] == [0, 2, 0]
        assert two.chance.seed == one.chance.seed + "#2"
        assert three.chance.seed == "mine"
        assert three.clock.elapsed == 5_000_000_000
    """
    )
    write(project, test_clusters=tests)
    session(project).assert_outcomes(passed=1)


SEEDS = """
    import pathlib
    import pytest

    @pytest.mark.parametrize("number", [1, 2, 3, 4])
    def test_seed(cluster, number, request):
        assert cluster.backups == {}
        path = pathlib.Path(request.config.rootpath, f"seed-{number}")
        path.write_text(cluster.chance.seed + " " + cluster.token)
"""


def seeds(project: pytest.Pytester) -> list[str]:
    """Return the seeds, with the tokens made of them, that the tests above have written."""
    return [(project.path / f"seed-{number}").read_text("utf-8") for number in (1, 2, 3, 4)]


def test_workers_run_everything_as_one_process_does(project: pytest.Pytester) -> None:
    """The same tests and failures, and the same seeds: they come from the names of the tests."""
    write(project, good=GOOD, bad=BAD, table=CASES, test_seeds=SEEDS)
    process(project, "-n", "2").assert_outcomes(passed=7, failed=1)
    parallel = seeds(project)
    alone = session(project)
    alone.assert_outcomes(passed=7, failed=1)
    assert seeds(project) == parallel
    assert len(set(parallel)) == 4


def test_a_seed_may_be_given_to_all(project: pytest.Pytester) -> None:
    """As a replay does."""
    write(project, bad=BAD, test_seeds=SEEDS)
    result = session(project, "--sim-seed", "mine")
    result.stdout.fnmatch_lines(["seed: mine"])
    (seed,) = set(seeds(project))
    assert seed.startswith("mine ")


def test_a_scenario_may_have_a_seed_of_its_own(project: pytest.Pytester) -> None:
    """Unless another is given to all."""
    write(project, bad=f"{BAD}    seed: kept\n")
    session(project).stdout.fnmatch_lines(["seed: kept"])
    session(project, "--sim-seed", "mine").stdout.fnmatch_lines(["seed: mine"])


def test_a_failed_test_shows_what_its_clusters_saw(project: pytest.Pytester) -> None:
    """Seed and timeline of each; a test that passes shows nothing."""
    tests = (
        ASKS
        + """
    def test_fails(clusters):
        one = clusters(seed="one")
        two = clusters(seed="two")
        get(one)
        get(one)
        two.deploy("/web")
        assert not two.apps

    def test_passes(cluster):
        get(cluster)

    def test_fails_without_any(clusters):
        assert not clusters
    """
    )
    write(project, test_report=tests)
    result = session(project)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*- fake cluster http://127.0.0.1:*, seed one -*",
            "*+0s    #1 to #2 GET /list → 200 no backups   (what is stored)",
            "*… 2 times the same, until +0s",
            "*- fake cluster http://127.0.0.1:*, seed two -*",
            "*+0s      [*] app /web is deployed",
        ]
    )
    assert result.stdout.str().count("fake cluster http") == 2


def test_async_tests_use_a_cluster_like_any_other_server(project: pytest.Pytester) -> None:
    """It answers from a thread of its own."""
    tests = """
        import asyncio
        import aiohttp

        def test_async(cluster):
            async def flow():
                headers = {"Authorization": "token=" + cluster.token}
                url = cluster.url + "/system/v1/backup/v1"
                async with aiohttp.ClientSession(headers=headers) as session:
                    async with session.post(url + "/create", json={"label": "nightly"}) as made:
                        backup = await made.json()
                    cluster.clock.advance("30s")
                    async with session.get(url + "/list") as listed:
                        return backup, await listed.json()

            backup, listed = asyncio.run(asyncio.wait_for(flow(), 20))
            assert backup["status"] == "STATUS_BACKING_UP"
            assert [each["status"] for each in listed] == ["STATUS_READY"]
    """
    write(project, test_async=tests)
    session(project).assert_outcomes(passed=1)


def test_a_frozen_cluster_takes_the_clock_of_its_test_along(project: pytest.Pytester) -> None:
    """And gives it back."""
    tests = """
        from datetime import UTC, datetime

        def test_frozen(frozen_cluster):
            before = datetime.now(UTC)
            frozen_cluster.clock.advance("36h")
            assert (datetime.now(UTC) - before).total_seconds() == 36 * 3600

        def test_free():
            assert datetime.now(UTC).year > 2019
    """
    write(project, test_frozen=tests)
    session(project).assert_outcomes(passed=2)


def test_what_a_client_sleeps_passes_on_an_autojump_cluster(project: pytest.Pytester) -> None:
    """At once, and dates follow; afterwards a sleep is a sleep again."""
    tests = """
        import time
        from datetime import UTC, datetime

        def test_jumps(autojump_cluster):
            before = datetime.now(UTC)
            time.sleep(36 * 3600)
            assert (datetime.now(UTC) - before).total_seconds() == 36 * 3600
            assert autojump_cluster.clock.elapsed == 36 * 3600 * 10**9

        def test_free():
            before = time.monotonic()
            time.sleep(0.001)
            assert time.monotonic() - before >= 0.001
            assert datetime.now(UTC).year > 2019
    """
    write(project, test_autojump=tests)
    session(project).assert_outcomes(passed=2)


SLEEPS_ELSEWHERE = """
    import sys
    import types

    import pytest

    @pytest.fixture
    def nap():
        # A module of a package that is installed, as far as its file tells.
        module = types.ModuleType("acme_backup.waiting")
        module.__file__ = "/x/site-packages/acme_backup/waiting.py"
        source = "import time\\ndef nap(seconds): time.sleep(seconds)"
        exec(compile(source, module.__file__, "exec"), vars(module))
        sys.modules[module.__name__] = module
        yield module.nap
        del sys.modules[module.__name__]

    def test_sleeps(nap, autojump_cluster):
        nap(0.001)
        print("passed:", autojump_cluster.clock.elapsed)
"""


@pytest.mark.parametrize(("named", "passed"), [("", 0), ("acme_backup", 1_000_000)])
def test_an_installed_package_is_the_client_when_it_is_named(
    named: str, passed: int, project: pytest.Pytester
) -> None:
    """By a fixture that the project overrides; otherwise its sleep is real."""
    conftest = f"""
        import pytest

        @pytest.fixture
        def autojump_packages():
            return {named.split()}
    """
    write(project, conftest=conftest, test_package=SLEEPS_ELSEWHERE)
    result = session(project, "-s")
    result.assert_outcomes(passed=1)
    assert f"passed: {passed}\n" in result.stdout.str()


def test_no_package_is_named_by_default(project: pytest.Pytester) -> None:
    write(
        project,
        test_default="def test_it(autojump_packages):\n    assert not autojump_packages\n",
    )
    session(project).assert_outcomes(passed=1)


def test_test_classes_have_a_cluster_for_each_of_their_tests(project: pytest.Pytester) -> None:
    """A fixture that all use stores it, also in classes of unittest, which take no arguments."""
    tests = (
        ASKS
        + """
    import time
    import unittest

    import pytest

    seeds = set()

    class TestPlain:
        @pytest.fixture(autouse=True)
        def _cluster(self, cluster):
            self.cluster = cluster

        def test_one(self):
            assert get(self.cluster) == []
            self.cluster.deploy("/web")
            seeds.add(self.cluster.chance.seed)

        def test_other(self):
            assert "/web" not in self.cluster.apps
            seeds.add(self.cluster.chance.seed)

    class TestOfUnittest(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _cluster(self, autojump_cluster):
            self.cluster = autojump_cluster

        def setUp(self):
            time.sleep(60)

        def test_one(self):
            self.assertEqual(self.cluster.clock.elapsed, 60 * 10**9)
            seeds.add(self.cluster.chance.seed)

        def test_two(self):
            self.assertEqual(get(self.cluster), [])
            seeds.add(self.cluster.chance.seed)
            self.assertEqual(len(seeds), 4)
    """
    )
    write(project, test_classes=tests)
    session(project).assert_outcomes(passed=4)


def test_a_failed_test_of_unittest_shows_what_its_cluster_saw(project: pytest.Pytester) -> None:
    """As any other does; and a script that nothing met fails a test that passed."""
    tests = """
        import unittest
        import pytest

        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _cluster(self, cluster):
                self.cluster = cluster

            def test_fails(self):
                self.cluster.deploy("/web")
                self.fail("on purpose")

            def test_mistyped(self):
                self.cluster.on_create("nigthly").ready()
    """
    write(project, test_classes=tests)
    result = session(project)
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*+0s      [*] app /web is deployed"])
    result.stdout.fnmatch_lines(["never applied: on_create('nigthly'); *"])


# --- what it costs -----------------------------------------------------------------------------


def test_a_project_without_clusters_pays_nothing(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare collection imports none of the libraries behind the fixtures."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # what others import is theirs
    conftest = """
        import sys

        def pytest_unconfigure(config):
            heavy = {"aiohttp", "pydantic", "yaml", "freezegun", "asyncio", "simulator.simulation"}
            print("imported:", sorted(heavy & set(sys.modules)))
    """
    write(project, conftest=conftest, test_plain="def test_it():\n    pass\n")
    result = project.runpytest_subprocess("--collect-only", "-p", "simulator.harness.pytest_plugin")
    result.stdout.fnmatch_lines(["imported: []"])


def test_a_script_that_never_applied_fails_its_test(project: pytest.Pytester) -> None:
    """As in scenario files, unless it is optional; a test that failed already is left alone."""
    project.makepyfile("""
        def test_mistyped(cluster): cluster.on_create("nigthly").ready()
        def test_optional(cluster): cluster.on_create("nightly", optional=True).ready()
        def test_failed(cluster):
            cluster.on_create("nightly").ready()
            assert False
    """)
    result = session(project)
    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["never applied: on_create('nigthly'); say optional=True*"])
