"""Backups as the API writes them. Each is encoded once for every change of its state."""

import json
from typing import Final, final

from simulator.core.backups import Backup, Component
from simulator.core.instants import rfc3339

JsonObject = dict[str, object]

REMEMBERED_LISTS: Final = 64

_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def error_body(messages: tuple[str, ...]) -> bytes:
    """Return the documented error body. Source: docs, backup-restore.yaml."""
    return dumps({"errors": list(messages)})


def backup_document(backup: Backup) -> JsonObject:
    """Return a backup as the API shows it, keys in the order of the documented sample.

    Source: docs, backup-restore.yaml and dcos-backup-show. Inferred: ``restores`` is an object,
    absent before the first restore, with the state of the latest one (the documents only name the
    path ``restores.component_status.marathon``); the diagnostic is a component's ``error``.
    """
    document: JsonObject = {
        "dcos_version": backup.dcos_version,
        "id": backup.id,
        "component_status": _component_status(backup.components),
        "timestamp": rfc3339(backup.timestamp),
        "status": backup.shown,
    }
    if backup.restores:
        latest = backup.restores[-1]
        document["restores"] = {"component_status": _component_status(latest.components)}
    return document


def dumps(document: object) -> bytes:
    """Encode compact JSON, UTF-8."""
    return _encode(document).encode(errors="replace")


def _component_status(components: tuple[Component, ...]) -> JsonObject:
    return {component.name: _component(component) for component in components}


def _component(component: Component) -> JsonObject:
    if component.error:
        return {"status": component.shown, "error": component.error}
    return {"status": component.shown}


@final
class Encoder:
    """Encodes the backups of one cluster; the same value is encoded once."""

    def __init__(self) -> None:
        self._backups: dict[str, tuple[Backup, bytes]] = {}
        self._lists: dict[str, tuple[tuple[Backup, ...], bytes]] = {}

    def one(self, backup: Backup) -> bytes:
        """Encode one backup."""
        known = self._backups.get(backup.id)
        if known is not None and known[0] is backup:
            return known[1]
        encoded = dumps(backup_document(backup))
        self._backups[backup.id] = (backup, encoded)
        return encoded

    def many(self, prefix: str, backups: tuple[Backup, ...]) -> bytes:
        """Encode what a list with this prefix shows."""
        known = self._lists.get(prefix)
        if known is not None and known[0] is backups:
            return known[1]
        if len(self._lists) >= REMEMBERED_LISTS:
            self._lists.clear()
        parts = [self.one(backup) for backup in backups] or [b""]
        parts[0] = b"[" + parts[0]
        parts[-1] += b"]"  # joined once: each further copy of a long list costs more than it
        encoded = b",".join(parts)
        self._lists[prefix] = (backups, encoded)
        return encoded

    def forget(self, backup_id: str) -> None:
        """Drop what is kept of a deleted backup."""
        self._backups.pop(backup_id, None)
