"""The cluster that is recorded: where it is, how it is reached, what can go wrong on the way."""

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

from simulator.core.faults import Ending

_PORTS: Final = {"http": 80, "https": 443}

HEAD_MAX: Final = 1024 * 1024
"""Bytes of the head of an answer, at most."""

CLOSED: Final = "net::ERR_EMPTY_RESPONSE"
RESET: Final = "net::ERR_CONNECTION_RESET"
REFUSED: Final = "net::ERR_CONNECTION_REFUSED"
TIMED_OUT: Final = "net::ERR_TIMED_OUT"
UNKNOWN_NAME: Final = "net::ERR_NAME_NOT_RESOLVED"
UNREACHABLE: Final = "net::ERR_ADDRESS_UNREACHABLE"
UNTRUSTED: Final = "net::ERR_CERT_AUTHORITY_INVALID"
TLS_FAILED: Final = "net::ERR_SSL_PROTOCOL_ERROR"
NO_HTTP: Final = "net::ERR_INVALID_HTTP_RESPONSE"
FAILED: Final = "net::ERR_FAILED"
TOO_SHORT: Final = "net::ERR_CONTENT_LENGTH_MISMATCH"
CHUNKS_BROKEN: Final = "net::ERR_INCOMPLETE_CHUNKED_ENCODING"

SENTENCES: Final = {
    CLOSED: "the upstream closed the connection without an answer",
    RESET: "the upstream reset the connection",
    REFUSED: "the upstream refused the connection: nothing listens there",
    TIMED_OUT: "no answer until the client gave up, or the network did",
    UNKNOWN_NAME: "the name of the upstream is not known",
    UNREACHABLE: "the upstream cannot be reached",
    UNTRUSTED: "the certificate of the upstream is not trusted; name who signed it with "
    "--ca-cert FILE, or say --insecure",
    TLS_FAILED: "no TLS could be agreed upon; does the upstream talk plain http?",
    NO_HTTP: "what the upstream sent is no HTTP",
    FAILED: "this request could not be passed on as it came",
    TOO_SHORT: "the upstream ended its answer too early",
    CHUNKS_BROKEN: "the upstream ended its answer too early, or broke it",
}
"""What went wrong, for people, by the words of a browser for it, which a HAR holds."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where a cluster is.

    Attributes:
        scheme: ``http`` or ``https``.
        host: a name or an address, without brackets.
        port: its port.
        tls: what is asked of its certificate; None for http.
    """

    scheme: str
    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """What a client writes into ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Its URL, without a path."""
        return f"{self.scheme}://{self.authority}"

    def target_of(self, location: str) -> str | None:
        """Return path and query of a URL on this upstream; None for any other."""
        try:
            parts = urlsplit(location)
            scheme = parts.scheme or self.scheme
            port = parts.port or _PORTS.get(scheme)
        except ValueError:
            return None
        if (scheme, parts.hostname, port) != (self.scheme, self.host, self.port):
            return None
        return location.partition("//")[2].removeprefix(parts.netloc)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection of its own for one request: none is ever sent twice."""
        name = self.host if self.tls else None
        return await asyncio.open_connection(
            self.host, self.port, ssl=self.tls, server_hostname=name, limit=HEAD_MAX
        )


def upstream_of(url: str, *, insecure: bool = False, ca_cert: str = "") -> Upstream:
    """Read what a user has said of an upstream.

    Raises:
        ValueError: with one sentence, when it is no URL of a cluster, or the file no certificate.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"--upstream {url}: is no URL: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise ValueError(f"--upstream {url}: is no URL; write one like https://master.example")
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(
            "--upstream takes scheme, host and port only; paths and logins are the client's to send"
        )
    if parts.scheme == "http" and (insecure or ca_cert):
        raise ValueError("--insecure and --ca-cert are for an upstream with https://")
    tls = _tls(insecure=insecure, ca_cert=ca_cert) if parts.scheme == "https" else None
    return Upstream(
        scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme], tls=tls
    )


def _tls(*, insecure: bool, ca_cert: str) -> ssl.SSLContext:
    if insecure and ca_cert:
        raise ValueError("take one of --insecure and --ca-cert")
    try:
        context = ssl.create_default_context(cafile=ca_cert or None)
    except ssl.SSLError:
        raise ValueError(f"--ca-cert {ca_cert}: holds no certificate (PEM)") from None
    except OSError as error:
        raise ValueError(f"--ca-cert {ca_cert}: cannot be read: {error.strerror}") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


_TROUBLES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ssl.SSLCertVerificationError, UNTRUSTED),
    (ssl.SSLError, TLS_FAILED),
    (socket.gaierror, UNKNOWN_NAME),
    (UnicodeError, UNKNOWN_NAME),
    (TimeoutError, TIMED_OUT),
    (ConnectionRefusedError, REFUSED),
    (ConnectionResetError, RESET),
    (BrokenPipeError, RESET),
    (OSError, UNREACHABLE),
    (Exception, CLOSED),
)
"""What an exception is in the words of a browser; the first that fits."""


def trouble_of(error: Exception) -> tuple[str, Ending]:
    """Return a browser's words for why there is no answer, and how its client is to see it."""
    trouble = next(words for kind, words in _TROUBLES if isinstance(error, kind))
    # Those of several addresses of one host are joined into one, which has no number.
    if trouble == UNREACHABLE and f"[Errno {errno.ECONNREFUSED}]" in str(error):
        trouble = REFUSED
    return trouble, Ending.RESET if trouble == RESET else Ending.CLOSE
