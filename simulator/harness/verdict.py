"""What came of a scenario: every step that was taken, and everything that was not as expected."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from simulator.core.instants import Instant
from simulator.harness.checks.check import Check
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.source_file import KeyPath
from simulator.harness.ports import Outcome
from simulator.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was not as the scenario expects.

    Attributes:
        path: the expectation's place in the file.
        expected: what should have been.
        found: what was.
        notes: what helps to see why: the nearest miss, a diagnostic.
        check: the check that found it; None for what the scenario itself expects.
        requests: numbers of the requests that show it.
    """

    path: KeyPath
    expected: str
    found: str
    notes: tuple[str, ...] = ()
    check: Check | None = None
    requests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the checks made of a run.

    Attributes:
        exercised: codes of the checks that had anything to look at.
        broken: codes of those that the client broke, allowed or not.
        allowed: those of them that it may break.
        warnings: what was found that does not fail a scenario.
    """

    exercised: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One step that was taken: when it began, and the last journal entry before it."""

    number: int
    at: Instant
    after_entry: int
    outcome: Outcome | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of running one scenario through one client.

    Attributes:
        client_name: what names of tests call the client.
        client_given: what ``--client`` calls it.
        names: what the scenario calls the backups, by id.
        faults: a line for each armed fault: how many requests it has struck.
    """

    scenario: Scenario
    client_name: str
    client_given: str
    seed: str
    start: Instant
    end: Instant
    journal: Journal
    names: Mapping[str, str]
    steps: tuple[StepRecord, ...]
    findings: tuple[Finding, ...]
    judged: Judged = Judged()
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.findings

    def with_note(self, note: str) -> "Verdict":
        """Add a note to the last finding."""
        *before, last = self.findings
        return replace(self, findings=(*before, replace(last, notes=(*last.notes, note))))
