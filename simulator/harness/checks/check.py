"""What a check is, and how all of them are applied."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol, final

from simulator.harness.checks.conduct import Call, Conduct, Request
from simulator.harness.plain_text import beginning

FOUND_MAX: Final = 1200
"""Characters of what is found: it quotes clients, who may say anything."""

FAMILIES: Final = {
    "REQ": "one request is well-formed",
    "SEQ": "the order of requests makes sense",
    "TIM": "the client keeps good time",
    "OUT": "what the client claims is what happened",
}
"""What the checks of each family are about."""


class Severity(Enum):
    """What a breach does to the verdict."""

    ERROR = "error"
    """The scenario fails."""
    WARNING = "warning"
    """It is told, and the scenario passes."""


class Subject(Protocol):
    """What a check looks at: something that a client did or claimed."""

    @property
    def call(self) -> Call | None:
        """What the client was asked for meanwhile; None where nothing."""
        ...

    @property
    def evidence(self) -> tuple[Request, ...]:
        """The requests to look at."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Claimed:
    """What a client claims of one call."""

    call: Call

    @property
    def evidence(self) -> tuple[Request, ...]:
        """The last request of the call: it usually decides what can be claimed."""
        return self.call.requests[-1:]


@final
@dataclass(frozen=True, slots=True)
class Chain:
    """Requests of one call that belong together, in order."""

    call: Call
    evidence: tuple[Request, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is judged about a client.

    Attributes:
        code: its family and number; never used again for another one.
        rule: what a client does, in one sentence.
        why: why that matters.
        severity: what a breach does to the verdict.
        looks_at: what of a conduct it is about; a check that finds nothing there was not exercised.
        problem: what is wrong with one of these; None when nothing is.
        wrong: a conduct that breaks it, as the reference shows it.
        right: the same, corrected.
    """

    code: str
    rule: str
    why: str
    looks_at: Callable[[Conduct], Iterable[Any]]
    problem: Callable[[Any, Conduct], str | None]
    wrong: str
    right: str
    severity: Severity = Severity.ERROR

    @property
    def family(self) -> str:
        """The first three letters of its code."""
        return self.code[:3]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A check that a client breaks.

    Attributes:
        check: the check.
        found: what was found, in one clause.
        call: what the client was asked for meanwhile; None where nothing.
        requests: the evidence: numbers of requests, from 1.
    """

    check: Check
    found: str
    call: Call | None
    requests: tuple[int, ...]


def breaches(
    checks: Sequence[Check], conduct: Conduct, exercised: set[str] | None = None
) -> Iterator[Breach]:
    """Apply checks to a conduct; each is told once for each call that breaks it.

    Args:
        checks: which ones.
        conduct: what the client did.
        exercised: gets the codes of the checks that had anything to look at.
    """
    looked_at: dict[object, tuple[Any, ...]] = {}
    for check in checks:
        subjects = looked_at.get(check.looks_at)
        if subjects is None:
            subjects = looked_at[check.looks_at] = tuple(check.looks_at(conduct))
        if exercised is not None and subjects:
            exercised.add(check.code)
        told: set[int] = set()
        for subject in subjects:
            found = check.problem(subject, conduct)
            if found is None or id(subject.call) in told:
                continue
            told.add(id(subject.call))
            numbers = tuple(request.number for request in subject.evidence)
            yield Breach(
                check=check, found=beginning(found, FOUND_MAX), call=subject.call, requests=numbers
            )
