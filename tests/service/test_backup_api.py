import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPMessage

import pytest

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.instants import Duration
from simulator.service.backup_api import BASE_PATH, BODY_LIMIT
from simulator.service.fake_cluster import FakeCluster

Ask = Callable[..., tuple[int, HTTPMessage, bytes]]
Connect = Callable[[FakeCluster], HTTPConnection]
Listed = Callable[..., list[dict[str, object]]]
Created = Callable[..., str]

UUID_SHAPED = "0" * 8 + "-0000-0000-0000-" + "0" * 12
UNKNOWN_ID = f"nightly-{UUID_SHAPED}"

# --- what is documented ----------------------------------------------------------------------


def test_a_create_answers_with_the_backup_that_it_started(fake: FakeCluster, ask: Ask) -> None:
    """Byte for byte: compact JSON, its keys in the order of the documented sample."""
    status, headers, body = ask(fake, "POST", "/create", {"label": "nightly"})
    (backup_id,) = fake.backups
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert body.decode() == (
        '{"dcos_version":"1.13.0",'
        f'"id":"{backup_id}",'
        '"component_status":{"marathon":{"status":"STATUS_BACKING_UP"}},'
        '"timestamp":"2019-03-18T23:16:33.265478871Z",'
        '"status":"STATUS_BACKING_UP"}'
    )


def test_an_id_is_the_label_and_a_uuid(fake: FakeCluster, created: Created) -> None:
    """Which makes 40 to 62 characters of it, as documented."""
    label, _, uuid = created(fake, "foo").partition("-")
    assert (label, len(uuid), [len(part) for part in uuid.split("-")]) == (
        "foo",
        36,
        [8, 4, 4, 4, 12],
    )


def test_a_list_shows_every_backup_as_a_create_shows_one(fake: FakeCluster, ask: Ask) -> None:
    """A bare array of the same documents."""
    _, _, made = ask(fake, "POST", "/create", {"label": "nightly"})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert body == b"[" + made + b"]"


def test_an_empty_cluster_lists_an_empty_array(fake: FakeCluster, ask: Ask) -> None:
    """Not null, and not an object."""
    assert ask(fake, "GET", "/list")[2] == b"[]"


def test_a_backup_becomes_ready_with_cluster_time(
    fake: FakeCluster, ask: Ask, listed: Listed
) -> None:
    """Not with requests: a nanosecond before it is due, it still runs."""
    ask(fake, "POST", "/create", {"label": "nightly"})
    fake.clock.advance("29s999ms999us999ns")
    (before,) = listed(fake)
    fake.clock.advance("1ns")
    (after,) = listed(fake)
    assert (before["status"], after["status"]) == ("STATUS_BACKING_UP", "STATUS_READY")
    assert after["component_status"] == {"marathon": {"status": "STATUS_READY"}}
    assert before["timestamp"] == after["timestamp"]


def test_a_failed_backup_says_why_beside_the_component(
    fake: FakeCluster, created: Created, ask: Ask
) -> None:
    """The key after ``status``, in UTF-8."""
    fake.on_create().backing_up("10s").error("Marathon leader unreachable: connexion refusée")
    backup_id = created(fake)
    assert ask(fake, "GET", "/list")[2].decode() == (
        f'[{{"dcos_version":"1.13.0","id":"{backup_id}",'
        '"component_status":{"marathon":{"status":"STATUS_ERROR",'
        '"error":"Marathon leader unreachable: connexion refusée"}},'
        '"timestamp":"2019-03-18T23:16:33.265478871Z","status":"STATUS_ERROR"}]'
    )


def test_a_restore_is_nested_in_its_backup(
    fake: FakeCluster, created: Created, ask: Ask, listed: Listed
) -> None:
    """At the documented path ``restores.component_status.marathon``, last in the document."""
    backup_id = created(fake)
    status, _, body = ask(fake, "POST", "/restore", {"id": backup_id})
    started = json.loads(body)
    assert status == 200
    assert list(started)[-2:] == ["status", "restores"]
    assert started["status"] == "STATUS_READY"
    assert started["restores"] == {"component_status": {"marathon": {"status": "STATUS_RESTORING"}}}
    fake.clock.advance("30s")
    (ended,) = listed(fake)
    assert ended["restores"] == {"component_status": {"marathon": {"status": "STATUS_READY"}}}


def test_the_latest_restore_is_the_one_that_shows(
    fake: FakeCluster, created: Created, ask: Ask, listed: Listed
) -> None:
    """A failed first one is replaced by the second."""
    fake.on_restore(times=1).error("no leader")
    backup_id = created(fake)
    ask(fake, "POST", "/restore", {"id": backup_id})
    (failed,) = listed(fake)
    ask(fake, "POST", "/restore", {"id": backup_id})
    (again,) = listed(fake)
    assert failed["restores"] == {
        "component_status": {"marathon": {"status": "STATUS_ERROR", "error": "no leader"}}
    }
    assert again["restores"] == {"component_status": {"marathon": {"status": "STATUS_RESTORING"}}}


def test_there_is_no_restores_key_before_the_first_restore(
    fake: FakeCluster, created: Created, listed: Listed
) -> None:
    """As in the documented sample of a healthy backup."""
    created(fake)
    assert "restores" not in listed(fake)[0]


def test_a_restore_brings_back_the_apps_of_the_backup(
    fake: FakeCluster, created: Created, ask: Ask
) -> None:
    """Apps made since are gone, apps removed since are there again."""
    fake.deploy("/web")
    backup_id = created(fake)
    fake.deploy("/later")
    fake.remove("/web")
    ask(fake, "POST", "/restore", {"id": backup_id})
    fake.clock.advance("30s")
    assert list(fake.apps) == ["/web"]


def test_a_delete_takes_its_id_from_a_json_body(
    fake: FakeCluster, created: Created, ask: Ask, listed: Listed
) -> None:
    """It answers 200 without a document; the other backup stays."""
    gone, kept = created(fake, "gone"), created(fake, "kept")
    status, _, body = ask(fake, "DELETE", "/delete", {"id": gone})
    assert (status, body) == (200, b"")
    assert [document["id"] for document in listed(fake)] == [kept]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", ["foo", "foo2", "bar"]),
        ("?prefix=", ["foo", "foo2", "bar"]),
        ("?prefix", ["foo", "foo2", "bar"]),
        ("?prefix=foo", ["foo", "foo2"]),
        ("?prefix=foo-", ["foo"]),
        ("?prefix=%66oo%2D", ["foo"]),
        ("?prefix=FOO", []),
        ("?prefix=" + "f" * 62, []),
    ],
)
def test_a_prefix_selects_ids_that_start_with_it(
    query: str, labels: list[str], fake: FakeCluster, created: Created, listed: Listed
) -> None:
    """A plain prefix of the id, so that ``foo`` also finds ``foo2-…``."""
    for label in ("foo", "foo2", "bar"):
        created(fake, label)
    assert [str(document["id"])[:-37] for document in listed(fake, query)] == labels


def test_the_same_label_may_be_used_again(fake: FakeCluster, created: Created) -> None:
    """The ids differ."""
    assert created(fake, "nightly") != created(fake, "nightly")


def test_a_backup_from_before_has_its_own_age(listed: Listed) -> None:
    """And the version that the cluster claims to be."""
    spec = ClusterSpec(
        dcos_version="1.10", backups=(ExistingBackup(label="old", age=Duration(1_265_478_871)),)
    )
    with FakeCluster(spec) as fake:
        (document,) = listed(fake)
    assert document["dcos_version"] == "1.10"
    assert document["timestamp"] == "2019-03-18T23:16:32Z"


# --- refusals of the cluster itself ----------------------------------------------------------


def test_a_second_operation_is_refused_while_one_runs(fake: FakeCluster, ask: Ask) -> None:
    """DCOS-17553; the first goes on as if nothing had been asked."""
    ask(fake, "POST", "/create", {"label": "nightly"})
    before = dict(fake.backups)
    status, headers, body = ask(fake, "POST", "/create", {"label": "second"})
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert "is in progress" in json.loads(body)["errors"][0]
    assert fake.backups == before


@pytest.mark.parametrize(("method", "target"), [("POST", "/restore"), ("DELETE", "/delete")])
def test_an_unknown_id_is_refused(method: str, target: str, fake: FakeCluster, ask: Ask) -> None:
    """With 400, for 404 is not documented."""
    status, _, body = ask(fake, method, target, {"id": UNKNOWN_ID})
    assert (status, json.loads(body)) == (
        400,
        {"errors": [f"backup {UNKNOWN_ID} does not exist"]},
    )


@pytest.mark.parametrize(("method", "target"), [("POST", "/restore"), ("DELETE", "/delete")])
def test_a_backup_that_is_being_made_is_neither_restored_nor_deleted(
    method: str, target: str, fake: FakeCluster, created: Created, ask: Ask
) -> None:
    """Its status is part of the sentence."""
    backup_id = created(fake, lasting="1s")
    status, _, body = ask(fake, method, target, {"id": backup_id})
    assert status == 400
    assert "STATUS_BACKING_UP" in json.loads(body)["errors"][0]
    assert backup_id in fake.backups


# --- malformed requests: 400, a sentence, and nothing has changed ----------------------------


@pytest.fixture
def untouched(created: Created, listed: Listed) -> Iterator[FakeCluster]:
    """Return a cluster with a ready backup, an app and unused rules.

    Afterwards all of that is as before, and the cluster still works.
    """
    with FakeCluster() as cluster:
        cluster.deploy("/web")
        created(cluster, "earlier")
        cluster.on_create().error("a rule that must not fire")
        cluster.on_restore().error("a rule that must not fire")
        backups, apps = cluster.backups, cluster.apps
        yield cluster
        assert cluster.backups == backups
        assert cluster.apps == apps
        assert [use.hits for use in cluster.rules] == [0, 0]
        assert cluster.marathon_available
        assert [document["id"] for document in listed(cluster)] == list(backups)


def refused_sentence(answer: tuple[int, HTTPMessage, bytes]) -> str:
    """Return the one sentence of a documented 400."""
    status, headers, body = answer
    document = json.loads(body)
    assert (status, headers["Content-Type"], list(document)) == (
        400,
        "application/json",
        ["errors"],
    )
    assert all(isinstance(sentence, str) and sentence for sentence in document["errors"])
    return "; ".join(document["errors"])


BODY_ROUTES = [
    ("POST", "/create", "label"),
    ("POST", "/restore", "id"),
    ("DELETE", "/delete", "id"),
]

MALFORMED_BODIES = {
    "empty": b"",
    "white space": b"  \r\n",
    "bad JSON": b'{"label": "nightly", "id": ',
    "single quotes": b"{'label': 'nightly', 'id': 'x'}",
    "trailing garbage": b'{"label": "nightly", "id": "x"} x',
    "a form": b"label=nightly&id=x",
    "null": b"null",
    "a string": b'"nightly"',
    "a number": b"1",
    "an array": b'[{"label": "nightly", "id": "x"}]',
    "an empty object": b"{}",
    "another field": b'{"name": "nightly"}',
    "another case": b'{"Label": "nightly", "ID": "x"}',
    "a null field": b'{"label": null, "id": null}',
    "a number field": b'{"label": 12345, "id": 12345}',
    "a boolean field": b'{"label": true, "id": true}',
    "NaN": b'{"label": NaN, "id": NaN}',
    "a long number": b'{"label": ' + b"1" * 5000 + b', "id": 1}',
    "an array field": b'{"label": ["nightly"], "id": ["x"]}',
    "an object field": b'{"label": {"label": "nightly"}, "id": {"id": "x"}}',
    "an empty field": b'{"label": "", "id": ""}',
    "a lone surrogate": b'{"label": "night\\ud800", "id": "night\\ud800"}',
    "invalid UTF-8": b'{"label": "night\xff", "id": "night\xff"}',
    "invalid UTF-8 elsewhere": b'{"label": "nightly", "id": "x", "y": "\xed\xa0\x80"}',
    "UTF-16": '{"label": "nightly", "id": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"label": "nightly", "id": "x"}',
    "NUL bytes": b"\0" * 8,
    "deeply nested": b"[" * 100_000 + b"]" * 100_000,
    "deeply nested inside": b'{"label": ' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", MALFORMED_BODIES.values(), ids=MALFORMED_BODIES)
@pytest.mark.parametrize(("method", "target", "field"), BODY_ROUTES)
def test_a_malformed_body_is_refused(
    method: str, target: str, field: str, body: bytes, untouched: FakeCluster, ask: Ask
) -> None:
    """The sentence names the body or the field; the journal says that it was malformed."""
    sentence = refused_sentence(ask(untouched, method, target, body))
    assert sentence.startswith(("body: must be a JSON object", f"{field}: "))
    exchange = untouched.journal.exchanges[-1]
    assert (exchange.status, exchange.operation) == (400, target[1:])
    assert exchange.why.startswith("refused, ")
    assert exchange.request_body == body


@pytest.mark.parametrize(("method", "target", "field"), BODY_ROUTES)
def test_no_body_at_all_is_refused(
    method: str, target: str, field: str, untouched: FakeCluster, ask: Ask
) -> None:
    """Even with the right content type."""
    headers = {"Content-Type": "application/json"}
    sentence = refused_sentence(ask(untouched, method, target, headers=headers))
    assert sentence.startswith(f'body: must be a JSON object such as {{"{field}": "…"}}')


@pytest.mark.parametrize(
    "label",
    [
        *("nightly\n", "\nnightly", "nightly\0", "nightly ", "ab", "a" * 26, "a" * 100),
        *("..a", ".ab", "-ab", "a-b", "a.b", "a b c", "a/b/c", "../../etc", "%41bc", "*"),
        *("ñandú", "٣٣٣", "\N{FULLWIDTH LATIN SMALL LETTER N}ightly"),
    ],
    ids=ascii,
)
def test_a_label_outside_the_documented_rule_is_refused(
    label: str, untouched: FakeCluster, ask: Ask
) -> None:
    """3 to 25 characters of ``[A-Za-z0-9_.-]``, the first two of ``[A-Za-z0-9_]``."""
    sentence = refused_sentence(ask(untouched, "POST", "/create", {"label": label}))
    assert sentence.startswith("label: ")


@pytest.mark.parametrize("label", ["abc", "___", "a" * 25, "ab.", "ab-", "ab..", "A1_.-", "007"])
def test_a_label_at_the_edge_of_the_documented_rule_is_taken(
    label: str, fake: FakeCluster, ask: Ask
) -> None:
    """And starts its id."""
    status, _, body = ask(fake, "POST", "/create", {"label": label})
    assert status == 200
    assert json.loads(body)["id"].startswith(f"{label}-")


@pytest.mark.parametrize(
    "backup_id",
    [
        "nightly",
        UNKNOWN_ID + "\n",
        "a" * 39,
        "a" * 63,
        "a b" + UUID_SHAPED,
        "é" + UUID_SHAPED + "abc",
    ],
    ids=ascii,
)
@pytest.mark.parametrize(("method", "target"), [("POST", "/restore"), ("DELETE", "/delete")])
def test_an_id_that_no_backup_can_have_is_refused(
    method: str, target: str, backup_id: str, untouched: FakeCluster, ask: Ask
) -> None:
    """A label is none, whatever the command's page says."""
    sentence = refused_sentence(ask(untouched, method, target, {"id": backup_id}))
    assert sentence.startswith("id: ")


@pytest.mark.parametrize("extra", [1, 1_000_000])
@pytest.mark.parametrize(("method", "target", "field"), BODY_ROUTES)
def test_a_huge_body_is_refused(
    extra: int, method: str, target: str, field: str, untouched: FakeCluster, ask: Ask
) -> None:
    """It is not read to its end, and not kept in the journal."""
    body = json.dumps({field: "nightly"}).encode().ljust(BODY_LIMIT + extra)
    assert refused_sentence(ask(untouched, method, target, body)) == (
        "body: must have at most 1048576 bytes"
    )
    assert untouched.journal.exchanges[-1].request_body == b""


def test_a_body_of_just_the_limit_is_read(fake: FakeCluster, ask: Ask) -> None:
    """The limit itself is allowed."""
    body = b'{"label": "nightly"}'.ljust(BODY_LIMIT)
    assert ask(fake, "POST", "/create", body)[0] == 200


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    """Cut a body into pieces."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def send_chunked(connection: HTTPConnection, fake: FakeCluster, body: bytes, size: int) -> None:
    """Send a create in chunks of this size."""
    headers = {"Authorization": f"token={fake.token}", "Content-Type": "application/json"}
    connection.request(
        "POST", f"{BASE_PATH}/create", body=chunks(body, size), headers=headers, encode_chunked=True
    )


def test_a_huge_chunked_body_is_refused(untouched: FakeCluster, connect: Connect) -> None:
    """Its length is not known before it has been counted."""
    connection = connect(untouched)
    body = b'{"label": "nightly"}'.ljust(BODY_LIMIT + 1)
    send_chunked(connection, untouched, body, 64 * 1024)
    response = connection.getresponse()
    answer = (response.status, response.headers, response.read())
    assert refused_sentence(answer) == "body: must have at most 1048576 bytes"


def test_a_chunked_body_is_read_whole(fake: FakeCluster, connect: Connect) -> None:
    """Also when each chunk is one byte."""
    connection = connect(fake)
    send_chunked(connection, fake, b'{"label": "nightly"}', 1)
    assert connection.getresponse().status == 200
    assert fake.journal.exchanges[0].request_body == b'{"label": "nightly"}'


RIGHT_METHODS = {"/create": "POST", "/list": "GET", "/restore": "POST", "/delete": "DELETE"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.mark.parametrize(
    ("method", "target", "right"),
    [
        (method, target, right)
        for target, right in RIGHT_METHODS.items()
        for method in METHODS
        if method != right
    ],
)
def test_a_wrong_method_is_refused(
    method: str, target: str, right: str, untouched: FakeCluster, ask: Ask
) -> None:
    """With a body that the right method would have taken; the right one is named."""
    body = {"label": "nightly", "id": next(iter(untouched.backups))}
    sentence = refused_sentence(ask(untouched, method, target, body))
    assert sentence == f"method: must be {right}, not {method}"


def test_a_head_gets_the_headers_of_the_refusal_only(untouched: FakeCluster, ask: Ask) -> None:
    """As HTTP has it: a length, and no body."""
    status, headers, body = ask(untouched, "HEAD", "/list")
    assert (status, body) == (400, b"")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("content_type", "named"),
    [
        (None, "and is missing"),
        ("text/plain", "not text/plain"),
        ("application/x-www-form-urlencoded", "not application/x-www-form-urlencoded"),
        ("application/jsonp", "not application/jsonp"),
        ("application/json5; charset=utf-8", "not application/json5"),
        ("*/*", "not */*"),
        ("json", "not "),
        ("", "and is missing"),
        (";", "not "),
    ],
)
@pytest.mark.parametrize(("method", "target", "field"), BODY_ROUTES)
def test_a_wrong_content_type_is_refused(
    content_type: str | None,
    named: str,
    method: str,
    target: str,
    field: str,
    untouched: FakeCluster,
    ask: Ask,
) -> None:
    """The sentence says what was found; a good body does not help."""
    backup_id = next(iter(untouched.backups))
    body = json.dumps({"label": "nightly", field: "nightly" if field == "label" else backup_id})
    answer = ask(untouched, method, target, body.encode(), {"Content-Type": content_type})
    sentence = refused_sentence(answer)
    assert sentence.startswith(f"Content-Type: must be application/json, {named}")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/json ; version=v1",
    ],
)
def test_a_content_type_may_have_parameters(content_type: str, fake: FakeCluster, ask: Ask) -> None:
    """Its case does not matter."""
    answer = ask(fake, "POST", "/create", {"label": "nightly"}, {"Content-Type": content_type})
    assert answer[0] == 200


def test_a_list_needs_no_content_type(fake: FakeCluster, ask: Ask) -> None:
    """Whatever it is, a list has no body to describe."""
    assert ask(fake, "GET", "/list", headers={"Content-Type": "text/plain"})[0] == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?prefix=a%20b", "prefix: may hold only"),
        ("?prefix=a+b", "prefix: may hold only"),
        ("?prefix=%", "prefix: may hold only"),
        ("?prefix=%zz", "prefix: may hold only"),
        ("?prefix=%25", "prefix: may hold only"),
        ("?prefix=%00", "prefix: may hold only"),
        ("?prefix=earlier%0A", "prefix: may hold only"),
        ("?prefix=%C3%A9", "prefix: may hold only"),
        ("?prefix=%FF", "prefix: may hold only"),
        ("?prefix=%ED%A0%80", "prefix: may hold only"),
        ("?prefix=*", "prefix: may hold only"),
        ("?prefix=a/b", "prefix: may hold only"),
        ("?prefix=earlier?", "prefix: may hold only"),
        ("?prefix=" + "a" * 63, "prefix: must have at most 62 characters"),
        ("?prefix=" + "%20" * 1000, "prefix: must have at most 62 characters; prefix: may hold"),
        ("?prefix=earlier&prefix=earlier", "prefix: must be given once"),
        ("?prefix=&prefix=", "prefix: must be given once"),
    ],
)
def test_a_prefix_that_no_id_can_have_is_refused(
    query: str, sentence: str, untouched: FakeCluster, ask: Ask
) -> None:
    """Rather than answered with an empty list, which would hide the client's mistake."""
    assert refused_sentence(ask(untouched, "GET", f"/list{query}")).startswith(sentence)


def test_a_compressed_body_is_not_unpacked(untouched: FakeCluster, ask: Ask) -> None:
    """Neither nginx nor the service does, so it is not JSON; neither good nor bad gzip hurts."""
    headers = {"Content-Encoding": "gzip"}
    answer = ask(untouched, "POST", "/create", b"\x1f\x8bnot gzip at all", headers)
    assert refused_sentence(answer).endswith("this is not JSON")


def test_a_refused_request_leaves_its_connection_usable(
    fake: FakeCluster, connect: Connect
) -> None:
    """One connection carries wrong and right requests in turn."""
    connection = connect(fake)
    headers = {"Authorization": f"token={fake.token}", "Content-Type": "application/json"}
    statuses = []
    for body in (b"{", b'{"label": null}', b'{"label": "nightly"}', b"[" * 10_000, b"\xff"):
        connection.request("POST", f"{BASE_PATH}/create", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        assert not response.will_close
    assert statuses == [400, 400, 200, 400, 400]


def test_a_client_that_asks_before_it_sends_its_body_is_told_to_go_on(fake: FakeCluster) -> None:
    """Curl does so before a long body: without the answer it would wait in vain."""
    body = b'{"label": "nightly"}'
    host, port = fake.url.removeprefix("http://").split(":")
    head = (
        f"POST {BASE_PATH}/create HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Authorization: token={fake.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.makefile("rb")
        assert [answer.readline(), answer.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        connection.sendall(body)
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        assert b'"status":"STATUS_BACKING_UP"' in answer.read()
        answer.close()


# --- what is ignored -------------------------------------------------------------------------


def test_unknown_fields_are_ignored_and_noted(fake: FakeCluster, ask: Ask) -> None:
    """A note in the journal for each, in their order; none where there are none."""
    body = {"force": True, "label": "nightly", "Label": "other"}
    assert ask(fake, "POST", "/create", body)[0] == 200
    ask(fake, "GET", "/list")
    create, plain = fake.journal.exchanges
    assert create.notes == (
        "unknown field 'force' was ignored",
        "unknown field 'Label' was ignored",
    )
    assert plain.notes == ()


def test_unknown_query_parameters_are_ignored_and_noted(
    fake: FakeCluster, created: Created, listed: Listed
) -> None:
    """The prefix beside them still holds; the name's case matters."""
    created(fake, "foo")
    created(fake, "bar")
    assert len(listed(fake, "?limit=1&prefix=foo&Prefix=x&blank")) == 1
    assert fake.journal.exchanges[-1].notes == (
        "unknown query parameter 'limit' was ignored",
        "unknown query parameter 'Prefix' was ignored",
        "unknown query parameter 'blank' was ignored",
    )


def test_a_refusal_keeps_its_notes(fake: FakeCluster, ask: Ask) -> None:
    """A reader of the journal sees both what was refused and what was odd."""
    ask(fake, "POST", "/restore", {"id": UNKNOWN_ID, "label": "nightly"})
    (exchange,) = fake.journal.exchanges
    assert exchange.status == 400
    assert exchange.notes == ("unknown field 'label' was ignored",)
