"""The reference client: speaks the documented API over HTTP, and nothing else."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, final

import aiohttp

from simulator.core.instants import NANOSECONDS_PER_SECOND
from simulator.harness.clients.processes import Processes
from simulator.harness.documents import entries_by_id
from simulator.harness.language.profile_model import HttpProfile
from simulator.harness.plain_text import beginning
from simulator.harness.ports import Client, Failed, Indeterminate, Ok, Outcome, Target

BASE_PATH: Final = "/system/v1/backup/v1"


@final
class HttpClient:
    """A correct client. It retries nothing: whoever asks decides what a failure means."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._base = url + BASE_PATH

    async def create(self, label: str) -> Outcome:
        """Start a backup; the value is its document."""
        return _about_a_backup(await self._ask("POST", "/create", {"label": label}))

    async def list(self, prefix: str) -> Outcome:
        """List backups; the value is a list of documents."""
        listed = await self._ask("GET", "/list", query={"prefix": prefix} if prefix else None)
        if isinstance(listed, Ok) and entries_by_id(listed.value) is None:
            return Failed("the answer is not a list of backups")
        return listed

    async def show(self, backup_id: str) -> Outcome:
        """Show one backup: the API has no such call, so it is looked for in a list."""
        listed = await self.list(backup_id)
        if not isinstance(listed, Ok):
            return listed
        entries = entries_by_id(listed.value) or {}
        if backup_id not in entries:
            return Failed(f"there is no backup {backup_id}")
        return Ok(entries[backup_id])

    async def restore(self, backup_id: str) -> Outcome:
        """Start a restore; the value is the backup's document."""
        return _about_a_backup(await self._ask("POST", "/restore", {"id": backup_id}))

    async def delete(self, backup_id: str) -> Outcome:
        """Delete a backup; there is no value."""
        return await self._ask("DELETE", "/delete", {"id": backup_id})

    async def _ask(
        self, method: str, path: str, body: object = None, *, query: dict[str, str] | None = None
    ) -> Outcome:
        try:
            async with self._session.request(
                method, self._base + path, json=body, params=query, allow_redirects=False
            ) as response:
                body = await response.read()
                return _outcome(response.status, body.decode(errors="replace"))
        except aiohttp.ClientConnectorError as error:
            return Failed(f"cannot connect: {error.strerror or error}")
        except TimeoutError:
            return Indeterminate(f"no answer within {self._session.timeout.total:g} s")
        except aiohttp.ClientError as error:
            return Indeterminate(f"no usable answer: {beginning(str(error))}")


def _outcome(status: int, text: str) -> Outcome:
    if status != 200:  # noqa: PLR2004 - the one documented success
        return Failed(_message(text), status)
    if not text:
        return Ok()
    try:
        return Ok(json.loads(text))
    except (ValueError, RecursionError):
        return Failed("the answer is not JSON", status)


def _about_a_backup(outcome: Outcome) -> Outcome:
    """Return what an answer claims that must hold a backup: without one nothing is known."""
    if isinstance(outcome, Ok) and entries_by_id([outcome.value]) is None:
        return Indeterminate("the answer names no backup")
    return outcome


def _message(text: str) -> str:
    """Return the documented error texts; anything else may come from a proxy and is quoted."""
    try:
        errors: Any = json.loads(text)["errors"]
        return "; ".join(str(error) for error in errors) or "no text"
    except (ValueError, KeyError, TypeError, RecursionError):
        return " ".join(text.split())[:200] or "no text"


@asynccontextmanager
async def opened(
    profile: HttpProfile, target: Target, processes: Processes
) -> AsyncIterator[Client]:
    """Open a session with the cluster's token."""
    del processes  # it needs none
    headers = {"Authorization": f"token={target.token}", "Accept": "application/json"}
    seconds = profile.timeout / NANOSECONDS_PER_SECOND
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(
        headers=headers, timeout=timeout, middlewares=[_sent_once]
    ) as session:
        yield HttpClient(session, target.url)


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET or DELETE again by itself where a connection breaks.

    It does so for two kinds of errors, so they are turned into another one.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientError(str(error)) from error
