from pathlib import Path
from textwrap import dedent

import pytest

BAD = """
    scenario: A table
    cases:
      - {case: three backups, label: nightly, found: 3}
      - {case: one backup, label: weekly, found: 1}
    script:
      - on: create
        then: [{status: STATUS_BACKING_UP, for: {between: [10s, 90s]}}]
    steps:
      - create: {label: <label>}
        as: first
      - wait: {backup: first, for: STATUS_READY, every: 1s}
      - list: {}
        expect: {count: <found>}
"""
TESTS = """
    import json
    from http.client import HTTPConnection

    SERVICE = "/system/v1/backup/v1"

    def ask(cluster, method, path, body=None):
        connection = HTTPConnection(cluster.url.removeprefix("http://"))
        headers = {"Authorization": "token=" + cluster.token, "Content-Type": "application/json"}
        connection.request(method, SERVICE + path, body and json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read()

    def test_a_backup_is_ready(cluster):
        cluster.on_create("nightly").backing_up("90s").error("disk full at 10.0.4.17")
        cluster.faults.add(on="list", nth=2, do={"answer": 503})
        ask(cluster, "POST", "/create", {"label": "nightly"})
        cluster.clock.advance("60s")
        ask(cluster, "GET", "/list")
        cluster.clock.advance("60s")
        assert ask(cluster, "GET", "/list")[0] == 200

    def test_of_two_clusters(clusters):
        for label in ("first", "second"):
            assert ask(clusters(), "POST", "/create", {"label": label})[0] == 200
        assert not "what both saw"

    def test_that_asks_nothing(cluster):
        assert not cluster.url

    def test_that_passes(cluster):
        ask(cluster, "GET", "/list")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a scenario file and tests that fail."""
    (pytester.path / "bad.scenario.yaml").write_text(dedent(BAD), encoding="utf-8")
    (pytester.path / "test_mine.py").write_text(dedent(TESTS), encoding="utf-8")
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest as a process of its own."""
    return project.runpytest_subprocess("-p", "no:randomly", *options, timeout=60)


def saved(project: pytest.Pytester) -> dict[str, str]:
    """Return the files that were saved."""
    folder = Path(project.path, "saved")
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*"))}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_file_is_saved_for_everything_that_failed(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """One for each scenario, one for each cluster of a test; none for what passed or asked not."""
    result = run(project, "--save-failures", "saved", *workers)
    assert sorted(saved(project)) == [
        "bad-three-backups-http.scenario.yaml",
        "test_mine.py-test_a_backup_is_ready.scenario.yaml",
        "test_mine.py-test_of_two_clusters-1.scenario.yaml",
        "test_mine.py-test_of_two_clusters-2.scenario.yaml",
    ]
    result.stdout.fnmatch_lines(["saved saved*three-backups-http.scenario.yaml"])


def test_a_saved_scenario_fails_in_the_same_way_again(project: pytest.Pytester) -> None:
    """With the seed that it failed with: what was drawn then is drawn again."""
    before = run(project, "bad.scenario.yaml", "--save-failures", "saved")
    again = run(project, "saved")
    moments = [
        line.split("(")[0] for line in before.outlines if "STATUS_READY" in line and "*" in line
    ]
    assert moments
    assert [
        line.split("(")[0] for line in again.outlines if line.split("(")[0] in moments
    ] == moments
    again.stdout.fnmatch_lines(["  expected  3 backups", "  found     1"])
    again.assert_outcomes(failed=1)


def test_a_saved_scenario_says_what_failed(project: pytest.Pytester) -> None:
    """And is the one case alone, in the words of the file."""
    run(project, "bad.scenario.yaml", "--save-failures", "saved")
    (text,) = saved(project).values()
    assert text.splitlines()[:3] == [
        "# Saved when it failed through the client http, from bad.scenario.yaml:",
        "# - expected 3 backups; found 1",
        "scenario: A table (three backups)",
    ]
    assert "cases" not in text
    assert "      - {status: STATUS_BACKING_UP, for: {between: [10s, 90s]}}\n" in text


def test_a_test_in_python_becomes_what_its_cluster_has_shown(project: pytest.Pytester) -> None:
    """Ids, moments, reasons and faults, without secrets; a correct client passes it."""
    run(project, "test_mine.py", "--save-failures", "saved")
    text = saved(project)["test_mine.py-test_a_backup_is_ready.scenario.yaml"]
    assert "- {status: STATUS_BACKING_UP, for: 1m30s}\n" in text
    assert "- {status: STATUS_ERROR, error: disk full at 192.0.2.1}\n" in text
    assert "- {on: list, from: 2m, do: {answer: 503}}\n" in text
    assert "what the test itself expected" in text
    run(project, "saved").assert_outcomes(passed=3)


def test_without_the_option_nothing_is_written(project: pytest.Pytester) -> None:
    """Nor said."""
    result = run(project)
    assert not Path(project.path, "saved").exists()
    result.stdout.no_fnmatch_line("*saved*")


def test_a_folder_that_cannot_be_one_is_a_usage_error(project: pytest.Pytester) -> None:
    """Before anything runs."""
    result = run(project, "--save-failures", "test_mine.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --save-failures test_mine.py: is no folder"])
