"""What the documents of backups say, whatever shape a part of them has."""

from collections.abc import Mapping
from typing import Any, Final

from simulator.capture.sightings import Document
from simulator.core.identifiers import label_problems
from simulator.core.instants import Instant, parse_rfc3339
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.scalars import UUID

UUID_LENGTH: Final = 36
_LATEST: Final = parse_rfc3339("8900-01-01T00:00:00Z")
"""A hundred years before the end of cluster time."""


def split_id(backup_id: str) -> tuple[str, str] | None:
    """Return label and UUID of a backup's id; None where it cannot be one."""
    label, dash, uuid = backup_id[: -UUID_LENGTH - 1], backup_id[-UUID_LENGTH - 1 :][:1], ""
    uuid = backup_id[-UUID_LENGTH:]
    if dash != "-" or not UUID.fullmatch(uuid) or label_problems(label):
        return None
    return label, uuid


def timestamp_of(document: Document) -> Instant | None:
    """Return when a backup says that it was made; None where it does not, or in no known form.

    So it is with what stands for no time, such as the year 1.
    """
    written = document.get("timestamp")
    try:
        at = parse_rfc3339(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return at if at is not None and 0 <= at < _LATEST else None


def backup_components(document: Document) -> dict[str, Document]:
    """Return the components of a backup; of one that shows none, what its own status means."""
    shown = _components(document.get("component_status"))
    return shown or {MARATHON: {"status": document.get("status")}}


def restore_components(document: Document) -> dict[str, Document]:
    """Return the components of the latest restore that a backup shows, an object or a list."""
    holder: Any = document.get("restores")
    if isinstance(holder, list):
        holder = holder[-1] if holder else None
    return _components(holder.get("component_status")) if isinstance(holder, Mapping) else {}


def _components(value: object) -> dict[str, Document]:
    if not isinstance(value, Mapping):
        return {}
    named = {str(name): each for name, each in value.items() if isinstance(each, Mapping)}
    return {name: each for name, each in named.items() if name.strip()}


def runs(document: Document, status: Status) -> bool:
    """Whether a backup, or a component of it, is shown with a status in which it runs."""
    shown = [each.get("status") for each in backup_components(document).values()]
    return status in shown or document.get("status") == status
