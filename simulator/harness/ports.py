"""What the runner talks to: a client under test, and the controls of the cluster it uses.

The runner knows nothing else. The same scenario can run against a cluster in this process or
elsewhere, and through a client in any language.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from simulator.clock import Clock
from simulator.core.backups import Backup
from simulator.core.cluster import RuleUse
from simulator.core.instants import Instant
from simulator.core.marathon import Apps
from simulator.core.statuses import Status
from simulator.journal import Journal


@dataclass(frozen=True, slots=True)
class Ok:
    """The client says that it worked, and what it got: a document, a list of them, or None."""

    value: Any = None

    def __str__(self) -> str:
        return "ok"


@dataclass(frozen=True, slots=True)
class Failed:
    """The client says that it did not work."""

    message: str
    http_status: int | None = None

    def __str__(self) -> str:
        status = f" (HTTP {self.http_status})" if self.http_status else ""
        return f"failed{status}: {self.message}"


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """The client cannot tell: it got no answer, or gave none in time."""

    message: str

    def __str__(self) -> str:
        return f"indeterminate: {self.message}"


Outcome: TypeAlias = Ok | Failed | Indeterminate


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a client finds the cluster and how it gets in.

    Attributes:
        url: without a trailing slash.
        ca_cert: path of a PEM file to trust; empty for plain HTTP.
    """

    url: str
    token: str
    username: str
    password: str
    ca_cert: str = ""


class Client(Protocol):
    """The five operations of a client. None of them raises: what goes wrong is an outcome."""

    async def create(self, label: str) -> Outcome:
        """Start a backup. The value is the new backup, its id, or None if the client is silent."""
        ...

    async def list(self, prefix: str) -> Outcome:
        """List backups; an empty prefix means all. The value is a list of documents."""
        ...

    async def show(self, backup_id: str) -> Outcome:
        """Show one backup. The value is its document."""
        ...

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore. The value is not looked at."""
        ...

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup. The value is not looked at."""
        ...


class ClientKind(Protocol):
    """A client that can be opened for a cluster."""

    @property
    def name(self) -> str:
        """What ``--client`` calls it."""
        ...

    def open(self, target: Target) -> AbstractAsyncContextManager[Client]:
        """Open the client for one cluster; raises ClientError when it cannot be started."""
        ...


class ClientError(Exception):
    """A client that cannot be used; the message says why and what to do."""


class Control(Protocol):
    """What a scenario does to a cluster behind the client's back, and how it looks at the truth."""

    @property
    def clock(self) -> Clock:
        """The cluster's time."""
        ...

    @property
    def journal(self) -> Journal:
        """What the cluster saw, answered and went through."""
        ...

    @property
    def backups(self) -> Mapping[str, Backup]:
        """Every stored backup by id, oldest first."""
        ...

    @property
    def apps(self) -> Apps:
        """Marathon's apps by id."""
        ...

    @property
    def marathon_available(self) -> bool:
        """Whether Marathon answers."""
        ...

    @property
    def rules(self) -> tuple[RuleUse, ...]:
        """Every script rule with the number of operations that it has served."""
        ...

    def due(self, backup_id: str) -> tuple[Instant, Status] | None:
        """Foresee when and how a backup's running operation ends, if time alone decides."""
        ...

    def deploy(self, app: str | Mapping[str, object]) -> None:
        """Add an app to Marathon; raises RefusedError while Marathon is away."""
        ...

    def remove(self, app_id: str) -> None:
        """Remove an app; raises RefusedError when that is not possible."""
        ...

    def release(self, name: str) -> None:
        """End every stage that waits until this name."""
        ...
