"""What can be asked of a cluster, and how it answers."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from simulator.core.backups import Backup
from simulator.core.events import Event
from simulator.core.marathon import App


@dataclass(frozen=True, slots=True)
class Create:
    """Start a backup of Marathon's state."""

    label: str


@dataclass(frozen=True, slots=True)
class List:
    """Show the backups whose id starts with ``prefix``, oldest first."""

    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Restore:
    """Start to bring Marathon's state back from a backup."""

    id: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a backup for good."""

    id: str


@dataclass(frozen=True, slots=True)
class DeployApp:
    """Add an app to Marathon, or replace it."""

    app: App


@dataclass(frozen=True, slots=True)
class RemoveApp:
    """Remove an app from Marathon."""

    app_id: str


@dataclass(frozen=True, slots=True)
class Release:
    """End every stage that waits for this name, now or when it is reached."""

    name: str


@dataclass(frozen=True, slots=True)
class Lose:
    """Take a backup away from the master's disk, whatever its status."""

    id: str


class Policy(Enum):
    """What a restart of the backup service does to the operation that runs."""

    STUCK = "stuck"
    ERROR = "error"
    RESUME = "resume"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart the backup service."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class TurnMarathon:
    """Stop Marathon, or start it; what was begun while it is away ends in error."""

    up: bool


@dataclass(frozen=True, slots=True)
class FillDisk:
    """Fill the master's disk, or free it; creates that begin on a full one end in error."""

    full: bool


Command = (
    Create
    | List
    | Restore
    | Delete
    | DeployApp
    | RemoveApp
    | Release
    | Lose
    | Restart
    | TurnMarathon
    | FillDisk
)


class Refused(Enum):
    """Why a cluster does not do what it was asked."""

    INVALID = "invalid"
    UNKNOWN = "unknown"
    NOT_READY = "not ready"
    BUSY = "busy"
    IN_USE = "in use"
    MARATHON_UNAVAILABLE = "Marathon unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A command that changed nothing: the reason, and sentences for the client."""

    reason: Refused
    messages: tuple[str, ...]


class Reply(NamedTuple):
    """The answer to one command.

    Attributes:
        why: which script, rule or refusal made the answer what it is, for people.
        backup: the backup that a create or restore started on.
        backups: what a list shows; usually the same tuple as before while the cluster is the same.
        refusal: why nothing was done; None when the command was carried out.
        events: what the command caused, in order.
    """

    why: str
    backup: Backup | None = None
    backups: tuple[Backup, ...] | None = None
    refusal: Refusal | None = None
    events: tuple[Event, ...] = ()
