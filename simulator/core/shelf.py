"""Where a cluster keeps its backups: found by id, by age and by prefix."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import Final

from simulator.core.backups import Backup
from simulator.core.identifiers import BackupId

REMEMBERED_PREFIXES: Final = 64
"""How many different lists are kept ready while nothing changes."""

_AFTER_EVERY_ID: Final = "\x7f"
"""Sorts after every character that an id may hold."""


@dataclass(slots=True)
class Shelf:
    """The stored backups: by id, by age, and by prefix."""

    by_id: dict[str, Backup] = field(default_factory=dict)
    _sorted_ids: list[str] = field(default_factory=list)
    _age: dict[str, int] = field(default_factory=dict)
    _lists: dict[str, tuple[Backup, ...]] = field(default_factory=dict)
    _next_age: int = 0

    def put(self, backup: Backup) -> None:
        """Store a backup, or replace it by its present state."""
        if backup.id not in self.by_id:
            insort(self._sorted_ids, backup.id)
            self._age[backup.id] = self._next_age
            self._next_age += 1
        self.by_id[backup.id] = backup
        self._lists.clear()

    def remove(self, backup_id: BackupId) -> None:
        """Forget a backup."""
        del self.by_id[backup_id]
        del self._age[backup_id]
        del self._sorted_ids[bisect_left(self._sorted_ids, backup_id)]
        self._lists.clear()

    def starting_with(self, prefix: str) -> tuple[Backup, ...]:
        """Return the backups with this prefix, oldest first; costs what it returns."""
        known = self._lists.get(prefix)
        if known is None:
            if len(self._lists) >= REMEMBERED_PREFIXES:
                self._lists.clear()
            known = self._lists[prefix] = self._find(prefix)
        return known

    def _find(self, prefix: str) -> tuple[Backup, ...]:
        if not prefix:
            return tuple(self.by_id.values())
        ids = self._sorted_ids
        start = bisect_left(ids, prefix)
        end = bisect_left(ids, prefix + _AFTER_EVERY_ID, start)
        return tuple(self.by_id[key] for key in sorted(ids[start:end], key=self._age.__getitem__))
