"""An answer before it becomes bytes on a socket."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from simulator.core.commands import Reply

JSON: Final = "application/json"
HTML: Final = "text/html"

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Answer(NamedTuple):
    """What a part of the cluster answers, and why.

    Attributes:
        status: HTTP status code.
        body: the bytes as sent; often shared with earlier answers.
        content_type: of the body.
        why: which script, rule or refusal made the answer what it is, for people.
        operation: the operation that was asked for; empty where there is none.
        reply: what the core answered; None when the request never reached it.
        notes: what was odd about the request but let pass.
        headers: headers of this answer, beside those of every answer; an empty value drops one.
        is_altered: whether faults that change what is shown have found anything to change.
        fault: what a fault made of it, for people; empty for none.
    """

    status: int
    body: bytes
    content_type: str
    why: str
    operation: str = ""
    reply: Reply | None = None
    notes: tuple[str, ...] = ()
    headers: Mapping[str, str] = NO_HEADERS
    fault: str = ""
    is_altered: bool = True
