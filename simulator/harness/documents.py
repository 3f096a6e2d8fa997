"""Reads what a client shows: backups as the API writes them, whatever shape they come in."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from simulator.core.statuses import Status
from simulator.harness.plain_text import written

Document: TypeAlias = Mapping[str, Any]


@lru_cache(maxsize=8)
def documents_in(answer: bytes) -> tuple[Document, ...] | None:
    """Return the documents in the cluster's own answer, one or a list; None for half an answer."""
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    each = value if isinstance(value, list) else [value]
    return tuple(one for one in each if isinstance(one, Mapping) and isinstance(one.get("id"), str))


def entries_by_id(value: object) -> dict[str, Document] | None:
    """Return a list's documents by id; None when it is not a list of documents with ids."""
    if not isinstance(value, list):
        return None
    entries: dict[str, Document] = {}
    for each in value:
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), str):
            return None
        entries[each["id"]] = each
    return entries


def status_of(document: object) -> str:
    """Return the status that a document shows."""
    status = document.get("status") if isinstance(document, Mapping) else None
    return status if isinstance(status, str) else written(status)


def status_shown(document: object, *, of_restore: bool) -> str:
    """Return the status of a backup, or of its latest restore, that a document shows."""
    return restore_status_of(document) if of_restore else status_of(document)


def components_of(document: object, *, of_restore: bool) -> list[Document]:
    """Return the components of a backup, or of its latest restore (an object or a list)."""
    holder = document
    if of_restore and isinstance(document, Mapping):
        holder = document.get("restores")
        if isinstance(holder, list):
            holder = holder[-1] if holder else None
    components = holder.get("component_status") if isinstance(holder, Mapping) else None
    values = components.values() if isinstance(components, Mapping) else ()
    return [each for each in values if isinstance(each, Mapping)]


def restore_status_of(document: object) -> str:
    """Derive the status of the latest restore from its components."""
    statuses = [status_of(component) for component in components_of(document, of_restore=True)]
    for decisive in (Status.RESTORING.value, Status.ERROR.value):
        if decisive in statuses:
            return decisive
    return next((status for status in statuses if status != Status.READY.value), _last(statuses))


def _last(statuses: list[str]) -> str:
    return statuses[-1] if statuses else "no restore to be seen"
