"""Secrets of all kinds, planted in every kind of input: none is in anything that comes out."""

import base64
import html
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from simulator.capture.reproduce import Reproduction, reproduce
from simulator.capture.sightings import CaptureError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def dcos_sim(tmp_path: Path) -> Run:
    """Return how to run ``dcos-sim`` as a process of its own, in the test's folder."""
    environment = {name: os.environ[name] for name in os.environ if "PYTEST" not in name}

    def dcos_sim(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "simulator.cli.main", *arguments],
            cwd=tmp_path,
            env={**environment, "COLUMNS": "120", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return dcos_sim


def encoded(value: object) -> str:
    """Encode JSON as the parts of tokens are."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt(uid: str) -> str:
    """Return a token of a user."""
    return f"{encoded({'alg': 'RS256'})}.{encoded({'uid': uid, 'exp': 1})}.c2lnbmVk{uid}XyZ"


SECRETS: Final[Mapping[str, str]] = {
    "token": "Zk3Qm9LxTr71BnVd",
    "bearer": "bX7pQ2wErt55YuIo",
    "token of a user": jwt("wanda-sre"),
    "token in a cookie": jwt("walter"),
    "info cookie": encoded({"uid": "wilma", "description": "Wilma"}),
    "token in a query": "qTok99zz11",
    "long hex": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "session": "s3ss10nAbcdef",
    "java session": "A1B2C3D4E5F6G7",
    "password": "c0rrect-h0rse",
    "odd password": 'p@ss/w"rd!9',
    "basic": base64.b64encode(b"heidi:b4sicPa55").decode(),
    "basic user": "heidi",
    "basic password": "b4sicPa55",
    "key id": "AKIAQ4ZTESTKEY7WXYZ2",
    "secret key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzTEST9KEY",
    "api key": "ak-77f1c2d9",
    "private key": "MIIEowIBAAKCAQEAtest9keyline1",
    "user of a token": "wanda-sre",
    "user of a cookie": "walter",
    "user of an info cookie": "wilma",
    "user": "bob77",
    "user who logs in": "dave_ops",
    "short user": "erin",
    "mail": "carol.smith@acme-corp.com",
    "user in a path": "trudy",
    "host": "opsbox17.acme-corp.internal",
    "short host": "opsbox17",
    "public host": "dcos.acme-corp.com",
    "host with a port": "zk-node-3",
    "cloud host": "ip-10-20-30-40.eu-west-1.compute.internal",
    "host of a shell": "bastion9",
    "IPv4": "10.20.30.41",
    "other IPv4": "172.16.9.8",
    "forwarded IPv4": "203.0.113.77",
    "IPv6": "fd12:3456::77",
    "local IPv6": "fe80::1ff:fe23:4567:890b",
    "hardware address": "0a:1b:2c:3d:4e:5f",
}
S: Final = SECRETS
TELLING: Final = f"""
cannot reach https://{S["short user"]}:{quote(S["password"])}@{S["host"]}:8443/v1?token={
    S["token in a query"]
}
Authorization: token={S["token"]}
Authorization: Bearer {S["bearer"]}
Authorization: Basic {S["basic"]}
Cookie: dcos-acs-auth-cookie={S["token in a cookie"]}; dcos-acs-info-cookie={S["info cookie"]}
Cookie: session={S["session"]}; JSESSIONID={S["java session"]}
used {S["token of a user"]} and {S["long hex"]}
config {json.dumps({"uid": S["user who logs in"], "password": S["odd password"]})}
aws_access_key_id={S["key id"]} aws_secret_access_key={S["secret key"]} api_key={S["api key"]}
-----BEGIN RSA PRIVATE KEY-----
{S["private key"]}
-----END RSA PRIVATE KEY-----
user '{S["user"]}' wrote to {S["mail"]} from /home/{S["user in a path"]}/backup
{S["user"]}@{S["host of a shell"]}:~$ ping {S["IPv4"]}
leader {S["host with a port"]}:2181, {S["cloud host"]}, {S["public host"]}/{S["other IPv4"]}:5051
for {S["forwarded IPv4"]}, [{S["IPv6"]}]:80, {S["local IPv6"]} at {S["hardware address"]}
""".strip()
BARE: Final = "; ".join(SECRETS.values())
"""Only those who have read the telling text know what of this is a secret."""

STAMPS: Final = [f"2019-03-18T23:{minute}:33.265478871Z" for minute in (10, 12, 14)]
UUIDS: Final = [f"317c19df-34e4-41a0-93c9-d66c7f30720{number}" for number in range(3)]
LABELS: Final = [
    f"nightly-{S['short host']}",
    f"{S['user who logs in']}.weekly",
    f"{S['short user']}-{S['user']}-{S['user of an info cookie']}-12345678",
]
IDS: Final = [f"{label}-{uuid}" for label, uuid in zip(LABELS, UUIDS, strict=True)]


def document(number: int, error: str, **extra: object) -> dict[str, Any]:
    """Return a backup that has failed."""
    component = {"status": "STATUS_ERROR", "error": error, "at": {S["short host"]: S["user"]}}
    return {
        "dcos_version": "1.13.0",
        "id": IDS[number],
        "component_status": {"marathon": component, S["short user"]: {"status": "STATUS_READY"}},
        "timestamp": STAMPS[number],
        "status": "STATUS_ERROR",
        "owner": S["user"],
        **extra,
    }


BACKUPS: Final = [
    document(0, BARE, **{S["host with a port"]: [S["user who logs in"], {"note": BARE}]}),
    document(1, f"{TELLING}\nsee {IDS[0]} and {IDS[2]}", peers=[S["IPv4"], S["cloud host"]]),
    document(2, "disk full", password=12345678, hostname=S["short host"]),
]
LIST_TEXT: Final = json.dumps(BACKUPS)
HEADERS: Final = [
    ("Host", S["public host"]),
    ("Authorization", f"token={S['token']}"),
    ("Cookie", f"dcos-acs-auth-cookie={S['token in a cookie']}; session={S['session']}"),
    ("X-Forwarded-For", S["forwarded IPv4"]),
    ("Referer", f"https://{S['host']}/#token={S['token in a query']}"),
]
ANSWERED: Final = [
    ("Content-Type", "text/plain"),
    ("Set-Cookie", f"session={S['session']}; Domain={S['host']}; Path=/"),
    ("Location", f"https://{S['public host']}/login?user={S['user']}"),
    ("Server", f"nginx at {S['other IPv4']}"),
]
LOGIN: Final = json.dumps({"uid": S["user who logs in"], "password": S["odd password"]})
SERVICE: Final = "/system/v1/backup/v1"
PROMPT: Final = f"[{S['user']}@{S['host of a shell']} ~]$ "


def of_show() -> str:
    """Write what ``dcos backup show`` prints, three times."""
    return "\n".join(json.dumps(each, indent=4) for each in BACKUPS)


def of_list() -> str:
    """Write what ``dcos backup list --json`` prints."""
    return json.dumps(BACKUPS, indent=2)


def of_table() -> str:
    """Write what a terminal shows: a table, and what was typed and said around it."""
    rows = [
        f"{backup_id}  1.13.0  STATUS_ERROR  {stamp[:10]} {stamp[11:-1]} +0000 UTC"
        for backup_id, stamp in zip(IDS, STAMPS, strict=True)
    ]
    return "\n".join(
        [
            BARE,
            f"{PROMPT}dcos auth login --username={S['user']} --password {S['password']}",
            TELLING,
            f"{PROMPT}dcos backup list",
            "BACKUP ID  VERSION  STATUS  TIMESTAMP",
            *rows,
            BARE,
        ]
    )


def of_poll() -> str:
    """Write the log of a loop that asks again and again."""
    lines = [f"{PROMPT}export DCOS_ACS_TOKEN={S['token']}", BARE]
    for minute, number in ((20, 0), (21, 1), (22, 2), (23, 0)):
        lines += [f"2019-03-18T23:{minute}:00Z {PROMPT}", f"$ dcos backup show {IDS[number]}"]
        lines += [json.dumps(BACKUPS[number], indent=1), f"# {TELLING}"]
    lines += [f"2019-03-18T23:25:00Z $ dcos backup list {IDS[0][:12]}", json.dumps(BACKUPS[:1])]
    return "\n".join(lines)


def entry(number: int, path: str, body: str = "", **answer: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an entry of a HAR."""
    content = {"text": answer["text"]}
    if number % 2:
        content = {"text": base64.b64encode(answer["text"].encode()).decode(), "encoding": "base64"}
    cookies = [{"name": "sid", "value": S["java session"], "domain": S["host"]}]
    return {
        "startedDateTime": f"2019-03-18T23:3{number}:00.000Z",
        "serverIPAddress": S["IPv6"],
        "connection": "1234567",
        "request": {
            "method": "POST" if body else "GET",
            "url": f"https://{S['public host']}{path}",
            "headers": [{"name": name, "value": value} for name, value in HEADERS],
            "cookies": cookies,
            "postData": {"text": body, "params": [{"name": "user", "value": S["short user"]}]},
            "queryString": [{"name": "access_token", "value": S["token in a query"]}],
        },
        "response": {
            "status": answer.get("status", 200),
            "headers": [{"name": name, "value": value} for name, value in ANSWERED],
            "cookies": cookies,
            "content": content,
        },
    }


def of_har() -> str:
    """Write what a browser saves: a login, what failed, and what was shown."""
    entries = [
        entry(0, "/acs/api/v1/auth/login", LOGIN, text=json.dumps({"token": S["bearer"]})),
        entry(1, f"{SERVICE}/list?prefix=", text=LIST_TEXT),
        entry(2, f"{SERVICE}/restore", json.dumps({"id": IDS[1]}), status=503, text=TELLING),
        entry(3, f"{SERVICE}/create", json.dumps({"label": LABELS[2]}), status=502, text=BARE),
        entry(4, f"{SERVICE}/list?prefix={LABELS[2][:9]}", text=json.dumps(BACKUPS[2:])),
        entry(5, f"{SERVICE}/list", text=LIST_TEXT),
    ]
    return json.dumps({"log": {"version": "1.2", "comment": BARE, "entries": entries}})


def of_verbose_curl() -> str:
    """Write what ``curl -v`` says of two requests."""
    lines = [
        (
            f"$ curl -v -u '{S['basic user']}:{S['basic password']}' -b 'sid={S['java session']}' "
            f"https://{S['host']}{SERVICE}/list"
        ),
        f"*   Trying {S['IPv4']}:443...",
        f"* Connected to {S['host']} ({S['IPv4']}) port 443 (#0)",
        f"* {BARE}",
        f"> GET {SERVICE}/list HTTP/1.1",
        *(f"> {name}: {value}" for name, value in HEADERS),
        ">",
        "< HTTP/1.1 200 OK",
        *(f"< {name}: {value}" for name, value in ANSWERED),
        "<",
        LIST_TEXT,
        (
            f"$ curl -v -X POST -H 'Authorization: Bearer {S['bearer']}' "
            f"-d '{json.dumps({'id': IDS[0]})}' https://{S['short host']}{SERVICE}/restore"
        ),
        f"> POST {SERVICE}/restore HTTP/1.1",
        ">",
        "< HTTP/1.1 500 Internal Server Error",
        "< Content-Type: text/plain",
        "<",
        f"no: {BARE}",
    ]
    return "\n".join(lines)


def of_curl_with_heads() -> str:
    """Write what ``curl -i`` prints."""
    lines = [
        (
            f'{PROMPT}curl -i -H "Authorization: token={S["token"]}" '
            f"https://{S['user']}:{S['password']}@{S['host']}{SERVICE}/list"
        ),
        "HTTP/1.1 200 OK",
        *(f"{name}: {value}" for name, value in ANSWERED),
        "Set-Cookie: dcos-acs-info-cookie=" + S["info cookie"],
        "",
        LIST_TEXT,
        f"{PROMPT}curl -i https://{S['host']}{SERVICE}/list",
        f"curl: (7) Failed to connect to {S['short host']} port 443: Connection refused",
    ]
    return "\n".join(lines)


def timeline() -> Iterator[dict[str, Any]]:
    """Yield the entries of a journal."""
    headers = [[name.lower(), value] for name, value in HEADERS]
    asked = [
        ("POST", "/acs/api/v1/auth/login", LOGIN, 200, json.dumps({"token": S["bearer"]})),
        ("GET", f"{SERVICE}/list", "", 200, LIST_TEXT),
        ("POST", f"{SERVICE}/restore", json.dumps({"id": IDS[1]}), 503, TELLING),
        ("GET", f"{SERVICE}/list?prefix={LABELS[0]}", "", 200, json.dumps(BACKUPS[:1])),
        ("GET", f"{SERVICE}/list", "", 200, LIST_TEXT),
    ]
    for number, (method, target, sent, status, answer) in enumerate(asked, 1):
        yield {
            "number": number,
            "kind": "Exchange",
            "at": f"2019-03-18T23:3{number}:00Z",
            "method": method,
            "target": target,
            "headers": headers,
            "request_body": sent,
            "status": status,
            "response_body": answer,
            "why": BARE,
        }


def of_journal() -> str:
    """Write a journal, an entry a line."""
    return "\n".join(json.dumps(each) for each in timeline())


def of_report(count: int = 1) -> str:
    """Write the report of scenarios that failed."""
    scenario = {"outcome": "failed", "start": "2019-03-18T23:20:00Z", "timeline": [*timeline()]}
    scenarios = [{"id": f"{number}: by user={S['user']}", **scenario} for number in range(count)]
    return json.dumps({"format": 1, "summary": {}, "versions": {}, "scenarios": scenarios})


FORMATS: Final[Mapping[str, Callable[[], str]]] = {
    "show.json": of_show,
    "list.json": of_list,
    "table.txt": of_table,
    "poll.log": of_poll,
    "browser.har": of_har,
    "verbose.txt": of_verbose_curl,
    "heads.txt": of_curl_with_heads,
    "journal.jsonl": of_journal,
    "report.json": of_report,
}


def found_in(text: str) -> list[str]:
    """Return which secrets a text holds, in whatever way they are written."""
    low = text.lower()
    return [
        name
        for name, secret in SECRETS.items()
        for written in {
            secret,
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            html.escape(secret),
        }
        if written.lower() in low
    ]


def all_of(made: Reproduction) -> str:
    """Return everything that a reproduction says."""
    told = (*made.seen, *made.guessed, *made.replaced, *made.differs, made.scenario.title)
    return "\n".join((made.text, *told))


@pytest.mark.parametrize("name", FORMATS)
def test_every_secret_is_planted(name: str) -> None:
    """A test that plants nothing would find nothing."""
    text = FORMATS[name]().replace("\\\\", "\\")
    decoded = text + LIST_TEXT.replace("\\\\", "\\") if name == "browser.har" else text
    assert len(SECRETS) >= 30
    assert set(SECRETS) <= set(found_in(decoded))


@pytest.mark.parametrize("name", FORMATS)
def test_no_secret_is_in_a_reproduction(tmp_path: Path, name: str) -> None:
    """Neither in the scenario nor in what is told; and it shows the same as the capture."""
    path = tmp_path / f"{S['short host']}-{name}"
    path.write_text(FORMATS[name](), encoding="utf-8")
    made = reproduce([str(path)])
    assert found_in(all_of(made)) == []
    assert made.differs == ()
    assert len(made.replaced) >= 2
    labels = {entry["label"] for entry in made.scenario.source.value["cluster"]["backups"]}
    assert len(labels) == 3
    assert "label-1" in labels


@pytest.mark.parametrize("name", FORMATS)
def test_no_secret_is_said_by_the_command(dcos_sim: Run, tmp_path: Path, name: str) -> None:
    """Neither on standard output nor on standard error, nor in the file."""
    (tmp_path / name).write_text(FORMATS[name](), encoding="utf-8")
    made = dcos_sim("reproduce", name, "-o", "made.scenario.yaml")
    written = (tmp_path / "made.scenario.yaml").read_text(encoding="utf-8")
    assert (made.returncode, found_in(made.stdout + made.stderr + written)) == (0, [])


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("name", FORMATS)
def test_no_secret_is_in_what_is_made_of_a_part(tmp_path: Path, name: str, part: float) -> None:
    """An input that ends too early may be of use or not; it gives no secret away."""
    text = f"{TELLING}\n{FORMATS[name]()}" if name != "browser.har" else FORMATS[name]()
    path = tmp_path / name
    path.write_text(text[: int(len(text) * part)], encoding="utf-8")
    try:
        said = all_of(reproduce([str(path)]))
    except CaptureError as error:
        said = str(error)
    assert found_in(said) == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"config": TELLING, "uid": S["user"], "hosts": [S["host"]]}),
        TELLING,
        of_report(count=2),
        json.dumps({"log": {"entries": [{"comment": TELLING}]}}),
        json.dumps({"id": f"{S['mail']} of user={S['user']}", "status": TELLING}),
    ],
)
def test_no_secret_is_in_a_refusal(dcos_sim: Run, tmp_path: Path, text: str) -> None:
    """What is wrong with an input is said without what it holds."""
    (tmp_path / f"{S['mail']}.json").write_text(text, encoding="utf-8")
    made = dcos_sim("reproduce", ".")
    assert made.returncode in {1, 4}
    assert found_in(made.stdout + made.stderr) == []
    assert "Traceback" not in made.stderr


def test_what_one_file_tells_is_known_in_all(tmp_path: Path) -> None:
    """Everything is learned before anything is rewritten, whatever the order of the files."""
    (tmp_path / "1.json").write_text(json.dumps(document(0, BARE)), encoding="utf-8")
    (tmp_path / "2.txt").write_text(f"{TELLING}\n{json.dumps(BACKUPS[2])}", encoding="utf-8")
    assert found_in(all_of(reproduce([str(tmp_path)]))) == []


def test_kept_kinds(tmp_path: Path) -> None:
    """Hosts are kept where somebody wants them, labels with them; all else is replaced."""
    path = tmp_path / "list.json"
    path.write_text(of_list(), encoding="utf-8")
    made = reproduce([str(path)], ["host"])
    assert set(found_in(all_of(made))) <= {each for each in SECRETS if "host" in each}
    assert f"label: {LABELS[0]}\n" in made.text
    assert made.differs == ()
