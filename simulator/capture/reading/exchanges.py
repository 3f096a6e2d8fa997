"""Requests and their answers, as proxies and clients write them down, become sightings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import LIST, OK, Document, Sighting
from simulator.core.instants import Instant

SERVICE: Final = "/system/v1/backup/v1/"

FIELDS: Final = {"create": "label", "restore": "id", "delete": "id"}
"""What the body of a request names, by operation."""

BODY_MAX: Final = 64_000
"""Characters that are kept of a body that shows no backups: no page of an error is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """One request and its answer, as it was written down.

    Attributes:
        source: where.
        at: when it was asked.
        method: as sent.
        url: whole, or path and query only.
        request_body: as sent; empty for none.
        status: of the answer; 0 for none.
        headers: of the answer, by names in lower case.
        body: of the answer.
        trouble: as a sighting has it.
    """

    source: str
    at: Instant | None
    method: str
    url: str
    request_body: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    trouble: str = ""


def operation_of(url: str) -> str:
    """Return which operation of the backup service a URL is for; empty for none."""
    path = urlsplit(url).path
    while "//" in path:
        path = path.replace("//", "/")
    name = path.partition(SERVICE)[2].strip("/") if SERVICE in path else ""
    return name if name == LIST or name in FIELDS else ""


def sighting_of(exchanged: Exchanged) -> Sighting | None:
    """Return what an exchange shows; None where it is not one of the backup service."""
    operation = operation_of(exchanged.url)
    if not operation:
        return None
    trouble = exchanged.trouble or ("" if exchanged.status else "closed")
    backups = None
    if exchanged.status == OK and not trouble:
        backups = shown_backups(operation, exchanged.body)
    headers = exchanged.headers
    is_kept = backups is None and not trouble
    return Sighting(
        source=exchanged.source,
        at=exchanged.at,
        operation=operation,
        argument=_argument(operation, exchanged),
        status=0 if trouble else exchanged.status,
        backups=backups,
        body=exchanged.body[:BODY_MAX] if is_kept else "",
        content_type=headers.get("content-type", "") if is_kept else "",
        retry_after=headers.get("retry-after", ""),
        location=headers.get("location", ""),
        trouble=trouble,
    )


def shown_backups(operation: str, body: str) -> tuple[Document, ...] | None:
    """Return the backups that an answer shows; None where it cannot be read as such."""
    if operation == "delete":
        return None
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    documents = value if operation == LIST else [value]
    if not isinstance(documents, list) or not all(map(is_backup, documents)):
        return None
    return tuple(documents)


def is_backup(value: object) -> bool:
    """Whether a JSON value is a backup as the API shows it, as far as its name goes."""
    has_id = isinstance(value, Mapping) and isinstance(value.get("id"), str)
    return has_id and bool({"status", "component_status"} & set(value))  # type: ignore[call-overload] # a mapping, see above


def learn_exchange(
    redactor: Redactor,
    url: str,
    request_headers: Mapping[str, str] | list[tuple[str, str]],
    request_body: str,
    response_headers: Mapping[str, str] | list[tuple[str, str]],
    response_body: str,
) -> None:
    """Let a redactor learn all that an exchange gives away, of whatever service it is."""
    redactor.learn_url(url)
    for headers in (request_headers, response_headers):
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        for name, value in pairs:
            redactor.learn_header(name, value)
    redactor.study(url)
    redactor.learn_body(request_body)
    if "/auth/" in url or operation_of(url):
        redactor.learn_body(response_body)


def _argument(operation: str, exchanged: Exchanged) -> str:
    if operation == LIST:
        query = parse_qsl(urlsplit(exchanged.url).query, keep_blank_values=True)
        return next((value for name, value in query if name == "prefix"), "")
    try:
        value: Any = json.loads(exchanged.request_body)
    except (ValueError, RecursionError):
        return ""
    given = value.get(FIELDS[operation]) if isinstance(value, dict) else None
    return given if isinstance(given, str) else ""
