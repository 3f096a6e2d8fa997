"""The clients of these scenarios: one that blocks and one for asyncio, as people write them.

They sleep with ``time.sleep`` and ``asyncio.sleep`` and look at Python's own clocks. Under
``cluster.autojump()`` all that is the cluster's time, and none of it is waited for.
"""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any, Final, Self

import aiohttp
import pytest

from simulator import FakeCluster

BASE_PATH: Final = "/system/v1/backup/v1"
SECONDS_AT_MOST: Final = 20
"""Of real time, for one answer."""

ENDS: Final = frozenset({"STATUS_READY", "STATUS_ERROR"})


class BackupClient:
    """Talks to one cluster, and blocks."""

    def __init__(self, url: str, token: str) -> None:
        self._host = url.removeprefix("http://")
        self.token = token
        self.date = ""
        """The ``Date`` header of the latest answer."""

    def create(self, label: str) -> dict[str, Any]:
        """Start a backup; return its document."""
        made: dict[str, Any] = self._ask("POST", "/create", {"label": label})
        return made

    def list(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the documents of all backups whose ids begin so."""
        found: list[dict[str, Any]] = self._ask("GET", f"/list?prefix={prefix}")
        return found

    def show(self, backup_id: str) -> dict[str, Any]:
        """Return the document of one backup; ``LookupError`` when there is none."""
        for backup in self.list(backup_id):
            if backup["id"] == backup_id:
                return backup
        raise LookupError(backup_id)

    def delete(self, backup_id: str) -> None:
        """Delete a backup."""
        self._ask("DELETE", "/delete", {"id": backup_id})

    def wait(self, backup_id: str, *, within: float, every: float = 10) -> str:
        """Poll until the backup ends, and return its status.

        Seconds, by this machine's stop watch. The last poll is at the deadline itself; whatever is
        not over then is a ``TimeoutError``.
        """
        deadline = time.monotonic() + within
        while True:
            left = deadline - time.monotonic()
            status = str(self.show(backup_id)["status"])
            if status in ENDS:
                return status
            if left <= 0:
                raise TimeoutError(f"{backup_id} is {status}, still after {within} s")
            time.sleep(min(every, left))

    def age(self, backup: dict[str, Any]) -> timedelta:
        """Return how old a backup is, by this machine's clock; never less than nothing."""
        made_at = datetime.fromisoformat(backup["timestamp"])
        return max(datetime.now(UTC) - made_at, timedelta())

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        headers = {"Accept": "application/json", "Authorization": f"token={self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = None if body is None else json.dumps(body)
        connection = HTTPConnection(self._host, timeout=SECONDS_AT_MOST)
        try:
            connection.request(method, BASE_PATH + path, sent, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        self.date = response.headers["Date"]
        if response.status == 401:
            raise PermissionError(text)
        if response.status >= 400:
            raise ValueError(f"{response.status}: {text}")
        return json.loads(text) if text else None


class AsyncBackupClient:
    """Talks to one cluster with aiohttp; a context of its own keeps its connections."""

    def __init__(self, url: str, token: str) -> None:
        self._base = url + BASE_PATH
        headers = {"Accept": "application/json", "Authorization": f"token={token}"}
        timeout = aiohttp.ClientTimeout(total=SECONDS_AT_MOST)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is open."""
        await self._session.close()

    async def create(self, label: str) -> dict[str, Any]:
        """Start a backup; return its document, or raise ``ValueError``."""
        async with self._session.post(f"{self._base}/create", json={"label": label}) as response:
            if response.status >= 400:
                raise ValueError(await response.text())
            made: dict[str, Any] = await response.json()
            return made

    async def list(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the documents of all backups whose ids begin so."""
        async with self._session.get(f"{self._base}/list", params={"prefix": prefix}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async def wait(self, backup_id: str, *, within: float, every: float = 10) -> str:
        """Poll until the backup ends, and return its status; ``TimeoutError`` when it does not."""
        async with asyncio.timeout(within):
            while True:
                [backup] = await self.list(backup_id)
                if backup["status"] in ENDS:
                    return str(backup["status"])
                await asyncio.sleep(every)


@pytest.fixture
def connect() -> Callable[[FakeCluster], BackupClient]:
    """Return how to make a client that blocks."""
    return lambda cluster: BackupClient(cluster.url, cluster.token)


@pytest.fixture
def connect_async() -> Callable[[FakeCluster], AsyncBackupClient]:
    """Return how to make a client for asyncio, in a running loop."""
    return lambda cluster: AsyncBackupClient(cluster.url, cluster.token)
