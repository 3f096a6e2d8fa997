"""What a file says of cluster time: what moves it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag, WithJsonSchema, model_validator

from simulator.core.instants import Duration, parse_duration
from simulator.core.time_policies import EVERY, Manual, PerRequest, Rate, Span, TimePolicy
from simulator.harness.language.cluster_model import BetweenModel, key_of
from simulator.harness.language.source_file import nearest
from simulator.harness.language.step_model import OPERATIONS
from simulator.scalars import DurationText, Factor, Strict

AUTOJUMP: Final = "autojump"

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

SpanModel = Annotated[
    Annotated[DurationText, Tag("text")] | Annotated[BetweenModel, Tag("between")],
    Discriminator(key_of("between", text="text")),
]

_API_OPERATIONS: Final = tuple(each for each in OPERATIONS if each != "show")


def _kind(text: object) -> object:
    known = (*_API_OPERATIONS, *METHODS)
    if not isinstance(text, str) or not (text in known or text.startswith(("/", EVERY))):
        hint = nearest(str(text), known)
        raise ValueError(f"{text!r} is no operation, HTTP method or path; {hint}")
    return text


Kind = Annotated[
    str,
    BeforeValidator(_kind),
    WithJsonSchema({"type": "string", "examples": [*_API_OPERATIONS, "POST", "/service/*", "*"]}),
]


class PerRequestModel(Strict):
    """Time moves by this much at each request; by kinds, the first that fits counts."""

    per_request: Annotated[
        Annotated[SpanModel, Tag("span")] | Annotated[dict[Kind, SpanModel], Tag("kinds")],
        Discriminator(lambda value: "kinds" if _is_by_kind(value) else "span"),
    ]
    rate: Factor | None = None

    @model_validator(mode="after")
    def _moves(self) -> "PerRequestModel":
        if not any(step.longest for step in self.policy.steps) and not self.rate:
            raise ValueError("never moves; write time: manual for time that stands still")
        kinds = [step.kind for step in self.policy.steps]
        if EVERY in kinds[:-1]:
            raise ValueError(f"what stands behind {EVERY!r} never applies; put that last")
        return self

    @property
    def policy(self) -> PerRequest:
        """What the clock is given."""
        steps = self.per_request
        if isinstance(steps, dict):
            return PerRequest({kind: _span(step) for kind, step in steps.items()}, self.rate or 0)
        return PerRequest(_span(steps), self.rate or 0)


def _is_by_kind(value: Any) -> bool:  # noqa: ANN401 - whatever the file holds
    return isinstance(value, Mapping) and "between" not in value


def _span(step: Duration | BetweenModel) -> Span:
    return (step.between[0], step.between[1]) if isinstance(step, BetweenModel) else step


class RateModel(Strict):
    """Time runs by itself: this many seconds in a real one."""

    rate: Factor

    @property
    def policy(self) -> Rate:
        """What the clock is given."""
        return Rate(self.rate)


TimeModel = Annotated[
    Annotated[Literal["manual", "autojump"], Tag("text")]
    | Annotated[PerRequestModel, Tag("per_request")]
    | Annotated[RateModel, Tag("rate")],
    Discriminator(key_of("per_request", "rate", text="text")),
]

Time: TypeAlias = str | PerRequestModel | RateModel | None

PROGRAM_STEP: Final = parse_duration("10s")
"""At each request, where a scenario with a program does not say what moves time."""


def policy_of(time: Time, *, runs_program: bool) -> TimePolicy:
    """Return what moves the clock: where nothing is said, the requests of a program, if any."""
    if isinstance(time, (PerRequestModel, RateModel)):
        return time.policy
    return PerRequest(PROGRAM_STEP) if time is None and runs_program else Manual()
