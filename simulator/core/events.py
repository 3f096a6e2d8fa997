"""What happened in a cluster, as values; each carries the cluster time at which it fell due.

Named tuples: every request makes some, and a frozen dataclass takes three times as long to make.
"""

from typing import NamedTuple

from simulator.core.instants import Instant
from simulator.core.statuses import Status


class BackupStarted(NamedTuple):
    """A create was accepted; ``because`` names the script that it follows."""

    at: Instant
    backup_id: str
    because: str


class RestoreStarted(NamedTuple):
    """A restore was accepted; ``restore`` counts those of this backup from 1."""

    at: Instant
    backup_id: str
    restore: int
    because: str


class StageEntered(NamedTuple):
    """A component of a backup (``restore`` 0) or of one of its restores reached a stage."""

    at: Instant
    backup_id: str
    restore: int
    component: str
    status: Status
    shown: str
    error: str
    because: str
    until: Instant | None


class StatusChanged(NamedTuple):
    """A backup (``restore`` 0) or one of its restores as a whole changed its status."""

    at: Instant
    backup_id: str
    restore: int
    before: Status
    after: Status


class BackupDeleted(NamedTuple):
    """A backup is gone."""

    at: Instant
    backup_id: str


class BackupLost(NamedTuple):
    """A backup is gone from the master's disk, and nobody has asked for it."""

    at: Instant
    backup_id: str


class ServiceRestarted(NamedTuple):
    """The backup service was restarted; ``policy`` says what became of the operation that ran."""

    at: Instant
    policy: str


class AccessChanged(NamedTuple):
    """Admin Router lets a token, or its user, in no longer, or again; ``change`` says which."""

    at: Instant
    change: str


class DiskChanged(NamedTuple):
    """The master's disk is full from here on, or has room again."""

    at: Instant
    full: bool


class MarathonStopped(NamedTuple):
    """Nobody answers for Marathon from here on."""

    at: Instant
    because: str


class MarathonStarted(NamedTuple):
    """Marathon answers again, with these apps."""

    at: Instant
    apps: tuple[str, ...]


class AppDeployed(NamedTuple):
    """An app was added to Marathon or replaced."""

    at: Instant
    app_id: str


class AppRemoved(NamedTuple):
    """An app was removed from Marathon."""

    at: Instant
    app_id: str


class Released(NamedTuple):
    """A release was given: stages that wait for this name end."""

    at: Instant
    name: str


Event = (
    BackupStarted
    | RestoreStarted
    | StageEntered
    | StatusChanged
    | BackupDeleted
    | BackupLost
    | ServiceRestarted
    | AccessChanged
    | DiskChanged
    | MarathonStopped
    | MarathonStarted
    | AppDeployed
    | AppRemoved
    | Released
)
