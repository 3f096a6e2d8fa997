"""Clients as their profiles describe them: opens one for a cluster, with all that belongs to it."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property, partial
from typing import TypeAlias, final

from simulator.clock import Clock
from simulator.harness.clients import command, http, jsonrpc, python, virtual_time
from simulator.harness.clients.preload import why_unreachable
from simulator.harness.clients.processes import Processes, search_path
from simulator.harness.clients.virtual_time import VirtualTime
from simulator.harness.language.profile_file import ARGUMENTS, Profile
from simulator.harness.language.profile_model import (
    FAKETIME_RATE,
    CommandProfile,
    HttpProfile,
    JsonRpcProfile,
    ProfileModel,
    PythonProfile,
)
from simulator.harness.language.template import names_in
from simulator.harness.ports import Client, ClientError, Ok, Ran, Session, Target, claimed_by

Opener: TypeAlias = Callable[[Target, Processes], AbstractAsyncContextManager[Client]]


@final
class ProfiledClient:
    """A client that is described by a profile.

    Raises:
        ClientError: when a factory in Python cannot be imported.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._opened = _opener(profile)

    @property
    def name(self) -> str:
        """What names of tests call it."""
        return self.profile.name

    @property
    def given(self) -> str:
        """What has to be written after ``--client`` to get it."""
        return self.profile.given

    @property
    def operations(self) -> AbstractSet[str]:
        """The operations that it has."""
        return self.profile.operations

    @property
    def programs(self) -> AbstractSet[str]:
        """The programs that it has."""
        return self.profile.programs

    @property
    def packages(self) -> Sequence[str]:
        """Packages that are its own code, where it runs in this process."""
        model = self.profile.model
        return [model.factory.partition(":")[0]] if isinstance(model, PythonProfile) else []

    @cached_property
    def lacks_virtual_time(self) -> str:
        """Why its processes do not have the cluster's time; empty when they have it."""
        programs = list(_programs_of(self.profile.model))
        if not programs:
            return ""
        if self.profile.model.rate is None:
            return "no virtual_time in its profile"
        if sys.platform != "linux":
            return virtual_time.LINUX_ONLY
        library = virtual_time.find_library()
        if library is None:
            return virtual_time.NOT_INSTALLED
        path = self.profile.model.env.get("PATH", search_path())
        reasons = (
            why_unreachable(program, self.profile.folder, path, library) for program in programs
        )
        return next(filter(None, reasons), "")

    @property
    def rate(self) -> float:
        """Seconds of cluster time in a real one, where its processes have the cluster's time."""
        return self.profile.model.rate or FAKETIME_RATE

    @asynccontextmanager
    async def open(self, target: Target, clock: Clock) -> AsyncIterator[Session]:
        """Set it up and open it for one cluster; nothing of it is left running afterwards.

        Args:
            target: the cluster.
            clock: its time, which the processes of a client with ``virtual_time`` have, too.

        Raises:
            ClientError: when it cannot be started or closed, or leaves daemons behind.
        """
        model = self.profile.model
        processes = Processes(self.profile.folder, model.env, target, self._time_of(clock))
        left: list[str] = []
        try:
            await _set_up(model, processes)
            async with self._opened(target, processes) as client:
                programs = _Programs(model, processes)
                can_be_unsure = not isinstance(model, CommandProfile)
                yield Session(
                    self.name, self.given, client, programs, target, model.allow, can_be_unsure
                )
        finally:
            left = processes.close()
        if left:
            ran_on = f"left {left[0]!r} running in the background, which was killed"
            raise ClientError(f"{self.name} {ran_on}")

    def _time_of(self, clock: Clock) -> VirtualTime | None:
        library = None if self.profile.model.rate is None else virtual_time.find_library()
        return VirtualTime(library, clock) if library else None


def _programs_of(model: ProfileModel) -> Iterator[str]:
    """Yield the first word of each command line that is known before there is a cluster."""
    lines = [program.run for program in (model.programs.backup, model.programs.restore) if program]
    if isinstance(model, CommandProfile):
        lines += filter(None, model.operations.model_dump(by_alias=True).values())
    if isinstance(model, JsonRpcProfile):
        lines.append(model.run)
    for line in lines:
        if not any(names_in(line[0])):
            yield line[0]


@final
class _Programs:
    """Runs the programs of a profile."""

    def __init__(self, model: ProfileModel, processes: Processes) -> None:
        self._model = model
        self._processes = processes

    async def run(self, program: str, argument: str) -> Ran:
        """Run ``backup`` with a label or ``restore`` with an id, to its end or its timeout."""
        chosen = getattr(self._model.programs, program)
        values = {ARGUMENTS[program]: argument}
        return await self._processes.run(chosen.run, values, chosen.timeout)


async def _set_up(model: ProfileModel, processes: Processes) -> None:
    for words in model.setup:
        ran = await processes.run(words, {}, model.timeout)
        claimed = claimed_by(ran)
        if ran.left_running or not isinstance(claimed, Ok):
            ran_on = f"it left {ran.left_running!r} running, which was killed"
            why = ran_on if isinstance(claimed, Ok) else claimed.message
            raise ClientError(f"the setup of {model.client} failed at {words[0]!r}: {why}")


def _opener(profile: Profile) -> Opener:
    match profile.model:
        case HttpProfile() as model:
            return partial(http.opened, model)
        case PythonProfile() as model:
            return partial(python.opened, model, python.imported(model, profile.folder))
        case CommandProfile() as model:
            return partial(command.opened, model)
        case JsonRpcProfile() as model:
            return partial(jsonrpc.opened, model)
