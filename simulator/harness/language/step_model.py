"""What a file says of steps, and of what is expected of them."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from simulator.core.instants import Duration, parse_duration
from simulator.core.statuses import Status
from simulator.harness.language.cluster_model import COUNT_OR_LIST, AppModel
from simulator.scalars import Count, DurationText, Filled, Flag, Strict, Text, parsed_by

OutcomeName = Literal["ok", "refused", "failed", "indeterminate", "unsuccessful", "honest"]


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    return text


class MatcherModel(Strict):
    """How a value must be; exactly one of these."""

    contains: Text | None = None
    starts_with: Text | None = None
    matches: Annotated[Text, AfterValidator(_expression)] | None = None
    one_of: list[Text] | None = None
    not_: Text | None = Field(None, alias="not")
    absent: Flag | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "MatcherModel":
        if len(self.model_fields_set) != 1:
            raise ValueError(
                "needs exactly one of contains, starts_with, matches, one_of, not, absent"
            )
        return self


Matcher = Annotated[
    Annotated[Text, Tag("equal")] | Annotated[MatcherModel, Tag("matcher")],
    Discriminator(lambda value: "matcher" if isinstance(value, Mapping) else "equal"),
]

PathMatchers = dict[str, Matcher]
"""Dotted paths into a backup as the API shows it, and how the value there must be."""

DocumentExpect = Annotated[
    Annotated[OutcomeName, Tag("outcome")] | Annotated[PathMatchers, Tag("paths")],
    Discriminator(lambda value: "paths" if isinstance(value, Mapping) else "outcome"),
]


class ListModel(Strict):
    """What a list must show: backups by the names that the scenario gave them."""

    count: Count | None = None
    exactly: list[Filled] | None = None
    includes: list[Filled] = Field([])
    lacks: list[Filled] = Field([])
    entries: dict[str, PathMatchers] = Field({})


ListExpect = Annotated[
    Annotated[OutcomeName, Tag("outcome")] | Annotated[ListModel, Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, Mapping) else "outcome"),
]


BackupState = Literal[Status.BACKING_UP, Status.READY, Status.ERROR, Status.RESTORING, "absent"]


class EndExpect(Strict):
    """How the cluster really is, whatever the client says."""

    backups: dict[str, BackupState] = Field({})
    apps: (
        Annotated[
            Annotated[Count, Tag("count")] | Annotated[list[Filled], Tag("list")], COUNT_OR_LIST
        ]
        | None
    ) = None
    marathon: Literal["available", "unavailable"] | None = None
    creates: Count | None = None
    restores: Count | None = None
    deletes: Count | None = None


class LabelModel(Strict):
    """The label of a new backup."""

    label: Text


class PrefixModel(Strict):
    """Which ids to list."""

    prefix: Text = ""


class TargetModel(Strict):
    """A backup: by the name that the scenario gave it, or by a literal id."""

    backup: Filled | None = None
    id: Text | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "TargetModel":
        if len(self.model_fields_set) != 1:
            raise ValueError("needs a backup (a name from this file) or an id, and not both")
        return self


def _pausing(every: Duration) -> Duration:
    if every == 0:
        raise ValueError("must be above 0s: the client cannot ask without a pause")
    return every


POLLS_MAX = 100_000
"""Of one wait: each is a real request."""


class WaitModel(Strict):
    """Ask again and again until a backup, or its latest restore, has a status."""

    backup: Filled | None = None
    restore: Filled | None = None
    for_: Filled = Field(alias="for")
    within: DurationText = Duration(600_000_000_000)
    every: Annotated[DurationText, AfterValidator(_pausing)] = Duration(10_000_000_000)

    @model_validator(mode="after")
    def _exactly_one(self) -> "WaitModel":
        if (self.backup is None) == (self.restore is None):
            raise ValueError("needs a backup or a restore to wait for, and not both")
        if self.within > self.every * POLLS_MAX:
            raise ValueError(f"asks too often: within may be {POLLS_MAX} times every, at most")
        return self


class ClusterActionModel(Strict):
    """What happens to the cluster, not through the client; exactly one of these.

    ``lose`` takes a backup away from the master's disk, whatever its status.
    """

    deploy: AppModel | None = None
    remove: Filled | None = None
    release: Filled | None = None
    lose: Filled | None = None
    restart: Literal["resume", "error", "stuck", "lost"] | None = None
    marathon: Literal["down", "up"] | None = None
    disk: Literal["full", "free"] | None = None
    tokens: Literal["revoked", "accepted"] | None = None
    permission: Literal["withdrawn", "granted"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "ClusterActionModel":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"needs exactly one of {', '.join(type(self).model_fields)}")
        return self


class CreateStep(Strict):
    """The client creates a backup; ``as`` names it for later steps."""

    create: LabelModel
    as_: Filled | None = Field(None, alias="as")
    expect: DocumentExpect = "ok"


class ListStep(Strict):
    """The client lists backups."""

    list_: PrefixModel = Field(alias="list")
    expect: ListExpect = "ok"


class ShowStep(Strict):
    """The client shows one backup."""

    show: TargetModel
    expect: DocumentExpect = "ok"


class RestoreStep(Strict):
    """The client starts a restore."""

    restore: TargetModel
    expect: DocumentExpect = "ok"


class DeleteStep(Strict):
    """The client deletes a backup."""

    delete: TargetModel
    expect: OutcomeName = "ok"


class WaitStep(Strict):
    """The client asks until a status is reached; cluster time passes between."""

    wait: WaitModel


class UntilStatusModel(Strict):
    """Time passes until a backup, or its latest restore, really has a status."""

    backup: Filled | None = None
    restore: Filled | None = None
    until: Status
    within: DurationText = Duration(604_800_000_000_000)

    @model_validator(mode="after")
    def _exactly_one(self) -> "UntilStatusModel":
        if (self.backup is None) == (self.restore is None):
            raise ValueError("needs a backup or a restore to look at, and not both")
        return self


def _how_far(text: str) -> object:
    if text == NEXT:
        return text
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{error}; or next, for what changes next by itself") from None


class AdvanceStep(Strict):
    """Cluster time passes: so much, to the next event, or until a status."""

    advance: Annotated[
        Annotated[
            Literal["next"] | Duration,
            BeforeValidator(parsed_by(_how_far)),
            WithJsonSchema({"type": "string", "examples": ["90s", "next"]}),
            Tag("text"),
        ]
        | Annotated[UntilStatusModel, Tag("until")],
        Discriminator(lambda value: "until" if isinstance(value, Mapping) else "text"),
    ]


class ClusterStep(Strict):
    """Something happens to the cluster."""

    cluster: ClusterActionModel


class ExpectStep(Strict):
    """The cluster is looked at, without the client."""

    expect: EndExpect


NEXT = "next"
"""How far time passes: to what changes next by itself."""

OPERATIONS = ("create", "list", "show", "restore", "delete")
"""Those of the client."""

VERBS = (*OPERATIONS, "wait", "advance", "cluster", "expect")


def verb_of(step: object) -> str | None:
    """Return the verb of a step as written; None when it has none."""
    if not isinstance(step, Mapping):
        return None
    return next((verb for verb in VERBS if verb in step), None)


StepModel = Annotated[
    Annotated[CreateStep, Tag("create")]
    | Annotated[ListStep, Tag("list")]
    | Annotated[ShowStep, Tag("show")]
    | Annotated[RestoreStep, Tag("restore")]
    | Annotated[DeleteStep, Tag("delete")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[AdvanceStep, Tag("advance")]
    | Annotated[ClusterStep, Tag("cluster")]
    | Annotated[ExpectStep, Tag("expect")],
    Discriminator(verb_of),
]
