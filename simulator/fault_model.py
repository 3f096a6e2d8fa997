"""What can be said of a fault, in scenario files and in Python alike, and what the core gets of it.

``FAULTS`` is the table of all faults: the key under ``do`` and its model. The reference page is
made from it.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from simulator.core import faults as core
from simulator.core.faults import PER_MILLION, Commit, Fault, FaultRule, Part, WhileStatus
from simulator.core.instants import NANOSECONDS_PER_SECOND, ZERO, Duration, parse_duration
from simulator.core.scripts import OperationKind
from simulator.core.statuses import Status
from simulator.scalars import (
    COUNT_MAX,
    Count,
    DurationText,
    Filled,
    Flag,
    MadeCount,
    Strict,
    Text,
    parsed_by,
)

OPERATIONS: Final = ("create", "list", "restore", "delete")
REAL_MAX: Final = Duration(60_000_000_000)
"""Of real time, in one fault: more would only hold up whoever waits."""

_SIGNED_COUNT: Final = re.compile(r"[+-]\d{1,7}", re.ASCII)
_RANGE: Final = re.compile(r"(\d{1,7})(?:(\.\.)(\d{1,7})?)?", re.ASCII)
_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?%", re.ASCII)
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)


# --- texts ---------------------------------------------------------------------------------------


def _real(length: Duration) -> Duration:
    if length > REAL_MAX:
        raise ValueError("must be 60s at most: this is real time, and a client waits meanwhile")
    return length


def _whole_seconds(length: Duration) -> Duration:
    if length % NANOSECONDS_PER_SECOND:
        raise ValueError("must be whole seconds: that header knows no parts of them")
    return length


def _status_code(text: str) -> int:
    if not re.fullmatch(r"[2-5][0-9][0-9]", text):
        raise ValueError(f"{text!r} is no status of an answer; write 200 to 599")
    return int(text)


def _early_status(text: str) -> int:
    if not re.fullmatch(r"1[0-9][0-9]", text):
        raise ValueError(f"{text!r} does not come before an answer; write 100 to 199")
    if text == "101":
        raise ValueError("'101' would end HTTP on this connection; take another")
    return int(text)


def _bytes(text: str) -> int:
    if not _SIGNED_COUNT.fullmatch(text) or not 0 < abs(int(text)) <= COUNT_MAX:
        raise ValueError(f"{text!r} is no number of bytes with a sign; write +10 or -10")
    return int(text)


def _skew(text: str) -> int:
    if text[:1] not in {"+", "-"}:
        raise ValueError(f"{text!r} has no sign; write +2h or -2h")
    return int(parse_duration(text[1:])) * (1 if text[0] == "+" else -1)


def _range(text: str) -> tuple[int, int | None]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} counts nothing; write 2, 2..4 or 2..")
    first = int(match[1])
    last = int(match[3]) if match[3] else None
    return first, last if match[2] else first


def _ranges(value: object) -> object:
    given = _one_or_more(value)
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError("must be one of 2, 2..4 and 2.., or a list of them")
    return tuple(_range(each) for each in given)


def _chance(text: str) -> int:
    match = _PERCENT.fullmatch(text)
    millionths = int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0")) if match else -1
    if not 0 <= millionths <= PER_MILLION:
        raise ValueError(f"{text!r} is no chance; write one like 25% or 0.5%")
    return millionths


def _one_or_more(value: object) -> object:
    if value == []:
        raise ValueError("needs one at least")
    return [value] if isinstance(value, str) else value


def _json(value: Any) -> Any:  # noqa: ANN401 - whatever a file holds
    """Read a scalar as JSON where it is JSON; everything else is the text that it is."""
    if isinstance(value, Mapping):
        return {key: _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    try:
        return json.loads(value, parse_constant=_no_constant, parse_float=_float)
    except (ValueError, TypeError, RecursionError):
        return value


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON, whatever Python says")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large to be written again")
    return number


def _at_once(value: object) -> object:
    """Read a mere word as no time at all."""
    return "0s" if value == "true" else value


def _header(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    return name


def _header_value(text: str) -> str:
    if not text.isprintable() or not text.isascii():
        raise ValueError(f"{text!r} cannot stand in a header; write plain ASCII on one line")
    return text


WholeSeconds = Annotated[DurationText, AfterValidator(_whole_seconds)]
_NUMBER: Final = WithJsonSchema({"type": ["integer", "string"]})
_SIGNED: Final = WithJsonSchema({"type": "string", "examples": ["+2h", "-90s"]})
_ONE_OR_MORE: Final = WithJsonSchema(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
)
_TRUE: Final = WithJsonSchema({"enum": [True, "true"]})

RealTime = Annotated[DurationText, AfterValidator(_real)]
PartName = Literal["before", "head", "body"]
PARTS: Final[Mapping[str, Part]] = {
    "before": Part.NOTHING,
    "head": Part.HEAD,
    "body": Part.BODY,
}
Headers = dict[
    Annotated[str, AfterValidator(_header)], Annotated[Text, AfterValidator(_header_value)]
]


# --- what goes wrong -----------------------------------------------------------------------------


class AnswerModel(Strict):
    """The client gets another answer than the cluster's own; the body is that of the named part."""

    advice: ClassVar = (
        "Take 502, 503 and 504 for a pause: ask again later, as long as asking changes nothing. "
        "After a create, restore or delete, look at the list first. The body may be HTML."
    )

    answer: Annotated[int, BeforeValidator(parsed_by(_status_code)), _NUMBER]
    body: Literal["admin-router", "service", "marathon", "empty", "text"] = "admin-router"
    text: Text = ""
    retry_after: WholeSeconds | None = None
    retry_date: WholeSeconds | None = None
    location: Annotated[Text, AfterValidator(_header_value)] = ""

    @model_validator(mode="after")
    def _fits(self) -> "AnswerModel":
        if self.retry_after is not None and self.retry_date is not None:
            raise ValueError("needs retry_after or retry_date, and not both: they are one header")
        if self.text and self.body in {"admin-router", "empty"}:
            raise ValueError("needs body: text, service or marathon for its text")
        return self

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        by_date = self.retry_date is not None
        return core.AnswerWith(
            status=self.answer,
            page=core.Page(self.body),
            text=self.text,
            retry_after=self.retry_date if by_date else self.retry_after,
            as_date=by_date,
            location=self.location,
        )


class HeadersModel(Strict):
    """The answer claims something else in its headers than what is true; ``null`` drops one."""

    advice: ClassVar = "Look at what the body is, or say that the answer cannot be read."

    headers: Annotated[Headers, Field(min_length=1)]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        given = self.headers.items()
        return core.Claim(
            tuple((name, None if value == "null" else value) for name, value in given)
        )


class EarlyModel(Strict):
    """An interim answer with this status, 100 to 199, comes before the real one."""

    advice: ClassVar = "Read on: the answer follows."

    early: Annotated[int, BeforeValidator(parsed_by(_early_status)), _NUMBER]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Early(self.early)


class ResetModel(Strict):
    """The connection is reset (RST) before the answer, behind its head, or in mid-body."""

    advice: ClassVar = "Say that the outcome is not known, and look at the list."

    reset: PartName

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Cut(PARTS[self.reset], core.Ending.RESET)


class CloseModel(Strict):
    """The connection is closed (FIN) before the answer, behind its head, or in mid-body."""

    advice: ClassVar = "As for a reset. A body shorter than its Content-Length is no answer."

    close: PartName

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Cut(PARTS[self.close], core.Ending.CLOSE)


class LengthModel(Strict):
    """Content-Length is too long (+) or too short (-) by so many bytes; then the end."""

    advice: ClassVar = "Never read half a document as a whole one."

    length: Annotated[int, BeforeValidator(parsed_by(_bytes)), _NUMBER]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.WrongLength(self.length)


class BrokenChunkModel(Strict):
    """The body comes in chunks; the length of the second is no number, then the end."""

    advice: ClassVar = "As for a reset in mid-body."

    broken_chunk: Annotated[Literal["true"], _TRUE]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.BrokenChunk()


class GarbageModel(Strict):
    """Bytes come that are no HTTP, then the end."""

    advice: ClassVar = "Say that this is no DC/OS; the outcome of the request is not known."

    garbage: Annotated[Literal["true"], _TRUE]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Garbage()


class DripModel(Strict):
    """The answer comes byte by byte, with so much real time between two; 60s at most."""

    advice: ClassVar = "Have a limit for the whole answer, not for each byte only."

    drip: RealTime

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Drip(self.drip)


class StallModel(Strict):
    """So much real time passes before the answer, behind its head, or in mid-body; 60s at most.

    At ``connect``: the connection is closed behind the answer, and the next one is accepted, but
    nothing is read from it for so long.
    """

    advice: ClassVar = "Wait as long as your timeout says, and no longer."

    stall: RealTime
    at: PartName | Literal["connect"] = "before"

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        if self.at == "connect":
            return core.Deaf(self.stall)
        return core.Stall(PARTS[self.at], self.stall)


class HangModel(Strict):
    """Nothing comes until the client leaves."""

    advice: ClassVar = "Have a timeout. When it is over, the outcome is not known."

    hang: Annotated[Literal["true"], _TRUE]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Hang()


class GoodbyeModel(Strict):
    """The answer is whole and keeps the connection open; then it is closed without a word.

    At once, or after so much real time; what comes meanwhile is not read any more.
    """

    advice: ClassVar = (
        "Expect a kept connection to be gone. Send again what cannot have arrived, or what "
        "changes nothing."
    )

    goodbye: Annotated[RealTime, BeforeValidator(_at_once)]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Goodbye(self.goodbye)


class RefuseModel(Strict):
    """The connection is reset, and nobody listens for so much real time; 60s at most."""

    advice: ClassVar = "A refused connection has carried nothing: try again, with pauses."

    refuse: RealTime

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Refuse(self.refuse)


class StaleModel(Strict):
    """A list shows what was so long ago, in cluster time."""

    advice: ClassVar = "What is not listed yet may come: ask again before you call it lost."

    stale: DurationText

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Stale(self.stale)


class HideModel(Strict):
    """A list lacks the backups whose label or id fits a pattern."""

    advice: ClassVar = "Take one list for a hint, not for the end: ask again."

    hide: Filled

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Hide(self.hide)


class TwiceModel(Strict):
    """A list holds the backups whose label or id fits a pattern twice."""

    advice: ClassVar = "Go by ids: one id is one backup."

    twice: Filled

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Twice(self.twice)


class OrderModel(Strict):
    """A list comes in another order; none is documented."""

    advice: ClassVar = "Sort by timestamp yourself; the first is not the newest."

    order: Literal["reversed", "shuffled"]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Order(self.order)


class StrangersModel(Strict):
    """A list also holds ``count`` ready backups of another cluster, with this label."""

    advice: ClassVar = "Wait for the id that your create was answered with, not for its label."

    strangers: Filled
    count: MadeCount = 1

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Strangers(self.strangers, self.count)


class EditModel(Strict):
    """Documents of the backups whose label or id fits a pattern are shown changed.

    ``set`` puts values at dotted paths: JSON where a text can be read as JSON, else the text.
    ``drop`` leaves paths out.
    """

    advice: ClassVar = "Pass over what you do not know; miss nothing that you need."

    edit: Filled
    set_: dict[str, Any] = Field({}, alias="set")
    drop: Annotated[list[Filled], BeforeValidator(_one_or_more), _ONE_OR_MORE] = Field([])

    @model_validator(mode="after")
    def _changes_something(self) -> "EditModel":
        if not self.set_ and not self.drop:
            raise ValueError("needs something to set or to drop")
        return self

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        put = tuple((path, _json(value)) for path, value in self.set_.items())
        return core.Edit(label=self.edit, put=put, drop=tuple(self.drop))


class ClockModel(Strict):
    """The ``Date`` of the answer is ahead (+) or behind (-) by so much."""

    advice: ClassVar = "Compare a cluster's times with each other, not with your own clock."

    clock: Annotated[int, BeforeValidator(parsed_by(_skew)), _SIGNED]

    def fault(self) -> Fault:
        """Return what the core takes it for."""
        return core.Skew(self.clock)


FAULTS: Final[Mapping[str, type[Any]]] = {
    "answer": AnswerModel,
    "headers": HeadersModel,
    "early": EarlyModel,
    "reset": ResetModel,
    "close": CloseModel,
    "length": LengthModel,
    "broken_chunk": BrokenChunkModel,
    "garbage": GarbageModel,
    "drip": DripModel,
    "stall": StallModel,
    "hang": HangModel,
    "goodbye": GoodbyeModel,
    "refuse": RefuseModel,
    "stale": StaleModel,
    "hide": HideModel,
    "twice": TwiceModel,
    "order": OrderModel,
    "strangers": StrangersModel,
    "edit": EditModel,
    "clock": ClockModel,
}
"""Every fault by its key under ``do``."""


def _key(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return None
    return next((key for key in FAULTS if key in value), None)


def _spelled_out(value: object) -> object:
    """Let a fault that needs no value stand as a word: ``do: hang``."""
    return {value: "true"} if isinstance(value, str) else value


DoModel: TypeAlias = Annotated[
    Annotated[AnswerModel, Tag("answer")]
    | Annotated[HeadersModel, Tag("headers")]
    | Annotated[EarlyModel, Tag("early")]
    | Annotated[ResetModel, Tag("reset")]
    | Annotated[CloseModel, Tag("close")]
    | Annotated[LengthModel, Tag("length")]
    | Annotated[BrokenChunkModel, Tag("broken_chunk")]
    | Annotated[GarbageModel, Tag("garbage")]
    | Annotated[DripModel, Tag("drip")]
    | Annotated[StallModel, Tag("stall")]
    | Annotated[HangModel, Tag("hang")]
    | Annotated[GoodbyeModel, Tag("goodbye")]
    | Annotated[RefuseModel, Tag("refuse")]
    | Annotated[StaleModel, Tag("stale")]
    | Annotated[HideModel, Tag("hide")]
    | Annotated[TwiceModel, Tag("twice")]
    | Annotated[OrderModel, Tag("order")]
    | Annotated[StrangersModel, Tag("strangers")]
    | Annotated[EditModel, Tag("edit")]
    | Annotated[ClockModel, Tag("clock")],
    Discriminator(_key),
]


# --- where and when ----------------------------------------------------------------------------


class WhileModel(Strict):
    """Holds while a backup whose label fits, or the latest restore of one, has a status."""

    backup: Filled | None = None
    restore: Filled | None = None
    status: Status

    @model_validator(mode="after")
    def _one(self) -> "WhileModel":
        if (self.backup is None) == (self.restore is None):
            raise ValueError("needs the label of a backup or of a restore, and not both")
        return self


def _or_a_word(schema: dict[str, Any]) -> None:
    """Let the schema take the faults without a value as words, too."""
    shapes = [schema.pop(key) for key in ("oneOf", "discriminator") if key in schema][:1]
    words = ["broken_chunk", "garbage", "hang", "goodbye"]
    schema["anyOf"] = [*(shapes[0] if shapes else []), {"enum": words}]


class FaultModel(Strict):
    """A fault: where and when it strikes, and what it does."""

    on: Annotated[
        list[Literal["create", "list", "restore", "delete"]],
        BeforeValidator(_one_or_more),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": list(OPERATIONS)},
                    {"type": "array", "items": {"enum": list(OPERATIONS)}, "minItems": 1},
                ]
            }
        ),
    ] = Field([])
    path: Filled | None = None
    method: Annotated[list[Filled], BeforeValidator(_one_or_more), _ONE_OR_MORE] = Field([])
    nth: Annotated[
        tuple[tuple[int, int | None], ...],
        BeforeValidator(_ranges),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": ["integer", "string"]},
                    {"type": "array", "items": {"type": ["integer", "string"]}},
                ],
                "examples": ["2", "2..4", "2.."],
            }
        ),
    ] = ()
    times: Count | None = None
    from_: DurationText = Field(ZERO, alias="from")
    until: DurationText | None = None
    chance: Annotated[
        int, BeforeValidator(parsed_by(_chance)), WithJsonSchema({"type": "string"})
    ] = PER_MILLION
    while_: WhileModel | None = Field(None, alias="while")
    commit: Literal["before", "after"] | None = None
    do: Annotated[DoModel, BeforeValidator(_spelled_out), Field(json_schema_extra=_or_a_word)]
    also: Flag = False
    optional: Flag = False

    @model_validator(mode="after")
    def _somewhere(self) -> "FaultModel":
        if not self.on and self.path is None:
            raise ValueError("needs on (create, list, restore, delete) or a path")
        if self.path and self.commit == "before" and not core.is_silent(self.do.fault()):
            raise ValueError(
                "must not have commit: before: this fault sends an answer that was made"
            )
        return self

    def rule(self, origin: str) -> FaultRule:
        """Return what the core takes it for."""
        fault = self.do.fault()
        default = "before" if core.is_silent(fault) else "after"
        return FaultRule(
            fault=fault,
            operations=tuple(self.on),
            path=self.path or "",
            methods=tuple(method.upper() for method in self.method),
            nth=self.nth,
            times=self.times,
            since=self.from_,
            until=self.until,
            chance=self.chance,
            during=self._during(),
            commit=Commit(self.commit or default),
            also=self.also,
            optional=self.optional,
            origin=origin,
        )

    def _during(self) -> WhileStatus | None:
        given = self.while_
        if given is None:
            return None
        is_backup = given.backup is not None
        return WhileStatus(
            label=given.backup or given.restore or "",
            kind=OperationKind.CREATE if is_backup else OperationKind.RESTORE,
            status=given.status.value,
        )


# --- said in Python ------------------------------------------------------------------------------


def rule_from(said: Mapping[str, object], origin: str) -> FaultRule:
    """Make a rule of what was said in Python.

    Raises:
        ValueError: with one sentence for each thing that cannot be meant.
    """
    texts = {
        key.removesuffix("_"): _as_text(value) for key, value in said.items() if value is not None
    }
    try:
        rule = FaultModel.model_validate(texts).rule(origin)
    except ValidationError as error:
        raise ValueError("; ".join(_sentences(error))) from None
    problems = [f"{key}: {problem}" for key, problem in core.fault_problems(rule)]
    if problems:
        raise ValueError("; ".join(problems))
    return rule


def _as_text(value: object) -> object:
    """Turn numbers and truth values into the texts that files hold."""
    if isinstance(value, Mapping):
        return {str(key): _as_text(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_text(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} cannot stand in a fault; write text, numbers, lists or dicts")
    return value


def _sentences(error: ValidationError) -> Iterator[str]:
    """Yield what pydantic found, one sentence for each thing, with the keys that lead there."""
    for details in error.errors(include_url=False):
        keys = [str(key) for key in details["loc"] if key != "[key]" and not isinstance(key, int)]
        if keys[:1] == ["do"]:
            del keys[1:2]  # the tag of the model that was chosen
        yield _sentence(details, keys)


def _sentence(details: ErrorDetails, keys: list[str]) -> str:
    where, given = f"{'.'.join(keys)}: " if keys else "", details["input"]
    match details["type"]:
        case "extra_forbidden" if keys[-1] in FAULTS and len(keys) > 1:
            return f"do: {keys[-1]} cannot stand beside another fault; add one for each"
        case "extra_forbidden":
            return f"{keys[-1]} is no key {'of this' if len(keys) > 1 else 'of a'} fault"
        case "missing":
            return f"{'.'.join(keys)} is missing"
        case "union_tag_not_found":
            written = next(iter(given), "nothing") if isinstance(given, Mapping) else given
            return f"do: {written!r} is no fault; write one of {', '.join(FAULTS)}"
        case "literal_error" | "enum":
            expected = details["ctx"]["expected"]
            return f"{where}{given!r} cannot stand here; write {expected}"
        case "value_error":
            return f"{where or 'a fault '}{details['ctx']['error']}"
        case "too_short":
            return f"{where}needs one at least"
        case _:
            forms = {"list_type": "a list", "dict_type": "a dict", "model_type": "a dict"}
            return f"{where}must be {forms.get(details['type'], 'something else')}"
