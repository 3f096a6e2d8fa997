"""A blocking client of the DC/OS backup service, with httpx.

    with open_client("https://dcos.example.com", token) as backups:
        print(backups.create("nightly")["id"])

Nothing is retried here: only who asks knows whether it is safe to ask twice.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import httpx

Backup: TypeAlias = dict[str, Any]
"""A backup as the service shows it, untouched: clusters may know more than their documents."""

Backups: TypeAlias = list[Backup]

BASE_PATH = "/system/v1/backup/v1"
OK = 200
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

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def create(self, label: str) -> Backup:
        """Start a backup and return it; its id is new."""
        return _backup_in(self._ask("POST", "/create", {"label": label}))

    def list(self, prefix: str = "") -> Backups:
        """List the backups whose ids begin with a prefix."""
        backups = self._ask("GET", "/list", query={"prefix": prefix} if prefix else None)
        if not isinstance(backups, list):
            raise BackupError("the answer is no list of backups", OK, may_pass=True)
        return [_backup_in(each) for each in backups]

    def show(self, backup_id: str) -> Backup:
        """Return one backup. The service can only list, and by prefix: the id must be the same."""
        for backup in self.list(backup_id):
            if backup["id"] == backup_id:
                return backup
        raise BackupError(f"there is no backup {backup_id}")

    def restore(self, backup_id: str) -> Backup:
        """Start to restore a backup and return it; ``restores`` in it shows how far that is."""
        return _backup_in(self._ask("POST", "/restore", {"id": backup_id}))

    def delete(self, backup_id: str) -> None:
        """Delete a backup."""
        self._ask("DELETE", "/delete", {"id": backup_id})

    def _ask(
        self, method: str, path: str, body: object = None, query: dict[str, str] | None = None
    ) -> object:
        """Send one request; return what the JSON of its answer says, None for an empty one."""
        try:
            response = self._http.request(method, path, json=body, params=query)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise BackupError(f"cannot connect: {error}", may_pass=True) from error
        except httpx.RequestError as error:
            # It may have arrived, and been carried out.
            raise TimeoutError(f"no usable answer: {str(error) or type(error).__name__}") from error
        status = response.status_code
        if status != OK:
            message = f"HTTP {status}: {_message_in(response)}"
            raise BackupError(message, status, may_pass=response.is_server_error)
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise BackupError("the answer is not JSON", status, may_pass=True) from error


def _backup_in(document: object) -> Backup:
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise BackupError("the answer holds something that is no backup", OK, may_pass=True)
    return document


def _message_in(response: httpx.Response) -> str:
    """Return the service's own words, or the title of a page that Admin Router wrote."""
    try:
        return "; ".join(str(error) for error in response.json()["errors"])
    except (ValueError, KeyError, TypeError):
        title = re.search(r"<title>(.*?)</title>", response.text, re.DOTALL)
        said = title[1] if title else response.text
        return " ".join(said.split())[:MESSAGE_LENGTH_MAX] or "no text"


@contextmanager
def open_client(url: str, token: str, ca_path: str = "") -> Iterator[BackupClient]:
    """Open a client; redirects are not followed, since a redirected POST may become a GET.

    Args:
        url: of the cluster.
        token: of DC/OS, as ``dcos auth login`` gets it.
        ca_path: of a PEM file with the cluster's certificate authority.
    """
    with httpx.Client(
        base_url=url.rstrip("/") + BASE_PATH,
        headers={"Authorization": f"token={token}", "Accept": "application/json"},
        timeout=TIMEOUT_SECONDS,
        verify=ssl.create_default_context(cafile=ca_path) if ca_path else True,
    ) as http:
        yield BackupClient(http)


class Target(Protocol):
    """What the harness says of the cluster."""

    url: str
    token: str
    ca_cert: str


def make_client(target: Target) -> AbstractContextManager[BackupClient]:
    """Make a client for the harness, which opens and closes it."""
    return open_client(target.url, target.token, target.ca_cert)
