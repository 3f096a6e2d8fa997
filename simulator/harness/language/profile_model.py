"""What a client profile may say: the models that load it and that its JSON Schema is made from."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from simulator.core.instants import Duration
from simulator.harness.language.cluster_model import key_of
from simulator.harness.language.template import split_words
from simulator.scalars import ClientName, DurationText, Factor, Filled, Strict, Text

PROGRAMS: Final = ("backup", "restore")

TIMEOUT: Final = Duration(10_000_000_000)
PROGRAM_TIMEOUT: Final = Duration(20_000_000_000)

FAKETIME_RATE: Final = 60.0
"""Seconds in a real one, where a profile does not say it; a client's timeouts shrink with it."""


def _words(value: object) -> object:
    words = split_words(value) if isinstance(value, str) else value
    if isinstance(words, Mapping):
        raise ValueError("must be a list of words, or one text to be split as a shell would")
    if words == [] or (isinstance(words, list) and words[0] == ""):
        raise ValueError("needs the name of a program")
    return words


def _lasting(timeout: Duration) -> Duration:
    if timeout == 0:
        raise ValueError("must be above 0s")
    return timeout


Words = Annotated[
    list[Text],
    BeforeValidator(_words),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
                {"type": "string", "minLength": 1},
            ],
            "description": "A program and its arguments; one text is split as a shell would.",
        }
    ),
]
"""A command line. No shell runs it."""

Timeout = Annotated[DurationText, AfterValidator(_lasting)]


class ProgramModel(Strict):
    """A program of the client that starts an operation and waits for its end.

    Exit status 0 must mean that the backup is ready, or that the restore is done.
    """

    run: Words
    timeout: Timeout = PROGRAM_TIMEOUT


class ProgramsModel(Strict):
    """The client's own programs that wait."""

    backup: ProgramModel | None = None
    restore: ProgramModel | None = None


class OperationsModel(Strict):
    """How to start the client for each operation."""

    create: Words | None = None
    list_: Words | None = Field(None, alias="list")
    show: Words | None = None
    restore: Words | None = None
    delete: Words | None = None


class FaketimeModel(Strict):
    """Virtual time by libfaketime.

    Attributes:
        faketime: seconds of cluster time in a real one, in scenarios that need virtual time.
    """

    faketime: Factor


VirtualTimeModel = Annotated[
    Annotated[Literal["faketime"], Tag("text")] | Annotated[FaketimeModel, Tag("faketime")],
    Discriminator(key_of("faketime", text="text")),
]


class CommonModel(Strict):
    """What every profile may say, whatever kind of client it is for.

    Attributes:
        client: its name, in the names of tests.
        env: added to the environment of every process of the client.
        timeout: real time for one operation.
        setup: command lines that run once for each cluster, before anything else.
        virtual_time: what gives its processes the cluster's time; none where that is missing.
        allow: checks that this client may break, each with the reason.
        known_failing: patterns of scenarios that are known to fail, each with the reason.
    """

    client: ClientName
    env: dict[str, Text] = Field({})
    timeout: Timeout = TIMEOUT
    setup: list[Words] = Field([])
    programs: ProgramsModel = ProgramsModel()
    virtual_time: VirtualTimeModel | None = None
    allow: dict[str, Filled] = Field({})
    known_failing: dict[str, Filled] = Field({})

    @property
    def rate(self) -> float | None:
        """Seconds of virtual time in a real one; None where its processes are to have none."""
        if isinstance(self.virtual_time, FaketimeModel):
            return self.virtual_time.faketime
        return FAKETIME_RATE if self.virtual_time else None


class HttpProfile(CommonModel):
    """The built-in client."""

    kind: Literal["http"]


class PythonProfile(CommonModel):
    """A client in Python, made by a factory."""

    kind: Literal["python"]
    factory: Filled


class CommandProfile(CommonModel):
    """A command-line client: each operation is a process of its own."""

    kind: Literal["command"]
    operations: OperationsModel = OperationsModel()
    output: Literal["json", "table"] = "json"


class JsonRpcProfile(CommonModel):
    """A client that speaks JSON-RPC 2.0 on its standard input and output."""

    kind: Literal["jsonrpc"]
    run: Words


ProfileModel: TypeAlias = HttpProfile | PythonProfile | CommandProfile | JsonRpcProfile

KINDS: Final[Mapping[str, Any]] = {
    "http": HttpProfile,
    "python": PythonProfile,
    "command": CommandProfile,
    "jsonrpc": JsonRpcProfile,
}
"""The model of each kind of profile."""
