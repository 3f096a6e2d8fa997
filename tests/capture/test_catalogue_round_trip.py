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

NOT_GIVEN_BACK = {
    "a-restart-and-the-restore-is-lost": "a restore that is forgotten has no end to be seen",
    "what-is-deleted-is-shown-once-more": "nothing can be shown that is not there any more",
    "a-backup-is-hidden-for-good": "it is taken for made when it is first shown",
}
"""Scenarios whose capture cannot be given back, and why; the command says what differs."""


def with_steps() -> list[Scenario]:
    """Return the first scenario of every bundled file that has steps."""
    files = sorted(catalogue_folder().rglob("*.scenario.yaml"))
    firsts = [load_scenarios(file)[0] for file in files]
    return [each for each in firsts if each.model.steps]


ALL = with_steps()
SAMPLE = [each for each in ALL[::EVERY] if each.name not in NOT_GIVEN_BACK]


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


@pytest.mark.parametrize("name", NOT_GIVEN_BACK)
def test_what_cannot_be_given_back_is_told(name: str, tmp_path: Path) -> None:
    """A line of this list is to be deleted when it can."""
    (scenario,) = [each for each in ALL if each.name == name]
    path = captured(scenario, tmp_path)
    assert path is not None
    redactor = Redactor()
    capture = without_secrets(read_inputs([str(path)], redactor), redactor)
    assert made_of(capture, redactor, "a test").differs
