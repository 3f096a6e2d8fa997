"""What the runner talks to: a client under test, and the controls of the cluster it uses.

The runner knows nothing else. The same scenario can run against a cluster in this process or
elsewhere, and through a client in any language.
"""

import signal
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from simulator.clock import Clock
from simulator.core.backups import Backup
from simulator.core.cluster import RuleUse
from simulator.core.faults import FaultUse
from simulator.core.instants import Instant
from simulator.core.marathon import Apps
from simulator.core.statuses import Status
from simulator.harness.plain_text import beginning, end
from simulator.journal import Journal

ERRORS_SHOWN_MAX: Final = 400
"""Characters of a client's standard error in a message, from the end: there it says what failed."""


WROTE_NOTHING: Final = "having written nothing"
"""How the message of a process ends that failed without a word."""

MESSAGE_MAX: Final = 1000
"""Characters of a client's own message, from the beginning."""


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
    """The client cannot tell: it got no answer, or gave none in time.

    Attributes:
        message: why not.
        is_stopped: whether the harness had to stop it, because it did not end by itself.
    """

    message: str
    is_stopped: bool = False

    def __str__(self) -> str:
        return f"indeterminate: {self.message}"


Outcome: TypeAlias = Ok | Failed | Indeterminate


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a client printed where a document was due; stands as the value of an ok."""

    what: str

    def __repr__(self) -> str:
        return self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a process of a client went, seen from outside.

    Attributes:
        status: its exit status; negative for the signal that ended it.
        output: what it wrote to standard output.
        errors: the end of what it wrote to standard error.
        seconds: of real time, from start to end.
        stopped: why the harness had to kill it; empty when it ended by itself.
        left_running: the command line of a process that it left behind, which was killed.
    """

    status: int
    output: bytes
    errors: str
    seconds: float
    stopped: str = ""
    left_running: str = ""

    @property
    def how_it_ended(self) -> str:
        """Say how it failed: in its own words, where it has written any to standard error."""
        if self.stopped:
            return f"{self.stopped}{self._wrote()}"
        if self.status > 0 and self.errors:
            return end(self.errors, ERRORS_SHOWN_MAX)
        return f"it {how_ended(self.status)}{self._wrote()}"

    def _wrote(self) -> str:
        if self.errors:
            return f": {end(self.errors, ERRORS_SHOWN_MAX)}"
        output = self.output.decode(errors="replace")
        if output.strip():
            return f"; on standard output: {beginning(output)}"
        return f", {WROTE_NOTHING}"


def how_ended(status: int) -> str:
    """Say how a process ended, by its exit status; a negative one stands for a signal."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def claimed_by(ran: Ran) -> Outcome:
    """Return what a process claims by how it ended."""
    if ran.stopped:
        return Indeterminate(ran.how_it_ended, is_stopped=True)
    return Failed(ran.how_it_ended) if ran.status else Ok()


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
    """The five operations of a client.

    What goes wrong is an outcome. Only a client that cannot be run at all raises ClientError.
    """

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


class Programs(Protocol):
    """The programs of a client that start an operation and wait for its end."""

    async def run(self, program: str, argument: str) -> Ran:
        """Run ``backup`` with a label or ``restore`` with an id, to its end or its timeout."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """A client that has been opened for one cluster.

    Attributes:
        name: what names of tests call the client.
        given: what has to be written after ``--client`` to get it.
        client: its operations.
        programs: its programs.
        target: what it was given of the cluster.
        allow: codes of checks that it may break, each with the reason.
        can_be_unsure: whether its operations can say that nobody knows what happened; an exit
            status cannot.
    """

    name: str
    given: str
    client: Client
    programs: Programs
    target: Target
    allow: Mapping[str, str] = field(default_factory=dict)
    can_be_unsure: bool = False


class ClientKind(Protocol):
    """A client that can be opened for a cluster."""

    @property
    def name(self) -> str:
        """What names of tests call it."""
        ...

    @property
    def given(self) -> str:
        """What has to be written after ``--client`` to get it."""
        ...

    @property
    def operations(self) -> AbstractSet[str]:
        """The operations that it has."""
        ...

    @property
    def programs(self) -> AbstractSet[str]:
        """The programs that it has."""
        ...

    @property
    def packages(self) -> Sequence[str]:
        """Packages that are its own code, where it runs in this process."""
        ...

    @property
    def lacks_virtual_time(self) -> str:
        """Why its processes do not have the cluster's time; empty when they have it."""
        ...

    @property
    def rate(self) -> float:
        """Seconds of cluster time in a real one, where its processes have the cluster's time."""
        ...

    def open(self, target: Target, clock: Clock) -> AbstractAsyncContextManager[Session]:
        """Open the client for one cluster; raises ClientError when it cannot be started.

        Args:
            target: the cluster.
            clock: its time.
        """
        ...


class ClientError(Exception):
    """A client that cannot be used; the message says why and what to do."""


class LacksError(ClientError):
    """An operation that a client turns out not to have; its scenarios are skipped."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"the client has no operation {operation!r}")


class Faults(Protocol):
    """The fault rules of a cluster."""

    @property
    def uses(self) -> Sequence[FaultUse]:
        """Every rule, in order."""
        ...


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
    def is_refusing(self) -> bool:
        """Whether nobody listens on the cluster's port now, because of a fault."""
        ...

    @property
    def rules(self) -> tuple[RuleUse, ...]:
        """Every script rule with the number of operations that it has served."""
        ...

    @property
    def faults(self) -> "Faults":
        """Every fault rule with the number of requests that it has struck."""
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

    def restart(self, policy: str) -> None:
        """Restart the backup service: resume, error, stuck or lost."""
        ...

    def stop_marathon(self) -> None:
        """Take Marathon away."""
        ...

    def start_marathon(self) -> None:
        """Bring Marathon back."""
        ...

    def revoke_tokens(self) -> None:
        """Let no token be valid any more."""
        ...

    def accept_tokens(self) -> None:
        """Let the token be valid again."""
        ...

    def withdraw_permission(self) -> None:
        """Forbid the backup service."""
        ...

    def grant_permission(self) -> None:
        """Permit the backup service again."""
        ...

    def fill_disk(self) -> None:
        """Leave no room for backups."""
        ...

    def free_disk(self) -> None:
        """Make room again."""
        ...

    def lose(self, backup_id: str) -> None:
        """Take a backup away; raises RefusedError when there is none."""
        ...
