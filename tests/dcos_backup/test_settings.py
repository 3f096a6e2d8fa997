from pathlib import Path

import pytest

from simulator.dcos_backup.errors import CommandError
from simulator.dcos_backup.settings import settings_from

ENVIRON = {"DCOS_URL": "https://dcos.example.com/", "DCOS_ACS_TOKEN": "secret", "PATH": ""}


def dcos_command(folder: Path, script: str) -> dict[str, str]:
    """Put a ``dcos`` command into a folder; return an environment that finds it."""
    command = folder / "dcos"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://dcos.example.com", (True, "dcos.example.com", 443, "")),
        ("https://dcos.example.com/", (True, "dcos.example.com", 443, "")),
        ("http://10.0.0.1:8080//", (False, "10.0.0.1", 8080, "")),
        ("http://[::1]:8080", (False, "::1", 8080, "")),
        (" HTTPS://DCOS.example.com/a b/c/ ", (True, "dcos.example.com", 443, "/a%20b/c")),
    ],
)
def test_a_url_says_where_the_cluster_is(url: str, expected: tuple[object, ...]) -> None:
    """It may have a path, and slashes at its end."""
    assert settings_from({**ENVIRON, "DCOS_URL": url}, None)[:4] == expected


@pytest.mark.parametrize(
    "url",
    [
        "dcos.example.com",
        "ftp://a",
        "https://",
        "http://a:b",
        "http://a:0",
        "http://a?b",
        "http://u@a",
        "http://[::1",
        "http://a b",
        "http://a/\udce9",
    ],
)
def test_a_url_that_cannot_be_is_refused(url: str) -> None:
    """The sentence shows what one looks like."""
    with pytest.raises(CommandError, match="must look like https://dcos"):
        settings_from({**ENVIRON, "DCOS_URL": url}, None)


def test_a_token_that_cannot_be_is_refused_and_not_shown() -> None:
    """It would break the request's headers."""
    with pytest.raises(CommandError, match="holds characters") as caught:
        settings_from({**ENVIRON, "DCOS_ACS_TOKEN": "secret\r\nX: y"}, None)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False)])
def test_certificates_are_checked_unless_told_otherwise(value: str, *, expected: bool) -> None:
    """DCOS_TLS_INSECURE is a truth value as Go reads one."""
    assert not settings_from(ENVIRON, None).is_insecure
    assert settings_from({**ENVIRON, "DCOS_TLS_INSECURE": value}, None).is_insecure is expected


def test_the_option_goes_before_the_environment_for_the_timeout() -> None:
    """Else there are ten seconds."""
    environ = {**ENVIRON, "DCOS_BACKUP_REQUEST_TIMEOUT": "3"}
    assert settings_from(ENVIRON, None).request_timeout == 10
    assert settings_from(environ, None).request_timeout == 3
    assert settings_from(environ, 2.5).request_timeout == 2.5
    with pytest.raises(CommandError, match="DCOS_BACKUP_REQUEST_TIMEOUT must be"):
        settings_from({**environ, "DCOS_BACKUP_REQUEST_TIMEOUT": "soon"}, None)


def test_what_the_environment_lacks_is_asked_of_dcos(tmp_path: Path) -> None:
    """It prints one value on a line."""
    environ = dcos_command(tmp_path, '[ "$1 $2" = "config show" ] && echo "http://$3"')
    settings = settings_from({**environ, "DCOS_ACS_TOKEN": "secret"}, None)
    assert (settings.host, settings.token) == ("core.dcos_url", "secret")
    settings = settings_from({**environ, "DCOS_URL": "http://a"}, None)
    assert (settings.host, settings.token) == ("a", "http://core.dcos_acs_token")


@pytest.mark.parametrize("script", ["exit 1", "exit 0", "echo; exit 0"])
def test_a_dcos_without_a_cluster_leads_to_one_sentence(tmp_path: Path, script: str) -> None:
    """It says what to do."""
    environ = dcos_command(tmp_path, script)
    with pytest.raises(CommandError, match="set DCOS_URL or run `dcos cluster setup`"):
        settings_from(environ, None)
    with pytest.raises(CommandError, match="set DCOS_ACS_TOKEN or run `dcos auth login`"):
        settings_from({**environ, "DCOS_URL": "http://a"}, None)


def test_no_dcos_at_all_leads_to_one_sentence(tmp_path: Path) -> None:
    """Neither on PATH nor startable."""
    with pytest.raises(CommandError, match=r"^no cluster is known: set DCOS_URL or run"):
        settings_from({"PATH": str(tmp_path)}, None)
    (tmp_path / "dcos").write_text("")
    with pytest.raises(CommandError, match=r"^no cluster is known: .*permission denied"):
        settings_from({"PATH": str(tmp_path)}, None)
