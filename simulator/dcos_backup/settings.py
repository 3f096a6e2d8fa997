"""Which cluster, as whom, and how: from the environment, else from the ``dcos`` command."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from simulator.dcos_backup.arguments import seconds
from simulator.dcos_backup.documents import one_line
from simulator.dcos_backup.errors import CommandError

REQUEST_TIMEOUT_SECONDS: Final = 10.0
DCOS_COMMAND_SECONDS_MAX: Final = 30
"""The older ``dcos`` command is Python and takes a second or two."""

SAID_MAX: Final = 200

_NOT_SET_UP: Final = "no cluster is known: set DCOS_URL or run `dcos cluster setup`"
_NOT_LOGGED_IN: Final = "no token is known: set DCOS_ACS_TOKEN or run `dcos auth login`"

_TRUE: Final = frozenset({"1", "t", "T", "true", "True", "TRUE"})
"""What Go reads as true: the ``dcos`` command sets these variables for its plugins."""


class Settings(NamedTuple):
    """Where requests go, and what they carry.

    Attributes:
        path: of the cluster's root, percent-encoded, without a slash at its end.
        ca_path: empty for the machine's own certificates.
        request_timeout: seconds.
    """

    is_https: bool
    host: str
    port: int
    path: str
    token: str
    is_insecure: bool
    ca_path: str
    request_timeout: float


def settings_from(environ: Mapping[str, str], request_timeout: float | None) -> Settings:
    """Gather the settings; runs ``dcos config show`` only for what the environment lacks.

    Raises:
        CommandError: when one is missing or cannot be right.
    """
    timeout = request_timeout or _timeout(environ)
    url = environ.get("DCOS_URL", "").strip()
    is_configured = not url
    url = url or _ask_dcos("core.dcos_url", environ, _NOT_SET_UP)
    is_https, host, port, path = _address(url, "`dcos config` says" if is_configured else "not")
    token = environ.get("DCOS_ACS_TOKEN", "").strip()
    token = token or _ask_dcos("core.dcos_acs_token", environ, _NOT_LOGGED_IN)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise CommandError("the token (DCOS_ACS_TOKEN) holds characters that no token has")
    is_insecure = environ.get("DCOS_TLS_INSECURE", "").strip() in _TRUE
    ca_path = environ.get("DCOS_TLS_CA_PATH", "")
    if is_https and is_configured and not is_insecure and not ca_path:
        is_insecure, ca_path = _verification(environ)
    return Settings(is_https, host, port, path, token, is_insecure, ca_path, timeout)


def _verification(environ: Mapping[str, str]) -> tuple[bool, str]:
    """Return how the ``dcos`` command checks certificates: whether not at all, and by which file.

    Source: dcos-cli: ``core.ssl_verify`` is true, false, or the path of a file of certificates.
    """
    try:
        value = _ask_dcos("core.ssl_verify", environ, "")
    except CommandError:
        return False, ""
    is_path = value.lower() not in {"true", "false", "1", "0"}
    return value.lower() in {"false", "0"}, value if is_path else ""


def _timeout(environ: Mapping[str, str]) -> float:
    name = "DCOS_BACKUP_REQUEST_TIMEOUT"
    text = environ.get(name, "")
    try:
        return seconds(text) if text else REQUEST_TIMEOUT_SECONDS
    except ValueError:
        raise CommandError(f"{name} must be a number of seconds above 0, not {text!r}") from None


def _address(url: str, found: str) -> tuple[bool, str, int, str]:
    problem = CommandError(
        f"the cluster's URL must look like https://dcos.example.com, {found} {url!r}"
    )
    try:
        parts = urlsplit(url)
        host, port, path = parts.hostname, parts.port, quote(parts.path.rstrip("/"), safe="/%:@~")
    except ValueError:
        raise problem from None
    if parts.scheme not in {"http", "https"} or not host or not host.isprintable() or " " in host:
        raise problem
    if parts.query or parts.fragment or parts.username is not None or port == 0:
        raise problem
    is_https = parts.scheme == "https"
    return is_https, host, port or (443 if is_https else 80), path


def _ask_dcos(key: str, environ: Mapping[str, str], problem: str) -> str:
    """Ask the ``dcos`` command for one value of its configuration."""
    import subprocess  # noqa: PLC0415 - seldom needed, and slow to import

    try:
        done = subprocess.run(  # noqa: S603 - no part of it is a client's
            ["dcos", "config", "show", key],  # noqa: S607 - the user's own, from PATH
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DCOS_COMMAND_SECONDS_MAX,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError(problem) from None
    except subprocess.TimeoutExpired:
        why = f"did not end within {DCOS_COMMAND_SECONDS_MAX} s"
    except OSError as error:
        why = f"cannot be started: {(error.strerror or str(error)).lower()}"
    except ValueError as error:
        why = f"cannot be started: {error}"
    else:
        value = done.stdout.decode(errors="replace").strip()
        if done.returncode == 0 and value:
            return value
        said = one_line(done.stderr.decode(errors="replace"))[-SAID_MAX:]
        why = f"said: {said}" if said else "gave no value"
    raise CommandError(f"{problem} (`dcos config show {key}` {why})")
