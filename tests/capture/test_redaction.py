import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.capture.redaction import KINDS, Redactor

PAYLOAD = base64.urlsafe_b64encode(json.dumps({"uid": "alice"}).encode()).decode().rstrip("=")
JWT = f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.c2lnbmF0dXJl"
BASIC = base64.b64encode(b"carol:correct-horse").decode()


@pytest.fixture
def redactor() -> Redactor:
    """One that has learned nothing."""
    return Redactor()


# --- what is learned -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("Authorization", f"token={JWT}", [JWT, "alice"]),
        ("authorization", "Bearer 0123456789abc", ["0123456789abc"]),
        ("Authorization", f"Basic {BASIC}", [BASIC, "carol", "correct-horse"]),
        ("Proxy-Authorization", "Bearer proxy-token-1", ["proxy-token-1"]),
        ("Cookie", f"a=first-cookie; dcos-acs-auth-cookie={JWT}", ["first-cookie", JWT, "alice"]),
        ("Set-Cookie", "sid=second-cookie; HttpOnly; Path=/", ["second-cookie"]),
        ("Host", "dcos-master-1:8443", ["dcos-master-1"]),
        ("Host", "10.0.4.17", ["10.0.4.17"]),
        ("X-Forwarded-For", "10.9.8.7, 172.16.4.1", ["10.9.8.7", "172.16.4.1"]),
        ("Location", "https://erin:wonderland@login/x?token=hidden-token", ["erin", "wonderland"]),
        ("Referer", "https://intranet/dcos", ["intranet"]),
        ("X-Api-Key", "key-of-somebody", ["key-of-somebody"]),
    ],
)
def test_a_header_gives_its_secrets_away(
    redactor: Redactor, name: str, value: str, secrets: list[str]
) -> None:
    """They are replaced wherever they stand from then on, in the middle of text, too."""
    redactor.learn_header(name, value)
    for secret in secrets:
        assert secret not in redactor.text(f"it was {secret}, they say")


def test_a_login_gives_its_secrets_away(redactor: Redactor) -> None:
    """Its answer as well; nested, and as a form."""
    redactor.learn_body(json.dumps({"uid": "alice", "password": "hunter2!"}))
    redactor.learn_body(json.dumps({"data": [{"token": JWT}]}))
    redactor.learn_body("username=bob&password=opensesame")
    text = redactor.text(f"alice hunter2! {JWT} bob opensesame")
    assert text == "user-1 password-1 token-1 user-2 password-2"


def test_an_address_gives_away_who_asks_whom(redactor: Redactor) -> None:
    """User, password, host, and a token in the query."""
    redactor.learn_url("https://dave:sesame00@dcos-lab:8443/x?token=abcdef123")
    assert redactor.text("dave sesame00 dcos-lab abcdef123") == ("user-1 password-1 host-1 token-1")


def test_a_name_counts_as_a_whole_word_only(redactor: Redactor) -> None:
    """A user called "all" is not in "install"."""
    redactor.learn("user", "all")
    assert redactor.text("install all") == "install user-1"


def test_what_is_too_short_to_be_told_apart_is_not_learned(redactor: Redactor) -> None:
    """Every other word would hold it."""
    redactor.learn("user", "a")
    redactor.learn("password", "abc")
    assert redactor.text("a abc") == "a abc"


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"the token {JWT} is no good", JWT),
        ("Authorization: token=s3cr3t-token", "s3cr3t-token"),
        ("sent Bearer abcdef-0123", "abcdef-0123"),
        ("curl https://x.example/?access_token=qwertz99", "qwertz99"),
        ("password=hunter2 was wrong", "hunter2"),
        ('{"password": "hunter2"}', "hunter2"),
        ("PGPASSWORD='hunter2'", "hunter2"),
        ("client_secret: 0xdeadbeef", "0xdeadbeef"),
        ("api-key = zzz-999", "zzz-999"),
        ("http://svc:pa55word@host/x", "pa55word"),
        ("http://svcuser:pa55word@host/x", "svcuser"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY12", "wJalrXUtnFEMI"),
        ("JSESSIONID=node01abc.node0", "node01abc"),
        ("mail to alice@corp.com", "alice"),
        ("user 'alice' is not permitted", "alice"),
        ("uid=alice has no permission", "alice"),
        ("/acs/api/v1/users/alice/permissions", "alice"),
        ("connect to 10.0.4.17 failed", "10.0.4.17"),
        ("connect to [fe80::1ff:fe23:4567:890a]:80", "fe80::1ff:fe23:4567:890a"),
        ("from 02:42:ac:11:00:02", "02:42:ac:11:00:02"),
        ("ip-10-0-4-17.us-west-2.compute.internal is down", "ip-10-0-4-17"),
        ("m2.dc1.corp.io:5050", "m2"),
        ("http://zk-3:2181/dcos", "zk-3"),
        ("zk-3:2181 refused", "zk-3"),
        ("db.corp.internal has no route", "db.corp"),
    ],
)
def test_a_secret_is_known_by_its_form(redactor: Redactor, text: str, secret: str) -> None:
    """Though nobody has learned it."""
    assert secret not in redactor.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.13.0",
        "nightly-317c19df-34e4-41a0-93c9-d66c7f307208",
        "2019-03-18T23:16:33.265478871Z",
        "2019-03-18 23:06:41.836197172 +0000 UTC",
        "STATUS_ERROR",
        "java.io.IOException: No space left on device",
        "mesosphere.marathon.core.base.CrashStrategy",
        "/var/lib/dcos/backup.tar",
        "marathon.mesos:8080 and leader.mesos, master.mesos",
        "localhost:8080 and 127.0.0.1",
        "Migration from Version(1, 8, 0) is not supported as it is newer than Version(1, 7, 0)",
        "line 12:30 of x.py:7",
        "component_status.marathon.status",
        "Connection to leader refused.",
        "no such file or directory",
    ],
)
def test_what_is_no_secret_stays(redactor: Redactor, text: str) -> None:
    """Else nobody could read the reason of an error any more."""
    assert redactor.text(text) == text


# --- stand-ins -----------------------------------------------------------------------------------


def test_the_same_secret_becomes_the_same_stand_in_everywhere(redactor: Redactor) -> None:
    """And others become others: what belongs together still does."""
    first = redactor.text("10.0.0.1 asks 10.0.0.2")
    second = redactor.text("10.0.0.2 answers 10.0.0.1")
    assert (first, second) == ("192.0.2.1 asks 192.0.2.2", "192.0.2.2 answers 192.0.2.1")


def test_keys_and_values_of_documents_are_rewritten(redactor: Redactor) -> None:
    """However deep; a key that says so makes its value a secret."""
    document = {"10.0.0.1": [{"token": "abcdefgh"}, 7, None, True], "note": "abcdefgh again"}
    redactor.learn_body(json.dumps(document))
    assert redactor.value(document) == {
        "192.0.2.1": [{"token": "token-1"}, 7, None, True],
        "note": "token-1 again",
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("token", "Bearer abcdef-0123"),
        ("cookie", "JSESSIONID=node01abc"),
        ("password", "password=hunter2"),
        ("user", "user 'alice'"),
        ("host", "http://zk-3:2181/"),
        ("address", "10.0.4.17"),
    ],
)
def test_each_kind_can_be_kept(kind: str, text: str) -> None:
    """And only that."""
    assert Redactor(frozenset({kind})).text(text) == text
    assert Redactor(frozenset(KINDS) - {kind}).text(text) != text


def test_more_addresses_than_documents_have_are_told_apart(redactor: Redactor) -> None:
    """The reserved block has 255 of them."""
    texts = {redactor.text(f"10.0.{number // 250}.{number % 250 + 1}") for number in range(400)}
    assert len(texts) == 400


def test_the_summary_tells_what_was_replaced(redactor: Redactor) -> None:
    """How many of each kind, how often; nothing of what was learned and never met."""
    redactor.learn("token", "never-seen")
    redactor.text("10.0.0.1 10.0.0.1 10.0.0.2 password=hunter2")
    assert redactor.summary == (
        "1 password, once: password-1 and the like",
        "2 addresses, 3 times: 192.0.2.1 and the like",
    )


# --- any text ------------------------------------------------------------------------------------

TEXTS = st.text(max_size=200)
SECRETS = st.from_regex(r"[A-Za-z0-9+/_.-]{8,40}", fullmatch=True)


@given(before=TEXTS, secret=SECRETS, after=TEXTS, kind=st.sampled_from(["token", "cookie"]))
def test_a_learned_token_survives_nowhere(before: str, secret: str, after: str, kind: str) -> None:
    """Whatever stands around it."""
    redactor = Redactor()
    redactor.learn(kind, secret)
    stand_in = redactor.text(secret)
    if stand_in != secret:  # one that looks like a stand-in is none
        assert secret not in redactor.text(before + secret + after).replace(stand_in, "")


@given(TEXTS)
def test_what_was_rewritten_once_is_not_rewritten_again(text: str) -> None:
    """Stand-ins are no secrets."""
    redactor = Redactor()
    once = redactor.text(text)
    assert redactor.text(once) == once


@pytest.mark.parametrize(
    "character", ["a", ":", ".", "-", "@", "/", "=", "{", "0", "a.", "a:", "a@"]
)
def test_a_long_text_takes_no_long_time(redactor: Redactor, character: str) -> None:
    """A pattern that goes back and forth over it would never end."""
    redactor.learn_header("Host", "dcos-master-1")
    assert redactor.text(character * 50_000)
