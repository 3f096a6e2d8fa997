"""The backup API over HTTP. Nothing is tried twice here: only who asks knows if that is safe."""

import json
import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import Event, Timer
from typing import Final, NamedTuple, final
from urllib.parse import quote

from simulator.dcos_backup.documents import (
    Document,
    backup_in,
    backups_in,
    message_in,
    nonsense,
    parsed,
    tidy,
)
from simulator.dcos_backup.errors import CommandError, ServiceError
from simulator.dcos_backup.settings import Settings

BASE_PATH: Final = "/system/v1/backup/v1"
CHUNK_BYTES: Final = 65536

OK: Final = 200
BAD_REQUEST: Final = 400

_PASSING: Final = frozenset({500, 502, 503, 504})
_UNSURE: Final = frozenset({502, 504})
"""Admin Router writes these when the service may have heard the request, but did not answer."""

_OTHER_SUCCESSES: Final = range(201, 300)
"""None is documented, so none is taken for success."""

_ADVICE: Final = {
    401: "the token is not accepted, run `dcos auth login`",
    403: "you are not authorized to do this",
}


class _Answer(NamedTuple):
    status: int
    location: str
    body: bytes


@final
class BackupService:
    """The backup service of one cluster. Every method raises ServiceError where it fails.

    Args:
        settings: where it is.

    Raises:
        CommandError: when the file of certificates cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls = _tls(settings) if settings.is_https else None
        self._headers = {
            "Accept": "application/json",
            "Authorization": f"token={settings.token}",
            "User-Agent": "dcos-backup",
        }

    def list(self, prefix: str) -> list[Document]:
        """List the backups whose id begins with ``prefix``, in the order of the service."""
        query = f"?prefix={quote(prefix, safe='')}" if prefix else ""
        return backups_in(parsed(self._ask("GET", f"/list{query}")), prefix)

    def show(self, backup_id: str) -> Document | None:
        """Return one backup; None where there is none. The API has a list for that only."""
        return next((each for each in self.list(backup_id) if each["id"] == backup_id), None)

    def create(self, label: str) -> Document | None:
        """Start a backup; return it, or None where the answer does not say which it is."""
        value = parsed(self._ask("POST", "/create", {"label": label}) or b"{}")
        if isinstance(value, dict) and "id" not in value:
            return None
        backup = backup_in(value)
        if not backup["id"].startswith(f"{label}-"):
            raise nonsense(f"is about backup {tidy(backup['id'])}")
        return backup

    def restore(self, backup_id: str) -> Document:
        """Start to restore a backup; return it."""
        backup = backup_in(parsed(self._ask("POST", "/restore", {"id": backup_id})))
        if backup["id"] != backup_id:
            raise nonsense(f"is about backup {tidy(backup['id'])}")
        return backup

    def delete(self, backup_id: str) -> None:
        """Delete a backup. The answer's body is not documented; an empty one is usual."""
        body = self._ask("DELETE", "/delete", {"id": backup_id})
        if body.strip():
            parsed(body)

    def _ask(self, method: str, path: str, document: object = None) -> bytes:
        answer = self._exchange(method, f"{self._settings.path}{BASE_PATH}{path}", document)
        if answer.status != OK:
            raise ServiceError(
                _refusal(answer),
                status=answer.status,
                passing=answer.status in _PASSING,
                unsure=answer.status in _UNSURE or answer.status in _OTHER_SUCCESSES,
            )
        return answer.body

    def _exchange(self, method: str, path: str, document: object) -> _Answer:
        """Send one request on a connection of its own and read the whole answer."""
        connection = self._connect()
        sock = connection.sock
        # A timeout of a socket is for one read: an answer that drips could go on for ever.
        alarm = Timer(self._settings.request_timeout, _hang_up, [sock, hung_up := Event()])
        alarm.daemon = True
        alarm.start()
        headers = dict(self._headers)
        body = None
        if document is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(document).encode()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            chunks = []
            while chunk := response.read1(CHUNK_BYTES):
                chunks.append(chunk)
            if hung_up.is_set():
                raise TimeoutError  # what was read may be a part: the end is our own
            return _whole(response, b"".join(chunks))
        except (OSError, HTTPException) as error:
            is_late = isinstance(error, TimeoutError) or hung_up.is_set()
            late = f"no answer within {self._settings.request_timeout:g} s"
            raise self._no_answer(late if is_late else _what_broke(error)) from None
        finally:
            alarm.cancel()
            connection.close()

    def _no_answer(self, problem: str) -> ServiceError:
        return ServiceError(problem, passing=True, unsure=True)

    def _connect(self) -> HTTPConnection:
        """Connect; where that fails nothing was asked yet."""
        host, port, timeout = (
            self._settings.host,
            self._settings.port,
            self._settings.request_timeout,
        )
        if self._tls:
            connection: HTTPConnection = HTTPSConnection(
                host, port, timeout=timeout, context=self._tls
            )
        else:
            connection = HTTPConnection(host, port, timeout=timeout)
        where = f"{host}:{port}"
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise ServiceError(
                f"the certificate of {where} is not trusted ({error.verify_message}); set "
                "DCOS_TLS_CA_PATH, or DCOS_TLS_INSECURE=1 to go without"
            ) from None
        except ssl.SSLEOFError as error:
            raise ServiceError(f"cannot connect to {where}: {error.reason}", passing=True) from None
        except ssl.SSLError as error:
            raise ServiceError(f"cannot speak TLS with {where}: {error.reason}") from None
        except TimeoutError:
            raise ServiceError(
                f"cannot connect to {where} within {timeout:g} s", passing=True
            ) from None
        except OSError as error:
            raise ServiceError(
                f"cannot connect to {where}: {_reason(error)}", passing=True
            ) from None
        except ValueError:  # a name that cannot be one of a host
            raise ServiceError(f"cannot connect to {where}: this is no host's name") from None
        return connection


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_path or None)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(
            f"DCOS_TLS_CA_PATH {settings.ca_path!r} cannot be used: {reason}"
        ) from None
    if settings.is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _whole(response: HTTPResponse, body: bytes) -> _Answer:
    """Return the answer; ``read1`` does not tell an early end from the end."""
    if response.length:
        raise ServiceError(
            f"HTTP {response.status}, but the answer is cut short", passing=True, unsure=True
        )
    return _Answer(response.status, response.headers.get("Location", ""), body)


def _refusal(answer: _Answer) -> str:
    said = message_in(answer.body).removeprefix(f"{answer.status} ") or "without a word"
    if answer.location:
        said = f"redirected to {tidy(answer.location)}, set DCOS_URL to where the cluster is"
    if advice := _ADVICE.get(answer.status):
        said = f"{said} ({advice})"
    return f"HTTP {answer.status}: {said}"


def _what_broke(error: OSError | HTTPException) -> str:
    """Say what became of an answer that was not whole."""
    if isinstance(error, OSError):
        return f"the connection was lost ({_reason(error)})"
    if isinstance(error, IncompleteRead):
        return "the answer is cut short"
    return f"the answer is broken ({type(error).__name__})"


def _hang_up(sock: socket.socket, hung_up: Event) -> None:
    """End a connection from another thread; whoever reads from it gets an end or an error."""
    hung_up.set()
    with suppress(OSError):  # it has ended already
        sock.shutdown(socket.SHUT_RDWR)


def _reason(error: OSError) -> str:
    return error.strerror or tidy(str(error)) or type(error).__name__
