"""What a run tells at its end, and writes: the same with and without xdist."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema_rs
import pytest

from simulator.harness.schemas import report_schema
from simulator.harness.shown_failure import ShownFailure, wrapped

SECONDS_AT_MOST = 60

VALIDATOR = jsonschema_rs.Draft202012Validator(report_schema())

FILES = {
    "good.scenario.yaml": """
        scenario: A good one
        cluster: {backups: [{label: old, age: 1d, as: old}]}
        steps:
          - create: {label: nightly}
          - delete: {backup: old}
          - list: {}
    """,
    "bad.scenario.yaml": """
        scenario: A bad one
        cases: [{case: seven, count: 7}, {case: one, count: 1}]
        steps:
          - list: {}
            expect: {count: <count>}
    """,
    "program.scenario.yaml": """
        scenario: A program
        program: {run: backup, label: nightly}
    """,
    "allowing.scenario.yaml": """
        scenario: A strict one
        steps: [{create: {label: nightly}}]
        allow: {REQ010: so the token may be in a URL}
    """,
    "mine.client.yaml": """
        client: mine
        kind: python
        factory: mine:make
        allow:
          REQ005: it says more than it has to
          SEQ001: it asks again
        known_failing: {"bad::one": counts from one}
    """,
    "mine.py": """
        import json
        import urllib.request

        class Mine:
            def __init__(self, target):
                self.target = target

            def ask(self, method, path, body=None):
                headers = {
                    "Authorization": "token=" + self.target.token,
                    "Content-Type": "application/json",
                }
                request = urllib.request.Request(
                    self.target.url + "/system/v1/backup/v1" + path,
                    data=json.dumps(body).encode() if body else None,
                    headers=headers,
                    method=method,
                )
                with urllib.request.urlopen(request, timeout=20) as response:
                    return json.loads(response.read() or "null")

            def create(self, label):
                return self.ask("POST", "/create", {"label": label, "wait": False})

            def list(self, prefix):
                return self.ask("GET", "/list?prefix=" + prefix)

            def delete(self, backup_id):
                return "deleted"

        def make(target):
            return Mine(target)
    """,
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a project with scenarios that pass, fail and are skipped, and a client of its own."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
    for name, text in FILES.items():
        Path(pytester.path, name).write_text(dedent(text).lstrip(), encoding="utf-8")
    return pytester


def session(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest as a process of its own, through the project's client."""
    options = ("-p", "no:randomly", "--client", "mine.client.yaml", *options)
    return project.runpytest_subprocess(*options, timeout=SECONDS_AT_MOST)


def report(project: pytest.Pytester, *options: str) -> Any:  # noqa: ANN401 - JSON
    """Run pytest; return the report, which fits its schema."""
    session(project, "--report-json", "report.json", *options)
    written = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    VALIDATOR.validate(written)
    return written


# --- the JSON report -----------------------------------------------------------------------------


def test_a_report_says_what_everything_came_to(project: pytest.Pytester) -> None:
    """Passed, failed, known to fail, skipped: each with what is to be known."""
    written = report(project)
    assert written["summary"] == {
        "passed": 1,
        "failed": 2,
        "skipped": 1,
        "known failing": 1,
        "error": 0,
    }
    outcomes = {each["title"]: (each["outcome"], each["reason"]) for each in written["scenarios"]}
    assert outcomes == {
        "A strict one": ("passed", ""),
        "A good one": ("failed", ""),
        "A bad one (seven)": ("failed", ""),
        "A bad one (one)": ("known failing", "counts from one"),
        "A program": ("skipped", "client mine has no program 'backup'"),
    }


def test_an_unexpected_pass_has_failed(project: pytest.Pytester) -> None:
    """With the line that is to be deleted."""
    profile = project.path / "mine.client.yaml"
    text = profile.read_text(encoding="utf-8").replace("bad::one", "allowing")
    profile.write_text(text, encoding="utf-8")
    (found,) = [each for each in report(project)["scenarios"] if each["title"] == "A strict one"]
    assert (found["outcome"], found["known_failing"]) == ("failed", "counts from one")
    assert "mine.client.yaml:7:17: known_failing" in found["reason"]


def test_a_finding_has_its_code_and_its_place(project: pytest.Pytester) -> None:
    """So that whoever reads a report finds the line."""
    (good,) = [each for each in report(project)["scenarios"] if each["title"] == "A good one"]
    (finding,) = good["findings"]
    assert finding["code"] == "OUT001"
    assert (finding["line"], finding["severity"]) == (5, "error")
    assert good["steps"][1] == {
        "number": 2,
        "at": good["start"],
        "after": good["steps"][1]["after"],
        "claim": "ok",
        "message": "",
    }
    kinds = [entry["kind"] for entry in good["timeline"]]
    assert kinds[:2] == ["Exchange", "BackupStarted"]
    assert good["replay"].endswith(f"--sim-seed {good['seed']}")


def test_a_report_is_the_same_under_xdist(project: pytest.Pytester) -> None:
    """But for the real time that it took."""
    one, many = report(project), report(project, "-n", "2")
    for each in (*one["scenarios"], *many["scenarios"]):
        del each["seconds"]
        for entry in each["timeline"]:
            entry.pop("headers", None)  # the port differs
    assert one == many


def test_junit_has_codes_and_seeds(project: pytest.Pytester) -> None:
    """As properties of each test."""
    session(project, "--junitxml", "junit.xml", "-n", "2")
    cases = ET.parse(project.path / "junit.xml").iter("testcase")  # noqa: S314 - our own
    found = {
        str(case.get("name")): {
            each.get("name"): each.get("value") for each in case.iter("property")
        }
        for case in cases
    }
    good = found["good@mine"]
    assert (good["codes"], good["client"], len(str(good["seed"]))) == ("OUT001", "mine", 12)
    assert "codes" not in found["allowing@mine"]


def test_a_report_needs_a_folder(project: pytest.Pytester) -> None:
    """Before anything runs."""
    result = session(project, "--report-json", "no/such/report.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --report-json no/such/report.json: there is no folder *"])
    result = session(project, "--report-json", ".")
    result.stderr.fnmatch_lines(["ERROR: --report-json .: is a folder; name a file"])


# --- what is told at the end ---------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_excuse_that_was_not_needed_is_told(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    """One that was, is not; and no more than a word is made of warnings."""
    result = session(project, *options)
    result.stdout.fnmatch_lines(
        [
            "*- warnings of checks -*",
            "REQ018  mine, 4 times: A request names application/json in its Accept header.",
            "*- allowed, and not needed -*",
            "mine.client.yaml: allow: SEQ001 was not needed: it asks again",
            "allowing.scenario.yaml: allow: REQ010 was not needed",
        ]
    )
    assert "REQ005" not in result.stdout.str()


def test_too_little_coverage_fails(project: pytest.Pytester) -> None:
    """Though every scenario passed."""
    alone = ["allowing.scenario.yaml"]
    result = session(project, "--coverage-floor", "90", *alone)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*- coverage of the client's world -*",
            "*reached  missed  unreachable",
            "statuses *",
            "missed: transitions: STATUS_READY: delete",
            "unreachable: checks: OUT010: no client of this run has programs",
            "coverage of * % is below the floor of 90 %",
        ]
    )
    assert session(project, "--coverage-floor", "1", *alone).ret == pytest.ExitCode.OK


def test_a_floor_is_a_percentage(project: pytest.Pytester) -> None:
    """Nothing else is meant."""
    result = session(project, "--coverage-floor", "900")
    result.stderr.fnmatch_lines(["ERROR: --coverage-floor 900: must be from 0 to 100"])


# --- terminals -----------------------------------------------------------------------------------


class Terminal:
    """Takes what is written."""

    def __init__(self, *, hasmarkup: bool) -> None:
        """Be a terminal, or a file."""
        self.hasmarkup = hasmarkup
        self.fullwidth = 60
        self.lines: list[tuple[str, dict[str, bool]]] = []

    def line(self, text: str = "", **markup: bool) -> None:
        """Take a line."""
        self.lines.append((text, markup))


FAILURE = (
    "flow.scenario.yaml:5:3: step 1 of 1, client mine\n"
    "  SEQ001    What was carried out is not asked for again, whatever else may have happened.\n"
    "         +0s    #1 GET /list?prefix=night → 502 an HTML page   (fault in line 4: an answer)\n"
    "replay: dcos-sim test flow.scenario.yaml::flow@mine --client mine.yaml --sim-seed 7\n"
)


def test_a_file_gets_every_line_as_it_is() -> None:
    """CI's logs are searched."""
    terminal = Terminal(hasmarkup=False)
    ShownFailure(FAILURE).toterminal(terminal)
    assert terminal.lines == [(line, {}) for line in FAILURE.splitlines()]


def test_a_terminal_gets_colours_and_short_lines() -> None:
    """What is wrapped goes on below its own text; a command is not wrapped: it is copied."""
    terminal = Terminal(hasmarkup=True)
    ShownFailure(FAILURE).toterminal(terminal)
    assert [text for text, _ in terminal.lines] == [
        "flow.scenario.yaml:5:3: step 1 of 1, client mine",
        "  SEQ001    What was carried out is not asked for again, ",
        "            whatever else may have happened.",
        "         +0s    #1 GET /list?prefix=night → 502 an HTML page",
        "                      (fault in line 4: an answer)",
        FAILURE.splitlines()[-1],
    ]
    assert terminal.lines[3][1] == {"yellow": True}


@pytest.mark.parametrize("width", [40, 61, 80, 300])
def test_nothing_is_lost_by_wrapping(width: int) -> None:
    """Whatever the width."""
    for line in FAILURE.splitlines():
        parts = list(wrapped(line, width))
        assert "".join("".join(parts).split()) == "".join(line.split())
