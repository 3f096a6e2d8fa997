"""Gathers what all scenarios came to, also from xdist's workers, and tells it at the end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import pytest

if TYPE_CHECKING:
    from simulator.harness.clients.profiled import ProfiledClient
    from simulator.harness.coverage import Area
    from simulator.harness.language.scenario import Scenario
    from simulator.harness.report import RunReport

TOLD: Final = "dcos_sim_told"
"""Set on the report of a scenario: plain values, which come along from xdist's workers."""


def add_options(group: pytest.OptionGroup) -> None:
    """Add the options of reports."""
    group.addoption(
        "--report-json",
        default="",
        metavar="FILE",
        help="write everything that the scenarios came to: findings, timelines, coverage",
    )
    group.addoption(
        "--coverage",
        action="store_true",
        help="tell at the end what of a client's world the scenarios have exercised",
    )
    group.addoption(
        "--coverage-floor",
        type=float,
        default=None,
        metavar="PERCENT",
        help="fail when less of it than this was exercised; implies --coverage",
    )


def options_problem(config: pytest.Config) -> str:
    """Say what is wrong with these options; empty for nothing."""
    floor = config.getoption("--coverage-floor")
    if floor is not None and not 0 <= floor <= 100:  # noqa: PLR2004 - percent
        return f"--coverage-floor {floor:g}: must be from 0 to 100"
    file = config.getoption("--report-json")
    if file:
        path = Path(file)
        if path.is_dir():
            return f"--report-json {file}: is a folder; name a file"
        if not path.absolute().parent.is_dir():
            return f"--report-json {file}: there is no folder {path.absolute().parent}"
    return ""


def wants_timelines(config: pytest.Config) -> bool:
    """Whether reports are to hold everything that clusters saw."""
    return bool(config.getoption("--report-json"))


def wants_coverage(config: pytest.Config) -> bool:
    """Whether it is to be told what was exercised."""
    floor = config.getoption("--coverage-floor")
    return bool(config.getoption("--coverage")) or floor is not None


def first_told(scenario: "Scenario", client: str, seed: str, known_failing: str) -> dict[str, Any]:
    """Return what can be told of a scenario before it runs."""
    return {
        "file": scenario.source.name,
        "title": scenario.title,
        "case": scenario.case,
        "client": client,
        "known_failing": known_failing,
        "seed": seed,
        "replay": "",
        "start": "",
        "end": "",
        "findings": [],
        "warnings": [],
        "allowed": [],
        "allows": [],
        "steps": [],
        "faults": [],
        "timeline": [],
        "points": [],
    }


@final
class RunReporter:
    """What the process that shows the results knows of them.

    Args:
        config: pytest's.
        clients: returns the clients of this session.
    """

    def __init__(
        self, config: pytest.Config, clients: "Callable[[], Sequence[ProfiledClient]]"
    ) -> None:
        self._config = config
        self._clients = clients
        self._told: dict[str, dict[str, Any]] = {}
        self._report: RunReport | None = None
        self._areas: Sequence[Area] = ()
        self._problem = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a scenario came to, from here or from a worker."""
        told = getattr(report, TOLD, None)
        if told is not None:
            from simulator.harness.shown_failure import ShownFailure  # noqa: PLC0415

            if report.failed and isinstance(report.longrepr, str):
                shown: Any = ShownFailure(report.longrepr)
                report.longrepr = shown
            outcome, reason = _outcome(report, told)
            result = {"outcome": outcome, "reason": reason, "seconds": round(report.duration, 4)}
            self._told[report.nodeid] = {"id": report.nodeid, **told, **result}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report, and fail where too little was exercised."""
        if not self._told and not (wants_timelines(self._config) or wants_coverage(self._config)):
            return
        from simulator.harness import report  # noqa: PLC0415 - only when scenarios ran

        clients = self._clients()
        told = list(self._told.values())
        with_programs = [client for client in clients if client.programs]
        self._areas = report.areas_of(
            told,
            programs=bool(with_programs),
            virtual_time=any(not client.lacks_virtual_time for client in with_programs),
        )
        described = [
            {"name": each.name, "given": each.given, "allows": each.profile.model.allow}
            for each in clients
        ]
        seed: str = self._config.getoption("--sim-seed")
        self._report = report.run_report(told, described, self._areas, seed)
        self._write(self._report)
        self._compare_with_floor(session, self._report["coverage"]["percent"])
        if self._problem and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self, whole: "RunReport") -> None:
        from simulator.harness.report import write_report  # noqa: PLC0415

        file = self._config.getoption("--report-json")
        if file:
            try:
                write_report(whole, Path(file))
            except OSError as error:
                self._problem = f"the report cannot be written to {file}: {error.strerror}"

    def _compare_with_floor(self, session: pytest.Session, percent: float) -> None:
        del session
        floor = self._config.getoption("--coverage-floor")
        if floor is not None and percent < floor:
            self._problem = f"coverage of {percent:.1f} % is below the floor of {floor:g} %"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show warnings, what was allowed for nothing, and what was exercised."""
        if self._report is None:
            return
        from simulator.harness import report  # noqa: PLC0415

        told = self._report["scenarios"]
        sections = {
            "warnings of checks": list(report.warning_lines(told)),
            "allowed, and not needed": list(report.unused_lines(self._report)),
        }
        if wants_coverage(self._config):
            sections["coverage of the client's world"] = list(report.coverage_lines(self._areas))
        for title, lines in sections.items():
            if lines:
                terminalreporter.section(title, "-")
                for line in lines:
                    terminalreporter.write_line(line)
        if self._problem:
            terminalreporter.write_line(self._problem, red=True)


def _outcome(report: pytest.TestReport, told: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a scenario came to, and why where that is not in its findings."""
    if report.passed:
        return "passed", ""
    if report.skipped:
        if hasattr(report, "wasxfail"):
            return "known failing", report.wasxfail.removeprefix("reason: ")
        where = report.longrepr
        reason = where[2] if isinstance(where, tuple) else str(where)
        return "skipped", reason.removeprefix("Skipped: ")
    if told["findings"]:
        return "failed", ""
    if told["known_failing"]:
        return "failed", str(report.longrepr)
    return "error", str(report.longrepr)
