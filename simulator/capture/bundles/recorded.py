"""Runs a scenario for its journal, and says shortly what came of it."""

import asyncio
from dataclasses import dataclass
from typing import Final

from simulator.capture.bundles.profile_secrets import ProfileSecrets
from simulator.core.time_policies import PerRequest, Rate
from simulator.harness.clients.in_process import run_in_process
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.scenario import Scenario
from simulator.harness.plain_text import beginning
from simulator.harness.verdict import Verdict

FINDING_MAX: Final = 500
"""Characters of what a finding says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that was not as expected.

    Attributes:
        line: in the scenario file, from 1.
        code: of the check that found it; empty for what the scenario itself expects.
        text: what was expected, and what was found.
    """

    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.code}: ' if self.code else ''}{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What came of a scenario.

    Attributes:
        passed: whether all was as expected.
        found: what was not.
        journal: its lines, without the secrets of the client's profile.
    """

    passed: bool
    found: tuple[Found, ...]
    journal: tuple[str, ...]

    @property
    def data(self) -> bytes:
        """The journal as it is written to a file."""
        return "".join(f"{line}\n" for line in self.journal).encode(errors="backslashreplace")


def record(scenario: Scenario, kind: ProfiledClient, seed: str) -> Recorded:
    """Run a scenario through a client against a cluster of its own.

    Raises:
        ClientError: when the client cannot be run.
    """
    return asyncio.run(_recorded(scenario, kind, seed))


async def _recorded(scenario: Scenario, kind: ProfiledClient, seed: str) -> Recorded:
    verdict = await run_in_process(scenario, kind, seed)
    secrets = ProfileSecrets(kind.profile)
    return Recorded(
        passed=verdict.passed,
        found=_found(verdict, secrets),
        journal=tuple(secrets.line(line) for line in verdict.journal.lines()),
    )


def _found(verdict: Verdict, secrets: ProfileSecrets) -> tuple[Found, ...]:
    source = verdict.scenario.source
    return tuple(
        Found(
            line=source.place(each.path).line,
            code=each.check.code if each.check else "",
            text=beginning(
                secrets.text(f"expected {each.expected}, found {each.found}"), FINDING_MAX
            ),
        )
        for each in verdict.findings
    )


def why_not(scenario: Scenario, kind: ProfiledClient) -> str:
    """Say why a client cannot run a scenario; empty where it can."""
    if lacking := scenario.lacking(kind.operations, kind.programs):
        return f"client {kind.name} has no {lacking}"
    if scenario.needs_virtual_time and (why := kind.lacks_virtual_time):
        return f"client {kind.name} lacks virtual time: {why}"
    return ""


def runs_in_real_time(scenario: Scenario) -> bool:
    """Whether real time moves cluster time, too, which no two runs have the same of."""
    policy = scenario.policy
    has_floor = isinstance(policy, PerRequest) and policy.rate > 0
    return scenario.needs_virtual_time or isinstance(policy, Rate) or has_floor


def entries(count: int) -> str:
    """Say how many entries there are."""
    return "1 entry" if count == 1 else f"{count} entries"
