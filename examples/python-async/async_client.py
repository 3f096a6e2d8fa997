"""An async client of the DC/OS backup service, with aiohttp.

    async with open_client("https://dcos.example.com", token) as backups:
        print((await backups.create("nightly"))["id"])

Nothing is retried here: only who asks knows whether it is safe to ask twice.
"""

import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeAlias

import aiohttp

Backup: TypeAlias = dict[str, Any]
"""A backup as the service shows it, untouched: clusters may know more than their documents."""

Backups: TypeAlias = list[Backup]

BASE_PATH = "/system/v1/backup/v1"
OK = 200
SERVER_ERROR = 500
TIMEOUT_SECONDS = 8.0
MESSAGE_LENGTH_MAX = 200


class BackupError(Exception):
    """It did not work.

    Where it cannot be known whether it worked, a TimeoutError is raised instead.

    Attributes:
        http_status: None where there was no answer.
        may_pass: whether the same question may well be answered a moment later.
    """

    def __init__(
        self, message: str, http_status: int | None = None, *, may_pass: bool = False
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.may_pass = may_pass


class BackupClient:
    """The five operations. Each raises BackupError or TimeoutError unless it succeeded."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._base = url.rstrip("/") + BASE_PATH

    async def create(self, label: str) -> Backup:
        """Start a backup and return it; its id is new."""
        return _backup_in(await self._ask("POST", "/create", {"label": label}))

    async def list(self, prefix: str = "") -> Backups:
        """List the backups whose ids begin with a prefix."""
        backups = await self._ask("GET", "/list", query={"prefix": prefix} if prefix else None)
        if not isinstance(backups, list):
            raise BackupError("the answer is no list of backups", OK, may_pass=True)
        return [_backup_in(each) for each in backups]

    async def show(self, backup_id: str) -> Backup:
        """Return one backup. The service can only list, and by prefix: the id must be the same."""
        for backup in await self.list(backup_id):
            if backup["id"] == backup_id:
                return backup
        raise BackupError(f"there is no backup {backup_id}")

    async def restore(self, backup_id: str) -> Backup:
        """Start to restore a backup and return it; ``restores`` in it shows how far that is."""
        return _backup_in(await self._ask("POST", "/restore", {"id": backup_id}))

    async def delete(self, backup_id: str) -> None:
        """Delete a backup."""
        await self._ask("DELETE", "/delete", {"id": backup_id})

    async def _ask(
        self, method: str, path: str, body: object = None, query: dict[str, str] | None = None
    ) -> object:
        """Send one request; return what the JSON of its answer says, None for an empty one."""
        try:
            async with self._session.request(
                method, self._base + path, json=body, params=query, allow_redirects=False
            ) as response:
                status = response.status
                text = (await response.read()).decode(errors="replace")
        except aiohttp.ClientConnectorError as error:
            raise BackupError(f"cannot connect: {error}", may_pass=True) from error
        except aiohttp.ClientError as error:
            # It may have arrived, and been carried out.
            raise TimeoutError(f"no usable answer: {error}") from error
        except TimeoutError as error:
            raise TimeoutError(f"no answer within {TIMEOUT_SECONDS:g} s") from error
        if status != OK:
            message = f"HTTP {status}: {_message_in(text)}"
            raise BackupError(message, status, may_pass=status >= SERVER_ERROR)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise BackupError("the answer is not JSON", status, may_pass=True) from error


def _backup_in(document: object) -> Backup:
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise BackupError("the answer holds something that is no backup", OK, may_pass=True)
    return document


def _message_in(text: str) -> str:
    """Return the service's own words, or the title of a page that Admin Router wrote."""
    try:
        return "; ".join(str(error) for error in json.loads(text)["errors"])
    except (ValueError, KeyError, TypeError):
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
        said = title[1] if title else text
        return " ".join(said.split())[:MESSAGE_LENGTH_MAX] or "no text"


async def _sent_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a DELETE again by itself where a connection breaks.

    Nobody would know that the first one was carried out. It does so for two kinds of errors only.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientError(str(error)) from error


@asynccontextmanager
async def open_client(url: str, token: str, ca_path: str = "") -> AsyncIterator[BackupClient]:
    """Open a client; redirects are not followed, since a redirected POST may become a GET.

    Args:
        url: of the cluster.
        token: of DC/OS, as ``dcos auth login`` gets it.
        ca_path: of a PEM file with the cluster's certificate authority.
    """
    tls = ssl.create_default_context(cafile=ca_path) if ca_path else True
    async with aiohttp.ClientSession(
        headers={"Authorization": f"token={token}", "Accept": "application/json"},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        connector=aiohttp.TCPConnector(ssl=tls),
        middlewares=[_sent_once],
    ) as session:
        yield BackupClient(session, url)


class Target(Protocol):
    """What the harness says of the cluster."""

    url: str
    token: str
    ca_cert: str


def make_client(target: Target) -> AbstractAsyncContextManager[BackupClient]:
    """Make a client for the harness, which opens and closes it."""
    return open_client(target.url, target.token, target.ca_cert)
