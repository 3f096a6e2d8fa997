"""The backup service behind Admin Router: its four routes, exactly as documented.

Source: docs, backup-restore.yaml (base path ``/system/v1/backup/v1``). Only 200, 400 and 500 are
documented, so whatever is wrong with a request is a 400 with ``errors`` (that each of these is
400 rather than 500 is inferred; the texts are ours, for none is published).
"""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, NamedTuple, final
from urllib.parse import parse_qsl

from simulator.core import commands
from simulator.core.commands import Command, Reply
from simulator.core.faults import Edit, Fault, Shown, Stale
from simulator.core.instants import Instant
from simulator.service.altered import altered_list, edited, edited_list
from simulator.service.answers import JSON, Answer
from simulator.service.wire import Encoder, error_body
from simulator.simulation import Simulation

BASE_PATH: Final = "/system/v1/backup/v1"
BODY_LIMIT: Final = 1024 * 1024
"""Bytes, as aiohttp reads by default; far above any real request. The real limit is unknown."""


class BackupRequest(NamedTuple):
    """What the backup service reads of a request.

    Attributes:
        body: None when it was longer than BODY_LIMIT.
    """

    method: str
    query: str
    content_type: str
    body: bytes | None


class Route(NamedTuple):
    """One documented route: its method, and the field of the body that it needs."""

    operation: str
    method: str
    field: str
    command: Callable[[str], Command]


ROUTES: Final = {
    f"{BASE_PATH}/create": Route("create", "POST", "label", commands.Create),
    f"{BASE_PATH}/list": Route("list", "GET", "", commands.List),
    f"{BASE_PATH}/restore": Route("restore", "POST", "id", commands.Restore),
    f"{BASE_PATH}/delete": Route("delete", "DELETE", "id", commands.Delete),
}


class _BadRequestError(Exception):
    """A request that the service cannot read; carries the sentence for the client."""


@final
class BackupApi:
    """Reads requests, asks the cluster, writes answers."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._encoder = Encoder()

    def answer(
        self, route: Route, request: BackupRequest, now: Instant, faults: Sequence[Fault] = ()
    ) -> Answer:
        """Answer one request to a documented route. A wrong request changes nothing.

        Faults change what is shown of the backups, and nothing else.
        """
        try:
            argument, notes = _read(route, request)
        except _BadRequestError as error:
            why = f"refused, malformed: {error}"
            return self._refused(route, (str(error),), why, None, ())
        reply = self._simulation.answer(route.command(argument), now)
        if reply.refusal:
            return self._refused(route, reply.refusal.messages, reply.why, reply, notes)
        body = plain = self._body(route, argument, reply)
        if route.operation != "delete" and any(isinstance(fault, Shown) for fault in faults):
            body = self._altered(argument, reply, now, faults)
        answer = Answer(200, body, JSON, reply.why, route.operation, reply, notes)
        return answer._replace(is_altered=body != plain) if faults else answer

    def _body(self, route: Route, argument: str, reply: Reply) -> bytes:
        if reply.backups is not None:
            return self._encoder.many(argument, reply.backups)
        assert reply.backup is not None, "a create, restore or delete speaks of one backup"
        if route.operation == "delete":
            self._encoder.forget(reply.backup.id)
            return b""
        return self._encoder.one(reply.backup)

    def _altered(self, prefix: str, reply: Reply, now: Instant, faults: Sequence[Fault]) -> bytes:
        """Encode what a reply shows under faults."""
        edits = [fault for fault in faults if isinstance(fault, Edit)]
        if reply.backups is None:
            assert reply.backup is not None, "a create or restore speaks of one backup"
            return edited(edits, reply.backup)
        shown = list(reply.backups)
        for fault in faults:
            if isinstance(fault, Stale):
                past = self._simulation.as_of(now, fault.age)
                shown = [each for each in past if each.id.startswith(prefix)]
            version = self._simulation.dcos_version
            shown = altered_list(fault, shown, prefix=prefix, now=now, version=version)
        return edited_list(edits, shown)

    def _refused(
        self,
        route: Route,
        messages: tuple[str, ...],
        why: str,
        reply: Reply | None,
        notes: tuple[str, ...],
    ) -> Answer:
        body = error_body(messages)
        return Answer(HTTPStatus.BAD_REQUEST, body, JSON, why, route.operation, reply, notes)


def _read(route: Route, request: BackupRequest) -> tuple[str, tuple[str, ...]]:
    """Return the one argument of a request, and notes on what was ignored."""
    if request.method != route.method:
        raise _BadRequestError(f"method: must be {route.method}, not {request.method}")
    if not route.field:
        return _read_prefix(request.query)
    if request.content_type != JSON:
        found = f"not {request.content_type}" if request.content_type else "and is missing"
        raise _BadRequestError(f"Content-Type: must be {JSON}, {found}")
    return _read_body(route.field, request.body)


def _read_prefix(query: str) -> tuple[str, tuple[str, ...]]:
    if not query:
        return "", ()
    given = parse_qsl(query, keep_blank_values=True)
    prefixes = [value for name, value in given if name == "prefix"]
    if len(prefixes) > 1:
        raise _BadRequestError("prefix: must be given once")
    ignored = [name for name, _ in given if name != "prefix"]
    return prefixes[0] if prefixes else "", _notes("query parameter", ignored)


def _read_body(field: str, body: bytes | None) -> tuple[str, tuple[str, ...]]:
    if body is None:
        raise _BadRequestError(f"body: must have at most {BODY_LIMIT} bytes")
    wanted = f'body: must be a JSON object such as {{"{field}": "…"}}'
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise _BadRequestError(f"{wanted}, and this is not JSON") from None
    if not isinstance(document, dict):
        raise _BadRequestError(wanted)
    if field not in document:
        raise _BadRequestError(f"{field}: is required")
    if not isinstance(document[field], str):
        raise _BadRequestError(f"{field}: must be a string")
    return document[field], _notes("field", [name for name in document if name != field])


def _notes(kind: str, names: list[str]) -> tuple[str, ...]:
    return tuple(f"unknown {kind} {name!r} was ignored" for name in names)
