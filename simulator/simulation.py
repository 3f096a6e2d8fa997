"""One simulated cluster: the core, its clock, its chance and its journal behind one lock.

This is the one mutable root. Whatever reaches the cluster, a request from a socket or a test that
deploys an app, comes through here, and time is settled here before anything looks at the cluster.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from threading import RLock
from typing import Final, final

from simulator import world
from simulator.chance import SeededChance
from simulator.clock import DEFAULT_START, Clock, ClockError, RealTime
from simulator.core import commands
from simulator.core.backups import Backup
from simulator.core.cluster import Cluster, ClusterSpec, RuleUse
from simulator.core.commands import Command, Reply
from simulator.core.events import AccessChanged, Event
from simulator.core.faults import Asked, FaultRule, Faults, FaultUse, Stale
from simulator.core.instants import Duration, Instant, after, elapsed, parse_duration
from simulator.core.marathon import Apps, app_from
from simulator.core.scripts import OperationKind, ScriptRule
from simulator.core.statuses import Status
from simulator.core.time_policies import Manual, TimePolicy
from simulator.journal import Journal
from simulator.scripting import ScriptBuilder, ScriptError

PERMISSIONS_CACHED: Final = parse_duration("5s")
"""How long Admin Router goes on permitting what has been forbidden."""


class RefusedError(Exception):
    """The cluster refused what a test asked of it; the message says why."""


class FaultError(Exception):
    """A fault that cannot be; the message says what is wrong with it."""


@final
class ArmedFaults:
    """The faults of one cluster: rules that are tried for each request, in order."""

    def __init__(self, cluster: Cluster, lock: AbstractContextManager[object]) -> None:
        self._cluster = cluster
        self._lock = lock
        self._faults = Faults()

    @property
    def uses(self) -> Sequence[FaultUse]:
        """Every rule, with the requests that it has looked at (``seen``) and struck (``hits``)."""
        return self._faults.uses

    def add(self, **said: object) -> FaultUse:
        """Add a fault, said with the keys of scenario files; all is text, or as a file has it.

        ``cluster.faults.add(on="create", nth="2", do={"answer": "503"}, commit="after")``; write
        ``from_`` and ``while_`` where Python reserves the word.

        Raises:
            FaultError: when it cannot be meant.
        """
        # Imported here: pydantic is heavy, and most tests need no fault.
        from simulator.fault_model import rule_from  # noqa: PLC0415

        try:
            with self._lock:
                rule = rule_from(said, f"fault {len(self.uses) + 1}")
                return self.arm(rule)
        except ValueError as error:
            raise FaultError(str(error)) from None

    def arm(self, rule: FaultRule) -> FaultUse:
        """Add a rule, behind those that are there."""
        with self._lock:
            if isinstance(rule.fault, Stale):
                self._cluster.keep_past()
            return self._faults.add(rule)

    def strike(self, asked: Asked, passed: Duration, chance: SeededChance) -> tuple[FaultRule, ...]:
        """Return the rules that strike a request, and count it; under the lock."""
        return self._faults.strike(asked, passed, self._stored, chance)

    def forgive(self, rules: Sequence[FaultRule]) -> None:
        """Take back that these have struck; under the lock."""
        self._faults.forgive(rules)

    def _stored(self) -> Iterator[Backup]:
        return iter(self._cluster.backups.values())


class Simulation:
    """A cluster that can be asked and controlled from any thread.

    Args:
        spec: what the cluster is when it starts.
        seed: where all its chance comes from.
        policy: what moves its time.
        start: where its time begins.
        made_up: how many apps to make up, beside those of ``spec``.
        made_up_backups: how many backups to make up, beside those of ``spec``.
        journal_limit: how many journal entries to keep; None keeps all.
        monotonic_ns: how real time is read; replaced in tests.
    """

    def __init__(
        self,
        spec: ClusterSpec = ClusterSpec(),  # noqa: B008 - a frozen value
        *,
        seed: str = "0",
        policy: TimePolicy = Manual(),  # noqa: B008 - a frozen value
        start: Instant = DEFAULT_START,
        made_up: int = 0,
        made_up_backups: int = 0,
        journal_limit: int | None = None,
        monotonic_ns: Callable[[], int] = RealTime.monotonic_ns,
    ) -> None:
        self.lock: Final = RLock()
        self.chance: Final = SeededChance(seed)
        self._fault_chance = SeededChance(f"{seed}/faults")  # scripts go as they did without
        self.journal: Final = Journal(journal_limit)
        if made_up:
            spec = replace(spec, apps=(*spec.apps, *world.made_up_apps(self.chance, made_up)))
        if made_up_backups:
            past = world.made_up_backups(
                self.chance, made_up_backups, start=start, dcos_version=spec.dcos_version
            )
            spec = replace(spec, backups=(*spec.backups, *past))
        self._cluster = Cluster(spec, now=start, chance=self.chance)
        self.token_is_accepted = True
        """Whether Admin Router takes the token for a valid one."""
        self.permitted_until: Instant | None = None
        """From when on Admin Router forbids what is asked; None while it does not."""
        self.is_refusing = False
        """Whether nobody listens on the port now; set by whoever listens."""
        self.faults: Final = ArmedFaults(self._cluster, self.lock)
        for rule in spec.faults:
            self.faults.arm(rule)
        self.clock: Final = Clock(
            policy,
            start,
            lock=self.lock,
            cluster=self,
            chance=SeededChance(f"{seed}/time"),
            monotonic_ns=monotonic_ns,
        )

    # --- asking ----------------------------------------------------------------------------

    def answer(self, command: Command, now: Instant) -> Reply:
        """Answer a command at ``now``, which ``clock.on_request()`` gave under the lock.

        The events of the reply are the caller's to record: the request comes before them.
        """
        return self._cluster.handle(command, now)

    def record(self, events: tuple[Event, ...]) -> None:
        """Write events to the journal."""
        if events:
            self.journal.record_all(events)

    def settle(self, now: Instant) -> None:
        """Let everything happen that is due; under the lock."""
        self.record(self._cluster.advance_to(now))

    def next_deadline(self) -> Instant | None:
        """Return when something next changes by itself; None when nothing will."""
        with self.lock:
            return self._cluster.next_deadline()

    def strike(self, asked: Asked, now: Instant) -> tuple[FaultRule, ...]:
        """Return the fault rules that strike a request, and count it; under the lock."""
        return self.faults.strike(asked, elapsed(self.clock.start, now), self._fault_chance)

    def as_of(self, now: Instant, age: Duration) -> tuple[Backup, ...]:
        """Return every backup as it was stored so long ago, oldest first; under the lock."""
        return self._cluster.as_of(Instant(now - age))

    # --- controlling: what happens to the cluster, not through a client ------------------------

    def do(self, command: Command) -> Reply:
        """Carry out a command that no client sent.

        Raises:
            RefusedError: with the cluster's own sentence.
        """
        with self.lock:
            now = self.clock.now
            self.settle(now)
            reply = self._cluster.handle(command, now)
            self.record(reply.events)
        if reply.refusal:
            raise RefusedError("; ".join(reply.refusal.messages))
        return reply

    def deploy(self, app: str | Mapping[str, object]) -> None:
        """Add an app to Marathon, by its id or its whole definition.

        Raises:
            ValueError: when that is no app.
            RefusedError: while Marathon is away.
        """
        self.do(commands.DeployApp(app_from(app)))

    def remove(self, app_id: str) -> None:
        """Remove an app from Marathon.

        Raises:
            RefusedError: when there is no such app, or Marathon is away.
        """
        self.do(commands.RemoveApp(app_id))

    def release(self, name: str) -> None:
        """End every stage that waits ``until`` this name, now or when it is reached."""
        self.do(commands.Release(name))

    def lose(self, backup_id: str) -> None:
        """Take a backup away from the master's disk, whatever its status.

        An operation on it ends, and Marathon comes back as it was before (inferred).

        Raises:
            RefusedError: when there is no such backup.
        """
        self.do(commands.Lose(backup_id))

    def restart(self, policy: str = "resume") -> None:
        """Restart the backup service, with what becomes of the operation that runs.

        Args:
            policy: ``resume`` (it goes on), ``error`` (it ends in STATUS_ERROR), ``stuck`` (it
                never ends) or ``lost`` (the backup, or the restore, is not there any more). None
                is documented.
        """
        self.do(commands.Restart(commands.Policy(policy)))

    def stop_marathon(self) -> None:
        """Take Marathon away until it is started; operations that begin meanwhile end in error."""
        self.do(commands.TurnMarathon(up=False))

    def start_marathon(self) -> None:
        """Start Marathon; it is back at once, or when the operation that runs has ended."""
        self.do(commands.TurnMarathon(up=True))

    def fill_disk(self) -> None:
        """Fill the master's disk: creates that begin from now on end in STATUS_ERROR."""
        self.do(commands.FillDisk(full=True))

    def free_disk(self) -> None:
        """Make room on the master's disk again."""
        self.do(commands.FillDisk(full=False))

    def revoke_tokens(self) -> None:
        """Let no token be valid any more: every request is answered with 401."""
        self._change_access("tokens revoked", accepted=False, until=self.permitted_until)

    def accept_tokens(self) -> None:
        """Let the token be valid again."""
        self._change_access("tokens accepted", accepted=True, until=self.permitted_until)

    def withdraw_permission(self) -> None:
        """Forbid the token's user the backup service: 403, from 5 seconds of cluster time on.

        Source: docs, Enterprise configuration reference: Admin Router caches a user's permissions
        for 5 s. That it always takes the whole time is ours.
        """
        with self.lock:
            until = after(self.clock.now, PERMISSIONS_CACHED)
            accepted = self.token_is_accepted
            self._change_access("permission withdrawn", accepted=accepted, until=until)

    def grant_permission(self) -> None:
        """Permit the backup service again, at once."""
        accepted = self.token_is_accepted
        self._change_access("permission granted", accepted=accepted, until=None)

    def _change_access(self, change: str, *, accepted: bool, until: Instant | None) -> None:
        with self.lock:
            now = self.clock.now
            self.settle(now)
            self.token_is_accepted = accepted
            self.permitted_until = until
            self.record((AccessChanged(at=now, change=change),))

    def on_create(
        self,
        label: str = "*",
        *,
        times: int | None = None,
        optional: bool = False,
        uuid: str = "",
    ) -> ScriptBuilder:
        """Script how backups with a label that matches the glob go; read on at ScriptBuilder.

        Args:
            label: the glob.
            times: for how many operations; None for all.
            optional: whether it is fine if no operation ever uses it.
            uuid: the end of the id of the backup that is made; needs ``times=1``.
        """
        if uuid and times != 1:
            raise ScriptError("an id belongs to one backup: uuid needs times=1")
        return self._script(OperationKind.CREATE, label, times, optional=optional, uuid=uuid)

    def on_restore(
        self, label: str = "*", *, times: int | None = None, optional: bool = False
    ) -> ScriptBuilder:
        """Script how restores of backups with a matching label go; read on at ScriptBuilder."""
        return self._script(OperationKind.RESTORE, label, times, optional=optional)

    def _script(
        self,
        operation: OperationKind,
        label: str,
        times: int | None,
        *,
        optional: bool,
        uuid: str = "",
    ) -> ScriptBuilder:
        if not isinstance(label, str) or (times is not None and times < 1):
            raise ScriptError("a script needs a label as text, and 1 or more times or None")
        with self.lock:
            use = self._cluster.add_rule(
                ScriptRule(
                    on=operation,
                    stages=(),
                    label=label,
                    times=times,
                    origin=f"on_{operation.value}({label!r})",
                    optional=optional,
                    uuid=uuid,
                )
            )
        return ScriptBuilder(use, self.lock)

    # --- the time of Python clients in this process --------------------------------------------

    def freeze(self, *, skew: str = "0s", zone: str = "UTC") -> AbstractContextManager[None]:
        """Let ``datetime.now()``, ``time.time()`` and ``time.monotonic()`` follow this cluster.

        By freezegun, for the whole process; event loops keep real time.

        Args:
            skew: how far the client's clock goes wrong: ``"5m"`` ahead, ``"-5m"`` behind.
            zone: what naive local time is, such as ``"Europe/Berlin"``.

        Raises:
            ValueError: when ``skew`` is no duration, or there is no such zone here.
        """
        from simulator.client_time.frozen import frozen_to  # noqa: PLC0415 - freezegun is heavy

        return frozen_to(self.clock, skew=skew, zone=zone)

    @contextmanager
    def autojump(
        self,
        *others: "Simulation",
        skew: str = "0s",
        zone: str = "UTC",
        packages: Sequence[str] = (),
    ) -> Iterator[None]:
        """Let what Python code sleeps pass on this cluster's clock, at once; dates follow it, too.

        Args:
            others: clusters whose clocks jump as well, by as much.
            skew: as ``freeze`` has it.
            zone: as ``freeze`` has it.
            packages: names of installed packages that are the client: others' sleep is real.

        Raises:
            ValueError: as ``freeze`` says.
            AutojumpError: on entering, when another autojump is on.
        """
        from simulator.client_time.autojump import autojump  # noqa: PLC0415 - asyncio is heavy

        clocks = [self.clock, *(other.clock for other in others)]
        with self.freeze(skew=skew, zone=zone), autojump(clocks, packages):
            yield

    # --- looking, without a request ------------------------------------------------------------

    @property
    def backups(self) -> Mapping[str, Backup]:
        """Every stored backup by id, oldest first, as it really is now."""
        with self.lock:
            self.settle(self.clock.now)
            return dict(self._cluster.backups)

    @property
    def apps(self) -> Apps:
        """Marathon's apps by id, as they really are now."""
        with self.lock:
            self.settle(self.clock.now)
            return self._cluster.apps

    @property
    def dcos_version(self) -> str:
        """The version of DC/OS that the cluster claims to be, such as ``1.13.0``."""
        return self._cluster.spec.dcos_version

    @property
    def marathon_available(self) -> bool:
        """Whether Marathon answers now."""
        with self.lock:
            self.settle(self.clock.now)
            return self._cluster.marathon_available

    def is_permitted(self, now: Instant) -> bool:
        """Whether Admin Router permits the token's user the backup service at ``now``."""
        return self.permitted_until is None or now < self.permitted_until

    @property
    def rules(self) -> tuple[RuleUse, ...]:
        """Every script rule with the number of operations that it has served."""
        with self.lock:
            return tuple(self._cluster.rules)

    def status_of(self, backup: str, *, restore: bool = False) -> str:
        """Return the status of a backup, or of its latest restore, as it really is.

        Args:
            backup: its id, or its label: of several with the same one, the newest is meant.
            restore: whether its latest restore is meant.

        Raises:
            ClockError: when there is none.
        """
        with self.lock:
            stored = self.backups
            namesakes = [each for each in stored.values() if each.label == backup]
            found = stored.get(backup) or (namesakes[-1] if namesakes else None)
            if found is None:
                raise ClockError(f"there is no backup with the id or label {backup!r}")
            if not restore:
                return found.status.value
            if not found.restores:
                raise ClockError(f"{backup} has never been restored")
            return found.restores[-1].status.value

    def due(self, backup_id: str) -> tuple[Instant, Status] | None:
        """Foresee when and how a backup's running operation ends, if time alone decides."""
        with self.lock:
            self.settle(self.clock.now)
            return self._cluster.due(backup_id)
