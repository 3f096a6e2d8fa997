"""The edges of the checks of claims: what may be left out, said otherwise, or said at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import breaches
from simulator.harness.checks.claims import COMPARED_MAX, differs, is_status
from simulator.harness.checks.conduct import Conduct
from simulator.harness.ports import Failed, Ok

Found = Callable[[str, str], list[str]]
Told = Callable[[str], Conduct]

CREATE = 'POST /create {"label": "nightly"}'
NEW = f"asked: create nightly\n{CREATE} → 200 nightly-1 STATUS_BACKING_UP\nclaimed: "
THERE = "there: nightly-1 STATUS_READY\nthere: nightly-2 STATUS_ERROR\n"
BACKUP = f"program: backup nightly\n{CREATE} → 200\n"
RESTORE = 'POST /restore {"id": "nightly-1"}'


def listed(*ids: str) -> str:
    """Return what a client claims that lists these backups."""
    return "claimed: ok [" + ", ".join(f'{{"id": "{each}"}}' for each in ids) + "]"


# --- success and failure -------------------------------------------------------------------------


def test_false_claims_are_told_with_what_happened(found: Found) -> None:
    """And the cluster's last answer."""
    text = f"asked: create nightly\n{CREATE} → 400 busy\nclaimed: "
    assert found("OUT001", f"{text}ok") == [
        (
            "the client says that it succeeded, but it was refused, and a whole answer said so "
            "(the cluster's last answer: as the test wants it)"
        )
    ]
    assert found("OUT001", "asked: create nightly\nclaimed: ok") == [
        "the client says that it succeeded, but no request for it arrived"
    ]
    assert found("OUT002", f"{NEW}failed: no\\nidea") == [
        "failed: no idea; but it was done, and a whole answer said so"
    ]


@pytest.mark.parametrize(
    ("code", "text", "what"),
    [
        ("OUT010", f"{BACKUP}exit: 0", ["exit status 0, and nightly-1 is STATUS_BACKING_UP"]),
        (
            "OUT010",
            "program: backup nightly\nexit: 0",
            ["exit status 0, and there is no new backup"],
        ),
        (
            "OUT010",
            f"{BACKUP}GET /list → 200 nightly-1 STATUS_ERROR\nexit: 0",
            ["exit status 0, and nightly-1 is STATUS_ERROR"],
        ),
        (
            "OUT010",
            f"program: restore nightly-1\n{RESTORE} → 200\nexit: 0",
            ["exit status 0, and the restore of nightly-1 is STATUS_RESTORING"],
        ),
        (
            "OUT010",
            "there: nightly-1 STATUS_READY\nprogram: restore nightly-1\nexit: 0",
            ["exit status 0, and no restore of nightly-1 started"],
        ),
        (
            "OUT010",
            "program: restore nightly-1\nexit: 0",
            ["exit status 0, and there is no backup nightly-1"],
        ),
        ("OUT010", f"{BACKUP}exit: 3", []),
        ("OUT010", f"{BACKUP}stopped", []),
        (
            "OUT011",
            f"{BACKUP}GET /list → 200 nightly-1 STATUS_READY\nexit: 7",
            [
                (
                    "exit status 7, and nightly-1 is STATUS_READY: "
                    "it ended with exit status 7, having written nothing"
                )
            ],
        ),
        (
            "OUT011",
            (
                f"program: restore nightly-1\n{RESTORE} → 200\n"
                "GET /list → 200 nightly-1 STATUS_READY STATUS_READY\nexit: 1 too long"
            ),
            ["exit status 1, and the restore of nightly-1 is STATUS_READY: too long"],
        ),
        (
            "OUT011",
            (
                f"program: backup nightly\n{CREATE} → 504, but done\n"
                "GET /list → 200 nightly-1 STATUS_READY\nexit: 1"
            ),
            [],
        ),
        ("OUT011", f"{BACKUP}exit: 1 gave up", []),
    ],
)
def test_programs_end_as_it_stands(code: str, text: str, what: list[str], found: Found) -> None:
    """Whatever they have seen of it."""
    assert found(code, text) == what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"asked: create nightly\n{CREATE} → 200 nightly-1 STATUS_ERROR\n{CREATE} → 200", []),
        (f"{BACKUP}", []),
        (f"{BACKUP}{CREATE} → 200", ["made 2: nightly-1, nightly-2"]),
        (
            'asked: create night\nPOST /create {"label": "nightly"} → 200',
            ["was to make one with the label 'night', and made nightly-1"],
        ),
        (f"asked: list\n{CREATE} → 200\n{CREATE} → 200", []),
    ],
)
def test_one_backup_with_its_label_is_made(text: str, what: list[str], found: Found) -> None:
    """One that has failed may be followed by another."""
    assert found("OUT017", text) == what


# --- what is shown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        ("ok nightly-1", []),
        ('ok {"id": "nightly-1", "status": "x"}', []),
        ("ok", []),
        ("ok {}", ["named None; the new backup is nightly-1"]),
        ("failed: no", []),
        ("ok nightly", ["named 'nightly'; the new backup is nightly-1"]),
        ('ok {"status": "STATUS_READY"}', ["named None; the new backup is nightly-1"]),
        ("ok 1", ["named 1; the new backup is nightly-1"]),
    ],
)
def test_a_create_names_the_new_backup_or_nothing(
    claim: str, what: list[str], found: Found
) -> None:
    """Some clients are silent."""
    assert found("OUT003", f"{NEW}{claim}") == what


def test_a_create_that_made_nothing_has_nothing_to_name(found: Found) -> None:
    """That it succeeded is wrong enough."""
    text = f"asked: create nightly\n{CREATE} → 400 busy\nclaimed: ok nightly-0"
    assert found("OUT003", text) == []


@pytest.mark.parametrize(
    ("asked", "ids", "lost", "invented"),
    [
        ("list", ["nightly-1", "nightly-2"], [], []),
        ("list", ["nightly-2", "nightly-1"], [], []),
        ("list", ["nightly-1"], ["of 2 backups it lost nightly-2"], []),
        ("list", [], ["of 2 backups it lost nightly-1, nightly-2"], []),
        ("list nightly-2", ["nightly-2"], [], []),
        (
            "list nightly-2",
            ["nightly-1", "nightly-2"],
            [],
            ["listed nightly-1, which was not there"],
        ),
        (
            "list nightly-2",
            ["nightly-1"],
            ["of 1 backups it lost nightly-2"],
            ["listed nightly-1, which was not there"],
        ),
        ("list", ["nightly-1", "nightly-2", "nightly-1"], [], ["listed nightly-1 2 times"]),
        ("list weekly", [], [], []),
    ],
)
def test_a_list_is_complete_and_no_longer(
    asked: str, ids: list[str], lost: list[str], invented: list[str], found: Found
) -> None:
    """In any order."""
    text = f"{THERE}asked: {asked}\nGET /list → 200\n{listed(*ids)}"
    assert found("OUT004", text) == lost
    assert found("OUT005", text) == invented


@pytest.mark.parametrize(
    ("answered", "ids", "codes"),
    [
        ('[{"id": "nightly-3"}]', ["nightly-3"], set()),
        ('[{"id": "nightly-3"}]', ["nightly-1", "nightly-2"], {"OUT004", "OUT005"}),
        ('[{"id": "a-1"}, {"id": "a-1"}]', ["a-1", "a-1"], set()),
        ('[{"id": "a-1"}, {"id": "a-1"}]', ["a-1"], set()),
        ('[{"id": "a-1"}, {"id": "a-1"}]', ["a-1"] * 3, {"OUT005"}),
        ("[]", [], set()),
        ("[]", ["nightly-1"], {"OUT005"}),
        ('{"error": "away"}', ["nightly-1"], {"OUT005"}),
        ('{"error": "away"}', [], set()),
    ],
)
def test_what_a_fault_had_answered_is_what_is_listed(
    answered: str, ids: list[str], codes: set[str], found: Found
) -> None:
    """A client cannot know better; one that sees something twice may show it once."""
    text = f"{THERE}asked: list\nGET /list → 200 {answered}\n{listed(*ids)}"
    assert {code for code in ("OUT004", "OUT005") if found(code, text)} == codes


def test_the_newest_list_counts(found: Found) -> None:
    """A client may look twice."""
    text = f"{THERE}asked: list\nGET /list → 200 []\nGET /list → 200\n"
    assert found("OUT004", text + listed()) == ["of 2 backups it lost nightly-1, nightly-2"]
    assert found("OUT005", text + listed("nightly-1", "nightly-2")) == []


@pytest.mark.parametrize(
    ("asked", "value", "what"),
    [
        ("list", "[]", []),
        ("list", '[{"id": "nightly-1"}]', []),
        ("list", "{}", ["listed {}"]),
        ("list", "null", ["listed None"]),
        ("list", '["nightly-1"]', ["listed ['nightly-1']"]),
        ("list", '[{"id": 1}]', ["listed [{'id': 1}]"]),
        ("show nightly-1", "{}", []),
        ("show nightly-1", '[{"id": "nightly-1"}]', ["showed [{'id': 'nightly-1'}]"]),
        ("show nightly-1", "nightly-1 is ready", ["showed 'nightly-1 is ready'"]),
    ],
)
def test_documents_can_be_read(asked: str, value: str, what: list[str], found: Found) -> None:
    """Whatever they hold."""
    assert found("OUT009", f"{THERE}asked: {asked}\nGET /list → 200\nclaimed: ok {value}") == what


ANSWER = (
    '[{"id": "nightly-1", "status": "STATUS_ERROR", "dcos_version": "1.13.0", '
    '"timestamp": "2019-03-18T23:16:33.5Z", "restores": [], '
    '"component_status": {"marathon": {"status": "STATUS_ERROR", "error": "no leader"}}}]'
)


@pytest.mark.parametrize(
    ("code", "shown", "what"),
    [
        ("OUT006", '"status": "STATUS_ERROR"', ""),
        ("OUT006", "", ""),
        ("OUT006", '"status": "STATUS_READY"', "'STATUS_READY'; the answer was STATUS_ERROR"),
        ("OUT006", '"status": "READY"', "'READY'; the answer was STATUS_ERROR"),
        ("OUT006", '"status": null', ""),
        ("OUT007", '"dcos_version": "1.13.0"', ""),
        ("OUT007", '"dcos_version": "1.13"', "with dcos_version '1.13'; the answer was '1.13.0'"),
        ("OUT007", '"timestamp": "2019-03-19T00:16:33.500+01:00"', ""),
        ("OUT007", '"timestamp": "2019-03-18T23:16:33Z"', "with timestamp '2019-03-18T23:16:33Z'"),
        ("OUT007", '"timestamp": 1552950993', ""),
        ("OUT007", '"component_status": {}', ""),
        ("OUT007", '"component_status": {"marathon": {"status": "STATUS_ERROR"}}', ""),
        (
            "OUT007",
            '"component_status": {"marathon": {"status": "STATUS_READY"}}',
            "with component_status {'marathon': {'status': 'STATUS_READY'}}",
        ),
        ("OUT007", '"component_status": {"other": 1}', ""),
        ("OUT007", '"component_status": "STATUS_READY"', "with component_status 'STATUS_READY'"),
        ("OUT007", '"component_status": "failed"', ""),
        ("OUT007", '"restores": []', ""),
        ("OUT007", '"restores": [1]', "with restores [1]; the answer was []"),
        ("OUT007", '"size": 17', ""),
    ],
)
def test_what_is_shown_is_what_was_answered(code: str, shown: str, what: str, found: Found) -> None:
    """It may be less, or written otherwise; never another thing."""
    document = ", ".join(filter(None, ['{"id": "nightly-1"', shown])) + "}"
    text = f"{THERE}asked: show nightly-1\nGET /list → 200 {ANSWER}\nclaimed: ok {document}"
    told = found(code, text)
    assert bool(told) == bool(what)
    assert what in "".join(told)


@pytest.mark.parametrize(
    ("request_text", "status", "what"),
    [
        ('GET /list → 200 [{"id": "nightly-1"}]', "STATUS_READY", "and the answer had no status"),
        ('GET /list → 200 [{"id": "nightly-1"}]', "unknown", ""),
        ("GET /list → 502", "STATUS_READY", ""),
        ("GET /list → 502", "STATUS_ERROR", "the answer was STATUS_READY"),
        ('GET /list → 200 [{"id": "nightly-2"}]', "STATUS_READY", ""),
        ('GET /list → 200 [{"id": "nightly-1", "status": 1}]', "STATUS_READY", "the answer was 1"),
    ],
)
def test_no_status_is_made_up(request_text: str, status: str, what: str, found: Found) -> None:
    """Where nothing was answered of a backup, what is true may be known from elsewhere."""
    text = f"{THERE}asked: show nightly-1\n{request_text}\n"
    told = found("OUT006", f'{text}claimed: ok {{"id": "nightly-1", "status": "{status}"}}')
    assert bool(told) == bool(what)
    assert what in "".join(told)


def test_the_documents_of_a_long_list_are_not_compared(told: Told) -> None:
    """But its ids are."""
    wrong = {"id": "nightly-1", "status": "STATUS_READY"}
    text = "there: nightly-1 STATUS_BACKING_UP\nasked: list\nGET /list → 200"
    for count in (COMPARED_MAX, COMPARED_MAX + 1):
        conduct = told(text)
        call = replace(conduct.calls[0], outcome=Ok([wrong] * count))
        codes = {
            each.check.code
            for each in breaches(list(CHECKS.values()), replace(conduct, calls=(call,)))
        }
        assert codes == {"OUT005"} | ({"OUT006"} if count == COMPARED_MAX else set())


@pytest.mark.parametrize(
    ("shown", "what"),
    [
        ('{"id": "nightly-1"}', []),
        ('{"id": "nightly-2"}', ["showed 'nightly-2', and was asked for nightly-1"]),
        ("{}", ["showed None, and was asked for nightly-1"]),
    ],
)
def test_the_backup_that_was_asked_for_is_shown(shown: str, what: list[str], found: Found) -> None:
    """And no other, though it is there."""
    text = f"{THERE}asked: show nightly-1\nGET /list → 200\nclaimed: ok {shown}"
    assert found("OUT008", text) == what


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(json_values)
def test_nothing_differs_from_itself(value: object) -> None:
    """Whatever it is."""
    assert not differs(value, value)


@given(st.dictionaries(st.text(max_size=3), json_values), st.data())
def test_an_object_may_lack_anything_and_hold_more(
    answered: dict[str, Any], data: st.DataObject
) -> None:
    """But nothing of what it has may be another."""
    keys = data.draw(st.sets(st.sampled_from(sorted(answered)))) if answered else set()
    shown = {key: answered[key] for key in keys}
    assert not differs({**shown, "more than that": 1}, answered)
    for key in keys:
        assert differs({**shown, key: "STATUS_READY"}, answered) == (
            answered[key] != "STATUS_READY"
        )


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("STATUS_READY", True), ("STATUS_LOST", False), ("READY", False), (None, False), ([], False)],
)
def test_a_status_is_one_that_the_service_knows(value: object, *, is_one: bool) -> None:
    """As it spells it."""
    assert is_status(value) == is_one


# --- what is said --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("", ["an empty message"]),
        ("\\n ", ["an empty message"]),
        ("KeyError", ["nothing but KeyError"]),
        ("ClientException", ["nothing but ClientException"]),
        ("it ended with exit status 1, having written nothing", None),
        ("unauthorized", []),
        ("Error: no", []),
        ("409", []),
    ],
)
def test_a_failure_says_something(message: str, what: list[str] | None, found: Found) -> None:
    """The name of a class says nothing."""
    told = found("OUT012", f"asked: list\nclaimed: failed: {message}")
    assert told == ([message] if what is None else what)


@pytest.mark.parametrize(
    ("end", "is_told"),
    [("exit: 1", True), ("exit: 1 busy", False), ("stopped", False), ("exit: 0", False)],
)
def test_a_program_that_was_stopped_could_say_nothing(
    end: str, *, is_told: bool, found: Found
) -> None:
    """One that fails can."""
    assert bool(found("OUT012", f"program: backup nightly\n{end}")) == is_told


CRASHES = {
    "Python": "Traceback (most recent call last):\n  File \"x.py\", line 3\nKeyError: 'id'",
    "Python, last line": "KeyError: 'id'",
    "Python, a class in a module": "json.decoder.JSONDecodeError: Expecting value: line 1",
    "Python, no text": "RecursionError",
    "Python, an assertion": "backup failed\nAssertionError",
    "Node": "x.js:3\n  throw\nTypeError: Cannot read properties of undefined (reading 'id')",
    "Node, a frame": "oops\n    at Object.<anonymous> (/work/my client/x.js:3:9)",
    "Node, a frame without a name": "oops\n    at file:///work/x.mjs:3:9",
    "Node, an async frame": "oops\n    at async main (C:\\work\\x.js:3:9)",
    "Node, a frame of its own": "oops\n    at node:internal/main/run_main_module:23:47",
    "Node, JSON": "Unexpected token '<', \"<html>\" is not valid JSON",
    "Node, half of JSON": "Unexpected end of JSON input",
    "Node, a property": "Cannot read property 'id' of undefined",
    "bash, a variable": "backup.sh: line 12: ID: unbound variable",
    "bash, a command": "./backup.sh: line 3: jq: command not found",
    "bash, a number": "./backup.sh: line 3: [: null: integer expression expected",
    "bash, its syntax": "backup.sh: line 3: syntax error near unexpected token `fi'",
    "jq": 'jq: error (at <stdin>:1): Cannot index string with string "id"',
    "jq, half of JSON": "parse error: Invalid numeric literal at line 1, column 10",
    "jq, behind words": "asking\njq: parse error: Unfinished JSON term at EOF at line 2, column 0",
    "Go": "panic: runtime error: index out of range [0] with length 0\n\ngoroutine 1 [running]:",
    "Go, JSON": "invalid character '<' looking for beginning of value",
    "C": "./backup.sh: line 3: 17 Segmentation fault (core dumped)",
}
HARMLESS = {
    "a status": "HTTP 502: Bad Gateway",
    "a page": "unexpected answer: <html><h1>502 Bad Gateway</h1></html>",
    "an error in words": "Error: the answer is not JSON",
    "an error of its own": "BackupError: HTTP 400: another backup runs",
    "another error": "ConnectionError: connection refused",
    "curl": "curl: (7) Failed to connect to 127.0.0.1 port 80: Connection refused",
    "a time": "the backup failed\n  at 10:20:30",
    "a date": "the backup failed\n  at 2019/03/18 10:20:30",
    "a place": "no route to host at 10.0.0.1:80",
    "a key": "the answer has no key 'id' (KeyError caught)",
    "a type": "ContentTypeError: text/html",
    "an end": "Unexpected end of the answer: the connection was closed",
    "an answer": "Unexpected answer: 502",
    "a panic": "no need to panic: it will be tried again",
    "jq in words": "cannot parse the answer with jq: it is no JSON",
    "a line": "backup.yaml: line 3: unknown key",
    "nothing": "",
}


@pytest.mark.parametrize("message", CRASHES.values(), ids=CRASHES)
def test_a_crash_is_known(message: str, found: Found) -> None:
    """By what the language writes: in a message, or on standard error of a program."""
    text = message.replace("\n", "\\n")
    last = message.splitlines()[-1].strip()
    (told,) = found("OUT013", f"asked: list\nclaimed: failed: {text}")
    assert told.startswith("it ended in ")
    assert told.endswith(f": {last}")
    assert found("OUT013", f"program: backup nightly\nexit: 1 {text}")


@pytest.mark.parametrize("message", HARMLESS.values(), ids=HARMLESS)
def test_words_of_its_own_are_no_crash(message: str, found: Found) -> None:
    """Though they may look a little like one."""
    text = message.replace("\n", "\\n")
    assert found("OUT013", f"asked: list\nclaimed: failed: {text}") == []
    assert found("OUT013", f"program: backup nightly\nexit: 1 {text}") == []


@pytest.mark.parametrize("end", ["stopped", "exit: 0 Traceback (most recent call last)"])
def test_only_failures_are_crashes(end: str, found: Found) -> None:
    """A program that was stopped, or that prints what it likes, has not crashed."""
    assert found("OUT013", f"program: backup nightly\n{end}") == []


@given(st.text(max_size=60))
def test_whatever_a_client_says_is_told_or_not(told: Told, message: str) -> None:
    """And never stops the harness."""
    conduct = told("asked: list\nGET /list → 502")
    call = replace(conduct.calls[0], outcome=Failed(message))
    conduct = replace(conduct, calls=(call,))
    for code in ("OUT002", "OUT012", "OUT013", "OUT014"):
        list(breaches([CHECKS[code]], conduct))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("asked: list\nclaimed: failed: token=TOKEN", ["wrote the token into its message"]),
        ("asked: list\nclaimed: failed: a token", []),
        (
            'asked: list\nclaimed: ok [{"id": "x", "by": "TOKEN"}]',
            ["wrote the token into its result"],
        ),
        ("asked: list\nclaimed: ok TOKEN", ["wrote the token into its result"]),
        ("program: backup x\nexit: 0 TOKEN", ["wrote the token into its output"]),
        ("program: backup x\nexit: 1 TOKEN", ["wrote the token into its standard error"]),
        ("program: backup x\nexit: 1 busy", []),
        ("GET /list → 200", []),
    ],
)
def test_the_token_is_nowhere_to_be_read(text: str, what: list[str], found: Found) -> None:
    """The first place is told."""
    assert found("OUT014", text) == what


ID = "nightly-00000000-0000-4000-8000-00000000000"
MADE = (
    f"program: backup nightly\n{CREATE} → 200 {ID}1 STATUS_BACKING_UP\n"
    f"GET /list → 200 {ID}1 STATUS_READY\nexit: "
)


@pytest.mark.parametrize(
    ("end", "what"),
    [
        (f"0 {ID}1", []),
        (f"0 made {ID}1, deleted {ID}2", []),
        ("0", []),
        ("0 done", []),
        (f"0 {ID}2", [f"printed {ID}2; the new backup is {ID}1"]),
        (f"0 {ID}2 {ID}3", [f"printed {ID}3; the new backup is {ID}1"]),
        (f"1 {ID}2", []),
    ],
)
def test_the_new_id_is_among_those_that_are_printed(
    end: str, what: list[str], found: Found
) -> None:
    """If any is, and the program has succeeded."""
    assert found("OUT015", f"{MADE}{end}") == what


def test_what_is_left_running_is_told_by_its_command(found: Found) -> None:
    """However the program has ended."""
    for end in ("exit: 0", "exit: 1 no", "stopped"):
        assert found("OUT016", f"program: backup x\n{end}\nleft running: sleep 600") == [
            "it left 'sleep 600' running in the background, which was killed"
        ]
        assert found("OUT016", f"program: backup x\n{end}") == []
