"""Command-line clients: each operation starts a process and reads its exit status and output."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, final

from simulator.harness.clients.printed import created_value, json_value, table_value
from simulator.harness.clients.processes import Processes, UnsayableError
from simulator.harness.language.profile_file import ARGUMENTS
from simulator.harness.language.profile_model import CommandProfile
from simulator.harness.ports import (
    Client,
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Ran,
    Target,
    claimed_by,
)

_READERS: Final = {"json": json_value, "table": table_value}


@asynccontextmanager
async def opened(
    profile: CommandProfile, target: Target, processes: Processes
) -> AsyncIterator[Client]:
    """Open the client: there is nothing to start before its operations."""
    del target  # its processes know it
    yield CommandClient(profile, processes)


@final
class CommandClient:
    """Starts the command line of the profile for each operation.

    Exit status 0 is success, anything else failure, with what it wrote to standard error as the
    message. One that takes too long leaves open what has happened.
    """

    def __init__(self, profile: CommandProfile, processes: Processes) -> None:
        self._profile = profile
        self._processes = processes

    async def create(self, label: str) -> Outcome:
        """Start a backup; the value is what it printed: a document, an id, or None."""
        ran = await self._ran("create", label)
        return Ok(created_value(ran.output)) if isinstance(ran, Ran) else ran

    async def list(self, prefix: str) -> Outcome:
        """List backups; the value is a list of documents."""
        ran = await self._ran("list", prefix)
        return Ok(_READERS[self._profile.output](ran.output)) if isinstance(ran, Ran) else ran

    async def show(self, backup_id: str) -> Outcome:
        """Show a backup; the value is its document."""
        ran = await self._ran("show", backup_id)
        return Ok(json_value(ran.output)) if isinstance(ran, Ran) else ran

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore; what it prints is not looked at."""
        ran = await self._ran("restore", backup_id)
        return Ok() if isinstance(ran, Ran) else ran

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup; what it prints is not looked at."""
        ran = await self._ran("delete", backup_id)
        return Ok() if isinstance(ran, Ran) else ran

    async def _ran(self, operation: str, argument: str) -> Ran | Failed | Indeterminate:
        """Return how the process went, if it went well."""
        words = self._profile.operations.model_dump(by_alias=True)[operation]
        if words is None:
            raise LacksError(operation)
        try:
            values = {ARGUMENTS[operation]: argument}
            ran = await self._processes.run(words, values, self._profile.timeout)
        except UnsayableError as error:
            return Failed(str(error))
        if ran.left_running:
            raise ClientError(
                f"{self._profile.client} left {ran.left_running!r} running in the background, "
                f"which was killed: let {operation} wait for it"
            )
        claimed = claimed_by(ran)
        return ran if isinstance(claimed, Ok) else claimed
