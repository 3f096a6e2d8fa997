import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import quote

import pytest

from simulator.core.cluster import ClusterSpec
from simulator.core.events import BackupStarted
from simulator.core.instants import parse_duration, parse_rfc3339
from simulator.core.time_policies import PerRequest
from simulator.journal import Exchange
from simulator.service.backup_api import BASE_PATH
from simulator.service.fake_cluster import FakeCluster

Answer = tuple[int, HTTPMessage, bytes]
Ask = Callable[..., Answer]
Send = Callable[..., Answer]
Connect = Callable[[FakeCluster], HTTPConnection]
Created = Callable[..., str]

LIST = f"{BASE_PATH}/list"
VERSIONS = ["1.10.0", "1.10", "1.11.0", "1.13.0", "2.0.0", "2.1", "2.2.10"]

WITHOUT_A_GOOD_TOKEN: dict[str, dict[str, str]] = {
    "nothing": {},
    "an empty header": {"Authorization": ""},
    "Basic": {"Authorization": "Basic Ym9vdHN0cmFwdXNlcjpkZWxldGVtZQ=="},
    "an empty token": {"Authorization": "token="},
    "a blank token": {"Authorization": "token= "},
    "a wrong token": {"Authorization": "token=eyJhbGciOiJSUzI1NiJ9.e30.AAAA"},
    "an empty bearer": {"Authorization": "Bearer "},
    "a wrong bearer": {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.AAAA"},
    "an empty cookie": {"Cookie": "dcos-acs-auth-cookie="},
    "a wrong cookie": {"Cookie": "dcos-acs-auth-cookie=eyJhbGciOiJSUzI1NiJ9.e30.AAAA"},
    "another cookie": {"Cookie": "dcos-acs-info-cookie=e30="},
    "a broken cookie": {"Cookie": "=; ;;dcos-acs-auth-cookie"},
}


def is_unauthorized(answer: Answer) -> bool:
    """Tell whether this is Admin Router's page for a request without a valid token."""
    status, headers, body = answer
    expected = (401, "acsjwt", "text/html; charset=UTF-8")
    found = (status, headers["WWW-Authenticate"], headers["Content-Type"])
    return found == expected and b"<h1>Unauthorized</h1>" in body


# --- the token -------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", WITHOUT_A_GOOD_TOKEN.values(), ids=list(WITHOUT_A_GOOD_TOKEN))
def test_without_a_valid_token_there_is_only_the_login_page(
    headers: dict[str, str], fake: FakeCluster, send: Send
) -> None:
    """No distinction between missing, malformed and wrong; HTML, also for who accepts JSON only."""
    accepting = {"Accept": "application/json", **headers}
    assert is_unauthorized(send(fake, "GET", LIST, None, accepting))


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "create"), ("GET", "list"), ("POST", "restore"), ("DELETE", "delete")],
)
def test_every_route_needs_a_token(
    method: str, target: str, fake: FakeCluster, created: Created, send: Send
) -> None:
    """The right body does not help, and nothing has happened."""
    body = json.dumps({"label": "nightly", "id": created(fake)}).encode()
    before = fake.backups
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    assert is_unauthorized(send(fake, method, f"{BASE_PATH}/{target}", body, headers))
    assert fake.backups == before


def test_the_token_comes_before_what_is_wrong_with_a_request(fake: FakeCluster, send: Send) -> None:
    """Authorization runs before the service sees anything, even the method."""
    assert is_unauthorized(send(fake, "PUT", f"{BASE_PATH}/create", b"not JSON"))


def test_the_documented_header_is_accepted(fake: FakeCluster, send: Send) -> None:
    """``Authorization: token=…``."""
    assert send(fake, "GET", LIST, None, {"Authorization": f"token={fake.token}"})[0] == 200


def test_a_cookie_is_accepted_where_there_is_no_header(fake: FakeCluster, send: Send) -> None:
    """Among other cookies, as a browser sends it."""
    cookie = f"a=b; dcos-acs-auth-cookie={fake.token}; dcos-acs-info-cookie=e30="
    assert send(fake, "GET", LIST, None, {"Cookie": cookie})[0] == 200


@pytest.mark.parametrize("header", ["Basic abc", "", "token=wrong", "nonsense"])
def test_a_header_wins_over_a_good_cookie(header: str, fake: FakeCluster, send: Send) -> None:
    """Even when the header holds no token at all."""
    headers = {"Authorization": header, "Cookie": f"dcos-acs-auth-cookie={fake.token}"}
    assert is_unauthorized(send(fake, "GET", LIST, None, headers))


def test_a_good_header_wins_over_a_wrong_cookie(fake: FakeCluster, send: Send) -> None:
    """The cookie is not looked at."""
    headers = {"Authorization": f"token={fake.token}", "Cookie": "dcos-acs-auth-cookie=wrong"}
    assert send(fake, "GET", LIST, None, headers)[0] == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_bearer_works_from_1_11_on(version: str, send: Send) -> None:
    """Not before: the header then holds no token."""
    with FakeCluster(ClusterSpec(dcos_version=version)) as fake:
        answer = send(fake, "GET", LIST, None, {"Authorization": f"Bearer {fake.token}"})
    if version.startswith("1.10"):
        assert is_unauthorized(answer)
    else:
        assert answer[0] == 200


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("token={token}", True),
        ("Token token={token}", True),
        ("Basic x, token={token}", True),
        ("x Bearer {token}", True),
        ("Bearer x token={token}", True),
        ("token=x Bearer {token}", False),
        ("TOKEN={token}", False),
        ("Token={token}", False),
        ("bearer {token}", False),
        ("BEARER {token}", False),
        ("Bearer  {token}", False),
        ("token={token} x", False),
        ("token={token},", False),
        ('token="{token}"', False),
        ("{token}", False),
    ],
)
def test_a_header_is_searched_for_its_token(
    header: str, *, accepted: bool, fake: FakeCluster, send: Send
) -> None:
    """Anywhere in it, minding the case; ``token=`` first, then ``Bearer``; the rest is it."""
    answer = send(fake, "GET", LIST, None, {"Authorization": header.format(token=fake.token)})
    assert (answer[0] == 200) is accepted
    assert is_unauthorized(answer) is not accepted


def test_the_token_of_another_cluster_is_not_valid(fake: FakeCluster, send: Send) -> None:
    """Each seed has its own; the same seed has the same."""
    with FakeCluster(seed="another") as other, FakeCluster() as twin:
        headers = {"Authorization": f"token={other.token}"}
        assert is_unauthorized(send(fake, "GET", LIST, None, headers))
        assert twin.token == fake.token


# --- pages and headers -----------------------------------------------------------------------

PAGE_OLD = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n"
    b'<body bgcolor="white">\r\n<center><h1>404 Not Found</h1></center>\r\n'
    b"<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n"
)


@pytest.mark.parametrize(
    ("version", "page"),
    [
        ("1.10.0", PAGE_OLD.replace(b"openresty", b"openresty/1.9.15.1")),
        ("1.11.0", PAGE_OLD),
        ("1.13.0", PAGE_OLD),
        ("2.0.0", PAGE_OLD.replace(b' bgcolor="white"', b"")),
        ("2.2.0", PAGE_OLD.replace(b' bgcolor="white"', b"")),
    ],
)
def test_an_unknown_path_gets_the_page_of_its_nginx(version: str, page: bytes, send: Send) -> None:
    """Byte for byte; HTML, also for who accepts JSON only."""
    with FakeCluster(ClusterSpec(dcos_version=version)) as fake:
        headers = {"Accept": "application/json", "Authorization": f"token={fake.token}"}
        status, answered, body = send(fake, "GET", "/no/such/path", None, headers)
    assert (status, answered["Content-Type"], body) == (404, "text/html", page)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/list",
        "/system/v1/backup/v2/list",
        f"{LIST}/",
        f"{LIST}s",
        f"/x{LIST}",
        f"{LIST}%3Fprefix=a",
        BASE_PATH.upper() + "/list",
        f"/{'a' * 4000}",
        "/%FF%00",
        "/_sim/v1/clock",
    ],
)
def test_nothing_is_at_other_paths(target: str, fake: FakeCluster, send: Send) -> None:
    """For any method, with a token."""
    for method in ("GET", "POST", "DELETE"):
        headers = {"Authorization": f"token={fake.token}"}
        assert send(fake, method, target, None, headers)[0] == 404


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_header_is_that_of_the_version(version: str, ask: Ask, send: Send) -> None:
    """The same on answers of the service and on Admin Router's own pages."""
    expected = "openresty/1.9.15.1" if version.startswith("1.10") else "openresty"
    with FakeCluster(ClusterSpec(dcos_version=version)) as fake:
        answers = [
            ask(fake, "GET", "/list"),
            send(fake, "GET", LIST),
            send(fake, "GET", "/nothing"),
        ]
    assert [answer[0] for answer in answers] == [200, 401, 404]
    assert [answer[1]["Server"] for answer in answers] == [expected] * 3


@pytest.mark.parametrize(
    "target",
    [
        "//system/v1/backup/v1/list",
        "/system//v1///backup////v1/list",
        "/system/v1/backup/v1/%6Cist",
        "/system%2Fv1%2fbackup/v1/list",
        "/%2F%2Fsystem/v1/backup/v1/list",
        quote("/system/v1/backup/v1/list", safe=""),
        "".join(f"%{byte:02X}" for byte in b"/system/v1/backup/v1/list").replace("%2F", "/", 1),
    ],
)
def test_a_path_is_decoded_and_its_slashes_are_merged(
    target: str, fake: FakeCluster, created: Created, send: Send
) -> None:
    """By Admin Router itself: answered at once, not redirected; the query is left alone."""
    created(fake)
    if not target.startswith("/"):
        target = f"/{target}"
    headers = {"Authorization": f"token={fake.token}"}
    status, answered, body = send(fake, "GET", f"{target}?prefix=nightly", None, headers)
    assert (status, len(json.loads(body)), answered["Location"]) == (200, 1, None)
    assert is_unauthorized(send(fake, "GET", target))
    assert fake.journal.exchanges[-1].target == target


# --- cluster time ----------------------------------------------------------------------------


def test_the_date_is_cluster_time(fake: FakeCluster, ask: Ask, send: Send) -> None:
    """On every answer, and it moves with the cluster's clock only."""
    dates = [ask(fake, "GET", "/list")[1]["Date"], send(fake, "GET", LIST)[1]["Date"]]
    fake.clock.advance("734ms521us128ns")
    dates.append(send(fake, "GET", "/nothing")[1]["Date"])
    fake.clock.advance("1ns")
    dates.append(ask(fake, "GET", "/list")[1]["Date"])
    fake.clock.advance("365d")
    dates.append(ask(fake, "GET", "/list")[1]["Date"])
    assert dates == [
        "Mon, 18 Mar 2019 23:16:33 GMT",
        "Mon, 18 Mar 2019 23:16:33 GMT",
        "Mon, 18 Mar 2019 23:16:33 GMT",
        "Mon, 18 Mar 2019 23:16:34 GMT",
        "Tue, 17 Mar 2020 23:16:34 GMT",
    ]


def test_timestamps_are_cluster_time(ask: Ask) -> None:
    """Wherever the clock starts; trailing zeros are dropped."""
    with FakeCluster(start=parse_rfc3339("2017-10-23T17:20:18.53351124Z")) as fake:
        _, headers, body = ask(fake, "POST", "/create", {"label": "foo"})
    assert json.loads(body)["timestamp"] == "2017-10-23T17:20:18.53351124Z"
    assert headers["Date"] == "Mon, 23 Oct 2017 17:20:18 GMT"


def test_every_request_moves_a_clock_that_counts_requests(ask: Ask, send: Send) -> None:
    """Before it is answered, and also when it is refused."""
    with FakeCluster(policy=PerRequest(parse_duration("10s"))) as fake:
        made = json.loads(ask(fake, "POST", "/create", {"label": "foo"})[2])
        send(fake, "GET", LIST)
        send(fake, "GET", "/nothing")
        (shown,) = json.loads(ask(fake, "GET", "/list")[2])
    assert made["timestamp"] == "2019-03-18T23:16:43.265478871Z"
    assert (made["status"], shown["status"]) == ("STATUS_BACKING_UP", "STATUS_READY")


# --- the journal -----------------------------------------------------------------------------


def test_every_exchange_is_in_the_journal_with_its_reason(
    fake: FakeCluster, ask: Ask, send: Send
) -> None:
    """Served, refused, unauthorized or unknown: nothing is answered unseen."""
    fake.on_create("nightly").backing_up("5s")
    ask(fake, "POST", "/create", {"label": "nightly"})
    ask(fake, "POST", "/create", {"label": "no"})
    ask(fake, "POST", "/create", b"{")
    ask(fake, "POST", "/create", {"label": "second"})
    ask(fake, "GET", "/list")
    send(fake, "GET", LIST)
    send(fake, "GET", LIST, None, {"Authorization": "Basic x"})
    send(fake, "GET", LIST, None, {"Authorization": "token=x"})
    send(fake, "GET", "//nothing?a=b")
    (backup_id,) = fake.backups
    found = [(seen.operation, seen.status, seen.why) for seen in fake.journal.exchanges]
    not_json = 'body: must be a JSON object such as {"label": "…"}, and this is not JSON'
    busy = f"backup {backup_id} is in progress: only one backup or restore runs at a time"
    assert found == [
        ("create", 200, "on_create('nightly')"),
        ("create", 400, "refused, invalid: label: must have 3 to 25 characters, not 2"),
        ("create", 400, f"refused, malformed: {not_json}"),
        ("create", 400, f"refused, busy: {busy}"),
        ("list", 200, "on_create('nightly'), stage 1 of 2, for 5s"),
        ("list", 401, "Admin Router: no Authorization header and no cookie"),
        ("list", 401, "Admin Router: the Authorization header holds no token"),
        ("list", 401, "Admin Router: the token is not valid"),
        ("", 404, "Admin Router: nothing at /nothing"),
    ]


def test_an_exchange_is_recorded_as_it_was_on_the_wire(fake: FakeCluster, ask: Ask) -> None:
    """Method, target, headers in their order, and both bodies; with the cluster's own reply."""
    fake.clock.advance("1s")
    headers = {"X-Odd-Case": "Value"}
    status, _, body = ask(fake, "POST", "/create?x=%20y", {"label": "nightly"}, headers)
    (seen,) = fake.journal.exchanges
    assert (seen.at, seen.method, seen.target) == (
        fake.clock.now,
        "POST",
        f"{BASE_PATH}/create?x=%20y",
    )
    assert seen.request_body == b'{"label": "nightly"}'
    assert (seen.status, seen.response_body) == (status, body)
    names = [name for name, _ in seen.headers]
    assert (b"X-Odd-Case", b"Value") in seen.headers
    assert names[0] == b"Host"
    assert names.index(b"Accept") < names.index(b"Authorization") < names.index(b"X-Odd-Case")
    assert seen.reply is not None
    assert seen.reply.backup is fake.backups[next(iter(fake.backups))]


def test_a_request_stands_before_what_it_caused(fake: FakeCluster, ask: Ask) -> None:
    """And after what time had caused before it."""
    ask(fake, "POST", "/create", {"label": "nightly"})
    kinds = [type(entry) for _, entry in fake.journal.numbered()]
    assert kinds[:2] == [Exchange, BackupStarted]


def test_the_user_is_the_documented_one(fake: FakeCluster) -> None:
    """With its documented password."""
    assert (fake.username, fake.password) == ("bootstrapuser", "deleteme")


def test_the_token_is_checked_before_a_path_of_the_service_is_looked_at(
    fake: FakeCluster, send: Send
) -> None:
    """As Admin Router does, which knows the location and not what is in it."""
    inside = "/system/v1/backup/v1/show"
    token = {"Authorization": f"token={fake.token}"}
    assert send(fake, "GET", inside)[0] == 401
    assert send(fake, "GET", inside, None, token)[0] == 404
