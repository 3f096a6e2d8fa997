"""What judging costs: the checks beside the scenarios that they judge, and a very long scenario."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from measure import AtMost, Figure

from simulator.catalogue import catalogue_folder
from simulator.core.statuses import Status
from simulator.harness import judge
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.coverage import points_of
from simulator.harness.judge import Judge
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios

AIM_SHARE: Final = AtMost(5)
AIM_SECONDS: Final = AtMost(1)
REQUESTS: Final = 10_000

LONG: Final = f"""\
scenario: A backup takes very long, and is polled all the time
script:
  - {{on: create, then: [{{status: STATUS_BACKING_UP, for: {{polls: {REQUESTS}}}}}, \
{{status: {Status.READY}}}]}}
steps:
  - create: {{label: nightly}}
    as: first
  - wait: {{backup: first, for: STATUS_READY, within: 1d, every: 1s}}
"""


def measure(*, quick: bool) -> list[Figure]:
    """Measure the share of judging in the whole catalogue, and one long scenario."""
    rounds = 1 if quick else 3
    shares = [_share() for _ in range(rounds)]
    return [
        Figure(
            name="checks, of the catalogue's time",
            value=median(100 * spent / whole for spent, whole in shares),
            unit="%",
            aim=AIM_SHARE,
        ),
        Figure(
            name=f"{REQUESTS} requests judged",
            value=median(_long() for _ in range(rounds)),
            unit="s",
            aim=AIM_SECONDS,
        ),
    ]


def _share() -> tuple[float, float]:
    """Return how long checks took, and how long everything did, with the reference client."""
    kind = client_kind("http")
    scenarios = [
        scenario
        for path in sorted(catalogue_folder().rglob("*.scenario.yaml"))
        for scenario in load_scenarios(path)
        if not scenario.needs_virtual_time and not scenario.model.program
    ]
    with _measured() as spent:
        started = perf_counter()
        for scenario in scenarios:
            verdict = asyncio.run(run_in_process(scenario, kind, "seed"))
            assert verdict.passed, "the reference client passes"
        return sum(spent), perf_counter() - started


def _long() -> float:
    """Return how long it took to judge a scenario with very many requests."""
    (scenario,) = _loaded(LONG)
    with _measured() as spent:
        verdict = asyncio.run(run_in_process(scenario, client_kind("http"), "seed"))
    assert verdict.passed, "it passes"
    assert len(verdict.journal.exchanges) > REQUESTS, "each poll is a request"
    started = perf_counter()
    points_of(verdict)
    return sum(spent) + perf_counter() - started


def _loaded(text: str) -> tuple[Scenario, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.scenario.yaml")
        path.write_text(text, encoding="utf-8")
        return load_scenarios(path)


@contextmanager
def _measured() -> Iterator[list[float]]:
    """Measure each time that checks are applied."""
    spent: list[float] = []
    own: Any = Judge._findings  # noqa: SLF001 - the one place where checks are applied

    def findings(self: Judge, *given: Any) -> Iterator[Any]:  # noqa: ANN401 - as it is
        started = perf_counter()
        found = list(own(self, *given))
        spent.append(perf_counter() - started)
        return iter(found)

    judge.Judge._findings = findings  # type: ignore # noqa: PGH003, SLF001 - put back below
    try:
        yield spent
    finally:
        judge.Judge._findings = own  # type: ignore # noqa: PGH003, SLF001 - put back below
