"""What the bundled scenarios show a client, captured as a journal, comes back as it was."""

import asyncio
from pathlib import Path

import pytest

from simulator.capture.reading.inputs import read_inputs, without_secrets
from simulator.capture.reproduce import made_of
from simulator.capture.secrets.redaction import Redactor
from simulator.catalogue import catalogue_folder
from simulator.harness.clients import HTTP, client_kind
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios

EVERY = 4
"""Of all scenarios with steps, one in so many: the rest takes the same paths again."""

ONCE_NOT_GIVEN_BACK = {
    "a-backup-is-hidden-for-good",
    "a-restart-and-the-restore-is-lost",
    "marathon-is-down",
    "what-is-deleted-is-shown-once-more",
}
"""They stay in the sample: each has once come out otherwise, in a way of its own."""


def with_steps() -> list[Scenario]:
    """Return the first scenario of every bundled file that has steps."""
    files = sorted(catalogue_folder().rglob("*.scenario.yaml"))
    firsts = [load_scenarios(file)[0] for file in files]
    return [each for each in firsts if each.model.steps]


ALL = with_steps()
SAMPLE = [
    each for index, each in enumerate(ALL) if index % EVERY == 0 or each.name in ONCE_NOT_GIVEN_BACK
]


def captured(scenario: Scenario, folder: Path) -> Path | None:
    """Run a scenario through the built-in client; returns its journal, if anything was asked."""
    verdict = asyncio.run(run_in_process(scenario, client_kind(HTTP), "0"))
    path = folder / "journal.jsonl"
    path.write_text("\n".join(verdict.journal.lines()), encoding="utf-8")
    return path if verdict.journal.exchanges else None


@pytest.mark.parametrize("scenario", SAMPLE, ids=[each.source.name for each in SAMPLE])
def test_a_journal_becomes_a_scenario_that_shows_the_same(
    scenario: Scenario, tmp_path: Path
) -> None:
    """Every answer, and every step of the scenario that is made."""
    path = captured(scenario, tmp_path)
    if path is None:
        return
    redactor = Redactor()
    capture = without_secrets(read_inputs([str(path)], redactor), redactor)
    assert made_of(capture, redactor, "a test").differs == ()
