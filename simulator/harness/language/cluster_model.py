"""What a file says of the cluster, its time, and the scripts of its operations."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from simulator.core.instants import Duration, parse_duration
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.scalars import (
    Count,
    DurationText,
    Filled,
    Flag,
    MadeCount,
    Strict,
    Text,
    TimestampText,
    UuidText,
    Version,
    parsed_by,
)

AppModel = Annotated[
    Annotated[Text, Tag("id")] | Annotated[dict[str, Any], Tag("definition")],
    Discriminator(lambda value: "definition" if isinstance(value, Mapping) else "id"),
]


COUNT_OR_LIST = Discriminator(lambda value: "count" if isinstance(value, str | int) else "list")
"""Tells how many there are from what they are."""


class MarathonModel(Strict):
    """Marathon at the start: how many apps to make up, or which apps there are."""

    apps: Annotated[
        Annotated[MadeCount, Tag("count")] | Annotated[list[AppModel], Tag("list")], COUNT_OR_LIST
    ] = 0


class EndedModel(Strict):
    """How a restore has ended; one that is still STATUS_RESTORING never ends any more."""

    status: Literal[Status.READY, Status.ERROR, Status.RESTORING]
    error: Text = ""

    @model_validator(mode="after")
    def _error_of_an_error(self) -> "EndedModel":
        if self.error and self.status is not Status.ERROR:
            raise ValueError(f"an error text belongs to {Status.ERROR}")
        return self


RestoredModel = Annotated[
    Annotated[Literal[Status.READY, Status.ERROR, Status.RESTORING], Tag("status")]
    | Annotated[EndedModel, Tag("ended")],
    Discriminator(lambda value: "ended" if isinstance(value, Mapping | EndedModel) else "status"),
]


class BackupModel(Strict):
    """A backup that is there from the start; ``times`` makes that many of it."""

    label: Text
    as_: Filled | None = Field(None, alias="as")
    age: DurationText = Duration(0)
    timestamp: TimestampText | None = None
    dcos_version: Version | None = None
    status: Literal[Status.READY, Status.ERROR, Status.BACKING_UP] = Status.READY
    error: Text = ""
    uuid: UuidText | None = None
    restored: RestoredModel | None = None
    times: MadeCount = 1

    @model_validator(mode="after")
    def _one_id_for_one_backup(self) -> "BackupModel":
        if self.uuid and self.times > 1:
            raise ValueError("needs one of uuid and times: an id belongs to one backup")
        if self.restored and self.status is not Status.READY:
            raise ValueError(f"cannot have been restored: it is {self.status}")
        if {"age", "timestamp"} <= self.model_fields_set:
            raise ValueError("needs one of age and timestamp: both say when it was made")
        return self


class ClusterModel(Strict):
    """The cluster at the start: of backups, how many to make up, or which there are."""

    dcos_version: Version = "1.13.0"
    marathon: MarathonModel = MarathonModel()
    backups: Annotated[
        Annotated[MadeCount, Tag("count")] | Annotated[list[BackupModel], Tag("list")],
        COUNT_OR_LIST,
    ] = 0
    start: TimestampText | None = None


def key_of(*keys: str, text: str = "") -> Callable[[Any], str | None]:
    """Make a discriminator: the first of these keys that a mapping has, or what a text is."""

    def tag(value: Any) -> str | None:  # noqa: ANN401 - whatever the file holds
        if isinstance(value, Mapping):
            return next((key for key in keys if key in value), None)
        return text or None

    return tag


def _pair(value: object) -> object:
    if isinstance(value, list) and len(value) != len(("shortest", "longest")):
        raise ValueError("needs two durations, the shortest and the longest: [10s, 60s]")
    return value


class BetweenModel(Strict):
    """A time drawn between two, once, when the operation starts."""

    between: Annotated[
        list[DurationText], BeforeValidator(_pair), Field(min_length=2, max_length=2)
    ]


class PollsModel(Strict):
    """So many lists show the stage; the next one shows what follows."""

    polls: Count


class UntilModel(Strict):
    """The stage ends when a step releases this name."""

    until: Filled


def _end(text: str) -> object:
    return text if text == "forever" else parse_duration(text)


EndModel = Annotated[
    Annotated[
        Literal["forever"] | Duration,
        BeforeValidator(parsed_by(_end)),
        WithJsonSchema({"type": "string", "examples": ["90s", "forever"]}),
        Tag("text"),
    ]
    | Annotated[BetweenModel, Tag("between")]
    | Annotated[PollsModel, Tag("polls")]
    | Annotated[UntilModel, Tag("until")],
    Discriminator(key_of("between", "polls", "until", text="text")),
]


class StageModel(Strict):
    """One stage of a script."""

    status: Status
    for_: EndModel | None = Field(None, alias="for")
    component: Filled = MARATHON
    error: Text = ""
    shown_as: Filled | None = None
    overall: Filled | None = None
    empties_marathon: Flag = False


class BranchModel(Strict):
    """One way to go on."""

    weight: Count = 1
    then: list["StageOrChoice"]


class ChoiceModel(Strict):
    """One of several ways to go on, drawn when the operation starts."""

    one_of: Annotated[list[BranchModel], Field(min_length=1)]


StageOrChoice = Annotated[
    Annotated[StageModel, Tag("stage")] | Annotated[ChoiceModel, Tag("choice")],
    Discriminator(lambda value: "choice" if "one_of" in value else "stage"),
]
BranchModel.model_rebuild()


class WhenModel(Strict):
    """Which backups a script is for."""

    label: Filled = "*"


class ScriptModel(Strict):
    """How creates or restores go; the first script that matches wins."""

    on: Literal["create", "restore"]
    when: WhenModel = WhenModel()
    then: Annotated[list[StageOrChoice], Field(min_length=1)]
    times: Count | None = None
    optional: Flag = False
    uuid: UuidText | None = None

    @model_validator(mode="after")
    def _one_id_for_one_backup(self) -> "ScriptModel":
        if self.uuid and (self.on != "create" or self.times != 1):
            raise ValueError(
                "needs on: create and times: 1 beside uuid: an id belongs to one backup"
            )
        return self
