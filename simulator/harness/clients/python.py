"""Clients written in Python: any object with the five operations, sync or async.

``python:package.module:factory`` names a callable that takes one object with ``url``, ``token``,
``username``, ``password`` and ``ca_cert``, and returns the client: a plain object, a context
manager, an async context manager, or an awaitable of one of these. Its methods are
``create(label)``, ``list(prefix)``, ``show(id)``, ``restore(id)`` and ``delete(id)``.
"""

import asyncio
import importlib
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, final

from simulator.core.instants import NANOSECONDS_PER_SECOND
from simulator.harness.clients.processes import Processes
from simulator.harness.language.profile_model import PythonProfile
from simulator.harness.plain_text import beginning
from simulator.harness.ports import (
    MESSAGE_MAX,
    Client,
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Target,
)

Argument = TypeVar("Argument")
Result = TypeVar("Result")

PREFIX: Final = "python:"
"""Before a factory, where it is named on a command line."""

RAISED_BY_USERS: Final = (Exception, SystemExit)
"""Whatever a client raises is its outcome; code made for a command line calls ``sys.exit``."""


Factory: TypeAlias = Callable[[Target], Any]
"""Makes a client for one cluster."""


def imported(profile: PythonProfile, folder: Path) -> Factory:
    """Import a factory, ``package.module:name``; modules in ``folder`` are found.

    Raises:
        ClientError: when there is no such module, or nothing in it that can be called.
    """
    name = f"{PREFIX}{profile.factory}"
    module_name, _, factory_name = profile.factory.partition(":")
    if not module_name or not factory_name:
        raise ClientError(f"{name!r} names no factory; write {PREFIX}package.module:factory")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except RAISED_BY_USERS as error:
        raise ClientError(f"{name} cannot be imported: {_said(error)}") from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise ClientError(f"{name}: {module_name} has no function {factory_name!r}")
    made: Factory = factory
    return made


@asynccontextmanager
async def opened(
    profile: PythonProfile, factory: Factory, target: Target, processes: Processes
) -> AsyncIterator[Client]:
    """Make the client for one cluster, and close it afterwards.

    Raises:
        ClientError: when the factory or the closing fails, or takes too long.
    """
    del processes  # it needs none
    seconds = profile.timeout / NANOSECONDS_PER_SECOND

    async def bounded(work: Awaitable[Result], what: str) -> Result:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except RAISED_BY_USERS as error:
            raise ClientError(f"{profile.client} failed to {what}: {_said(error)}") from error

    stack = AsyncExitStack()
    client = await bounded(_entered(factory, target, stack), "make a client")
    try:
        yield PythonClient(client, seconds)
    finally:
        await bounded(stack.aclose(), "close its client")


async def _entered(factory: Factory, target: Target, stack: AsyncExitStack) -> object:
    made = await _run(factory, target)
    client = await made if inspect.isawaitable(made) else made
    if hasattr(client, "__aenter__"):
        return await stack.enter_async_context(client)
    return stack.enter_context(client) if hasattr(client, "__enter__") else client


@final
class PythonClient:
    """Calls an object's methods and turns what they return or raise into outcomes.

    A method that returns normally means success. One that raises means failure: the exception's
    text becomes the message, its attribute ``http_status``, ``status`` or ``status_code``, where
    it is a number, the HTTP status. ``TimeoutError`` means that the client cannot tell.
    """

    def __init__(self, client: object, timeout_seconds: float) -> None:
        self._client = client
        self._seconds = timeout_seconds

    async def create(self, label: str) -> Outcome:
        """Start a backup; the method may return a document, an id, or nothing."""
        return await self._call("create", label)

    async def list(self, prefix: str) -> Outcome:
        """List backups; the method returns a list of documents."""
        return await self._call("list", prefix)

    async def show(self, backup_id: str) -> Outcome:
        """Show a backup; the method returns its document."""
        return await self._call("show", backup_id)

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore."""
        return await self._call("restore", backup_id)

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup."""
        return await self._call("delete", backup_id)

    async def _call(self, operation: str, argument: str) -> Outcome:
        method = getattr(self._client, operation, None)
        if method is None:
            raise LacksError(operation)
        bound = asyncio.timeout(self._seconds)
        try:
            async with bound:
                value = await _run(method, argument)
        except TimeoutError as error:
            if bound.expired():
                return Indeterminate(f"no result within {self._seconds:g} s", is_stopped=True)
            return Indeterminate(beginning(str(error), MESSAGE_MAX) or "TimeoutError")
        except RAISED_BY_USERS as error:
            return Failed(_said(error), _http_status(error))
        return Ok(_plain(value))


async def _run(method: Callable[[Argument], Any], argument: Argument) -> Any:  # noqa: ANN401
    """Call a method: async ones in this loop, others in a thread that cannot hold us up."""
    if inspect.iscoroutinefunction(method):
        return await method(argument)
    value, error = await _in_thread(method, argument)
    if error is not None:
        raise error
    return await value if inspect.isawaitable(value) else value


def _in_thread(
    method: Callable[[Argument], Any], argument: Argument
) -> "asyncio.Future[tuple[Any, BaseException | None]]":
    """Call a method in a daemon thread; what it returned or raised becomes the result.

    An exception is handed over as a value: a future refuses to hold StopIteration.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def settle(result: tuple[Any, BaseException | None]) -> None:
        if not future.done():
            future.set_result(result)

    def work() -> None:
        result: tuple[Any, BaseException | None]
        try:
            result = method(argument), None
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            result = None, error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=work, name="client", daemon=True).start()
    return future


def _said(error: BaseException) -> str:
    try:
        text = beginning(str(error), MESSAGE_MAX)
    except Exception:  # noqa: BLE001 - an exception of the user's that cannot even be written
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _http_status(error: BaseException) -> int | None:
    for attribute in ("http_status", "status", "status_code"):
        status = getattr(error, attribute, None)
        if isinstance(status, int):
            return status
    return None


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a client returns
    """Turn dataclasses and mappings into the dicts that expectations look into."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
