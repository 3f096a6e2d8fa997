"""What a backup's document says of how far a backup, or a restore of it, has come."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple, final

from simulator.dcos_backup.documents import Document, tidy

READY: Final = "STATUS_READY"
ERROR: Final = "STATUS_ERROR"


class Stage(Enum):
    """How far something has come. A status that nobody documented counts as under way."""

    UNDER_WAY = "under way"
    READY = "ready"
    FAILED = "failed"


class Seen(NamedTuple):
    """What one look showed.

    Attributes:
        status: for people.
        reasons: what the service says of an error, or empty.
    """

    stage: Stage
    status: str
    reasons: str = ""


_NOTHING_YET: Final = Seen(Stage.UNDER_WAY, "no restore to be seen yet")


class _Part(NamedTuple):
    name: str
    status: str
    error: str


def backup_seen(backup: Document) -> Seen:
    """Judge a backup: ready only where the whole and every component say so.

    A whole that claims to be ready before its components is not believed; nor is one that still
    claims to be under way when they have failed.
    """
    parts = list(_parts(backup))
    whole = tidy(backup["status"])
    by_parts = _judged(parts)
    if whole == ERROR or (by_parts and by_parts.stage is Stage.FAILED):
        return Seen(Stage.FAILED, ERROR, _reasons(parts))
    if whole == READY and by_parts:
        return by_parts
    return Seen(Stage.READY if whole == READY else Stage.UNDER_WAY, whole)


@final
class RestoreWatch:
    """Judges the restore that this run started, and no older one of the same backup.

    ``restores`` shows the latest restore and nothing that tells it from the one before (its shape
    is not documented: an object here, a list is understood, too). So what it shows counts only
    once it differs from what was there before, or has been seen under way since. A restore that
    is over before anybody can see it under way, and ends just like the one before, cannot be
    told from it: it is waited for in vain rather than taken for done.

    Args:
        before: the backup before the restore was asked for; None where that is not known.
    """

    def __init__(self, before: Document | None) -> None:
        self._before = _entries(before)
        judged = _judged(_parts_of(self._before))
        self._was_under_way = judged is not None and judged.stage is Stage.UNDER_WAY
        self._began = False

    def look(self, backup: Document) -> Seen:
        """Judge the restore by what the backup shows now."""
        entries = _entries(backup)
        now = _judged(_parts_of(entries))
        if now is None:
            return _NOTHING_YET
        if now.stage is Stage.UNDER_WAY:
            self._began = True
            return now
        new = list(entries)
        for old in self._before:
            if old in new:
                new.remove(old)
        if self._began:
            return _judged(_parts_of(new)) or now
        return (None if self._was_under_way else _judged(_parts_of(new))) or _NOTHING_YET


def _judged(parts: list[_Part]) -> Seen | None:
    """Judge a whole by its parts: under way while any is, then failed if any is; None for none."""
    for part in parts:
        if part.status not in {READY, ERROR}:
            return Seen(Stage.UNDER_WAY, part.status or "no status")
    if any(part.status == ERROR for part in parts):
        return Seen(Stage.FAILED, ERROR, _reasons(parts))
    return Seen(Stage.READY, READY) if parts else None


def _reasons(parts: list[_Part]) -> str:
    return "; ".join(
        f"{part.name}: {part.error}" if part.name else part.error for part in parts if part.error
    )


def _parts(holder: Document) -> Iterator[_Part]:
    components = holder.get("component_status")
    for name, component in components.items() if isinstance(components, dict) else ():
        yield _part(tidy(name), component)


def _part(name: str, document: object) -> _Part:
    fields: dict[str, Any] = document if isinstance(document, dict) else {}
    status, error = fields.get("status"), fields.get("error")
    return _Part(
        name,
        tidy(status) if isinstance(status, str) else "",
        tidy(error) if isinstance(error, str) else "",
    )


def _entries(backup: Document | None) -> list[Document]:
    restores = backup.get("restores") if backup else None
    entries = restores if isinstance(restores, list) else [restores]
    return [entry for entry in entries if isinstance(entry, dict)]


def _parts_of(restores: list[Document]) -> list[_Part]:
    """Return the components of restores, and the statuses that restores have themselves, if any."""
    parts: list[_Part] = []
    for restore in restores:
        parts += _parts(restore)
        if "status" in restore:
            parts.append(_part("", restore))
    return parts
