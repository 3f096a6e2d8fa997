import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
import trustme

from simulator.core.instants import NANOSECONDS_PER_SECOND as SECOND
from simulator.core.instants import parse_duration

SECONDS_AT_MOST = 30
"""Of real time: a command that hangs fails its test instead of stopping the run."""

BASE_PATH = "/system/v1/backup/v1"

Process = subprocess.Popen[str]
Said = dict[str, str]
Run = Callable[..., subprocess.CompletedProcess[str]]


class Start(Protocol):
    """Starts a command that runs until it is stopped."""

    def __call__(self, *arguments: str) -> tuple[Process, Said]:
        """Return the process and what it has announced, by the first word of each line."""
        ...


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Return how to start a command; what still runs is killed with the test."""
    started: list[Process] = []

    def start(*arguments: str) -> tuple[Process, Said]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.cli.main", *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, announced(process)

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=SECONDS_AT_MOST)


def announced(process: Process) -> Said:
    """Read what a command prints, up to its last line."""
    assert process.stdout
    said: Said = {}
    watchdog = threading.Timer(SECONDS_AT_MOST, process.kill)
    watchdog.start()
    while "Ctrl-C" not in said:
        word, _, rest = process.stdout.readline().strip().partition(" ")
        assert word, f"it ended after {said}"
        said[word] = rest.strip()
    watchdog.cancel()
    return said


@pytest.fixture
def served(start: Start) -> Said:
    """Serve a cluster whose time runs sixty times faster than real time."""
    return start("serve", "--rate", "60", "--backups", "2")[1]


def ask(where: Said, token: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """Ask a cluster, or the proxy before it, as curl would; return what it answers."""
    connection = HTTPConnection(urlsplit(where["url"]).netloc, timeout=SECONDS_AT_MOST)
    headers = {"Authorization": f"token={token}", "Content-Type": "application/json"}
    connection.request(method, BASE_PATH + path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse().read()
    connection.close()
    return json.loads(answer)


def ended(process: Process, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
    """Stop a command; return its exit status and what it has said of its end."""
    process.send_signal(by)
    _, errors = process.communicate(timeout=SECONDS_AT_MOST)
    return process.returncode, errors


def entries(path: Path) -> list[Any]:
    """Read a HAR as any program would."""
    return list(json.loads(path.read_text(encoding="utf-8"))["log"]["entries"])


# --- recording ----------------------------------------------------------------------------------


def test_a_recorder_says_where_it_is(start: Start, served: Said) -> None:
    """And where it writes; the upstream is not named: its name may be a secret."""
    _, said = start("record", "--upstream", served["url"], "-o", "x.scenario.yaml")
    assert said["url"].startswith("http://127.0.0.1:")
    assert said["export"] == f"DCOS_URL={said['url']}"
    assert said["har"] == "x.har"
    assert list(said) == ["url", "har", "export", "Ctrl-C"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_flow_becomes_a_scenario_when_it_ends(
    start: Start,
    dcos_sim: Run,
    served: Said,
    tmp_path: Path,
    environment: dict[str, str],
    name: str,
) -> None:
    """Of a real client; with the durations of the cluster, though its time ran faster than ours."""
    process, said = start("record", "--upstream", served["url"], "-o", "x.scenario.yaml")
    client = [sys.executable, "-m", "simulator.dcos_backup"]
    where = {**environment, "DCOS_URL": said["url"], "DCOS_ACS_TOKEN": served["token"]}
    for words in (["create", "--label=weekly", "--wait", "--interval=0.05"], ["list", "--json"]):
        shown = subprocess.run(
            [*client, *words],
            env=where,
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS_AT_MOST,
        )
    documents = json.loads(shown.stdout)
    status, errors = ended(process, signal.Signals[name])
    assert status == 0, errors
    lines = errors.splitlines()
    assert lines[1].startswith("stopped   ")
    assert "written   x.scenario.yaml" in lines
    assert any("the same as captured" in line for line in lines)
    text = (tmp_path / "x.scenario.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Made by dcos-sim record.\n")
    for document in documents:
        assert document["id"][-36:] in text
        is_new = document["id"].startswith("weekly")
        assert is_new or document["timestamp"] in text
    lasted = re.search(r"how long it was STATUS_BACKING_UP: between (\S+) and (\S+),", errors)
    assert lasted, errors
    shortest, longest = map(parse_duration, lasted.groups())
    assert shortest - SECOND <= 30 * SECOND <= longest + SECOND  # dates have whole seconds
    assert served["token"] not in text + errors + (tmp_path / "x.har").read_text(encoding="utf-8")
    tested = dcos_sim("test", "x.scenario.yaml", "-q")
    assert tested.returncode == 0, tested.stdout


def test_a_recorder_that_is_killed_has_lost_nothing(
    start: Start, dcos_sim: Run, served: Said, tmp_path: Path
) -> None:
    """All that was answered is on disk, and a scenario can be made of it later."""
    process, said = start("record", "--upstream", served["url"], "-o", "x.scenario.yaml")
    listed = ask(said, served["token"], "GET", "/list")
    made = ask(said, served["token"], "POST", "/create", {"label": "weekly"})
    process.kill()
    process.wait(timeout=SECONDS_AT_MOST)
    texts = [entry["response"]["content"]["text"] for entry in entries(tmp_path / "x.har")]
    assert [json.loads(text) for text in texts] == [listed, made]
    finished = dcos_sim("reproduce", "x.har", "-o", "y.scenario.yaml")
    assert finished.returncode == 0, finished.stderr
    assert made["id"][-36:] in (tmp_path / "y.scenario.yaml").read_text(encoding="utf-8")


def test_a_recording_of_nothing_is_kept_and_said(
    start: Start, served: Said, tmp_path: Path
) -> None:
    """In one sentence, with exit status 1."""
    process, said = start("record", "--upstream", served["url"], "-o", "x.scenario.yaml")
    connection = HTTPConnection(urlsplit(said["url"]).netloc, timeout=SECONDS_AT_MOST)
    connection.request("GET", "//metadata")
    assert connection.getresponse().read()
    connection.close()
    status, errors = ended(process)
    assert status == 1
    assert errors.splitlines() == [
        "",
        "stopped   1 exchange in x.har",
        "no scenario was made: x.har: the HAR holds no request to the backup service",
    ]
    assert len(entries(tmp_path / "x.har")) == 1
    assert not (tmp_path / "x.scenario.yaml").exists()


def test_secrets_can_be_kept(start: Start, served: Said, tmp_path: Path) -> None:
    """Kind by kind, as in reproduce."""
    options = ("--keep", "token", "--port", "0")
    process, said = start("record", "--upstream", served["url"], "-o", "x.yaml", *options)
    ask(said, served["token"], "GET", "/list")
    assert ended(process)[0] == 0
    assert served["token"] in (tmp_path / "x.yaml.har").read_text(encoding="utf-8")


# --- what goes wrong ----------------------------------------------------------------------------


def test_an_upstream_that_does_not_listen_is_one_sentence(start: Start) -> None:
    """When it is asked for: nothing is sent that no client has sent."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process, said = start("record", "--upstream", f"http://127.0.0.1:{port}", "-o", "x.yaml")
    with pytest.raises(ConnectionError):
        ask(said, "a-token-of-mine", "GET", "/list")
    _, errors = ended(process)
    assert errors.splitlines()[0] == (
        f"GET {BASE_PATH}/list: the upstream refused the connection: nothing listens there"
    )


def test_the_certificate_of_an_upstream_is_verified(
    start: Start, tmp_path: Path, environment: dict[str, str]
) -> None:
    """What to do about it is said at the first request, as long as nobody has done it."""
    del environment
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    upstream = subprocess.Popen(
        [sys.executable, "-c", _TLS_UPSTREAM],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PEM": _pem(authority, tmp_path)},
    )
    try:
        assert upstream.stdout
        url = f"https://127.0.0.1:{upstream.stdout.readline().strip()}"
        for number, options in enumerate([["--ca-cert", "ca.pem"], ["--insecure"], []]):
            process, said = start("record", "--upstream", url, "-o", f"{number}.yaml", *options)
            if options:
                assert ask(said, "a-token-of-mine", "GET", "/list") == []
                assert ended(process)[0] == 0
                continue
            with pytest.raises(ConnectionError):
                ask(said, "a-token-of-mine", "GET", "/list")
            assert ended(process)[1].splitlines()[0].endswith("--ca-cert FILE, or say --insecure")
    finally:
        upstream.kill()
        upstream.communicate(timeout=SECONDS_AT_MOST)


def _pem(authority: trustme.CA, folder: Path) -> str:
    path = folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return str(path)


_TLS_UPSTREAM = """
import http.server, os, ssl

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.environ["PEM"])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--upstream", "master", "-o", "new.yaml"],
            "--upstream master: is no URL; write one like https://master.example",
        ),
        (
            ["--upstream", "http://a", "-o", "there.scenario.yaml"],
            "-o there.scenario.yaml: is there already; take another name, or say --force",
        ),
        (
            ["--upstream", "http://a", "-o", "old.scenario.yaml"],
            "-o old.har: is there already; take another name, or say --force",
        ),
        (
            ["--upstream", "http://a", "-o", "new.yaml", "--port", "65536"],
            "65536 is no port; take one from 0 to 65535 (0: any free one)",
        ),
        (
            ["--upstream", "https://a", "-o", "new.yaml", "--ca-cert", "none.pem"],
            "--ca-cert none.pem: cannot be read: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(
    dcos_sim: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Status 4, and no file is touched, nor any begun."""
    for name in ("there.scenario.yaml", "old.har"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    finished = dcos_sim("record", *arguments)
    assert (finished.returncode, finished.stdout, finished.stderr) == (4, "", f"{said}\n")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "there.scenario.yaml": "mine",
        "old.har": "mine",
    }
