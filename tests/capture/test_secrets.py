"""Thirty secrets are planted in every input that can hold them; none may come out anywhere."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from simulator.capture.reproduce import reproduce
from simulator.capture.sightings import CaptureError

Run = Callable[..., CompletedProcess[str]]

UUID = "317c19df-34e4-41a0-93c9-d66c7f307208"
PAYLOAD = base64.urlsafe_b64encode(b'{"uid": "wilma.jwt"}').decode().rstrip("=")

SECRETS = {
    "jwt": f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.c2lnbmF0dXJlLW9mLWFsbA",
    "token": "tok3n-0f-th3-h34d3r",
    "bearer": "b34r3r-0f-pr0xy",
    "query token": "qu3ry-t0k3n-77",
    "login token": "l0g1n-t0k3n-answer",
    "service key": "s3rv1c3-k3y-value",
    "aws key": "AKIAQX7EXAMPLEKEYS12",
    "long key": "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzKEYab12cd34",
    "private key": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "cookie": "c00k13-0f-br0ws3r",
    "set cookie": "c00k13-0f-4nsw3r",
    "info cookie": "eyJ1aWQiOiAid2lsbWEuandjIn0x",
    "session": "n0d3-s3ss10n-42",
    "password": "hunter2-of-alice",
    "basic password": "horse-battery",
    "url password": "pa55-in-the-url",
    "text password": "pa55-in-a-text",
    "login user": "alice.cooper",
    "basic user": "basil.brush",
    "url user": "ursula.url",
    "jwt user": "wilma.jwt",
    "mail": "eve.mail@corp-of-eve.com",
    "text user": "norbert.named",
    "api host": "dcos.lab-of-eve.com",
    "short host": "master-eve-1",
    "text host": "marathon-eve.corp.internal",
    "aws host": "ip-10-44-55-66.us-west-2.compute.internal",
    "client address": "10.44.55.66",
    "server address": "172.31.77.88",
    "forwarded address": "10.99.88.77",
    "address in a text": "192.168.123.45",
    "address of six": "fe80::dead:beef:cafe:1234",
}
"""By where they stand."""

REASON = (
    f"could not reach http://{SECRETS['short host']}:8080/ or {SECRETS['text host']}:8181 or "
    f"{SECRETS['aws host']} ({SECRETS['address in a text']}, [{SECRETS['address of six']}]:80): "
    f"user "
    f"'{SECRETS['text user']}' <{SECRETS['mail']}> password={SECRETS['text password']} "
    f"JSESSIONID={SECRETS['session']} {SECRETS['aws key']} {SECRETS['long key']} "
    f"secret_key: {SECRETS['service key']} -----BEGIN PRIVATE KEY-----\n{SECRETS['private key']}\n"
    f"-----END PRIVATE KEY----- {SECRETS['jwt']}"
)
"""An error text that holds all that can stand in one."""

MORE = (
    f"{REASON} token={SECRETS['token']} Bearer {SECRETS['bearer']} "
    f"https://{SECRETS['url user']}:{SECRETS['url password']}@{SECRETS['api host']}/?"
    f"access_token={SECRETS['query token']} uid={SECRETS['login user']}"
)


def document(status: str, **more: object) -> dict[str, object]:
    """Return a backup as the API shows it."""
    component: dict[str, object] = {"status": status, **more}
    return {
        "dcos_version": "1.13.0",
        "id": f"nightly-{UUID}",
        "component_status": {"marathon": component},
        "timestamp": "2019-03-18T23:16:33.265478871Z",
        "status": status,
    }


FAILED = document("STATUS_ERROR", error=REASON)
ODD = {**document("STATUS_ERROR", error=MORE, detail=[{MORE: MORE}]), "note": MORE}
RUNS = document("STATUS_BACKING_UP")


# --- the formats ---------------------------------------------------------------------------------


def show() -> str:
    """Write what ``dcos backup show`` prints."""
    return json.dumps(ODD, indent=4)


def listed() -> str:
    """Write what ``dcos backup list --json`` prints."""
    return json.dumps([ODD])


def poll_log() -> str:
    """Write a log of polls, with commands in it."""
    command = (
        f"$ curl -u {SECRETS['basic user']}:{SECRETS['basic password']} "
        f"-H 'Authorization: token={SECRETS['token']}' 'https://{SECRETS['api host']}"
        f"/system/v1/backup/v1/list?token={SECRETS['query token']}'"
    )
    return "\n".join(
        [
            command,
            f"2019-03-18T23:16:50Z {json.dumps(RUNS)}",
            f"# {MORE}",
            f"2019-03-18T23:17:50Z {json.dumps(ODD)}",
        ]
    )


def curl() -> str:
    """Write what ``curl -v`` prints."""
    return "\n".join(
        [
            f"* Connected to {SECRETS['api host']} ({SECRETS['server address']}) port 443",
            f"* Server auth using Basic with user '{SECRETS['basic user']}'",
            "> POST /system/v1/backup/v1/create HTTP/1.1",
            f"> Host: {SECRETS['api host']}",
            f"> Authorization: token={SECRETS['token']}",
            f"> Cookie: dcos-acs-auth-cookie={SECRETS['cookie']}; {SECRETS['info cookie']}",
            f"> X-Forwarded-For: {SECRETS['forwarded address']}",
            ">",
            "< HTTP/1.1 502 Bad Gateway",
            "< Date: Mon, 18 Mar 2019 23:16:30 GMT",
            "< Content-Type: text/html",
            f"< Set-Cookie: sid={SECRETS['set cookie']}; Path=/",
            "<",
            f"<h1>{SECRETS['short host']} {MORE} {SECRETS['cookie']} {SECRETS['set cookie']}</h1>",
            "* Connection #0 left intact",
            f"$ curl -i https://{SECRETS['api host']}/system/v1/backup/v1/list",
            "HTTP/1.1 200 OK",
            "Date: Mon, 18 Mar 2019 23:17:30 GMT",
            f"Set-Cookie: sid={SECRETS['set cookie']}",
            "",
            json.dumps([ODD]),
        ]
    )


def entry(
    method: str, path: str, status: int, answer: str, sent: str = "", *, encoded: bool = False
) -> dict[str, object]:
    """Return an entry of a HAR with secrets in all of its corners."""
    text = base64.b64encode(answer.encode()).decode() if encoded else answer
    return {
        "startedDateTime": "2019-03-18T23:16:33.200Z",
        "serverIPAddress": SECRETS["server address"],
        "connection": SECRETS["client address"],
        "request": {
            "method": method,
            "url": f"https://{SECRETS['url user']}:{SECRETS['url password']}@{SECRETS['api host']}"
            f"{path}?token={SECRETS['query token']}",
            "headers": [
                {"name": "Authorization", "value": f"token={SECRETS['token']}"},
                {"name": "Proxy-Authorization", "value": f"Bearer {SECRETS['bearer']}"},
                {"name": "Host", "value": SECRETS["api host"]},
                {"name": "X-Forwarded-For", "value": SECRETS["forwarded address"]},
                {"name": "Referer", "value": f"https://{SECRETS['short host']}/x"},
            ],
            "cookies": [{"name": "dcos-acs-auth-cookie", "value": SECRETS["cookie"]}],
            "postData": {"mimeType": "application/json", "text": sent},
        },
        "response": {
            "status": status,
            "headers": [
                {"name": "Content-Type", "value": "application/json"},
                {"name": "Set-Cookie", "value": f"sid={SECRETS['set cookie']}; Secure"},
            ],
            "cookies": [{"name": "sid", "value": SECRETS["set cookie"]}],
            "content": {"text": text, **({"encoding": "base64"} if encoded else {})},
        },
    }


def har() -> str:
    """Write a HAR with a login, a failure and a list, whose bodies name all that was learned."""
    told = {**document("STATUS_ERROR", error=MORE), "all": " ".join(SECRETS.values())}
    login = json.dumps({"uid": SECRETS["login user"], "password": SECRETS["password"]})
    answer = json.dumps({"token": SECRETS["login token"]})
    entries = [
        entry("GET", "/system/v1/backup/v1/list", 502, f"<h1>{MORE}</h1>"),
        entry("POST", "/acs/api/v1/auth/login", 200, answer, login),
        entry("GET", "/system/v1/backup/v1/list", 200, json.dumps([told]), encoded=True),
    ]
    entries[1]["request"]["headers"].append(  # type: ignore[index] # a list, see above
        {
            "name": "Authorization",
            "value": "Basic "
            + base64.b64encode(
                f"{SECRETS['basic user']}:{SECRETS['basic password']}".encode()
            ).decode(),
        }
    )
    entries[1]["request"]["headers"].append(  # type: ignore[index]
        {"name": "Cookie", "value": f"info={SECRETS['info cookie']}"}
    )
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def journal() -> str:
    """Write entries of a journal."""
    exchange = {
        "kind": "Exchange",
        "number": 1,
        "at": "2019-03-18T23:17:33Z",
        "method": "GET",
        "target": f"/system/v1/backup/v1/list?token={SECRETS['query token']}",
        "headers": [["Authorization", f"token={SECRETS['token']}"], ["Cookie", SECRETS["cookie"]]],
        "request_body": "",
        "operation": "list",
        "status": 200,
        "response_body": json.dumps([ODD]),
        "why": MORE,
        "fault": MORE,
    }
    return json.dumps(exchange)


def report() -> str:
    """Write a JSON report with one scenario that failed."""
    scenario = {
        "id": "bad@mine",
        "outcome": "failed",
        "start": "2019-03-18T23:16:33Z",
        "timeline": [json.loads(journal())],
        "findings": [{"found": MORE}],
    }
    return json.dumps({"format": 1, "versions": {}, "summary": {}, "scenarios": [scenario]})


FORMATS = [show, listed, poll_log, curl, har, journal, report]


def leaks(*texts: str) -> list[str]:
    """Return where the secrets stand that a text still holds; line ends do not hide them."""
    whole = " ".join(" ".join(text.split()) for text in texts)
    plain = whole.replace("# ", "").replace(" ", "")
    return [name for name, secret in SECRETS.items() if secret in whole or secret in plain]


def test_there_are_thirty() -> None:
    """All different, and none a part of another."""
    assert len(SECRETS) >= 30
    values = list(SECRETS.values())
    assert not [(a, b) for a in values for b in values if a != b and a in b and "jwt" not in a]


@pytest.mark.parametrize("written", FORMATS, ids=lambda written: written.__name__)
def test_no_secret_of_any_input_comes_out(
    written: Callable[[], str], tmp_path: Path, dcos_sim: Run
) -> None:
    """Neither in the scenario nor in what is said; and the scenario still gives the rest back."""
    text = written()
    planted = leaks(text)
    assert len(planted) >= 15
    (tmp_path / "input.txt").write_text(text, encoding="utf-8")
    made = dcos_sim("reproduce", "input.txt")
    assert leaks(made.stdout, made.stderr) == []
    assert "differs" not in made.stderr, made.stderr
    assert made.returncode == 0
    assert "STATUS_ERROR" in made.stdout


@pytest.mark.parametrize("written", FORMATS, ids=lambda written: written.__name__)
@pytest.mark.parametrize("part", [0.5, 0.8, 0.97])
def test_no_secret_of_a_damaged_input_comes_out(
    written: Callable[[], str], part: float, tmp_path: Path
) -> None:
    """Whether something can be made of it or not."""
    text = written()
    path = tmp_path / "input.txt"
    path.write_text(text[: int(len(text) * part)], encoding="utf-8")
    try:
        made = reproduce([str(path)])
        said = [made.text, *made.seen, *made.guessed, *made.replaced, *made.differs]
    except CaptureError as error:
        said = [str(error)]
    assert leaks(*said) == []


def test_no_secret_of_other_json_comes_out(tmp_path: Path, dcos_sim: Run) -> None:
    """What is said of it quotes nothing."""
    (tmp_path / "other.json").write_text(json.dumps({"apps": [SECRETS, MORE]}), encoding="utf-8")
    refused = dcos_sim("reproduce", "other.json")
    assert refused.returncode == 4
    assert leaks(refused.stdout, refused.stderr) == []


def test_a_label_that_holds_a_secret_stays_a_label(tmp_path: Path) -> None:
    """Also where the stand-in has another length; ids, prefixes and creates stay together."""
    label = "master-eve-1.backup"
    shown = {**RUNS, "id": f"{label}-{UUID}"}
    lines = [
        '$ curl -i https://master-eve-1/system/v1/backup/v1/create -d \'{"label": "'
        + label
        + "\"}'",
        "HTTP/1.1 200 OK",
        "Date: Mon, 18 Mar 2019 23:16:33 GMT",
        "",
        json.dumps(shown),
        f"$ curl -i 'https://master-eve-1/system/v1/backup/v1/list?prefix={label}-'",
        "HTTP/1.1 200 OK",
        "Date: Mon, 18 Mar 2019 23:17:33 GMT",
        "",
        json.dumps([shown]),
    ]
    path = tmp_path / "curl.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    made = reproduce([str(path)])
    assert "master-eve-1" not in made.text
    assert made.differs == ()


def test_what_is_kept_comes_out(tmp_path: Path) -> None:
    """Hosts and addresses, where somebody wants them."""
    path = tmp_path / "show.json"
    path.write_text(show(), encoding="utf-8")
    made = reproduce([str(path)], ["host", "address"])
    assert {"short host", "text host", "address in a text"} <= set(leaks(made.text))
    assert not {"jwt", "token", "text password", "text user"} & set(leaks(made.text))
