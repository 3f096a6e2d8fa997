"""What moves a cluster's time, as data: nothing by itself, its client's requests, or real time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from simulator.core.faults import Asked
from simulator.core.instants import ZERO, Duration, duration_text, parse_duration

EVERY: Final = "*"
"""The kind that every request is of."""


@dataclass(frozen=True, slots=True)
class Manual:
    """Time stands still until it is advanced."""

    def __str__(self) -> str:
        return "manual"


@dataclass(frozen=True, slots=True)
class RequestStep:
    """How much requests of one kind move time: a span drawn between two, for each anew.

    Attributes:
        kind: an operation such as ``list``, an HTTP method, or a glob of paths.
        shortest: the least that it may be.
        longest: the most, included.
    """

    kind: str
    shortest: Duration
    longest: Duration

    def is_for(self, asked: Asked) -> bool:
        """Whether a request is of this kind."""
        return (
            self.kind == EVERY
            or self.kind in {asked.operation, asked.method}
            or fnmatchcase(asked.path, self.kind)
        )

    def __str__(self) -> str:
        kind = "request" if self.kind == EVERY else self.kind
        if self.shortest == self.longest:
            return f"{duration_text(self.shortest)} per {kind}"
        return f"{duration_text(self.shortest)} to {duration_text(self.longest)} per {kind}"


Span: TypeAlias = str | Duration | tuple[str | Duration, str | Duration]
"""A duration, as text or in nanoseconds, or the two that it is drawn between."""


@dataclass(frozen=True, slots=True)
class PerRequest:
    """Time moves at each request of the client, before it is answered, and at no other moment.

    ``PerRequest("10s")``, ``PerRequest(("8s", "12s"))`` with jitter from the cluster's seed, or
    ``PerRequest({"list": "30s", "POST": "1s", "/service/*": "0s"})``: by operation, HTTP method or
    path. The first kind that fits counts; a request of no kind moves nothing.

    Attributes:
        step: the spans, as above.
        rate: a floor of real time: since the request before, time moves by at least so many
            seconds for each real one. So programs that pause for long see that time pass, too.

    Raises:
        ValueError: when a span is none.
    """

    step: Span | Mapping[str, Span] = field(compare=False)
    rate: float = 0.0
    steps: tuple[RequestStep, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the spans."""
        spans = self.step if isinstance(self.step, Mapping) else {EVERY: self.step}
        steps = tuple(_request_step(kind, span) for kind, span in spans.items())
        object.__setattr__(self, "steps", steps)

    def step_for(self, asked: Asked) -> RequestStep | None:
        """Return the step that a request takes; None when it takes none."""
        return next((step for step in self.steps if step.is_for(asked)), None)

    def __str__(self) -> str:
        floor = f", at least {self.rate:.12g} s in each real second" if self.rate else ""
        return ", ".join(map(str, self.steps)) + floor


@dataclass(frozen=True, slots=True)
class Rate:
    """Time runs by itself: ``factor`` seconds of it in a real second."""

    factor: float

    def __str__(self) -> str:
        return f"{self.factor:.12g} s in each real second"


TimePolicy: TypeAlias = Manual | PerRequest | Rate


def _request_step(kind: str, span: Span) -> RequestStep:
    shortest, longest = span if isinstance(span, tuple) else (span, span)
    step = RequestStep(kind, _duration(shortest), _duration(longest))
    if not ZERO <= step.shortest <= step.longest:
        raise ValueError(f"{step} is no span of time; write the shorter duration first")
    return step


def _duration(given: str | Duration) -> Duration:
    return parse_duration(given) if isinstance(given, str) else given
