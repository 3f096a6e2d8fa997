"""Secrets of client profiles: none gets into a bundle, and what is none stays as it is."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.capture.bundles.profile_secrets import ProfileSecrets
from simulator.harness.clients import client_kind
from simulator.harness.language.profile_file import load_profile

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOiJ4In0.c2lnbmF0dXJl"
START = "client: odd\nkind: command\noperations: {list: [./list.sh]}\n"


def secrets_of(folder: Path, text: str) -> ProfileSecrets:
    """Load a profile of this text."""
    path = folder / "odd.client.yaml"
    path.write_text(text, encoding="utf-8")
    return ProfileSecrets(load_profile(path))


def redacted(folder: Path, text: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return the profile that would be bundled, which must be a good one."""
    done = secrets_of(folder, text).profile_text()
    path = folder / "done.client.yaml"
    path.write_text(done, encoding="utf-8")
    load_profile(path)
    return yaml.load(done, Loader=yaml.BaseLoader)  # noqa: S506 - all is text


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("DCOS_ACS_TOKEN", "{token}", "{token}"),
        ("AUTHORIZATION", "token={token}", "token={token}"),
        ("AUTHORIZATION", "Bearer {token?}", "Bearer {token?}"),
        ("DCOS_ACS_TOKEN", "abc", "redacted"),
        ("MY_PASSWORD", "hunter2", "redacted"),
        ("API_KEY", "0123456", "redacted"),
        ("client_secret", "x", "redacted"),
        ("BASIC_AUTH", "admin:{password}x", "redacted"),
        ("AUTH_ENABLED", "true", "true"),
        ("KEY_FILE", "/etc/keys/one.pem", "/etc/keys/one.pem"),
        ("MONKEY", "banana", "banana"),
        ("PLAIN", JWT, "token-1"),
        ("HEADER", "Authorization: token=abcdef", "Authorization: token=token-1"),
        ("HEADER", "Authorization: token={token}", "Authorization: token={token}"),
        ("PROXY", "http://me:pa55word@localhost:3128", "http://me:password-1@localhost:3128"),
        ("URL", "{url}/service?access_token=abcdef1", "{url}/service?access_token=token-1"),
        ("LIMIT", "100", "100"),
    ],
)
def test_values_of_the_environment(tmp_path: Path, name: str, value: str, wanted: str) -> None:
    """By their names, or by their form; placeholders and switches are no secrets."""
    done = redacted(tmp_path, f"{START}env: {json.dumps({name: value})}\n")
    assert done["env"] == {name: wanted}


def test_words_of_every_command_line(tmp_path: Path) -> None:
    """As a list or in one text; the word behind an option that names a secret, too."""
    done = redacted(
        tmp_path,
        """
client: odd
kind: command
setup:
  - ./login.sh --password hunter2 --user admin "{url}"
operations:
  list: [curl, --header, "Authorization: token={token}", "{url}/list"]
  show: ./show.sh --token=abcdef1 {id}
programs:
  backup: {run: [./run.sh, --api-key, --verbose, -p, "{label}"], timeout: 9s}
known_failing: {"flow/*": it says password=hunter2}
""",
    )
    assert done["setup"] == [["./login.sh", "--password", "redacted", "--user", "admin", "{url}"]]
    assert done["operations"] == {
        "list": ["curl", "--header", "Authorization: token={token}", "{url}/list"],
        "show": ["./show.sh", "--token=token-1", "{id}"],
    }
    run = ["./run.sh", "--api-key", "--verbose", "-p", "{label}"]
    assert done["programs"] == {"backup": {"run": run, "timeout": "9s"}}
    assert done["known_failing"] == {"flow/*": "it says password=password-1"}


def test_comments_are_left_out(tmp_path: Path) -> None:
    """Nobody knows what stands in them."""
    assert "hunter2" not in secrets_of(tmp_path, f"# hunter2\n{START}").profile_text()


def test_what_was_taken_out_is_taken_out_of_the_journal(tmp_path: Path) -> None:
    """By the same stand-in: so the redacted profile sends what is in the redacted journal."""
    text = f"{START}env: {{API_TOKEN: hunter22, OTHER: 'x {JWT}', PIN: '12'}}\n"
    secrets = secrets_of(tmp_path, text)
    assert secrets.count == 3
    line = json.dumps({"headers": [["X-Key", "hunter22"]], "target": f"/{JWT}?12", "status": 200})
    wanted = {"headers": [["X-Key", "redacted"]], "target": "/token-1?12", "status": 200}
    assert json.loads(secrets.line(line)) == wanted
    assert secrets.text("it said hunter22") == "it said redacted"
    again = secrets_of(tmp_path, secrets.profile_text())
    assert again.count == 0
    assert again.line(line) is line


def test_the_built_in_client_has_no_secrets() -> None:
    """Its environment is made of placeholders."""
    secrets = ProfileSecrets(client_kind("http").profile)
    assert secrets.count == 0
    assert secrets.line('{"a":1}') == '{"a":1}'
