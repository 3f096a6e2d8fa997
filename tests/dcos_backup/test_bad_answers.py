import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
Canned = Callable[..., Any]
MakeAnswer = Callable[..., bytes]

CERTIFICATE = Path(__file__).parent / "self-signed.pem"
BACKUP = {"id": "nightly-" + "0" * 36, "status": "STATUS_READY"}
UNSURE = "; it may have been carried out all the same, see `list`"


@pytest.fixture
def told(run: Run, canned: Canned) -> Callable[..., str]:
    """Return how to run a command against one answer that must fail; gives the sentence."""

    def told(answer: bytes, *argv: str) -> str:
        service = canned(answer)
        status, out, err = run(f"http://127.0.0.1:{service.port}", *argv)
        assert (status, out, err.count("\n")) == (1, "", 1)
        return err.rstrip("\n")

    return told


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("400 Bad Request", '{"errors":["a","b"]}', "HTTP 400: a; b"),
        ("400 Bad Request", '{"errors":[]}', "HTTP 400: without a word"),
        ("403 Forbidden", "<title>Access Denied</title>", "HTTP 403: Access Denied (you are not"),
        ("500 Oops", '{"message":"x"}', 'HTTP 500: {"message":"x"}'),
        ("502 Bad Gateway", "<html><title>502 Bad Gateway</title>", "HTTP 502: Bad Gateway"),
        ("503 X", "503 Service Unavailable: no\n", "HTTP 503: Service Unavailable: no"),
        ("204 No Content", "", "HTTP 204: without a word"),
        ("200 OK", "", "HTTP 200, but the answer is empty"),
        ("200 OK", "[", "HTTP 200, but the answer is not JSON"),
        ("200 OK", "[" * 100_000, "HTTP 200, but the answer is not JSON"),
        ("200 OK", "<html>", "HTTP 200, but the answer is not JSON"),
        ("200 OK", "{}", "HTTP 200, but the answer is not a list of backups"),
        ("200 OK", '{"errors":["x"]}', "HTTP 200, but the answer speaks of errors: x"),
        ("200 OK", "[1]", "HTTP 200, but the answer is not a backup"),
        ("200 OK", '[{"status":"S"}]', "HTTP 200, but the answer holds a backup without id"),
        ("200 OK", '[{"id":"nig"}]', "HTTP 200, but the answer holds a backup without status"),
        ("200 OK", '[{"id":"x","status":"S"}]', "HTTP 200, but the answer holds backup x, which"),
        ("200 OK", json.dumps([BACKUP, BACKUP]), "HTTP 200, but the answer holds one backup twice"),
    ],
)
def test_a_list_without_a_usable_answer_is_told(
    told: Callable[..., str], answer: MakeAnswer, status: str, body: str, said: str
) -> None:
    """In one sentence that begins with what failed; never a success."""
    assert told(answer(body, status), "list", "nig").startswith(f"list nig failed: {said}")


@pytest.mark.parametrize(
    ("argv", "body", "said"),
    [
        (("create", "--label=foo"), "", "HTTP 200, but the answer names no backup"),
        (("create", "--label=foo"), "{}", "HTTP 200, but the answer names no backup"),
        (("create", "--label=foo"), json.dumps(BACKUP), "the answer is about backup nightly-"),
        (("create", "--label=foo"), "[]", "the answer is not a backup"),
        (("restore", "foo"), "", "the answer is empty"),
        (("restore", "foo"), json.dumps(BACKUP), "the answer is about backup nightly-"),
        (("delete", "foo"), "<html>welcome</html>", "the answer is not JSON"),
        (("delete", "foo"), '{"errors":["busy"]}', "speaks of errors: busy"),
    ],
)
def test_a_change_without_a_usable_answer_may_have_happened(
    told: Callable[..., str], answer: MakeAnswer, argv: tuple[str, ...], body: str, said: str
) -> None:
    """So that is said, too."""
    sentence = told(answer(body), *argv)
    assert sentence.startswith(f"{argv[0]} foo failed: ")
    assert said in sentence
    assert sentence.endswith(UNSURE)


def test_a_delete_may_be_answered_with_json(run: Run, canned: Canned, answer: MakeAnswer) -> None:
    """Its answer is not documented."""
    service = canned(answer('{"id":"foo"}'))
    assert run(f"http://127.0.0.1:{service.port}", "delete", "foo") == (0, "", "")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "the connection was lost (Remote end closed connection without response)"),
        (b"reset", "the connection was lost (Connection reset by peer)"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]",
            "HTTP 200, but the answer is cut short",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[]",
            "the answer is cut short",
        ),
        (b"SSH-2.0-x\r\n\r\n", "the answer is broken (BadStatusLine)"),
    ],
)
def test_an_answer_that_does_not_arrive_is_told(
    told: Callable[..., str], answer: bytes, said: str
) -> None:
    """A question changes nothing; what a request to change something did is not known."""
    assert told(answer, "list") == f"list failed: {said}"
    assert told(answer, "create", "--label=foo") == f"create foo failed: {said}{UNSURE}"


def test_nothing_is_asked_twice(run: Run, canned: Canned, answer: MakeAnswer) -> None:
    """A create whose answer was lost may have been carried out."""
    service = canned(b"", answer(json.dumps(BACKUP)))
    assert run(f"http://127.0.0.1:{service.port}", "create", "--label=nightly")[0] == 1
    assert len(service.requests) == 1


def test_a_redirect_is_told_not_followed(told: Callable[..., str], answer: MakeAnswer) -> None:
    """A POST that is redirected would become a GET."""
    moved = answer("", "301 Moved", "Location: https://dcos.example.com/x\r\n")
    assert told(moved, "list") == (
        "list failed: HTTP 301: redirected to https://dcos.example.com/x, "
        "set DCOS_URL to where the cluster is"
    )


def test_a_request_is_as_documented(run: Run, canned: Canned, answer: MakeAnswer) -> None:
    """Path, percent-encoding, headers, and a JSON body also for DELETE."""
    service = canned(answer("[]"), answer(""))
    where = f"http://127.0.0.1:{service.port}"
    run(where + "/a b", "list", "ä &/?")
    run(where, "delete", "ä")
    listing, delete = service.requests
    assert listing.startswith(
        b"GET /a%20b/system/v1/backup/v1/list?prefix=%C3%A4%20%26%2F%3F HTTP/1.1\r\n"
    )
    assert b"\r\nAuthorization: token=token\r\n" in listing
    assert b"\r\nAccept: application/json\r\n" in listing
    assert delete.startswith(b"DELETE /system/v1/backup/v1/delete HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in delete
    assert json.loads(delete.partition(b"\r\n\r\n")[2]) == {"id": "ä"}


def test_a_service_that_is_not_there_is_told(run: Run) -> None:
    """Refused, or a name that is none: nothing was asked, so nothing is unsure."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert run(f"http://127.0.0.1:{port}", "create", "--label=foo")[2] == (
        f"create foo failed: cannot connect to 127.0.0.1:{port}: Connection refused\n"
    )
    assert "this is no host's name" in run(f"http://{'ä' * 99}.example", "list")[2]


def test_a_service_that_says_nothing_is_told(run: Run) -> None:
    """After the time that one request may take."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        where = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ran = run(where, "delete", "foo", "--request-timeout=0.05")
    assert ran == (1, "", f"delete foo failed: no answer within 0.05 s{UNSURE}\n")


@pytest.mark.parametrize("sent_at_once", [b"", b"HTTP/1.1 200 OK\r\n\r\n["], ids=["head", "body"])
def test_a_service_that_answers_too_slowly_is_told(run: Run, sent_at_once: bytes) -> None:
    """The time is for the whole answer: one that comes bit by bit does not go on for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        where = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def answer_bit_by_bit() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):  # until the client gives up
                connection.recv(65536)
                connection.sendall(sent_at_once)
                connection.settimeout(0.01)
                while True:
                    connection.sendall(b"H")
                    with suppress(TimeoutError):
                        if not connection.recv(1):
                            return

        thread = threading.Thread(target=answer_bit_by_bit)
        thread.start()
        ran = run(where, "list", "--request-timeout=0.1")
        thread.join()
    assert ran == (1, "", "list failed: no answer within 0.1 s\n")


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture
def tls(canned: Canned, answer: MakeAnswer) -> str:
    """Return where a service with a certificate of its own listens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return f"https://localhost:{canned(answer('[]'), tls=context).port}"


def test_a_certificate_that_nobody_vouches_for_is_refused(run: Run, tls: str) -> None:
    """With what can be done about it."""
    status, out, err = run(tls, "list", "--json")
    assert (status, out) == (1, "")
    assert "is not trusted (self-signed certificate); set DCOS_TLS_CA_PATH" in err


def test_a_certificate_may_be_vouched_for(run: Run, tls: str) -> None:
    """By a file."""
    assert run(tls, "list", "--json", DCOS_TLS_CA_PATH=str(CERTIFICATE)) == (0, "[]\n", "")


def test_a_certificate_of_another_host_is_refused(run: Run, tls: str) -> None:
    """Vouched for or not."""
    where = tls.replace("localhost", "127.0.0.1")
    _, _, err = run(where, "list", DCOS_TLS_CA_PATH=str(CERTIFICATE))
    assert "IP address mismatch" in err


def test_certificates_may_go_unchecked(run: Run, tls: str) -> None:
    """If told so."""
    where = tls.replace("localhost", "127.0.0.1")
    assert run(where, "list", "--json", DCOS_TLS_INSECURE="true") == (0, "[]\n", "")


@pytest.mark.parametrize("name", ["missing.pem", "conftest.py"])
def test_a_file_without_certificates_is_told(run: Run, name: str) -> None:
    """Before anything is asked."""
    path = CERTIFICATE.parent / name
    status, _, err = run("https://localhost:1", "list", DCOS_TLS_CA_PATH=str(path))
    assert status == 1
    assert err.startswith(f"DCOS_TLS_CA_PATH {str(path)!r} cannot be used: ")


def test_https_where_there_is_http_is_told(run: Run, canned: Canned, answer: MakeAnswer) -> None:
    """Not a traceback of the TLS library."""
    port = canned(answer("")).port
    status, _, err = run(f"https://127.0.0.1:{port}", "list", "--request-timeout=0.2")
    assert status == 1
    assert err.startswith("list failed: cannot ")
