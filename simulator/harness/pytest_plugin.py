"""The pytest plugin: scenario files become tests, and fake clusters become fixtures.

Loaded by itself wherever this package is installed, so it imports nothing heavy until a scenario
or a fixture is really used.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

from simulator.harness import pytest_report

if TYPE_CHECKING:
    from simulator.core.cluster import ClusterSpec
    from simulator.core.faults import FaultRule
    from simulator.core.instants import Instant
    from simulator.core.scripts import ScriptRule
    from simulator.core.time_policies import TimePolicy
    from simulator.harness.clients.profiled import ProfiledClient
    from simulator.harness.language.scenario import Scenario
    from simulator.service.fake_cluster import FakeCluster

SUFFIX: Final = ".scenario.yaml"

_kinds: Final = pytest.StashKey["list[ProfiledClient]"]()

STARTED: Final = pytest.StashKey["list[FakeCluster]"]()
"""The clusters that a test has started by fixtures."""

_collects_wrong_file: Final = "dcos_sim_wrong_file"
"""Set on the report of a file that cannot be loaded; such marks come along from xdist's workers."""


class ClusterFactory(Protocol):
    """Starts fake clusters that end with the test."""

    def __call__(
        self,
        spec: "ClusterSpec" = ...,
        *,
        seed: str = ...,
        policy: "TimePolicy" = ...,
        start: "Instant" = ...,
        made_up: int = ...,
        made_up_backups: int = ...,
    ) -> "FakeCluster":
        """Start one cluster; the arguments are those of ``FakeCluster``."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the harness."""
    group = parser.getgroup("dcos-sim", "DC/OS backup simulator")
    group.addoption(
        "--client",
        action="append",
        default=[],
        metavar="CLIENT",
        help="client to run scenario files through: http (the default), "
        "python:package.module:factory, or the path of a client profile; may be repeated",
    )
    group.addoption(
        "--sim-seed",
        default="",
        metavar="SEED",
        help="seed of every fake cluster; by default each test has one made from its name",
    )
    pytest_report.add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a client or an option that cannot be used before anything is collected."""
    config.pluginmanager.register(_WrongFiles(), "dcos-sim wrong files")
    if problem := pytest_report.options_problem(config):
        raise pytest.UsageError(problem)
    if not hasattr(config, "workerinput"):
        reporter = pytest_report.RunReporter(config, partial(_clients, config))
        config.pluginmanager.register(reporter, "dcos-sim report")
    if config.getoption("--client") or _settings_file(config):
        _clients(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect every ``*.scenario.yaml``."""
    if not file_path.name.endswith(SUFFIX):
        return None
    file = ScenarioFile.from_parent(parent, path=file_path)
    if file.nodeid:
        return file
    # A file that was named itself, outside pytest's root: pytest would call it by nothing at all.
    return ScenarioFile.from_parent(parent, path=file_path, nodeid=file_path.name)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Mark the report of a scenario file that cannot be loaded."""
    report = yield
    if isinstance(collector, ScenarioFile) and collector.is_wrong:
        setattr(report, _collects_wrong_file, True)
    return report


class _WrongFiles:
    """Turns a session with a scenario file that cannot be loaded into a usage error."""

    def __init__(self) -> None:
        self._seen = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._seen = self._seen or hasattr(report, _collects_wrong_file)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._seen:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR


def _settings_file(config: pytest.Config) -> Path | None:
    """Return the nearest pyproject.toml, from pytest's root upwards, that speaks to this plugin."""
    for folder in (config.rootpath, *config.rootpath.parents):
        file = folder / "pyproject.toml"
        with suppress(OSError):
            if b"dcos-sim" in file.read_bytes():
                return file
    return None


def _clients(config: pytest.Config) -> "list[ProfiledClient]":
    """Return the clients of this session: from the command line, the project, or the default."""
    from simulator.harness.clients import client_kinds  # noqa: PLC0415 - aiohttp is heavy
    from simulator.harness.language.source_file import SourceError  # noqa: PLC0415
    from simulator.harness.ports import ClientError  # noqa: PLC0415
    from simulator.harness.settings import SettingsError, clients_of  # noqa: PLC0415

    known = config.stash.get(_kinds, None)
    if known is None:
        file = _settings_file(config)
        try:
            given = config.getoption("--client") or (clients_of(file) if file else [])
            known = config.stash[_kinds] = client_kinds(given or ["http"])
        except (ClientError, SettingsError) as error:
            raise pytest.UsageError(str(error)) from None
        except SourceError as error:
            raise pytest.UsageError(f"the client profile is wrong\n{error}") from None
    return known


class ScenarioFile(pytest.File):
    """A scenario file: one test for each of its cases and each client."""

    is_wrong = False

    def collect(self) -> "Iterator[ScenarioItem]":
        """Load the file; a wrong one is shown with line and caret, never with a traceback."""
        from simulator.harness.language.scenario_file import load_scenarios  # noqa: PLC0415 - pydantic
        from simulator.harness.language.source_file import SourceError  # noqa: PLC0415

        kinds = _clients(self.config)
        try:
            scenarios = load_scenarios(_shown_path(self.path, self.config))
        except SourceError:
            self.is_wrong = True
            raise
        for scenario in scenarios:
            for kind in kinds:
                yield ScenarioItem.make(self, scenario, kind)

    def repr_failure(  # type: ignore[override] # pytest itself declares it without the style
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:  # noqa: ANN401 - text, or one of pytest's private classes
        """Show the loader's message alone."""
        from simulator.harness.language.source_file import SourceError  # noqa: PLC0415

        if isinstance(excinfo.value, SourceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioFailedError(Exception):
    """A scenario that fails; carries the text to show."""


class BadVerdictError(ScenarioFailedError):
    """A client did not do what the scenario expects: what a known failure is."""


class ScenarioItem(pytest.Function):
    """One scenario through one client. A function item: fixtures, marks and options all work."""

    scenario: "Scenario"
    told: dict[str, Any]
    """What there is to report of it, as plain values."""

    @classmethod
    def make(
        cls, parent: ScenarioFile, scenario: "Scenario", kind: "ProfiledClient"
    ) -> "ScenarioItem":
        """Make the item; its seed depends on its name only."""
        from simulator.harness.seeds import seed_of  # noqa: PLC0415 - pydantic

        seed = seed_of(scenario, given=parent.config.getoption("--sim-seed"))
        known = kind.profile.known_failing(scenario.names)
        told = pytest_report.first_told(scenario, kind.name, seed, known.reason if known else "")
        wants = {
            "timeline": pytest_report.wants_timelines(parent.config),
            "points": pytest_report.wants_coverage(parent.config),
        }
        item = cls.from_parent(
            parent,
            name=scenario.test_name(kind.name),
            callobj=partial(_run, scenario=scenario, kind=kind, seed=seed, told=told, **wants),
        )
        item.scenario, item.told = scenario, told
        item.user_properties += [("client", kind.name), ("seed", seed)]
        for tag in scenario.model.tags:
            parent.config.addinivalue_line("markers", f"{tag}: scenarios tagged {tag}")
            item.add_marker(tag)
        if lacking := scenario.lacking(kind.operations, kind.programs):
            item.add_marker(pytest.mark.skip(f"client {kind.name} has no {lacking}"))
        elif scenario.needs_virtual_time and (why := kind.lacks_virtual_time):
            item.add_marker(pytest.mark.skip(f"client {kind.name} lacks virtual time: {why}"))
        if known:
            # Not strict: an unexpected pass fails by itself, and says which line to delete.
            fails = pytest.mark.xfail(raises=BadVerdictError, reason=known.reason, strict=False)
            item.add_marker(fails)
        return item

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the file and what the scenario shows."""
        return self.path, 0, self.scenario.title

    def repr_failure(  # type: ignore[override] # pytest itself declares it without the style
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:  # noqa: ANN401 - text, or one of pytest's private classes
        """Show the verdict; an error of the simulator itself keeps its traceback."""
        if isinstance(excinfo.value, ScenarioFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def _run(
    *,
    scenario: "Scenario",
    kind: "ProfiledClient",
    seed: str,
    told: dict[str, Any],
    timeline: bool,
    points: bool,
) -> None:
    import asyncio  # noqa: PLC0415 - only when a scenario runs

    from simulator.harness.clients.in_process import run_in_process  # noqa: PLC0415
    from simulator.harness.failure_text import failure_text  # noqa: PLC0415
    from simulator.harness.ports import ClientError, LacksError  # noqa: PLC0415
    from simulator.harness.report import scenario_report  # noqa: PLC0415

    async def failure() -> str:
        # The verdict stays in here: asyncio writes out what its main task returned, each time.
        verdict = await run_in_process(scenario, kind, seed)
        told.update(scenario_report(verdict, timeline=timeline, points=points or timeline))
        return "" if verdict.passed else failure_text(verdict)

    try:
        text = asyncio.run(failure())
    except LacksError as error:
        pytest.skip(f"client {kind.name}: {error}")
    except ClientError as error:
        raise ScenarioFailedError(str(error)) from None
    if text:
        raise BadVerdictError(text)
    if known := kind.profile.known_failing(scenario.names):
        raise ScenarioFailedError(known.unexpected_pass)


def _shown_path(path: Path, config: pytest.Config) -> Path:
    """Return the path as a person would type it."""
    base = config.invocation_params.dir
    return path.relative_to(base) if path.is_relative_to(base) else path


# --- fixtures ------------------------------------------------------------------------------------


@pytest.fixture
def clusters(request: pytest.FixtureRequest) -> Iterator[ClusterFactory]:
    """Start as many fake clusters as a test needs; all end with the test.

    Each has its own port, time, seed and journal. When the test fails, the report shows the seed
    and what each cluster saw.
    """
    from simulator.harness.seeds import seed_from  # noqa: PLC0415 - pydantic
    from simulator.service.fake_cluster import FakeCluster  # noqa: PLC0415 - aiohttp is heavy

    started: list[FakeCluster] = []
    seed = seed_from(request.node.nodeid, given=request.config.getoption("--sim-seed"))

    def start(*arguments: Any, **options: Any) -> FakeCluster:  # noqa: ANN401 - as FakeCluster
        number = f"#{len(started) + 1}" if started else ""
        options.setdefault("seed", seed + number)
        started.append(FakeCluster(*arguments, **options))
        return started[-1]

    request.node.stash[STARTED] = started
    with ExitStack() as stack:
        yield start
        for cluster in started:
            stack.callback(cluster.stop)
        if request.node.stash.get(_passed, False):
            _fail_on_unused_scripts(started)


def _fail_on_unused_scripts(clusters: "Sequence[FakeCluster]") -> None:
    """A script or fault that nothing met tests nothing: most likely its label is mistyped."""
    unused: list[ScriptRule | FaultRule] = []
    for cluster in clusters:
        unused += [use.rule for use in cluster.rules if use.hits == 0]
        unused += [use.rule for use in cluster.faults.uses if use.hits == 0]
    origins = [rule.origin for rule in unused if not rule.optional]
    if origins:
        pytest.fail(
            f"never applied: {', '.join(origins)}; say optional=True where that is fine",
            pytrace=False,
        )


@pytest.fixture
def cluster(clusters: ClusterFactory) -> "FakeCluster":
    """A fake cluster with three apps, for one test; read on at ``FakeCluster``."""
    return clusters(made_up=3)


@pytest.fixture
def checked_cluster(
    request: pytest.FixtureRequest, cluster: "FakeCluster", allowed_checks: Mapping[str, str]
) -> "Iterator[FakeCluster]":
    """The cluster of this test; the test fails when a client breaks a check (``dcos-sim checks``).

    Whatever comes to the cluster is taken for what a client does by itself.
    """
    from simulator.harness.checked import Checked  # noqa: PLC0415
    from simulator.harness.clients.in_process import target_of  # noqa: PLC0415

    jumps = "autojump_cluster" in request.fixturenames
    checked = Checked(cluster, target_of(cluster), allowed_checks, lives_in_cluster_time=jumps)
    yield cluster
    said = checked.end()
    if said and request.node.stash.get(_passed, False):
        pytest.fail("\n".join(said), pytrace=False)


@pytest.fixture
def allowed_checks() -> Mapping[str, str]:
    """Name checks that the client may break, each with the reason: override it where needed."""
    return {}


@pytest.fixture
def frozen_cluster(cluster: "FakeCluster") -> "Iterator[FakeCluster]":
    """The cluster of this test, with ``datetime.now()`` and ``time.time()`` on its clock."""
    with cluster.freeze():
        yield cluster


@pytest.fixture
def autojump_cluster(
    cluster: "FakeCluster", autojump_packages: Sequence[str]
) -> "Iterator[FakeCluster]":
    """The cluster of this test; what the client sleeps passes on its clock, dates follow it."""
    with cluster.autojump(packages=autojump_packages):
        yield cluster


@pytest.fixture
def autojump_packages() -> Sequence[str]:
    """Name installed packages that are the client: override it in your conftest.py."""
    return ()


_passed: Final = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a report what its scenario came to, or what the clusters of a failed test saw."""
    report = yield
    if isinstance(item, ScenarioItem) and (call.when == "call" or not report.passed):
        setattr(report, pytest_report.TOLD, item.told)
        codes = {each["code"] for each in item.told["findings"]} - {""}
        if codes:
            item.user_properties.append(("codes", " ".join(sorted(codes))))
    started = item.stash.get(STARTED, [])
    if call.when == "call":
        item.stash[_passed] = report.passed
    if call.when == "call" and report.failed and started:
        from simulator.harness.timeline import timeline  # noqa: PLC0415

        for cluster in started:
            title = f"fake cluster {cluster.url}, seed {cluster.chance.seed}"
            report.sections.append(
                (title, "\n".join(timeline(cluster.journal, cluster.clock.start)))
            )
    return report
