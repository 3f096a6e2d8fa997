"""Faults that change what is answered, and which requests they strike."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPMessage

import pytest

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.core.instants import parse_duration
from simulator.core.scripts import Stage
from simulator.core.statuses import Status
from simulator.service.backup_api import BASE_PATH
from simulator.service.fake_cluster import FakeCluster
from simulator.simulation import FaultError

Answer = tuple[int, HTTPMessage, bytes]
Ask = Callable[..., Answer]
Send = Callable[..., Answer]
Created = Callable[..., str]

LIST = f"{BASE_PATH}/list"
READY = Stage(status=Status.READY)
FAILED = Stage(status=Status.ERROR, error="no leader")


@pytest.fixture
def fake() -> Iterator[FakeCluster]:
    """Return a cluster with one ready backup."""
    with FakeCluster(ClusterSpec(backups=(ExistingBackup(label="old"),))) as cluster:
        yield cluster


def statuses(ask: Ask, cluster: FakeCluster, count: int) -> list[int]:
    """Return the statuses of so many lists."""
    return [ask(cluster, "GET", "/list")[0] for _ in range(count)]


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "400 Bad Request"),
        (404, "404 Not Found"),
        (500, "500 Internal Server Error"),
        (502, "502 Bad Gateway"),
        (503, "503 Service Unavailable"),
        (504, "504 Gateway Time-out"),
    ],
)
def test_admin_router_writes_nginx_pages(
    status: int, words: str, fake: FakeCluster, ask: Ask
) -> None:
    """In nginx's own words, with the headers of every answer."""
    fake.faults.add(on="list", do={"answer": status})
    found, headers, body = ask(fake, "GET", "/list")
    assert (found, headers["Content-Type"], headers["Server"]) == (status, "text/html", "openresty")
    assert f"<center><h1>{words}</h1></center>".encode() in body
    assert headers["Content-Length"] == str(len(body))


def test_admin_router_writes_the_login_page(fake: FakeCluster, ask: Ask, send: Send) -> None:
    """The same as for a request without a token, but for who has one."""
    fake.faults.add(on="list", do={"answer": 401})
    struck, real = ask(fake, "GET", "/list"), send(fake, "GET", LIST)
    assert (struck[0], struck[2]) == (real[0], real[2])
    assert sorted(struck[1].items()) == sorted(real[1].items())
    assert struck[1]["WWW-Authenticate"] == "acsjwt"


def test_admin_router_denies_access(fake: FakeCluster, ask: Ask) -> None:
    """To who has a token and no permission."""
    fake.faults.add(on="list", do={"answer": 403})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, headers["Content-Type"]) == (403, "text/html; charset=UTF-8")
    assert b"<h1>Access Denied</h1>" in body
    assert headers["WWW-Authenticate"] is None


def test_the_service_answers_with_errors(fake: FakeCluster, ask: Ask) -> None:
    """In JSON, with the text of the rule or one of its own."""
    fake.faults.add(on="list", do={"answer": 500, "body": "service"}, times=1)
    fake.faults.add(on="list", do={"answer": 500, "body": "service", "text": 'no "leader"'})
    for text in ("something went wrong", 'no "leader"'):
        status, headers, body = ask(fake, "GET", "/list")
        assert (status, headers["Content-Type"]) == (500, "application/json")
        assert json.loads(body) == {"errors": [text]}


def test_marathon_answers_with_the_page_of_jetty(fake: FakeCluster, ask: Ask, send: Send) -> None:
    """Which says that there is no leader, or what the rule says."""
    fake.faults.add(path="/service/*", do={"answer": 503, "body": "marathon"})
    fake.faults.add(on="list", do={"answer": 502, "body": "marathon", "text": "tired"})
    status, headers, body = send(fake, "GET", "/service/marathon/v2/apps")
    assert (status, headers["Content-Type"]) == (503, "text/html")
    assert b"<h2>HTTP ERROR: 503</h2>" in body
    assert b"Could not determine the current leader" in body
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, headers["Content-Type"]) == (502, "text/html")
    assert b"<pre>    tired</pre>" in body


def test_an_empty_answer_has_no_body_and_no_type(fake: FakeCluster, ask: Ask) -> None:
    """An empty 200 is not JSON."""
    fake.faults.add(on="list", do={"answer": 200, "body": "empty"})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, body, headers["Content-Length"]) == (200, b"", "0")
    assert headers["Content-Type"] is None


def test_a_text_is_sent_as_it_is(fake: FakeCluster, ask: Ask) -> None:
    """In UTF-8, whatever it is."""
    fake.faults.add(on="list", do={"answer": 200, "body": "text", "text": "[{ ö oops"})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    assert body.decode() == "[{ ö oops"


@pytest.mark.parametrize("page", ["admin-router", "service", "marathon", "empty", "text"])
@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_body_has_none(
    status: int, page: str, fake: FakeCluster, ask: Ask, connect: Callable[..., HTTPConnection]
) -> None:
    """Whoever writes it: what came behind it would be taken for the next answer."""
    fake.faults.add(on="list", do={"answer": status, "body": page}, times=1)
    connection = connect(fake)
    for expected in (status, 200):
        connection.request("GET", LIST, headers={"Authorization": f"token={fake.token}"})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (expected, expected == 200)
    assert fake.journal.exchanges[0].response_body == b""
    assert ask(fake, "GET", "/list")[0] == 200


# --- headers -------------------------------------------------------------------------------------


def test_retry_after_is_said_in_seconds(fake: FakeCluster, ask: Ask) -> None:
    """Whole ones."""
    fake.faults.add(on="list", do={"answer": 503, "retry_after": "2m"})
    assert ask(fake, "GET", "/list")[1]["Retry-After"] == "120"


def test_retry_after_is_said_as_a_date(fake: FakeCluster, ask: Ask) -> None:
    """In cluster time, which the Date of the answer tells as well."""
    fake.faults.add(on="list", do={"answer": 503, "retry_date": "2m"})
    for _ in range(2):
        headers = ask(fake, "GET", "/list")[1]
        until = parsedate_to_datetime(headers["Retry-After"])
        assert (until - parsedate_to_datetime(headers["Date"])).total_seconds() == 120
        fake.clock.advance("1h")


@pytest.mark.parametrize(
    "location",
    ["/system/v1/backup/v1/list", "list", "https://127.0.0.1:1/x", "http://other.invalid:8080/"],
)
def test_a_redirect_leads_where_the_rule_says(location: str, fake: FakeCluster, ask: Ask) -> None:
    """Relative or absolute, to another host, port or scheme."""
    fake.faults.add(on="list", do={"answer": 307, "location": location})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, headers["Location"]) == (307, location)
    assert b"307 Temporary Redirect" in body


def test_headers_claim_what_is_not_true(fake: FakeCluster, ask: Ask) -> None:
    """Set, added, emptied or left out; the body stays as it is."""
    plain = ask(fake, "GET", "/list")
    claimed = {
        "content-type": "text/html",
        "Content-Encoding": "gzip",
        "Server": None,
        "X-Nothing": "",
    }
    fake.faults.add(on="list", do={"headers": claimed})
    status, headers, body = ask(fake, "GET", "/list")
    assert (status, body) == (plain[0], plain[2])
    expected = {name: value for name, value in plain[1].items() if name != "Server"}
    expected |= {"Content-Type": "text/html", "Content-Encoding": "gzip", "X-Nothing": ""}
    assert {name.title(): value for name, value in headers.items()} == expected


def test_headers_of_another_answer_can_be_claimed(fake: FakeCluster, ask: Ask) -> None:
    """Rules that say also work together, in order."""
    fake.faults.add(on="list", do={"answer": 401}, also=True)
    fake.faults.add(on="list", do={"headers": {"WWW-Authenticate": "null"}}, also=True)
    fake.faults.add(on="list", do={"headers": {"Content-Type": "application/json"}})
    status, headers, _ = ask(fake, "GET", "/list")
    assert (status, headers["WWW-Authenticate"]) == (401, None)
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("clock", "seconds"), [("+2h", 7200), ("-90s", -90), ("+100000d", None), ("-36500d", None)]
)
def test_the_date_may_be_ahead_or_behind(
    clock: str, seconds: int | None, fake: FakeCluster, ask: Ask
) -> None:
    """Of struck answers only; the timestamps of backups stay as they are."""
    plain = ask(fake, "GET", "/list")
    if clock == "+100000d":
        with pytest.raises(FaultError, match="is too long"):
            fake.faults.add(on="list", do={"clock": clock})
        return
    fake.faults.add(on="list", do={"clock": clock}, times=1)
    skewed = ask(fake, "GET", "/list")
    dates = [parsedate_to_datetime(each[1]["Date"]) for each in (plain, skewed)]
    off = parse_duration("36500d") // -1_000_000_000 if seconds is None else seconds
    assert (dates[1] - dates[0]).total_seconds() == off
    assert skewed[2] == plain[2]
    assert ask(fake, "GET", "/list")[1]["Date"] == plain[1]["Date"]


# --- which requests ------------------------------------------------------------------------------


def test_a_fault_on_operations_strikes_nobody_without_a_token(
    fake: FakeCluster, ask: Ask, send: Send
) -> None:
    """Such a request never gets to the service; it is not counted."""
    use = fake.faults.add(on=["list", "create"], do={"answer": 503})
    assert send(fake, "GET", LIST)[0] == 401
    assert send(fake, "POST", f"{BASE_PATH}/create", b"{}")[0] == 401
    assert (use.seen, use.hits) == (0, 0)
    assert ask(fake, "GET", "/list")[0] == 503
    assert (use.seen, use.hits) == (1, 1)


@pytest.mark.parametrize(
    ("path", "target", "strikes"),
    [
        ("*", "/", True),
        ("/", "/", True),
        ("/service/*", "/service/marathon/v2/apps?embed=x", True),
        ("/service/marathon/v2/apps", "/service//marathon/v2/%61pps", True),
        ("/service/*", "/services", False),
        ("*/list", LIST, True),
        ("*/list", f"{LIST}?prefix=x", True),
        ("*/list", f"{BASE_PATH}//list", True),
        ("*prefix*", f"{LIST}?prefix=x", False),
    ],
)
def test_a_fault_on_a_path_strikes_whatever_is_there(
    path: str, target: str, fake: FakeCluster, send: Send, *, strikes: bool
) -> None:
    """Known or not, with or without a token: the path as it is decoded, without its query."""
    fake.faults.add(path=path, do={"answer": 418})
    assert (send(fake, "GET", target)[0] == 418) is strikes


def test_a_fault_may_be_for_a_method(fake: FakeCluster, send: Send) -> None:
    """Written in any case."""
    fake.faults.add(path="*", method=["post", "PUT"], do={"answer": 418})
    found = [send(fake, method, "/x")[0] for method in ("GET", "POST", "PUT", "DELETE")]
    assert found == [404, 418, 418, 404]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"nth": 2}, [200, 503, 200, 200]),
        ({"nth": "2..3"}, [200, 503, 503, 200]),
        ({"nth": [1, "3.."]}, [503, 200, 503, 503]),
        ({"times": 2}, [503, 503, 200, 200]),
        ({"from_": "1s"}, [200, 503, 503, 503]),
        ({"until": "1s"}, [503, 200, 200, 200]),
        ({"from_": "1s", "until": "3s", "nth": 2}, [200, 200, 503, 200]),
    ],
)
def test_a_fault_strikes_when_it_is_said_to(
    said: dict[str, object], expected: list[int], fake: FakeCluster, ask: Ask
) -> None:
    """By numbers and by cluster time; here a second passes after each request."""
    fake.faults.add(on="list", do={"answer": 503}, **said)
    found = []
    for _ in expected:
        found += statuses(ask, fake, 1)
        fake.clock.advance("1s")
    assert found == expected


def test_a_fault_holds_while_a_status_holds(fake: FakeCluster, ask: Ask) -> None:
    """As it is at the request: a create strikes from its own list on, to the end."""
    fake.faults.add(
        on="list", while_={"backup": "n*", "status": "STATUS_BACKING_UP"}, do={"answer": 503}
    )
    found = statuses(ask, fake, 1)
    ask(fake, "POST", "/create", {"label": "nightly"})
    found += statuses(ask, fake, 1)
    fake.clock.advance("30s")
    assert [*found, *statuses(ask, fake, 1)] == [200, 503, 200]


def test_a_fault_holds_while_a_restore_goes_on(
    fake: FakeCluster, created: Created, ask: Ask
) -> None:
    """The latest one of a backup."""
    backup_id = created(fake)
    fake.faults.add(
        on="list", while_={"restore": "nightly", "status": "STATUS_RESTORING"}, do={"answer": 503}
    )
    found = statuses(ask, fake, 1)
    ask(fake, "POST", "/restore", {"id": backup_id})
    found += statuses(ask, fake, 1)
    fake.clock.advance("30s")
    assert [*found, *statuses(ask, fake, 1)] == [200, 503, 200]


def test_three_times_are_three_times_among_two_hundred_at_once(fake: FakeCluster, ask: Ask) -> None:
    """No more and no fewer, whatever they race for."""
    use = fake.faults.add(on="list", do={"answer": 503}, times=3)
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: ask(fake, "GET", "/list")[0], range(200)))
    assert (found.count(503), found.count(200)) == (3, 197)
    assert use.hits == 3
    assert sum(bool(each.fault) for each in fake.journal.exchanges) == 3


def thrown(seed: str, ask: Ask, chance: str) -> tuple[list[int], list[str]]:
    """Return the statuses of a hundred lists and the ids of three backups, from one seed."""
    with FakeCluster(seed=seed) as fake:
        fake.on_create().one_of((1, (READY,)), (1, (FAILED,)))
        fake.faults.add(on="list", do={"answer": 503}, chance=chance)
        found = statuses(ask, fake, 100)
        for _ in range(3):
            ask(fake, "POST", "/create", {"label": "nightly"})
        return found, [f"{each.id} {each.status}" for each in fake.backups.values()]


def test_chance_comes_from_the_seed(ask: Ask) -> None:
    """The same seed strikes the same; ids and scripts go as they would without."""
    first, again, other = (thrown(seed, ask, "25%") for seed in ("a", "a", "b"))
    assert first == again
    assert first[0] != other[0]
    assert 10 < first[0].count(503) < 45
    never, always = thrown("a", ask, "0.0001%"), thrown("a", ask, "100%")
    assert (never[0].count(503), always[0].count(503)) == (0, 100)
    assert first[1] == never[1] == always[1]


def test_the_first_fault_that_strikes_wins(fake: FakeCluster, ask: Ask) -> None:
    """The next takes over where it is spent; the journal names each."""
    fake.faults.add(on="list", do={"answer": 502}, times=1)
    fake.faults.add(on="list", do={"answer": 503}, times=1)
    assert statuses(ask, fake, 3) == [502, 503, 200]
    said = [each.fault for each in fake.journal.exchanges]
    assert said == ["fault 1: an answer with 502", "fault 2: an answer with 503", ""]


def test_of_two_answers_the_first_is_given(fake: FakeCluster, ask: Ask) -> None:
    """Also where both could strike; the second is not used up."""
    fake.faults.add(on="list", do={"answer": 502}, times=1, also=True)
    second = fake.faults.add(on="list", do={"answer": 503}, times=1)
    assert statuses(ask, fake, 3) == [502, 503, 200]
    assert second.seen == 1


def test_a_fault_that_cannot_be_is_not_armed(fake: FakeCluster, ask: Ask) -> None:
    """It is said in one sentence, and requests go on as they were."""
    with pytest.raises(FaultError, match=r"^do is missing$"):
        fake.faults.add(on="list")
    assert (fake.faults.uses, statuses(ask, fake, 1)) == ([], [200])


def test_faults_of_a_spec_are_armed_from_the_start(fake: FakeCluster, ask: Ask) -> None:
    """As those of a scenario file are."""
    rule = fake.faults.add(on="list", do={"answer": 503}, times=1).rule
    with FakeCluster(ClusterSpec(faults=(rule,))) as other:
        assert statuses(ask, other, 2) == [503, 200]
        assert [use.hits for use in other.faults.uses] == [1]
    assert [use.hits for use in fake.faults.uses] == [0]


def test_a_permission_that_is_withdrawn_lasts_five_seconds_more(
    fake: FakeCluster, ask: Ask
) -> None:
    """Admin Router caches it; what it writes then is its page, and a wrong token comes first."""
    fake.withdraw_permission()
    fake.clock.advance("4.999999999s")
    assert ask(fake, "GET", "/list")[0] == 200
    fake.clock.advance("1ns")
    status, _, body = ask(fake, "GET", "/list")
    assert status == 403
    assert b"<title>Access Denied</title>" in body
    fake.revoke_tokens()
    assert ask(fake, "GET", "/list")[0] == 401
    fake.accept_tokens()
    fake.grant_permission()
    assert ask(fake, "GET", "/list")[0] == 200
