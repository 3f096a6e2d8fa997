"""What the redactor learns, what it knows by its form, what it leaves, and what it puts there."""

import base64
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.capture.secrets.redaction import KINDS, Redactor


def part_of_jwt(value: object) -> str:
    """Encode one part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{part_of_jwt({'alg': 'HS256'})}.{part_of_jwt({'uid': 'jane-ops'})}.c2lnbmF0dXJlLWhlcmU"
OPAQUE = "9f3Kq2LmZx81PvTn"
KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\nAAKC\n-----END RSA PRIVATE KEY-----"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Authorization", f"token={OPAQUE}", {OPAQUE: "token-1"}),
        ("authorization", f"Bearer {OPAQUE}", {OPAQUE: "token-1"}),
        ("Authorization", f"token={JWT}", {JWT: "token-1", "jane-ops": "user-1"}),
        (
            "Proxy-Authorization",
            "Basic " + base64.b64encode(b"jane:pa:55w0rd").decode(),
            {"jane": "user-1", "pa:55w0rd": "password-1"},
        ),
        ("Authorization", 'Digest username="jane", realm="x"', {"jane": "user-1"}),
        ("X-Auth-Token", OPAQUE, {OPAQUE: "token-1"}),
        ("X-Vault-Token", OPAQUE, {OPAQUE: "token-1"}),
        ("X-Remote-User", "jane", {"jane": "user-1"}),
        ("Cookie", "a=123456; b=abcdefg", {"123456": "cookie-1", "abcdefg": "cookie-2"}),
        ("Set-Cookie", "a=123456; Path=/service; SameSite=Strict", {"123456": "cookie-1"}),
        ("Set-Cookie", "a=123456; Domain=.acme.test", {"acme.test": "host-1.example"}),
        ("Set-Cookie", "a=123456\nb=abcdefg", {"abcdefg": "cookie-2"}),
        ("Host", "opsbox:8080", {"opsbox": "host-1"}),
        ("Host", "10.0.4.17:8080", {"10.0.4.17": "192.0.2.1"}),
        (":authority", "opsbox", {"opsbox": "host-1"}),
        ("X-Forwarded-For", "10.0.4.17, fd00::17", {"fd00::17": "2001:db8::1"}),
        ("Forwarded", 'for="[fd00::17]";by=10.0.4.17', {"10.0.4.17": "192.0.2.1"}),
        ("Location", "https://opsbox/login", {"opsbox": "host-1"}),
        ("Referer", "https://jane:pa55@opsbox/", {"jane": "user-1", "pa55": "password-1"}),
    ],
)
def test_headers_give_away(name: str, value: str, told: dict[str, str]) -> None:
    """What a header holds is replaced in all texts; what surrounds it there stays."""
    redactor = Redactor()
    redactor.learn_header(name, value)
    for secret, stand_in in told.items():
        assert redactor.text(f"as {secret}, said") == f"as {stand_in}, said"
    assert redactor.text("Strict /service") == "Strict /service"


def test_addresses_of_urls_and_logins_give_away() -> None:
    """A URL has users, passwords, hosts and tokens in it; a login sends them, and is sent one."""
    redactor = Redactor()
    redactor.learn_url("https://jane:p%40ss@opsbox/x?access_token=tok123&prefix=nightly")
    redactor.learn_body('{"uid": "bob-sre", "password": "hunter2"}')
    redactor.learn_body(f'{{"token": "{JWT}"}}')
    redactor.learn_body("login=carol&passwd=s3cret")
    text = f"jane p@ss p%40ss opsbox tok123 nightly bob-sre hunter2 {JWT} jane-ops carol s3cret"
    assert redactor.text(text) == (
        "user-1 password-1 password-1 host-1 token-1 nightly user-2 password-2 token-2 user-3 "
        "user-4 password-3"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"got {JWT}.", "got token-1."),
        (f"sent Bearer {OPAQUE}", "sent Bearer token-1"),
        (f"Authorization: token={OPAQUE}", "Authorization: token=token-1"),
        (
            f"Authorization: Bearer {OPAQUE}; pwd=hunter2!",
            "Authorization: Bearer token-1; pwd=password-1",
        ),
        ("authorization: permissions lack", "authorization: permissions lack"),
        ("secret_key: hunter2", "secret_key: token-1"),
        ("token: expired", "token: expired"),
        ("password=hunter2 is wrong", "password=password-1 is wrong"),
        ('{"password": "hunter two"}', '{"password": "password-1"}'),
        ('{\\"password\\": \\"hunter2\\"}', '{\\"password\\": \\"password-1\\"}'),
        ("MYSQL_PASSWORD='hunter2'", "MYSQL_PASSWORD='password-1'"),
        ("--password hunter2 --username jane", "--password password-1 --username user-1"),
        ("curl -u jane:hunter2 x", "curl -u user-1:password-1 x"),
        (f"key {KEY_BLOCK} end", "key token-1 end"),
        ("with AKIAIOSFODNN7EXAMPLE", "with token-1"),
        ("with " + "aB3dE5gH7jK9mN1p/+Qr" * 3, "with token-1"),
        ("with " + "0a1b" * 10, "with token-1"),
        ("by jane.doe@acme.com", "by user-1"),
        ("user 'jane' may not", "user 'user-1' may not"),
        ("in /home/jane/x", "in /home/user-1/x"),
        ("jane@opsbox:~$ ls", "user-1@host-1:~$ ls"),
        ("from 10.0.4.17:5050", "from 192.0.2.1:5050"),
        ("slave(1)@10.0.4.17:5051", "slave(1)@192.0.2.1:5051"),
        ("from fd00:12::17.", "from 2001:db8::1."),
        ("at [fe80::1ff:fe23:4567:890a]:80", "at [2001:db8::1]:80"),
        ("at 0a:1b:2c:3d:4e:5f", "at 02:00:5e:00:00:01"),
        ("at ip-10-0-4-17.us-west-2.compute.internal", "at host-1.example"),
        ("at ip-10-0-4-17", "at host-1"),
        ("zk-1:2181 is down", "host-1:2181 is down"),
        ("https://opsbox/x", "https://host-1/x"),
        ("db.acme.com is down", "host-1.example is down"),
        ("DB.ACME.COM is down", "host-1.example is down"),
        ("UnknownHostException: opsbox: no", "UnknownHostException: host-1: no"),
        ("opsbox/10.0.4.17:5051", "host-1/192.0.2.1:5051"),
        ("zk://jane:pa55@one.zk:2181/x", "zk://user-1:password-1@host-1.example:2181/x"),
        ('{"hostname": "opsbox"}', '{"hostname": "host-1"}'),
        ("JSESSIONID=abcdef", "JSESSIONID=cookie-1"),
    ],
)
def test_forms_of_secrets(text: str, wanted: str) -> None:
    """A secret is known by its form, or by what stands before it; a second time changes nothing."""
    redactor = Redactor()
    assert redactor.text(text) == wanted
    assert redactor.text(wanted) == wanted
    assert Redactor().text(wanted) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "1.13.0",
        "DC/OS 1.13.0-beta2, Mesos 1.8.0",
        "Version(1, 8, 0)",
        f"nightly-{UUID}",
        f"my.app_v2.1-{UUID}",
        "a.bc and e.g. this",
        UUID,
        "2019-03-18T23:06:41.836197172Z",
        "2019-03-18 23:06:41.836197172 +0000 UTC",
        "STATUS_BACKING_UP",
        "java.net.ConnectException: Connection refused",
        "mesosphere.marathon.core.storage.backup.BackupException",
        "org.apache.zookeeper.KeeperException$NoAuthException@6d06d69c",
        "at Foo.scala:123 and main.go:120 and backup.py:80",
        "backup.tar.gz restores.0.id config.json dcos-marathon.service",
        "marathon.mesos:8080 leader.mesos localhost:80 127.0.0.1:8080 [::1]:80 0.0.0.0",
        "/var/lib/dcos/exhibitor/zookeeper/snapshot/version2",
        "/opt/mesosphere/active/dcos-backup/bin/start.sh",
        "the token is missing; user not found; password: required",
        "took 12:30:45, line:120, 3 of 10",
        "token-7 user-12 host-3.example 192.0.2.9 2001:db8::1f",
    ],
)
def test_what_is_no_secret(text: str) -> None:
    """Versions, ids, times, statuses, names of files and classes, and what everybody has stay."""
    assert Redactor().text(text) == text


def test_same_and_different_values() -> None:
    """One value has one stand-in, however it is written; two have two."""
    redactor = Redactor()
    text = redactor.text(
        "10.0.4.17 10.0.4.18 10.0.4.17 FD00::1 fd00:0:0::1 db.acme.com DB.ACME.COM"
    )
    assert text == (
        "192.0.2.1 192.0.2.2 192.0.2.1 2001:db8::1 2001:db8::1 host-1.example host-1.example"
    )
    many = Redactor().text(" ".join(f"10.1.{each // 250}.{each % 250}" for each in range(600)))
    assert len(set(many.split())) == 600


def test_whole_and_short_names_of_machines_and_people() -> None:
    """A machine is known by its whole name and by its own, and so is the owner of an address."""
    redactor = Redactor()
    redactor.study("https://opsbox17.acme.com/ jane.doe@acme.com")
    assert redactor.text("opsbox17 OPSBOX17.ACME.COM") == "host-1 host-1.example"
    assert redactor.text("opsbox17/opsbox17.acme.com jane.doe") == "host-1/host-1.example user-1"


def test_stand_ins_in_the_input() -> None:
    """An input that has stand-ins already keeps them, and no secret gets one of those."""
    redactor = Redactor()
    assert redactor.text("user-1 said user=jane") == "user-1 said user=user-2"


def test_short_values_are_whole_words() -> None:
    """A short name counts as a word only; a status never changes."""
    redactor = Redactor()
    for name in ("all", "ready"):
        redactor.learn("user", name)
    text = redactor.text("all install STATUS_READY ready all_1")
    assert text == "user-1 install STATUS_READY user-2 user-1_1"


def test_words_of_the_api_are_never_secrets() -> None:
    """A user with the name of a component does not change what the API calls its parts."""
    redactor = Redactor()
    redactor.learn_body('{"uid": "marathon", "user": "root"}')
    document = {"component_status": {"marathon": {"status": "STATUS_READY"}}, "error": "root"}
    assert redactor.value(document) == document


def test_values_of_json() -> None:
    """Keys and values are gone through; a password goes even where it is short, or a number."""
    redactor = Redactor()
    value = {
        "jane": [{"user": "jane"}],
        "password": 12345678,
        "pwd": "ab",
        "n": 12345678,
        "at": "ab",
    }
    assert redactor.value(value) == {
        "user-1": [{"user": "user-1"}],
        "password": "password-1",
        "pwd": "password-2",
        "n": 12345678,
        "at": "ab",
    }


SAMPLES = {
    "token": f"token={OPAQUE}",
    "cookie": "session=abcdef",
    "password": "password=hunter2",
    "user": "user=jane",
    "host": "host=opsbox",
    "address": "10.0.4.17",
}


@pytest.mark.parametrize("kept", KINDS)
def test_kinds_that_are_kept(kept: str) -> None:
    """What is to be kept stays, and nothing else does."""
    redactor = Redactor(frozenset({kept}))
    for kind, text in SAMPLES.items():
        assert (redactor.text(text) == text) == (kind == kept)
    assert len(redactor.summary) == len(KINDS) - 1


def test_a_kept_value_stays_whatever_else_it_is() -> None:
    """A token in a cookie is kept where tokens are kept."""
    redactor = Redactor(frozenset({"token"}))
    redactor.learn("cookie", OPAQUE)
    redactor.learn("token", OPAQUE)
    assert redactor.text(OPAQUE) == OPAQUE


def test_summary() -> None:
    """A line for each kind says how many values were replaced, and how often."""
    redactor = Redactor()
    assert not redactor.summary
    redactor.text("user=jane asked 10.0.4.17 and 10.0.4.18, and jane asked 10.0.4.17")
    assert redactor.summary == (
        "1 user, 2 times: user-1 and the like",
        "2 addresses, 3 times: 192.0.2.1 and the like",
    )


WORDS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=30)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(KINDS), WORDS, WORDS, st.text(max_size=40))
def test_no_long_secret_survives(kind: str, secret: str, other: str, around: str) -> None:
    """Whatever stands around it, a learned value of eight characters or more is gone."""
    assume(secret.strip() not in other and other.strip() not in secret)
    redactor = Redactor()
    redactor.learn(kind, secret)
    redactor.learn("token", other)
    done = redactor.text(f"{around} {secret} {around} {other} {secret}")
    learned = [each for each in (secret, other) if redactor.text(each) != each]
    assert not [each for each in learned if each.strip() in done]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([*SAMPLES.values(), JWT, " ", "=", ":", "@", "/", "x"]), max_size=9)
)
def test_stand_ins_are_not_replaced_again(parts: list[str]) -> None:
    """A text without its secrets stays as it is."""
    redactor = Redactor()
    done = redactor.text("".join(parts))
    assert redactor.text(done) == done


@pytest.mark.parametrize(
    "part",
    [*"a:.-=@/_ \n", "a.", "a-", "a:", "1.", "a@", "a.b@", "eyJ", "://a:", "user=", "Cookie: a="],
)
def test_long_texts_are_gone_through_once(part: str) -> None:
    """No text makes it slow: each of these would take minutes if a form began again and again."""
    text = part * (50_000 // len(part))
    assert len(Redactor().text(text)) <= len(text) + 100
