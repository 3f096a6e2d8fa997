import gzip
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from simulator.capture.asking import answers
from simulator.capture.draft import draft_of
from simulator.capture.reading.inputs import read_inputs, without_secrets
from simulator.capture.recording import answer_reader
from simulator.capture.recording.har_writer import HarFile
from simulator.capture.recording.proxy import Recorder
from simulator.capture.recording.upstream import upstream_of
from simulator.capture.reproduce import Reproduction, made_of
from simulator.capture.secrets.redaction import Redactor
from simulator.service.delivery import NO_LINGER
from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20
ACCEPTED_WITHIN_SECONDS = 5

LIST = "/system/v1/backup/v1/list"

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
RESET = b"(reset)"


class Service:
    """An upstream that gives each connection the next of its answers, then ends it.

    An answer that ends with RESET ends with a reset; None never comes; {url} is its own address.
    """

    def __init__(self, *answers: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.asked = threading.Event()
        self._answers = answers
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(ACCEPTED_WITHIN_SECONDS)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(SECONDS_AT_MOST)
        self._socket.close()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                return  # the test tells what it lacks
            connection.settimeout(SECONDS_AT_MOST)
            with suppress(ssl.SSLError, ConnectionError), connection:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                with connection:
                    self._answer(connection, answer)

    def _answer(self, connection: socket.socket, answer: bytes | None) -> None:
        request = b""
        while not _is_whole(request):
            more = connection.recv(1 << 16)
            if not more:
                return
            request += more
        self.requests.append(request)
        self.asked.set()
        if answer is None:
            connection.recv(1)
            return
        answer = answer.replace(b"{url}", self.url.encode())
        connection.sendall(answer.removesuffix(RESET))
        if answer.endswith(RESET):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    if b"chunked" in head:
        return request.endswith(b"0\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(end) and len(body) >= int(length or 0)


class Recording:
    """A recorder, what it has said, and what is on disk."""

    def __init__(self, upstream: str, path: Path, **options: Any) -> None:  # noqa: ANN401 - as given
        self.said: list[str] = []
        self.has_said = threading.Event()
        self.redactor = Redactor()
        self.path = path
        self.recorder = Recorder(
            upstream_of(upstream, **options),
            path,
            self.redactor,
            host="127.0.0.1",
            port=0,
            say=self._say,
        )
        self.address = self.recorder.url.removeprefix("http://")

    def _say(self, sentence: str) -> None:
        self.said.append(sentence)
        self.has_said.set()

    @property
    def entries(self) -> list[Any]:
        """What is on disk now."""
        return list(json.loads(self.path.read_text(encoding="utf-8"))["log"]["entries"])

    def connect(self) -> socket.socket:
        """Connect as a client does."""
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), timeout=SECONDS_AT_MOST)

    def raw(self, request: bytes) -> tuple[bytes, bool]:
        """Send bytes; return those that came, and whether they ended with a reset."""
        with self.connect() as connection:
            connection.sendall(request)
            found = b""
            try:
                while more := connection.recv(1 << 16):
                    found += more
            except ConnectionResetError:
                return found, True
            return found, False

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask as a client does that knows HTTP."""
        connection = HTTPConnection(self.address, timeout=SECONDS_AT_MOST)
        sent = json.dumps(body) if body is not None else None
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, sent, given)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), answer

    def made(self) -> Reproduction:
        """End it, and make the scenario."""
        self.recorder.stop()
        capture = without_secrets(read_inputs([str(self.path)], self.redactor), self.redactor)
        return made_of(capture, self.redactor, "a test")


Record = Callable[..., Recording]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """Return how to record; all end with the test."""
    started: list[Recording] = []

    def record(upstream: str, **options: object) -> Recording:
        started.append(Recording(upstream, tmp_path / f"{len(started)}.har", **options))
        return started[-1]

    yield record
    for each in started:
        each.recorder.stop()


def get(path: str = LIST, *headers: str) -> bytes:
    """Return a request as a client sends it."""
    lines = [f"GET {path} HTTP/1.1", "Host: proxy:1", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


# --- what goes on, and what comes back -----------------------------------------------------------


@pytest.mark.parametrize("path", ["//metadata", "/list?", "/a/../b", "/x?a=+%2f%e4&&b", "/%2e%2E/"])
def test_a_path_goes_on_as_it_was_sent(record: Record, path: str) -> None:
    """Nothing is made nicer: what it means is for the cluster to say."""
    with Service(OK) as service:
        record(service.url).raw(get(path))
    assert service.requests[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())


def test_headers_go_on_but_for_those_of_the_connection(record: Record) -> None:
    """In their order and case; the host is the upstream's."""
    with Service(OK) as service:
        sent = (
            "x-ODD: a  b",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "TE: trailers",
            "x-name: ü",
        )
        record(service.url).raw(get(LIST, *sent, "Accept-Encoding: br"))
    host = service.url.removeprefix("http://")
    assert service.requests[0].decode().split("\r\n")[1:-2] == [
        f"Host: {host}",
        "x-ODD: a  b",
        "x-name: ü",
        "Accept-Encoding: br",
        "Connection: close",
    ]


def test_bodies_go_on_in_either_framing(record: Record) -> None:
    """With a length, or in chunks; who wants to be told to go on is told."""
    with Service(OK, OK) as service:
        recording = record(service.url)
        head = b"POST /system/v1/backup/v1/create HTTP/1.1\r\nHost: a\r\n"
        body = b'{"label": "nightly"}'
        length = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer, _ = recording.raw(head + length + body)
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        recording.raw(head + chunked)
    assert service.requests[0].endswith(b"\r\n\r\n" + body)
    assert b"Expect" not in service.requests[0]
    assert service.requests[1].endswith(b"\r\n14\r\n" + body + b"\r\n0\r\n\r\n")
    texts = [entry["request"]["postData"]["text"] for entry in recording.entries]
    assert texts == [body.decode()] * 2


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("GET", b"HTTP/1.1 200 Fine, so far\r\nx-ODD: a\r\nContent-Length: 3\r\n\r\nabc"),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n",
        ),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"),
        ("GET", b"HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_an_answer_comes_back_byte_for_byte(record: Record, method: str, answer: bytes) -> None:
    """But that the connection ends."""
    with Service(answer) as service:
        recording = record(service.url)
        came, is_reset = recording.raw(get().replace(b"GET", method.encode(), 1))
    assert came.replace(b"Connection: close\r\n", b"") == answer
    assert not is_reset
    (entry,) = recording.entries
    assert "_error" not in entry
    assert entry["response"]["status"] in {200, 204, 404}


def test_a_packed_body_stays_packed_and_is_recorded_plain(record: Record) -> None:
    """The client has asked for it; of one that cannot be unpacked, that is told."""
    packed = gzip.compress(b'[{"id": "a"}]')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    with Service(head % (b"gzip", len(packed)) + packed, head % (b"br", 1) + b"x") as service:
        recording = record(service.url)
        assert recording.ask("GET", LIST)[2] == packed
        assert recording.ask("GET", LIST)[2] == b"x"
    assert recording.entries[0]["response"]["content"]["text"] == '[{"id": "a"}]'
    assert "text" not in recording.entries[1]["response"]["content"]
    assert recording.said == [f"GET {LIST}: the body is packed with 'br' and was passed on only"]


def test_a_redirect_leads_to_the_proxy_again(record: Record) -> None:
    """It is recorded as it was sent, and not followed; one to elsewhere is left alone."""
    seen = []
    for sent in ("{url}/x?y", "/x", "https://127.0.0.1/x", "http://elsewhere.example/x"):
        answer = f"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: {sent}\r\n\r\n"
        with Service(answer.encode()) as service:
            recording = record(service.url)
            seen.append(recording.ask("GET", LIST)[1]["Location"].replace(recording.address, "P"))
        (entry,) = recording.entries
        assert entry["response"]["redirectURL"].endswith(sent.format(url=service.url)[-5:])
        assert len(service.requests) == 1
        assert bool(recording.said) == sent.startswith("https://127")
    assert seen == ["http://P/x?y", "/x", "https://127.0.0.1/x", "http://elsewhere.example/x"]


def test_whoever_takes_it_for_another_proxy_is_not_let_through(record: Record) -> None:
    """Nothing is sent to anybody but the upstream."""
    with Service(OK) as service:
        recording = record(service.url)
        assert recording.raw(b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n")[0].startswith(
            b"HTTP/1.1 501 "
        )
        recording.raw(get("http://evil.example/list?a"))
    assert service.requests[0].startswith(b"GET /list?a HTTP/1.1\r\n")


def test_a_body_without_bounds_is_passed_on_only(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is told."""
    monkeypatch.setattr(answer_reader, "BODY_MAX", 1000)
    body = b"x" * 200_000
    with Service(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + body) as service:
        recording = record(service.url)
        assert recording.ask("GET", LIST)[2] == body
    content = recording.entries[0]["response"]["content"]
    assert (content["size"], content["comment"]) == (200_000, "left out: too long")
    assert recording.said[0].startswith(f"GET {LIST}: a body of more than ")


# --- what goes wrong -----------------------------------------------------------------------------

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (b"", "net::ERR_EMPTY_RESPONSE", 0),
        (RESET, "net::ERR_CONNECTION_RESET", 0),
        (b"HTTP/1.1 200 OK\r\nConte", "net::ERR_EMPTY_RESPONSE", 0),
        (b"\x16\x03 this is no HTTP\r\n\r\n", "net::ERR_INVALID_HTTP_RESPONSE", 0),
        (b"no HTTP", "net::ERR_INVALID_HTTP_RESPONSE", 0),
        (LENGTH + b"half", "net::ERR_CONTENT_LENGTH_MISMATCH", 200),
        (LENGTH + b"half" + RESET, "net::ERR_CONTENT_LENGTH_MISMATCH", 200),
        (CHUNKED + b"9\r\nhalf", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200),
        (CHUNKED + b"4\r\nhalf\r\nzz\r\nrest", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200),
        (CHUNKED + b"4\r\nhalf\r\n" + RESET, "net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200),
    ],
)
def test_a_broken_answer_is_passed_on_and_recorded_as_it_is(
    record: Record, answer: bytes, error: str, status: int
) -> None:
    """All bytes that came, and the same end of the connection; one line says what happened."""
    with Service(answer) as service:
        recording = record(service.url)
        came, is_reset = recording.raw(get())
    plain = came.replace(b"Connection: close\r\n", b"")
    assert answer.removesuffix(RESET).startswith(plain)
    assert is_reset == answer.endswith(RESET)
    if not is_reset:
        assert plain == answer
    (entry,) = recording.entries
    assert (entry["_error"], entry["response"]["status"]) == (error, status)
    assert len(recording.said) == 1
    assert recording.said[0].startswith(f"GET {LIST}: ")
    assert len(service.requests) == 1  # nothing is asked twice


def test_where_nobody_listens_the_client_gets_no_answer(record: Record) -> None:
    """And the recording says: refused."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    recording = record(f"http://127.0.0.1:{port}")
    assert recording.raw(get()) == (b"", False)
    assert recording.entries[0]["_error"] == "net::ERR_CONNECTION_REFUSED"
    assert recording.said == [
        f"GET {LIST}: the upstream refused the connection: nothing listens there"
    ]


def test_a_client_that_gives_up_has_waited_for_nothing(record: Record) -> None:
    """That is a timeout: how long anybody waits is not the proxy's to say."""
    with Service(None) as service:
        recording = record(service.url)
        with recording.connect() as client:
            client.sendall(get())
            assert service.asked.wait(SECONDS_AT_MOST)
        assert recording.has_said.wait(SECONDS_AT_MOST)
    (entry,) = recording.entries
    assert (entry["_error"], entry["response"]["status"]) == ("net::ERR_TIMED_OUT", 0)


def test_what_is_unanswered_when_the_recording_ends_is_told(record: Record) -> None:
    """Nobody knows what the answer would have been: it is not recorded."""
    with Service(None) as service:
        recording = record(service.url)
        with recording.connect() as client:
            client.sendall(get())
            assert service.asked.wait(SECONDS_AT_MOST)
            recording.recorder.stop()
    assert recording.entries == []
    assert recording.said == [f"GET {LIST}: not recorded: no answer yet when the recording ended"]


# --- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return somebody who signs certificates."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return what an upstream with https has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_is_trusted_where_its_authority_is_named(
    record: Record, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    """Or where nobody asks."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    for options in ({"ca_cert": str(file)}, {"insecure": True}):
        with Service(OK, tls=tls) as service:
            recording = record(service.url, **options)
            assert recording.ask("GET", LIST)[2] == b"[]"
            assert recording.entries[0]["request"]["url"] == service.url + LIST


def test_another_certificate_is_not(record: Record, tls: ssl.SSLContext) -> None:
    """One sentence says what to do; nothing of the request has been sent."""
    with Service(OK, tls=tls) as service:
        recording = record(service.url)
        assert recording.raw(get()) == (b"", False)
    assert service.requests == []
    assert recording.entries[0]["_error"] == "net::ERR_CERT_AUTHORITY_INVALID"
    assert recording.said == [
        (
            f"GET {LIST}: the certificate of the upstream is not trusted; name who signed it with "
            "--ca-cert FILE, or say --insecure"
        )
    ]


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("master", {}, "--upstream master: is no URL; write one like https://master.example"),
        ("ftp://a", {}, "--upstream ftp://a: is no URL; write one like https://master.example"),
        ("http://a:x", {}, "--upstream http://a:x: is no URL: Port could not be cast"),
        ("http://u:p@a", {}, "--upstream takes scheme, host and port only"),
        ("http://a/b", {}, "--upstream takes scheme, host and port only"),
        ("http://a", {"insecure": True}, "--insecure and --ca-cert are for an upstream with https"),
        ("https://a", {"insecure": True, "ca_cert": "x"}, "take one of --insecure and --ca-cert"),
        ("https://a", {"ca_cert": "none.pem"}, "--ca-cert none.pem: cannot be read: No such file"),
        ("https://a", {"ca_cert": __file__}, f"--ca-cert {__file__}: holds no certificate (PEM)"),
    ],
)
def test_what_cannot_be_an_upstream_is_one_sentence(
    url: str, options: dict[str, Any], said: str
) -> None:
    """Before anything is listened on."""
    with pytest.raises(ValueError, match=f"^{re.escape(said)}[^\n]*$"):
        upstream_of(url, **options)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://a.example/x?y#z", "/x?y#z"),
        ("https://A.example:443", ""),
        ("//a.example/x", "/x"),
        ("https://a.example:444/x", None),
        ("http://a.example/x", None),
        ("https://a.example:x/", None),
    ],
)
def test_what_points_at_the_upstream(location: str, target: str | None) -> None:
    """The same scheme, host and port, written in any way."""
    assert upstream_of("https://a.example").target_of(location) == target


# --- what is on disk -----------------------------------------------------------------------------


def test_an_entry_is_one_of_har_1_2(record: Record) -> None:
    """With all that programs expect."""
    with Service(OK) as service:
        recording = record(service.url)
        recording.ask("GET", f"{LIST}?prefix=night%20ly")
    (entry,) = recording.entries
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    assert entry["startedDateTime"].endswith("Z")
    assert entry["request"]["method"] == "GET"
    assert entry["request"]["url"] == f"{service.url}{LIST}?prefix=night%20ly"
    assert entry["request"]["queryString"] == [{"name": "prefix", "value": "night ly"}]
    assert entry["request"]["cookies"] == entry["response"]["cookies"] == []
    assert entry["response"]["content"] == {
        "size": 2,
        "mimeType": "application/json",
        "text": "[]",
    }
    assert entry["timings"] == {"send": 0, "wait": entry["time"], "receive": 0}


SECRETS = {
    "token": ["eyJhbGciOi.eyJ1aWQiOi.c2ln", "opaque-token-77", "tok%2F88/88", "Zm9vOmJhcg=="],
    "short": ["q7", "zz9", "k1"],
    "cookie": ["cookie-value-1x", "acs-auth-2x", "info-3x"],
    "password": ['pä"ss\\word', "geheim!", "form pass&word"],
    "user": ["alice@corp.example.org", "bobby-tables", "svc-account-9", "carol+x@corp.io"],
    "host": [
        "master-7.corp.internal",
        "ip-10-11-12-13.ec2.internal",
        "db01.prod.lan",
        "agent-3.corp.internal",
    ],
    "address": ["10.11.12.13", "172.16.5.6", "fd00::1234:5678", "203.0.113.77"],
    "other": ["the-value-of-a-secret", "env-secret-42", "cluster-name-x", "app-label-y"],
}
"""Planted in headers, cookies, logins, URLs, error texts, and bodies of other services."""


def test_none_of_thirty_secrets_is_on_disk_or_said(record: Record) -> None:
    """Nor in the scenario."""
    planted = [secret for secrets in SECRETS.values() for secret in secrets]
    assert len(planted) >= 29
    t, s, c, p, u, h, a, o = SECRETS.values()
    login = json.dumps({"uid": u[0], "password": p[0]})
    form = "uid=bobby-tables&password=form+pass%26word"
    error = (
        f"could not reach {h[0]} ({a[0]}) or [{a[2]}]: user '{u[2]}' of {h[1]}, {a[1]} via {a[3]}; "
        f"Authorization: Bearer {t[1]}; password={p[1]}; asked by {u[0]} and {u[3]} at {h[2]}:8080"
    )
    secret = json.dumps({"value": o[0], "env": o[1], "cluster": o[2], "label": o[3], "at": h[3]})

    def answer(status: str, body: str, *headers: str) -> bytes:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body.encode())}", "", body]
        return "\r\n".join(lines).encode()

    answers = (
        answer("500 Oops", json.dumps({"errors": [error]})),
        answer(
            "200 OK",
            json.dumps({"token": t[0]}),
            f"Set-Cookie: dcos-acs-auth-cookie={c[0]}; Path=/; Domain={h[0]}",
            f"Set-Cookie: a={s[0]}",
        ),
        answer("401 No", json.dumps({"title": f"no such user {u[1]}"})),
        answer("200 OK", secret, f"X-Marathon-Leader: http://{h[3]}:8080", f"Via: {h[2]}"),
        answer("200 OK", "[]", f"Location: https://{h[0]}/x?token={t[1]}"),
        RESET,
    )
    with Service(*answers) as service:
        recording = record(service.url)
        headers = {"Authorization": f"token={t[0]}", "Cookie": f"a={c[1]}; b={c[2]}; c={s[1]}"}
        recording.ask("GET", LIST, **headers)
        recording.raw(_post("/acs/api/v1/auth/login", login, "application/json"))
        recording.raw(_post("/acs/api/v1/auth/login", form, "application/x-www-form-urlencoded"))
        recording.ask("GET", "/secrets/v1/secret/default/x", Authorization=f"Basic {t[3]}")
        recording.ask("GET", f"{LIST}?prefix=carol%2Bx%40corp.io", X_Api_Key=s[2], Referer=h[0])
        with suppress(ConnectionError):
            recording.ask("GET", f"{LIST}?token={t[2]}", Authorization="token=" + t[2])
    made = recording.made()
    written = recording.path.read_text(encoding="utf-8")
    for where, text in (
        ("HAR", written),
        ("sentences", "\n".join(recording.said)),
        ("scenario", made.text),
        ("told", "\n".join((*made.seen, *made.replaced, *made.guessed, *made.differs))),
    ):
        values = _texts(json.loads(written)) if where == "HAR" else [text]
        for each in planted:
            if len(each) > 3:
                assert each not in text, (where, each)
                assert not [value for value in values if each in value], (where, each)
            else:
                assert not [value for value in values if f"={each}" in value or value == each]


def _post(path: str, body: str, content_type: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


def test_what_is_known_for_a_secret_later_leaves_the_disk_at_once(record: Record) -> None:
    """A name in an error text, of which only a login tells that it is a user's."""
    error = b'{"errors": ["ask wonderland"]}'
    head = b"HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n" % len(error)
    with Service(head + error, OK) as service:
        recording = record(service.url)
        recording.ask("GET", LIST)
        assert "ask wonderland" in recording.path.read_text(encoding="utf-8")
        recording.ask("POST", "/acs/api/v1/auth/login", {"uid": "wonderland", "password": "geheim"})
    assert "wonderland" not in recording.path.read_text(encoding="utf-8")
    assert "ask user-1" in recording.path.read_text(encoding="utf-8")


def test_a_cookie_that_is_known_later_leaves_the_disk_at_the_end(record: Record) -> None:
    """At the latest: some services send a new one with every answer."""
    with Service(OK, OK) as service:
        recording = record(service.url)
        recording.ask("GET", LIST, X_Note="of session-of-mine")
        recording.ask("GET", LIST, Cookie="a=session-of-mine")
    recording.recorder.stop()
    assert "session-of-mine" not in recording.path.read_text(encoding="utf-8")


def test_a_client_gets_its_answer_whatever_becomes_of_the_recording(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong is said: the disk is full, or this program has a defect."""
    errors = [OSError(28, "No space left on device"), KeyError("a defect")]

    def add(*_: object) -> None:
        raise errors.pop(0)

    with Service(OK, OK) as service:
        recording = record(service.url)
        monkeypatch.setattr(HarFile, "add", add)
        assert [recording.ask("GET", LIST)[2] for _ in range(2)] == [b"[]", b"[]"]
    assert recording.said[0] == (
        f"GET {LIST}: not recorded: {recording.path}: No space left on device"
    )
    assert recording.said[1].startswith("record itself failed:\nTraceback")


# --- the scenario --------------------------------------------------------------------------------


def test_a_recorded_flow_shows_a_client_the_same_documents(record: Record) -> None:
    """Ids, timestamps, versions, statuses, errors; also where time was moved by hand meanwhile."""
    with FakeCluster(seed="recorded", made_up_backups=2) as fake:
        fake.on_create("nightly").backing_up("2m").error("disk full on agent-3")
        recording = record(fake.url)
        token = {"Authorization": f"token={fake.token}", "Content_Type": "application/json"}
        seen = [recording.ask("GET", LIST, **token)[2]]
        made_at_once = recording.ask(
            "POST", "/system/v1/backup/v1/create", {"label": "nightly"}, **token
        )[2]
        for _ in range(4):
            fake.clock.advance("50s")
            seen.append(recording.ask("GET", LIST, **token)[2])
        made = recording.made()
    assert made.differs == ()
    capture = without_secrets(
        read_inputs([str(recording.path)], recording.redactor), recording.redactor
    )
    again = answers(made.scenario, draft_of(capture).acts)
    shown = [each.backups for each in again if each is not None]
    documents = [json.loads(seen[0]), [json.loads(made_at_once)], *map(json.loads, seen[1:])]
    assert [list(each or ()) for each in shown] == documents
    assert "disk full on agent-3" in made.text


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": 502},
        {"answer": 503, "body": "marathon"},
        {"answer": 401},
        {"reset": "before"},
        {"close": "before"},
        {"reset": "body"},
        {"close": "body"},
        {"length": "+10"},
        "broken_chunk",
        "garbage",
    ],
    ids=str,
)
def test_faults_of_the_cluster_are_played_again(record: Record, fault: object) -> None:
    """Errors in between, broken answers: the scenario has the like at the same place."""
    with FakeCluster(made_up_backups=1) as fake:
        fake.faults.add(on="list", nth="2", do=fault)
        recording = record(fake.url)
        request = get(LIST, f"Authorization: token={fake.token}")
        for _ in range(3):
            recording.raw(request)
        made = recording.made()
    assert made.differs == ()
    assert "faults:" in made.text
    assert made.text.count("expect: unsuccessful") == 1
