"""Backups and restores as values: what a client may be shown, and why it looks like that.

Nothing here changes in place. A new state is a new value, so an encoded answer, a journal entry
and a snapshot can keep the value they saw. Named tuples, as events are: every create makes some.
"""

from typing import NamedTuple

from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant
from simulator.core.statuses import Status


class Component(NamedTuple):
    """One component of a backup or restore, in its present stage.

    Attributes:
        name: ``marathon``, or what a script names.
        status: what it really is.
        shown: what clients see; differs from ``status`` only where a script says so.
        error: the diagnostic beside STATUS_ERROR, or empty.
        because: the stage that says so, for people.
        until: when the stage ends by itself; None where no time is set.
    """

    name: str
    status: Status
    shown: str
    error: str
    because: str
    until: Instant | None


class Restore(NamedTuple):
    """One restore of a backup; lives inside it."""

    number: int
    started: Instant
    status: Status
    shown: str
    components: tuple[Component, ...]


class Backup(NamedTuple):
    """A backup with its restores, oldest first."""

    id: BackupId
    label: str
    timestamp: Instant
    dcos_version: str
    status: Status
    shown: str
    components: tuple[Component, ...]
    restores: tuple[Restore, ...] = ()

    @property
    def is_being_restored(self) -> bool:
        """Whether its latest restore still runs."""
        return bool(self.restores) and self.restores[-1].status is Status.RESTORING
