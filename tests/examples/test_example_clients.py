"""Every client in ``examples/`` passes every bundled scenario, as its profile says."""

import asyncio
import shutil
from functools import cache
from pathlib import Path

import pytest

from simulator.catalogue import catalogue_folder
from simulator.harness.clients import client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.failure_text import failure_text
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios

ROOT = Path(__file__).parents[2]
PROFILES = sorted(ROOT.glob("examples/*/*.client.yaml"))
SCENARIOS = [
    scenario
    for path in sorted(catalogue_folder().rglob("*.scenario.yaml"))
    for scenario in load_scenarios(path)
]
NEEDED = {"bash-curl": ("bash", "curl"), "node-jsonrpc": ("node",)}
"""Programs of others that an example is written for."""


@cache
def kind_of(profile: Path) -> ProfiledClient:
    """Load a profile once."""
    return client_kind(str(profile))


@pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=lambda each: f"{Path(each.source.name).parent.name}-{each.name}"
)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.parent.name)
def test_an_example_passes_a_bundled_scenario(profile: Path, scenario: Scenario) -> None:
    """With nothing to skip: each example has all operations and both programs."""
    for program in NEEDED.get(profile.parent.name, ()):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed here")
    kind = kind_of(profile)
    if scenario.needs_virtual_time and kind.lacks_virtual_time:
        pytest.skip(kind.lacks_virtual_time)
    assert scenario.lacking(kind.operations, kind.programs) == ""
    verdict = asyncio.run(run_in_process(scenario, kind, "seed"))
    assert verdict.passed, failure_text(verdict)
    assert verdict.judged.warnings == ()


def test_every_example_has_a_profile() -> None:
    """A folder without one would not be tried by anybody."""
    folders = {path for path in (ROOT / "examples").iterdir() if path.is_dir()}
    assert {profile.parent for profile in PROFILES} == folders
