"""What a client did and what it claimed: the finished record that checks look at.

Everything here is a value. Nothing of it is asked for by a check in vain: what is looked at by
several checks is worked out once.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple, final
from urllib.parse import parse_qsl, unquote

from simulator.core.backups import Backup
from simulator.core.commands import Refused
from simulator.core.faults import AnswerWith, Deaf, Goodbye, Skew
from simulator.core.instants import Duration, Instant
from simulator.harness.documents import Document, documents_in
from simulator.harness.ports import Outcome, Ran, Target
from simulator.journal import Entry, Exchange

LOCATION: Final = "/system/v1/backup"
BASE_PATH: Final = f"{LOCATION}/v1"

METHODS: Final[Mapping[str, str]] = {
    "create": "POST",
    "list": "GET",
    "restore": "POST",
    "delete": "DELETE",
}
"""The documented method of each documented route. Source: docs, backup-restore.yaml."""

FIELDS: Final[Mapping[str, str]] = {"create": "label", "restore": "id", "delete": "id"}
"""The documented field of each body. Source: docs, backup-restore.yaml."""

CHANGING: Final = frozenset(FIELDS)
"""Operations that change something."""

_WHOLE: Final = (Deaf, Goodbye, Skew)
"""Faults that bring the cluster's own answer, whole and in time."""


_SLASHES: Final = re.compile(r"/{2,}")


class NoJson(Enum):
    """What stands where a body is no JSON."""

    NO_JSON = "no JSON"


class Pace(Enum):
    """What a client's own pauses are to the cluster."""

    OWN = "own"
    """The client lives in cluster time: what it pauses there is what it would pause for real."""
    SCALED = "scaled"
    """Cluster time passes by itself, faster or slower than the client's."""
    NONE = "none"
    """Cluster time is moved by the scenario or by requests; pauses do not show."""


@final
@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as the client sent it, with its answer.

    Attributes:
        number: among the requests to this cluster, from 1; the timeline calls it ``#number``.
        exchange: what the journal keeps of it.
        received: real time when it was journalled, in nanoseconds from anywhere.
    """

    number: int
    exchange: Exchange
    received: int = 0

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def at(self) -> Instant:
        """Cluster time of the request."""
        return self.exchange.at

    @property
    def path(self) -> str:
        """The path, decoded, as sent."""
        return _parsed(self.exchange.target).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the query, decoded."""
        return _parsed(self.exchange.target).query

    @property
    def is_to_service(self) -> bool:
        """Whether it is addressed to the backup service, if only nearly."""
        return _parsed(self.exchange.target).is_to_service

    @cached_property
    def route(self) -> str:
        """The documented route that it names; empty for none."""
        return _parsed(self.exchange.target).route

    @property
    def is_operation(self) -> bool:
        """Whether it asks the service for one of its operations, by the right method."""
        return bool(self.route) and self.exchange.method == METHODS[self.route]

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Headers by lower-case name; the last of several."""
        return _headers(self.exchange.headers)

    @cached_property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The body as JSON; ``NoJson`` where it is none."""
        try:
            return json.loads(self.exchange.request_body.decode())
        except (ValueError, RecursionError):
            return NoJson.NO_JSON

    @property
    def argument(self) -> str:
        """The label, prefix or id that it carries; empty for none."""
        if self.route == "list":
            return dict(self.query).get("prefix", "")
        value = self.document.get(FIELDS[self.route]) if self._has_object else None
        return value if isinstance(value, str) else ""

    @property
    def _has_object(self) -> bool:
        return self.route in FIELDS and isinstance(self.document, dict)

    @property
    def subject(self) -> tuple[str, str]:
        """What it is about: two requests with the same subject ask for the same."""
        return self.route, self.argument

    # --- its answer ------------------------------------------------------------------------

    @cached_property
    def is_whole(self) -> bool:
        """Whether the cluster's own answer came, all of it and in time."""
        return all(isinstance(rule.fault, _WHOLE) for rule in self.exchange.struck)

    @property
    def is_done(self) -> bool:
        """Whether the cluster did what it was asked for, whatever the client was told."""
        reply = self.exchange.reply
        return reply is not None and reply.refusal is None

    @property
    def is_told_done(self) -> bool:
        """Whether the client was told plainly that it was done."""
        return self.is_done and self.is_whole and self.exchange.status == 200  # noqa: PLR2004

    @property
    def refusal(self) -> Refused | None:
        """Why the service refused it, where the client was told so."""
        reply = self.exchange.reply
        return reply.refusal.reason if reply and reply.refusal and self.is_whole else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether the answer, or its lack, leaves open what was done.

        A 503 says that nobody was asked; any other server error may come after the deed.
        """
        status = self.exchange.status
        if self.is_whole:
            return status >= 500 and status != 503  # noqa: PLR2004
        return status == 0 or status == 200 or (status >= 500 and status != 503)  # noqa: PLR2004, PLR1714

    @property
    def retry_after(self) -> Duration | None:
        """How long the answer asked the client to stay away."""
        for rule in self.exchange.struck:
            if isinstance(rule.fault, AnswerWith) and rule.fault.retry_after is not None:
                return rule.fault.retry_after
        return None

    @property
    def has_documents(self) -> bool:
        """Whether what was answered can be read as documents, be it none."""
        body = self.exchange.response_body
        return self.exchange.status == 200 and documents_in(body) is not None  # noqa: PLR2004

    @property
    def shown(self) -> tuple[Document, ...]:
        """The documents of backups that the client was shown; empty for half an answer."""
        if self.exchange.status != 200 or not self.exchange.response_body:  # noqa: PLR2004
            return ()
        return documents_in(self.exchange.response_body) or ()


@final
@dataclass(frozen=True, kw_only=True)
class Call:
    """One thing that a client was asked to do, and what it claims.

    Attributes:
        operation: ``create``, ``list``, ``show``, ``restore``, ``delete``; ``backup`` or
            ``restore`` for a program; empty where the client does as it likes.
        argument: the label, prefix or id that it was given.
        path: where the scenario asks for it.
        outcome: what it claims.
        ran: how its program went; None for an operation.
        requests: those that the client sent meanwhile.
        before: every backup when it began, by id.
        after: every backup when it ended.
    """

    operation: str
    argument: str
    path: tuple[str | int, ...]
    outcome: Outcome
    ran: Ran | None = None
    requests: tuple[Request, ...] = ()
    before: Mapping[str, Backup]
    after: Mapping[str, Backup]

    @property
    def is_program(self) -> bool:
        """Whether a program was run."""
        return self.ran is not None

    @property
    def is_free(self) -> bool:
        """Whether the client does what it likes: nobody has asked it for anything."""
        return not self.operation

    @cached_property
    def operations(self) -> tuple[Request, ...]:
        """The requests that ask the service for an operation."""
        return tuple(request for request in self.requests if request.is_operation)

    @cached_property
    def made(self) -> tuple[str, ...]:
        """The ids of backups that are there now and were not before, oldest first."""
        return tuple(key for key in self.after if key not in self.before)

    def asked(self, route: str) -> Iterator[Request]:
        """Yield the requests for one operation of the service."""
        return (request for request in self.operations if request.route == route)

    def answered(self, backup_id: str) -> Document | None:
        """Return the document of a backup in the newest answer that shows it."""
        for request in reversed(self.requests):
            for document in request.shown:
                if document["id"] == backup_id:
                    return document
        return None


@final
@dataclass(frozen=True, slots=True)
class Sent:
    """One request, and the call in which it was sent, or behind which."""

    call: Call | None
    request: Request

    @property
    def evidence(self) -> tuple[Request, ...]:
        """The request."""
        return (self.request,)


@final
@dataclass(frozen=True, kw_only=True)
class Conduct:
    """Everything that a client did in a scenario.

    Attributes:
        target: what it was given.
        calls: what it was asked for, in order.
        unasked: requests that came between calls, each with the call before it, if any.
        pace: what its pauses are to the cluster.
        can_be_unsure: whether its operations can say that nobody knows what happened.
        names: what the scenario calls the backups, by id.
    """

    target: Target
    calls: tuple[Call, ...] = ()
    unasked: tuple[Sent, ...] = ()
    pace: Pace = Pace.NONE
    can_be_unsure: bool = False
    names: Mapping[str, str]

    @cached_property
    def to_service(self) -> tuple[Sent, ...]:
        """Every request that is addressed to the backup service."""
        asked = [Sent(call, request) for call in self.calls for request in call.requests]
        return tuple(sent for sent in (*asked, *self.unasked) if sent.request.is_to_service)

    @cached_property
    def to_routes(self) -> tuple[Sent, ...]:
        """Every request to a documented route, whatever its method."""
        return tuple(sent for sent in self.to_service if sent.request.route)

    @cached_property
    def with_bodies(self) -> tuple[Sent, ...]:
        """Every request that must have a body."""
        operations = (sent for sent in self.to_routes if sent.request.is_operation)
        return tuple(sent for sent in operations if sent.request.route in FIELDS)

    def name(self, backup_id: str) -> str:
        """Return the scenario's own name for a backup, or its id."""
        return self.names.get(backup_id, backup_id)


def numbered(entries: Sequence[Entry], received: Mapping[int, int], first: int) -> list[Request]:
    """Return the requests among entries.

    Args:
        entries: of a journal, in order.
        received: real time by the number of a request.
        first: the number of the first request among them.
    """
    exchanges = [entry for entry in entries if isinstance(entry, Exchange)]
    return [
        Request(number=number, exchange=exchange, received=received.get(number, 0))
        for number, exchange in enumerate(exchanges, first)
    ]


class _Target(NamedTuple):
    path: str
    query: tuple[tuple[str, str], ...]
    is_to_service: bool
    route: str


@lru_cache(maxsize=256)
def _parsed(target: str) -> _Target:
    """Read what a request is addressed to; polls are all addressed to the same."""
    written, _, query = target.partition("?")
    path = unquote(written)
    merged = _SLASHES.sub("/", path)
    head, _, name = merged.rpartition("/")
    return _Target(
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        is_to_service=merged.startswith(LOCATION),
        route=name if head == BASE_PATH and name in METHODS else "",
    )


@lru_cache(maxsize=256)
def _headers(raw: tuple[tuple[bytes, bytes], ...]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
