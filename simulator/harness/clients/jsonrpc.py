"""Clients that speak JSON-RPC 2.0 on standard input and output, a message a line.

One process serves one cluster. It is asked ``initialize`` first, then the five operations, and
``shutdown`` in the end; requests come one at a time, each with an ``id``. An error's message is
the failure's; ``data: {"http_status": 409}`` says with which status the service answered, and
``data: {"indeterminate": true}`` that the client cannot tell what has happened. The error code
-32601 (method not found) says that the client lacks an operation.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any, Final, final

from simulator.core.instants import NANOSECONDS_PER_SECOND, duration_text
from simulator.harness.clients import processes as running
from simulator.harness.clients.processes import Process, Processes
from simulator.harness.language.profile_model import JsonRpcProfile
from simulator.harness.plain_text import beginning, end
from simulator.harness.ports import (
    ERRORS_SHOWN_MAX,
    MESSAGE_MAX,
    Client,
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Target,
    how_ended,
)

GOODBYE_SECONDS: Final = 2.0
"""How long a process may take to answer ``shutdown`` and end; then it is killed."""

UNREAD_LINES_MAX: Final = 100
"""Lines that nobody has asked for; a process that writes more is killed."""


METHOD_NOT_FOUND: Final = -32601
"""Of JSON-RPC: the client says that it lacks the operation."""


class _WrongError(Exception):
    """A process that does not speak the protocol, or none any more."""


@asynccontextmanager
async def opened(
    profile: JsonRpcProfile, target: Target, processes: Processes
) -> AsyncIterator[Client]:
    """Start the process for one cluster and initialize it; end it afterwards.

    Raises:
        ClientError: when it cannot be started, or refuses to be initialized.
    """
    client = JsonRpcClient(profile, processes)
    try:
        outcome = await client.ask("initialize", asdict(target))
    except LacksError:
        outcome = Failed("it has no method 'initialize'")
    if not isinstance(outcome, Ok):
        raise ClientError(f"{profile.client} cannot be initialized: {outcome.message}")
    try:
        yield client
    finally:
        await client.say_goodbye()


@final
class JsonRpcClient:
    """Asks one process, one request at a time."""

    def __init__(self, profile: JsonRpcProfile, processes: Processes) -> None:
        self._timeout: Final = profile.timeout
        self._lines: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._process: Process = processes.start(profile.run, {}, read_line=self._take)
        self._process.over.add_done_callback(lambda _: self._news.set())
        self._requests = 0
        self._gave_up = ""
        self._is_leaving = False

    async def create(self, label: str) -> Outcome:
        """Start a backup; the result may be its document, its id, or null."""
        return await self.ask("create", {"label": label})

    async def list(self, prefix: str) -> Outcome:
        """List backups; the result is a list of documents."""
        return await self.ask("list", {"prefix": prefix})

    async def show(self, backup_id: str) -> Outcome:
        """Show a backup; the result is its document."""
        return await self.ask("show", {"id": backup_id})

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore; the result is not looked at."""
        return await self.ask("restore", {"id": backup_id})

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup; the result is not looked at."""
        return await self.ask("delete", {"id": backup_id})

    async def ask(self, method: str, params: Mapping[str, str]) -> Outcome:
        """Send a request and read its answer.

        A process that does not answer as the protocol says is not asked again.
        """
        if self._gave_up:
            return Failed(f"it was not asked: {self._gave_up}")
        self._requests += 1
        request = {"jsonrpc": "2.0", "id": self._requests, "method": method, "params": params}
        is_stopped = False
        try:
            await self._process.write_line(json.dumps(request).encode())
            async with asyncio.timeout(self._timeout / NANOSECONDS_PER_SECOND):
                line = await self._next_line()
            answer = _answer(line, self._requests)
            if _mapping(answer.get("error")).get("code") == METHOD_NOT_FOUND:
                raise LacksError(method)
            return _outcome(answer)
        except TimeoutError:
            is_stopped = True
            why = f"it gave no answer within {duration_text(self._timeout)}, so it was killed"
        except _WrongError as error:
            why = str(error)
        self._gave_up = why
        self._process.close()
        return Indeterminate(f"{why}{self._wrote()}", is_stopped=is_stopped)

    async def say_goodbye(self) -> None:
        """Ask it to shut down, and kill it if it takes long."""
        if not self._gave_up:
            self._is_leaving = True
            request = {"jsonrpc": "2.0", "id": self._requests + 1, "method": "shutdown"}
            await self._process.write_line(json.dumps(request).encode())
            self._process.end_input()
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._process.over
        self._process.close()

    def _take(self, line: bytes) -> None:
        if self._is_leaving:
            return
        unread = sum(map(len, self._lines)) + len(line)
        if len(self._lines) < UNREAD_LINES_MAX and unread <= running.OUTPUT_MAX:
            self._lines.append(line)
        else:
            self._process.stop(
                "it wrote line after line that nobody had asked for, so it was killed"
            )
        self._news.set()

    async def _next_line(self) -> bytes:
        """Return the next line; raises when the process ends without one."""
        while not self._lines:
            if self._process.over.done():
                self._process.drain()
                if self._process.stopped:
                    raise _WrongError(self._process.stopped)
                if not self._lines:
                    raise _WrongError(f"it {how_ended(self._process.status or 0)}")
            else:
                self._news.clear()
                await self._news.wait()
        if self._process.stopped:
            raise _WrongError(self._process.stopped)
        return self._lines.popleft()

    def _wrote(self) -> str:
        errors = self._process.errors
        return f"; on standard error: {end(errors, ERRORS_SHOWN_MAX)}" if errors else ""


def _answer(line: bytes, request: int) -> Mapping[str, Any]:
    """Read the answer to a request."""
    shown = beginning(line.decode(errors="replace")) or "an empty line"
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise _WrongError(f"it wrote a line that is not JSON: {shown}") from None
    if isinstance(answer, dict) and "result" in answer and answer.get("error", 0) is None:
        del answer["error"]  # as many libraries write it
    if not isinstance(answer, dict) or ("result" in answer) == ("error" in answer):
        raise _WrongError(f"it wrote no answer with either a result or an error: {shown}")
    if answer.get("id") != request or isinstance(answer["id"], bool):
        raise _WrongError(f"it answered with another id than {request}: {shown}")
    return answer


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    if "result" in answer:
        return Ok(answer["result"])
    error = _mapping(answer["error"])
    data = _mapping(error.get("data"))
    said = str(error.get("message") or f"an error without a message: {answer['error']!r}")
    message = beginning(said, MESSAGE_MAX)
    if data.get("indeterminate") is True:
        return Indeterminate(message)
    status = data.get("http_status")
    is_status = isinstance(status, int) and not isinstance(status, bool)
    return Failed(message, status if is_status else None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
