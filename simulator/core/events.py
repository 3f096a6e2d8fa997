"""What happened in a cluster, as values; each carries the cluster time at which it fell due."""

from dataclasses import dataclass

from simulator.core.instants import Instant
from simulator.core.statuses import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStarted:
    """A create was accepted; ``because`` names the script that it follows."""

    at: Instant
    backup_id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreStarted:
    """A restore was accepted; ``restore`` counts those of this backup from 1."""

    at: Instant
    backup_id: str
    restore: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """A backup (``restore`` 0) or one of its restores as a whole changed its status."""

    at: Instant
    backup_id: str
    restore: int
    before: Status
    after: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDeleted:
    """A backup is gone."""

    at: Instant
    backup_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarathonStopped:
    """Nobody answers for Marathon from here on."""

    at: Instant
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarathonStarted:
    """Marathon answers again, with these apps."""

    at: Instant
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDeployed:
    """An app was added to Marathon or replaced."""

    at: Instant
    app_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRemoved:
    """An app was removed from Marathon."""

    at: Instant
    app_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A release was given: stages that wait for this name end."""

    at: Instant
    name: str


Event = (
    BackupStarted
    | RestoreStarted
    | StageEntered
    | StatusChanged
    | BackupDeleted
    | MarathonStopped
    | MarathonStarted
    | AppDeployed
    | AppRemoved
    | Released
)
