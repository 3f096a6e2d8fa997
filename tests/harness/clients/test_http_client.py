import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from simulator.clock import Clock
from simulator.core.time_policies import Manual
from simulator.harness.clients import client_kind
from simulator.harness.clients.http import opened
from simulator.harness.clients.in_process import target_of
from simulator.harness.clients.processes import Processes
from simulator.harness.language.profile_model import HttpProfile
from simulator.harness.ports import Client, Failed, Indeterminate, Ok, Outcome, Target
from simulator.service.fake_cluster import FakeCluster

SECONDS_AT_MOST = 20
"""Of real time: whatever hangs fails its test instead of stopping the run."""

CLOCK = Clock(Manual())

SHORT = HttpProfile.model_validate({"client": "short", "kind": "http", "timeout": "200ms"})


class Ask(Protocol):
    """Asks a target one thing through the reference client."""

    def __call__(self, target: Target, operation: str, argument: str) -> Outcome:
        """Return the outcome of one operation."""
        ...


@pytest.fixture
def ask() -> Ask:
    """Return how to open the reference client for one operation."""

    async def once(target: Target, operation: str, argument: str) -> Outcome:
        async with (
            asyncio.timeout(SECONDS_AT_MOST),
            client_kind("http").open(target, CLOCK) as session,
        ):
            outcome: Outcome = await getattr(session.client, operation)(argument)
            return outcome

    def ask(target: Target, operation: str, argument: str) -> Outcome:
        return asyncio.run(once(target, operation, argument))

    return ask


# --- against a fake cluster --------------------------------------------------------------------


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster that is served for as long as the test runs."""
    with FakeCluster(policy=Manual()) as cluster:
        yield cluster


def test_the_five_operations_do_what_they_say(fake: FakeCluster) -> None:
    """A whole flow over HTTP, the cluster's clock moved by hand."""

    async def flow(client: Client) -> list[Outcome]:
        created = await client.create("nightly")
        assert isinstance(created, Ok)
        backup_id = created.value["id"]
        fake.clock.advance("30s")
        shown = await client.show(backup_id)
        restored = await client.restore(backup_id)
        fake.clock.advance("30s")
        listed = await client.list("night")
        deleted = await client.delete(backup_id)
        return [created, shown, restored, listed, deleted, await client.list("")]

    async def run() -> list[Outcome]:
        kind = client_kind("http")
        async with (
            asyncio.timeout(SECONDS_AT_MOST),
            kind.open(target_of(fake), fake.clock) as session,
        ):
            return await flow(session.client)

    created, shown, restored, listed, deleted, empty = asyncio.run(run())
    assert isinstance(created, Ok)
    assert isinstance(shown, Ok)
    assert isinstance(listed, Ok)
    assert created.value["status"] == "STATUS_BACKING_UP"
    assert shown.value["status"] == "STATUS_READY"
    assert isinstance(restored, Ok)
    assert [document["id"] for document in listed.value] == [created.value["id"]]
    assert (deleted, empty) == (Ok(None), Ok([]))


def test_requests_are_as_the_api_documents_them(fake: FakeCluster, ask: Ask) -> None:
    """Method, path, body, and the two headers."""
    ask(target_of(fake), "create", "nightly")
    ask(target_of(fake), "list", "a b&c")
    ask(target_of(fake), "list", "")
    ask(target_of(fake), "restore", "x")
    ask(target_of(fake), "delete", "x")
    requests = fake.journal.exchanges
    base = "/system/v1/backup/v1"
    assert [(each.method, each.target, each.request_body) for each in requests] == [
        ("POST", f"{base}/create", b'{"label": "nightly"}'),
        ("GET", f"{base}/list?prefix=a+b%26c", b""),
        ("GET", f"{base}/list", b""),
        ("POST", f"{base}/restore", b'{"id": "x"}'),
        ("DELETE", f"{base}/delete", b'{"id": "x"}'),
    ]
    for request in requests:
        headers = {name.lower(): value for name, value in request.headers}
        assert headers[b"authorization"] == f"token={fake.token}".encode()
        assert headers[b"accept"] == b"application/json"
        assert (b"content-type" in headers) is (request.method != "GET")
        assert request.notes == ()


def test_a_refusal_carries_the_texts_of_the_service(fake: FakeCluster, ask: Ask) -> None:
    """All of them, and the status."""
    outcome = ask(target_of(fake), "create", "-")
    assert isinstance(outcome, Failed)
    assert outcome.http_status == 400
    assert outcome.message.startswith("label: must have 3 to 25 characters, not 1; label: the ")


def test_a_backup_that_is_not_listed_cannot_be_shown(fake: FakeCluster, ask: Ask) -> None:
    """Nor one whose id only begins like that."""
    assert ask(target_of(fake), "show", "nothing") == Failed("there is no backup nothing")
    ask(target_of(fake), "create", "nightly")
    assert ask(target_of(fake), "show", "nightly") == Failed("there is no backup nightly")


def test_a_refused_list_cannot_show_a_backup(fake: FakeCluster, ask: Ask) -> None:
    """The reason is the list's."""
    outcome = ask(target_of(fake), "show", "a b")
    assert isinstance(outcome, Failed)
    assert outcome.http_status == 400


def test_a_page_of_the_proxy_is_quoted(fake: FakeCluster, ask: Ask) -> None:
    """On one line: a wrong token is answered in HTML."""
    good = target_of(fake)
    wrong = Target(url=good.url, token="no", username=good.username, password=good.password)
    outcome = ask(wrong, "list", "")
    assert isinstance(outcome, Failed)
    assert outcome.http_status == 401
    assert outcome.message.startswith('<!DOCTYPE html> <html> <head> <meta charset="utf-8">')
    assert len(outcome.message) == 200


# --- against sockets that break ----------------------------------------------------------------

Serve = Callable[[bytes | None], Target]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return how to answer one connection with these bytes, then close; None: never answer."""
    listening: list[socket.socket] = []
    threads: list[threading.Thread] = []
    done = threading.Event()

    def answer(server: socket.socket, raw: bytes | None) -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(SECONDS_AT_MOST)
            connection.recv(65536)
            if raw is None:
                done.wait(SECONDS_AT_MOST)
            else:
                connection.sendall(raw)

    def serve(raw: bytes | None) -> Target:
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(SECONDS_AT_MOST)
        listening.append(server)
        threads.append(threading.Thread(target=answer, args=(server, raw), daemon=True))
        threads[-1].start()
        return target_at(server.getsockname()[1])

    yield serve
    done.set()
    for thread in threads:
        thread.join(SECONDS_AT_MOST)
    for server in listening:
        server.close()


def target_at(port: int) -> Target:
    """Return a target on this machine."""
    return Target(url=f"http://127.0.0.1:{port}", token="t", username="u", password="p")


def raw(status: str, body: bytes, content_type: str = "application/json") -> bytes:
    """Return a whole answer as bytes."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


def test_no_answer_in_time_is_indeterminate(serve: Serve) -> None:
    """It may have happened: the client cannot tell."""
    target = serve(None)

    async def once() -> Outcome:
        processes = Processes(Path(), {}, target)
        async with asyncio.timeout(SECONDS_AT_MOST), opened(SHORT, target, processes) as client:
            return await client.create("nightly")

    assert asyncio.run(once()) == Indeterminate("no answer within 0.2 s")


def test_a_connection_that_is_closed_without_an_answer_is_indeterminate(
    serve: Serve, ask: Ask
) -> None:
    """As after a crash behind the proxy."""
    outcome = ask(serve(b""), "create", "nightly")
    assert isinstance(outcome, Indeterminate)
    assert outcome.message.startswith("no usable answer: ")


def test_half_an_answer_is_indeterminate(serve: Serve, ask: Ask) -> None:
    """Its body ended too early."""
    outcome = ask(serve(raw("200 OK", b"[]" * 50)[:-10]), "list", "")
    assert isinstance(outcome, Indeterminate)


def test_what_is_not_http_is_indeterminate(serve: Serve, ask: Ask) -> None:
    """Something else listens there."""
    outcome = ask(serve(b"220 mail.example ESMTP\r\n"), "list", "")
    assert isinstance(outcome, Indeterminate)


def test_nobody_who_listens_is_a_failure(ask: Ask) -> None:
    """Nothing can have happened."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = ask(target_at(port), "create", "nightly")
    assert isinstance(outcome, Failed)
    assert outcome.message.startswith("cannot connect: ")
    assert outcome.http_status is None


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            raw("502 Bad Gateway", b"<html>\r\n<h1>502</h1>\n</html>", "text/html"),
            Failed("<html> <h1>502</h1> </html>", 502),
        ),
        (raw("500 Internal Server Error", b""), Failed("no text", 500)),
        (raw("500 Oh", b'{"errors": ["one", 2]}'), Failed("one; 2", 500)),
        (raw("500 Oh", b'{"errors": 3}'), Failed('{"errors": 3}', 500)),
        (raw("500 Oh", b'{"error": "x"}'), Failed('{"error": "x"}', 500)),
        (raw("500 Oh", b"[1]"), Failed("[1]", 500)),
        (raw("503 Oh", b"\xff\xfe"), Failed("\ufffd\ufffd", 503)),
        (raw("201 Created", b"{}"), Failed("{}", 201)),
        (raw("200 OK", b"<html>", "text/html"), Failed("the answer is not JSON", 200)),
        (raw("200 OK", b"[" * 100_000), Failed("the answer is not JSON", 200)),
        (raw("200 OK", b"[]", "text/plain; charset=nonsense"), Ok([])),
        (raw("200 OK", b""), Failed("the answer is not a list of backups")),
    ],
)
def test_every_answer_has_its_outcome(
    serve: Serve, ask: Ask, answer: bytes, outcome: Outcome
) -> None:
    """Only 200 is documented as a success."""
    assert ask(serve(answer), "list", "") == outcome


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"3", b'["x"]', b'[{"status": "x"}]'])
def test_a_list_of_something_else_cannot_show_a_backup(serve: Serve, ask: Ask, body: bytes) -> None:
    """An outcome like any other, and no exception."""
    outcome = ask(serve(raw("200 OK", body)), "show", "nightly-1")
    assert outcome == Failed("the answer is not a list of backups")


@pytest.mark.parametrize("operation", ["create", "list", "restore", "delete"])
def test_a_request_is_sent_once(ask: Ask, operation: str) -> None:
    """Also where the connection breaks: aiohttp by itself would send some again."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(SECONDS_AT_MOST)
                    seen.append(connection.recv(65536))
                if not seen[-1]:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        outcome = ask(target_at(port), operation, "nightly")
        with socket.create_connection(("127.0.0.1", port)):
            pass  # says nothing, which ends the thread
        thread.join(SECONDS_AT_MOST)
    assert isinstance(outcome, Indeterminate)
    assert len(seen) == len(["the request", "nothing"])


def test_a_redirect_is_not_followed(serve: Serve, ask: Ask) -> None:
    """A POST might become a GET."""
    moved = raw("302 Found\r\nLocation: /elsewhere", b"moved")
    outcome = ask(serve(moved), "create", "nightly")
    assert outcome == Failed("moved", 302)


@pytest.mark.parametrize("operation", ["create", "restore"])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"errors": ["busy"]}'])
def test_a_success_without_a_backup_is_indeterminate(
    serve: Serve, ask: Ask, operation: str, body: bytes
) -> None:
    """The status says that it worked, the answer does not say what."""
    outcome = ask(serve(raw("200 OK", body)), operation, "nightly")
    assert outcome == Indeterminate("the answer names no backup")
