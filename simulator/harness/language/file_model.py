"""What a scenario file may say: the model that loads it and that its JSON Schema is made from.

All scalars arrive as text. Names of fields are those of the file; a trailing underscore stands
where Python reserves the word.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from simulator.clock import END_OF_TIME
from simulator.core.instants import Duration, Instant, parse_duration, parse_rfc3339
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.core.versions import checked_version

Parsed = TypeVar("Parsed")


class Strict(BaseModel):
    """A mapping that takes no key but its own, and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)


MARKS_OF_PYTEST = frozenset(
    {"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}
)
"""Tags become marks, and these would do something else than select."""

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)


COUNT_MAX = 1_000_000
"""Of anything that is counted: more would only fill the memory."""


# --- scalars -------------------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, not a list or a mapping")
    return value


def _parsed_by(parse: Callable[[str], Parsed]) -> Callable[[object], object]:
    def validate(value: object) -> object:
        return parse(_text(value)) if not isinstance(value, int) else value

    return validate


def _start(text: str) -> Instant:
    start = parse_rfc3339(text)
    if start > END_OF_TIME:
        raise ValueError(f"{text!r} is too far away; cluster time ends with the year 9000")
    return start


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is not a whole number of 0 or more")
    if len(text) > len(str(COUNT_MAX)) or int(text) > COUNT_MAX:
        raise ValueError(f"{text!r} is too much: {COUNT_MAX} at most")
    return int(text)


def _factor(value: object) -> float:
    text = _text(value)
    try:
        factor = float(text)
    except ValueError:
        factor = 0
    if not 0 < factor < float("inf"):
        raise ValueError(f"{text!r} is not a number above 0")
    return factor


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(f"{text!r} is no tag; write one word of letters, digits, '-', '_' and '.'")
    if text in MARKS_OF_PYTEST:
        raise ValueError(f"{text!r} means something to pytest itself; take another word")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("needs a value")
    return text


Text = Annotated[str, BeforeValidator(_text)]
Filled = Annotated[str, BeforeValidator(_parsed_by(_filled))]
Count = Annotated[
    int, BeforeValidator(_parsed_by(_count)), WithJsonSchema({"type": ["integer", "string"]})
]
DurationText = Annotated[
    Duration,
    BeforeValidator(_parsed_by(parse_duration)),
    WithJsonSchema({"type": "string", "examples": ["90s", "1m30s", "250ms"]}),
]
TimestampText = Annotated[
    Instant,
    BeforeValidator(_parsed_by(_start)),
    WithJsonSchema({"type": "string", "examples": ["2019-03-18T23:16:33.265478871Z"]}),
]
Factor = Annotated[float, BeforeValidator(_factor), WithJsonSchema({"type": ["number", "string"]})]
Version = Annotated[str, BeforeValidator(_parsed_by(checked_version))]
Flag = Annotated[
    bool,
    BeforeValidator(_parsed_by(_flag)),
    WithJsonSchema({"enum": [True, False, "true", "false"]}),
]
TagText = Annotated[
    str,
    BeforeValidator(_parsed_by(_tag)),
    WithJsonSchema({"type": "string", "pattern": f"^{_TAG.pattern}$"}),
]


# --- the cluster and its time ----------------------------------------------------------------


AppModel = Annotated[
    Annotated[Text, Tag("id")] | Annotated[dict[str, Any], Tag("definition")],
    Discriminator(lambda value: "definition" if isinstance(value, Mapping) else "id"),
]


class MarathonModel(Strict):
    """Marathon at the start: how many apps to make up, or which apps there are."""

    apps: Annotated[
        Annotated[Count, Tag("count")] | Annotated[list[AppModel], Tag("list")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "count"),
    ] = 0


class BackupModel(Strict):
    """A backup that is there from the start; ``times`` makes that many of it."""

    label: Text
    as_: Filled | None = Field(None, alias="as")
    age: DurationText = Duration(0)
    status: Literal[Status.READY, Status.ERROR] = Status.READY
    error: Text = ""
    times: Count = 1


class ClusterModel(Strict):
    """The cluster at the start."""

    dcos_version: Version = "1.13.0"
    marathon: MarathonModel = MarathonModel()
    backups: list[BackupModel] = []
    start: TimestampText | None = None


def _moving(step: Duration) -> Duration:
    if step == 0:
        raise ValueError("must be above 0s; write time: manual for time that stands still")
    return step


class PerRequestModel(Strict):
    """Time moves by this much at each request."""

    per_request: Annotated[DurationText, AfterValidator(_moving)]


class RateModel(Strict):
    """Time runs by itself: this many seconds in a real one."""

    rate: Factor


def _key_of(*keys: str, text: str = "") -> Callable[[Any], str | None]:
    def tag(value: Any) -> str | None:  # noqa: ANN401 - whatever the file holds
        if isinstance(value, Mapping):
            return next((key for key in keys if key in value), None)
        return text or None

    return tag


TimeModel = Annotated[
    Annotated[Literal["manual"], Tag("manual")]
    | Annotated[PerRequestModel, Tag("per_request")]
    | Annotated[RateModel, Tag("rate")],
    Discriminator(_key_of("per_request", "rate", text="manual")),
]


# --- scripts -----------------------------------------------------------------------------------


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
        BeforeValidator(_parsed_by(_end)),
        WithJsonSchema({"type": "string", "examples": ["90s", "forever"]}),
        Tag("text"),
    ]
    | Annotated[BetweenModel, Tag("between")]
    | Annotated[PollsModel, Tag("polls")]
    | Annotated[UntilModel, Tag("until")],
    Discriminator(_key_of("between", "polls", "until", text="text")),
]


class StageModel(Strict):
    """One stage of a script."""

    status: Status
    for_: EndModel | None = Field(None, alias="for")
    component: Filled = MARATHON
    error: Text = ""
    shown_as: Filled | None = None
    overall: Filled | None = None


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


# --- expectations ------------------------------------------------------------------------------

OUTCOMES = ("ok", "refused", "failed", "indeterminate")
OutcomeName = Literal["ok", "refused", "failed", "indeterminate"]


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
    includes: list[Filled] = []
    lacks: list[Filled] = []
    entries: dict[str, PathMatchers] = {}


ListExpect = Annotated[
    Annotated[OutcomeName, Tag("outcome")] | Annotated[ListModel, Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, Mapping) else "outcome"),
]


BackupState = Literal[Status.BACKING_UP, Status.READY, Status.ERROR, Status.RESTORING, "absent"]


class EndExpect(Strict):
    """How the cluster really is, whatever the client says."""

    backups: dict[str, BackupState] = {}
    apps: list[Filled] | None = None
    marathon: Literal["available", "unavailable"] | None = None
    creates: Count | None = None
    restores: Count | None = None
    deletes: Count | None = None


# --- steps ---------------------------------------------------------------------------------------


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
        return self


class ClusterActionModel(Strict):
    """What happens to the cluster, not through the client; exactly one of these."""

    deploy: AppModel | None = None
    remove: Filled | None = None
    release: Filled | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "ClusterActionModel":
        if len(self.model_fields_set) != 1:
            raise ValueError("needs exactly one of deploy, remove, release")
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


class AdvanceStep(Strict):
    """Cluster time passes."""

    advance: DurationText


class ClusterStep(Strict):
    """Something happens to the cluster."""

    cluster: ClusterActionModel


class ExpectStep(Strict):
    """The cluster is looked at, without the client."""

    expect: EndExpect


VERBS = ("create", "list", "show", "restore", "delete", "wait", "advance", "cluster", "expect")


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


class ScenarioModel(Strict):
    """A scenario file, its cases filled in."""

    scenario: Filled
    tags: list[TagText] = []
    cluster: ClusterModel = ClusterModel()
    time: TimeModel = "manual"
    script: list[ScriptModel] = []
    steps: Annotated[list[StepModel], Field(min_length=1)]
    expect: EndExpect = EndExpect()
