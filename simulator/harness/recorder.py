"""Records what a client does and claims, call by call, for the checks."""

from collections.abc import Awaitable, Mapping
from typing import final

from simulator.clock import RealTime
from simulator.core.backups import Backup
from simulator.harness.checks.conduct import Call, Conduct, Pace, Request, Sent, numbered
from simulator.harness.language.source_file import KeyPath
from simulator.harness.ports import Control, Ok, Outcome, Ran, Target, claimed_by
from simulator.journal import Entry, Exchange


@final
class Recorder:
    """Takes note of every call, with the requests that came meanwhile and the truth around it.

    Args:
        control: the cluster.
        target: what the client was given of it.
        names: what the scenario calls the backups, by name; grows as the scenario goes on.
        pace: what the client's pauses are to the cluster.
        can_be_unsure: whether its operations can say that nobody knows what happened.
    """

    def __init__(
        self,
        control: Control,
        target: Target,
        names: Mapping[str, str],
        pace: Pace,
        *,
        can_be_unsure: bool = False,
    ) -> None:
        self._control = control
        self._target = target
        self._names = names
        self._pace = pace
        self._can_be_unsure = can_be_unsure
        self._calls: list[Call] = []
        self._unasked: list[Sent] = []
        self._seen = control.journal.count
        self._requests = 0
        self._received: dict[int, int] = {}
        self._arrived = 0
        self.stop = control.journal.subscribe(self._take_time)

    async def operation(
        self, operation: str, argument: str, asked: Awaitable[Outcome], path: KeyPath
    ) -> Call:
        """Record an operation of the client while it is awaited."""
        self._take_unasked()
        before = self._control.backups
        outcome = await asked
        return self._record(operation, argument, path, outcome, None, before)

    async def program(
        self, program: str, argument: str, asked: Awaitable[Ran], path: KeyPath
    ) -> Call:
        """Record a program of the client while it runs."""
        self._take_unasked()
        before = self._control.backups
        ran = await asked
        return self._record(program, argument, path, claimed_by(ran), ran, before)

    @property
    def conduct(self) -> Conduct:
        """Everything until now."""
        self._take_unasked()
        return self._conduct(*self._calls)

    def free(self) -> Conduct:
        """Return everything until now as one call in which the client did as it liked."""
        backups = self._control.backups
        requests = self._new_requests(self._new_entries())
        call = Call(
            operation="",
            argument="",
            path=(),
            outcome=Ok(),
            requests=requests,
            before=backups,
            after=backups,
        )
        return self._conduct(call)

    def of_one(self, call: Call) -> Conduct:
        """Return one call by itself."""
        return self._conduct(call)

    def _conduct(self, *calls: Call) -> Conduct:
        return Conduct(
            target=self._target,
            calls=calls,
            unasked=tuple(self._unasked) if len(calls) == len(self._calls) else (),
            pace=self._pace,
            can_be_unsure=self._can_be_unsure,
            names={backup_id: name for name, backup_id in self._names.items()},
        )

    def _record(
        self,
        operation: str,
        argument: str,
        path: KeyPath,
        outcome: Outcome,
        ran: Ran | None,
        before: Mapping[str, Backup],
    ) -> Call:
        after = self._control.backups
        entries = self._new_entries()
        call = Call(
            operation=operation,
            argument=argument,
            path=path,
            outcome=outcome,
            ran=ran,
            requests=self._new_requests(entries),
            before=before,
            after=after,
        )
        self._calls.append(call)
        return call

    def _take_unasked(self) -> None:
        """Take note of what came between calls, with the call before it."""
        call = self._calls[-1] if self._calls else None
        requests = self._new_requests(self._new_entries())
        self._unasked += [Sent(call, request) for request in requests]

    def _new_entries(self) -> list[Entry]:
        entries = list(self._control.journal.newest(self._seen))[::-1]
        self._seen += len(entries)
        return entries

    def _new_requests(self, entries: list[Entry]) -> tuple[Request, ...]:
        requests = numbered(entries, self._received, self._requests + 1)
        self._requests += len(requests)
        return tuple(requests)

    def _take_time(self, number: int, entry: Entry) -> None:
        """Note when a request came in real time; called by whoever answers it."""
        del number
        if isinstance(entry, Exchange):
            self._arrived += 1
            self._received[self._arrived] = RealTime.monotonic_ns()
