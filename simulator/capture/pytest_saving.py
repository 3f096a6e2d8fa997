"""A pytest plugin: what made a test fail is written as a scenario that shows it again.

A plugin of its own, for it stands above the harness. It imports nothing heavy until a test fails.
"""

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from simulator.harness import pytest_plugin

if TYPE_CHECKING:
    from simulator.service.fake_cluster import FakeCluster

OPTION: Final = "--save-failures"
_NAME_MAX: Final = 120


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the folder."""
    parser.getgroup("dcos-sim").addoption(
        OPTION,
        default="",
        metavar="DIR",
        help="write a scenario file for each failed scenario and each cluster of a failed test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a folder that cannot be one."""
    folder = config.getoption(OPTION)
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        raise pytest.UsageError(f"{OPTION} {folder}: is no folder")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write what failed, and name the files in the report."""
    report = yield
    folder = item.config.getoption(OPTION)
    if folder and call.when == "call" and report.failed:
        said = [_said(*each) for each in _written(item, Path(folder))]
        if said:
            report.sections.append(("saved failures", "\n".join(said)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was saved once more, where it is looked for: at the end."""
    for report in terminalreporter.getreports("failed"):
        for title, text in report.sections:
            if title == "saved failures":
                for line in text.splitlines():
                    terminalreporter.write_line(line)


def _said(path: Path, problem: str) -> str:
    return f"not saved: {problem}" if problem else f"saved {path}"


def _written(item: pytest.Item, folder: Path) -> Iterator[tuple[Path, str]]:
    """Write the files of one failed test; yields each with why it could not be written, if so."""
    texts = list(_texts(item))
    for number, text in enumerate(texts, 1):
        suffix = f"-{number}" if len(texts) > 1 else ""
        path = folder / f"{_file_name(item)}{suffix}{pytest_plugin.SUFFIX}"
        if not isinstance(text, str):
            yield path, str(text)
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            yield path, f"{path} cannot be written: {error.strerror}"
        else:
            yield path, ""


def _texts(item: pytest.Item) -> Iterator[str | Exception]:
    if isinstance(item, pytest_plugin.ScenarioItem):
        from simulator.capture.saving import of_scenario  # noqa: PLC0415 - only for a failure

        yield of_scenario(item.scenario, item.told)
        return
    for cluster in item.stash.get(pytest_plugin.STARTED, []):
        if cluster.journal.exchanges:
            yield _of_cluster(item, cluster)


def _of_cluster(item: pytest.Item, cluster: "FakeCluster") -> str | Exception:
    from simulator.capture.saving import of_cluster  # noqa: PLC0415 - only for a failure
    from simulator.capture.sightings import CaptureError  # noqa: PLC0415

    try:
        return of_cluster(cluster, item.nodeid)
    except CaptureError as error:
        return error


def _file_name(item: pytest.Item) -> str:
    """Return a name that any file system takes, and that tells the test."""
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", item.nodeid.replace(pytest_plugin.SUFFIX, ""))
    return words.strip("-.")[-_NAME_MAX:].strip("-.")
