"""Lists and documents as faults show them: other backups, other values."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any, Final

from simulator.core.backups import Backup, Component
from simulator.core.faults import Edit, Fault, Hide, Order, Strangers, Twice
from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.service.wire import JsonObject, backup_document, dumps

UUID_LENGTH: Final = 36


def altered_list(
    fault: Fault, backups: Sequence[Backup], *, prefix: str, now: Instant, version: str
) -> list[Backup]:
    """Return the backups that a list holds under a fault; others than of lists change nothing."""
    match fault:
        case Hide(label=label):
            return [each for each in backups if not _fits(each, label)]
        case Twice(label=label):
            times = {True: 2, False: 1}
            return [each for each in backups for _ in range(times[_fits(each, label)])]
        case Order.REVERSED:
            return list(reversed(backups))
        case Order.SHUFFLED:
            return sorted(backups, key=lambda each: each.id[-UUID_LENGTH:])
        case Strangers(label=label, count=count):
            strangers = [_stranger(label, number, now, version) for number in range(count)]
            return [*backups, *(each for each in strangers if each.id.startswith(prefix))]
        case _:
            return list(backups)


def _fits(backup: Backup, pattern: str) -> bool:
    """Whether a fault means a backup: by its label, or by its id, which no label is as long as."""
    return fnmatchcase(backup.label, pattern) or fnmatchcase(backup.id, pattern)


def _stranger(label: str, number: int, now: Instant, version: str) -> Backup:
    status = Status.READY
    component = Component(MARATHON, status, status.value, "", "another cluster's", None)
    uuid = f"{number:08x}-0000-4000-8000-{number:012x}"
    return Backup(
        id=BackupId(f"{label}-{uuid}"),
        label=label,
        timestamp=now,
        dcos_version=version,
        status=status,
        shown=status.value,
        components=(component,),
    )


def edited_list(edits: Sequence[Edit], backups: Sequence[Backup]) -> bytes:
    """Encode a list whose documents are edited."""
    return dumps([_document(edits, backup) for backup in backups])


def edited(edits: Sequence[Edit], backup: Backup) -> bytes:
    """Encode a backup whose document is edited."""
    return dumps(_document(edits, backup))


def _document(edits: Sequence[Edit], backup: Backup) -> JsonObject:
    document = json.loads(dumps(backup_document(backup)))
    for edit in edits:
        if _fits(backup, edit.label):
            for path in edit.drop:
                _drop(document, path.split("."))
            for path, value in edit.put:
                _put(document, path.split("."), value)
    shown: JsonObject = document
    return shown


def _put(document: dict[str, Any], path: Sequence[str], value: object) -> None:
    *before, last = path
    here = document
    for key in before:
        inner = here.get(key)
        if not isinstance(inner, dict):
            inner = here[key] = {}
        here = inner
    here[last] = deepcopy(value)  # a later path may lead into it


def _drop(document: Mapping[str, Any], path: Sequence[str]) -> None:
    *before, last = path
    here: Any = document
    for key in before:
        here = here.get(key) if isinstance(here, dict) else None
    if isinstance(here, dict):
        here.pop(last, None)
