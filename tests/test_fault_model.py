"""What can be said of a fault in Python, what becomes of it, and how a mistake is told."""

import json
from typing import get_args

import pytest

from simulator.core.faults import (
    PER_MILLION,
    AnswerWith,
    BrokenChunk,
    Claim,
    Commit,
    Cut,
    Deaf,
    Drip,
    Early,
    Edit,
    Ending,
    Fault,
    FaultRule,
    Garbage,
    Goodbye,
    Hang,
    Hide,
    Order,
    Page,
    Part,
    Refuse,
    Skew,
    Stale,
    Stall,
    Strangers,
    Twice,
    WhileStatus,
    WrongLength,
    is_silent,
)
from simulator.core.instants import ZERO, Duration
from simulator.core.scripts import OperationKind
from simulator.fault_model import FAULTS, FaultModel, rule_from
from simulator.simulation import FaultError, Simulation

SECOND = 1_000_000_000


def fault(do: object) -> Fault:
    """Return what a list suffers from."""
    return rule_from({"on": "list", "do": do}, "here").fault


def rule(**said: object) -> FaultRule:
    """Return the rule that is said, of lists that hang where nothing else is said."""
    return rule_from({"on": "list", "do": "hang", **said}, "here")


def sentence(**said: object) -> str:
    """Return why a fault cannot be armed."""
    simulation = Simulation()
    with pytest.raises(FaultError) as caught:
        simulation.faults.add(**said)
    assert not simulation.faults.uses
    said_of_it = str(caught.value)
    for noise in ("\n", "pydantic", "validation", "Input should", "discriminator", "Model"):
        assert noise not in said_of_it
    return said_of_it


# --- every fault -------------------------------------------------------------------------------

READ: list[tuple[object, Fault]] = [
    ({"answer": 503}, AnswerWith(status=503)),
    ({"answer": "200", "body": "empty"}, AnswerWith(status=200, page=Page.EMPTY)),
    (
        {"answer": 599, "body": "text", "text": "x"},
        AnswerWith(status=599, page=Page.TEXT, text="x"),
    ),
    ({"answer": 503, "body": "marathon"}, AnswerWith(status=503, page=Page.MARATHON)),
    ({"answer": 500, "body": "service"}, AnswerWith(status=500, page=Page.SERVICE)),
    (
        {"answer": 503, "retry_after": "2m"},
        AnswerWith(status=503, retry_after=Duration(120 * SECOND)),
    ),
    (
        {"answer": 503, "retry_date": "0s"},
        AnswerWith(status=503, retry_after=ZERO, as_date=True),
    ),
    ({"answer": 302, "location": "/x"}, AnswerWith(status=302, location="/x")),
    (
        {"headers": {"A": "b", "C": None, "D": "null", "E": "", "F": 1}},
        Claim((("A", "b"), ("C", None), ("D", None), ("E", ""), ("F", "1"))),
    ),
    ({"early": 100}, Early(100)),
    ({"early": "199"}, Early(199)),
    ({"reset": "before"}, Cut(Part.NOTHING, Ending.RESET)),
    ({"reset": "body"}, Cut(Part.BODY, Ending.RESET)),
    ({"close": "head"}, Cut(Part.HEAD, Ending.CLOSE)),
    ({"length": "+10"}, WrongLength(10)),
    ({"length": "-1"}, WrongLength(-1)),
    ("broken_chunk", BrokenChunk()),
    ("garbage", Garbage()),
    ({"garbage": True}, Garbage()),
    ({"drip": "0s"}, Drip(ZERO)),
    ({"stall": "60s"}, Stall(Part.NOTHING, Duration(60 * SECOND))),
    ({"stall": "1ms", "at": "body"}, Stall(Part.BODY, Duration(1_000_000))),
    ("hang", Hang()),
    ({"hang": "true"}, Hang()),
    ({"stall": "1ms", "at": "connect"}, Deaf(Duration(1_000_000))),
    ("goodbye", Goodbye()),
    ({"goodbye": True}, Goodbye()),
    ({"goodbye": "1ms"}, Goodbye(Duration(1_000_000))),
    ({"refuse": "0s"}, Refuse(ZERO)),
    ({"stale": "1h"}, Stale(Duration(3600 * SECOND))),
    ({"hide": "n*"}, Hide("n*")),
    ({"twice": 7}, Twice("7")),
    ({"order": "reversed"}, Order.REVERSED),
    ({"order": "shuffled"}, Order.SHUFFLED),
    ({"strangers": "theirs"}, Strangers("theirs", 1)),
    ({"strangers": "theirs", "count": 10_000}, Strangers("theirs", 10_000)),
    (
        {"edit": "n*", "set": {"a.b": None, "c": "x"}, "drop": "d"},
        Edit(label="n*", put=(("a.b", None), ("c", "x")), drop=("d",)),
    ),
    ({"edit": "*", "drop": ["a", "b.c"]}, Edit(label="*", drop=("a", "b.c"))),
    ({"clock": "+2h"}, Skew(7200 * SECOND)),
    ({"clock": "-1ns"}, Skew(-1)),
]


@pytest.mark.parametrize(("do", "expected"), READ, ids=[str(do) for do, _ in READ])
def test_every_fault_is_read(do: object, expected: Fault) -> None:
    """As text or as Python has it."""
    assert fault(do) == expected


def test_every_fault_of_the_table_and_of_the_core_is_among_these() -> None:
    """So that none is forgotten."""
    keys = {next(iter(do)) if isinstance(do, dict) else do for do, _ in READ}
    assert keys == set(FAULTS)
    assert {type(each) for _, each in READ} == set(get_args(Fault))


def test_every_fault_has_a_description_and_advice() -> None:
    """Which the reference page is made of."""
    for model in FAULTS.values():
        assert model.__doc__
        assert model.advice.endswith(".")


@pytest.mark.parametrize(("do", "expected"), READ, ids=[str(do) for do, _ in READ])
def test_commit_is_before_where_nothing_is_sent(do: object, expected: Fault) -> None:
    """And after where the cluster's own answer is."""
    commit = Commit.BEFORE if is_silent(expected) else Commit.AFTER
    assert rule(do=do).commit is commit
    assert rule(do=do, commit="after").commit is Commit.AFTER


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (None, None),
        ("null", None),
        (True, True),
        (False, False),
        (7, 7),
        (7.5, 7.5),
        ("7", 7),
        ('"7"', "7"),
        ('""', ""),
        ("", ""),
        ("plain", "plain"),
        ("[1, 2]", [1, 2]),
        ('{"a": [null]}', {"a": [None]}),
        ([], []),
        ({}, {}),
        ((1, "x", None), [1, "x", None]),
        ({"a": {"b": ["true", "yes"]}}, {"a": {"b": [True, "yes"]}}),
        ({1: 2}, {"1": 2}),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e400", "1e400"),
        (float("nan"), "NaN"),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, "[" * 100_000),
        ("{broken", "{broken"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_set_is_read_as_json_where_it_is_json(written: object, value: object) -> None:
    """And is the text that it is where it is not; what is shown can always be written as JSON."""
    found = fault({"edit": "*", "set": {"x": written}})
    assert isinstance(found, Edit)
    assert found.put == (("x", value),)
    assert type(found.put[0][1]) is type(value)
    json.dumps(found.put[0][1], allow_nan=False)


# --- where and when ------------------------------------------------------------------------------


def test_a_rule_that_says_little_has_defaults() -> None:
    """Every request, at any time, for certain."""
    assert rule_from({"on": "list", "do": "hang"}, "here") == FaultRule(
        fault=Hang(),
        operations=("list",),
        chance=PER_MILLION,
        commit=Commit.BEFORE,
        origin="here",
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"on": ["create", "list"]}, {"operations": ("create", "list")}),
        ({"on": ("create",)}, {"operations": ("create",)}),
        ({"path": "/x*"}, {"path": "/x*"}),
        ({"method": "post"}, {"methods": ("POST",)}),
        ({"method": ["get", "PUT"]}, {"methods": ("GET", "PUT")}),
        ({"nth": 2}, {"nth": ((2, 2),)}),
        ({"nth": "2..4"}, {"nth": ((2, 4),)}),
        ({"nth": "2.."}, {"nth": ((2, None),)}),
        ({"nth": [1, "3..4", "9.."]}, {"nth": ((1, 1), (3, 4), (9, None))}),
        ({"times": 3}, {"times": 3}),
        ({"times": None}, {"times": None}),
        ({"from_": "5s"}, {"since": Duration(5 * SECOND)}),
        ({"from": "5s", "until": "6s"}, {"since": 5 * SECOND, "until": 6 * SECOND}),
        ({"chance": "25%"}, {"chance": 250_000}),
        ({"chance": "0.5%"}, {"chance": 5_000}),
        ({"chance": "0.0001%"}, {"chance": 1}),
        ({"chance": "100%"}, {"chance": PER_MILLION}),
        ({"also": True}, {"also": True}),
        ({"optional": "true", "also": False}, {"optional": True, "also": False}),
        ({"commit": "after"}, {"commit": Commit.AFTER}),
        (
            {"while_": {"backup": "n*", "status": "STATUS_READY"}},
            {"during": WhileStatus(label="n*", kind=OperationKind.CREATE, status="STATUS_READY")},
        ),
        (
            {"while": {"restore": "x", "status": "STATUS_ERROR"}},
            {"during": WhileStatus(label="x", kind=OperationKind.RESTORE, status="STATUS_ERROR")},
        ),
    ],
    ids=str,
)
def test_where_and_when_are_read(said: dict[str, object], expected: dict[str, object]) -> None:
    """Words that Python reserves have an underscore behind them."""
    found = rule(**said)
    assert {key: getattr(found, key) for key in expected} == expected


def test_a_path_is_enough() -> None:
    """Without any operation."""
    found = rule_from({"path": "*", "do": "hang"}, "here")
    assert (found.operations, found.path) == ((), "*")


# --- mistakes ------------------------------------------------------------------------------------

ALL_FAULTS = f"write one of {', '.join(FAULTS)}"
STATUSES = "'STATUS_BACKING_UP', 'STATUS_READY', 'STATUS_ERROR' or 'STATUS_RESTORING'"
OPERATIONS = "'create', 'list', 'restore' or 'delete'"
PAGES = "'admin-router', 'service', 'marathon', 'empty' or 'text'"
NUMBERS = "nth: must be one of 2, 2..4 and 2.., or a list of them"
ORDERED = "nth: counts from 1, and a range from its smaller number"
NO_ANSWER = "cannot be before: this fault sends an answer, which must have been made"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"on": "lst"}, f"on: 'lst' cannot stand here; write {OPERATIONS}"),
        ({"on": []}, "on: needs one at least"),
        ({"on": {"list": 1}}, "on: must be a list"),
        ({"on": None}, "a fault needs on (create, list, restore, delete) or a path"),
        ({"path": ""}, "path: needs a value"),
        ({"path": ["/"]}, "path: must be text, not a list or a mapping"),
        ({"path": b"/"}, "b'/' cannot stand in a fault; write text, numbers, lists or dicts"),
        ({"method": []}, "method: needs one at least"),
        ({"method": {"GET": 1}}, "method: must be a list"),
        ({"when": 3}, "when is no key of a fault"),
        ({"nth": 0}, ORDERED),
        ({"nth": "4..2"}, ORDERED),
        ({"nth": "second"}, "nth: 'second' counts nothing; write 2, 2..4 or 2.."),
        ({"nth": "-1"}, "nth: '-1' counts nothing; write 2, 2..4 or 2.."),
        ({"nth": []}, "nth: needs one at least"),
        ({"nth": {}}, NUMBERS),
        ({"nth": [[1]]}, NUMBERS),
        ({"times": 0}, "times: strikes 0 times, so it never does"),
        ({"times": -1}, "times: '-1' is not a whole number of 0 or more"),
        ({"times": 10**7}, "times: '10000000' is too much: 1000000 at most"),
        ({"until": "0s"}, "until: ends before it begins, so it never strikes"),
        ({"from_": "2s", "until": "2s"}, "until: ends before it begins, so it never strikes"),
        ({"until": 5}, "until: '5' is not a duration; write one like 90s, 1m30s, 2h or 250ms"),
        ({"chance": "0%"}, "chance: never strikes with a chance of 0%"),
        ({"chance": 0.5}, "chance: '0.5' is no chance; write one like 25% or 0.5%"),
        ({"chance": "100.1%"}, "chance: '100.1%' is no chance; write one like 25% or 0.5%"),
        ({"while_": "ready"}, "while: must be a dict"),
        ({"while_": {"backup": "*"}}, "while.status is missing"),
        (
            {"while_": {"status": "STATUS_READY"}},
            "while: needs the label of a backup or of a restore, and not both",
        ),
        (
            {"while_": {"backup": "*", "restore": "*", "status": "STATUS_READY"}},
            "while: needs the label of a backup or of a restore, and not both",
        ),
        (
            {"while_": {"backup": "*", "status": "READY"}},
            f"while.status: 'READY' cannot stand here; write {STATUSES}",
        ),
        ({"commit": "during"}, "commit: 'during' cannot stand here; write 'before' or 'after'"),
        ({"on": "create", "do": "goodbye", "commit": "before"}, f"commit: {NO_ANSWER}"),
        ({"also": "yes"}, "also: 'yes' is neither true nor false"),
        ({"optional": 1}, "optional: '1' is neither true nor false"),
        ({"do": None}, "do is missing"),
        ({"do": {}}, f"do: 'nothing' is no fault; {ALL_FAULTS}"),
        ({"do": "explode"}, f"do: 'explode' is no fault; {ALL_FAULTS}"),
        ({"do": {"explode": True}}, f"do: 'explode' is no fault; {ALL_FAULTS}"),
        ({"do": 503}, f"do: '503' is no fault; {ALL_FAULTS}"),
        ({"do": ["hang"]}, f"do: ['hang'] is no fault; {ALL_FAULTS}"),
        (
            {"do": {"answer": 503, "hang": True}},
            "do: hang cannot stand beside another fault; add one for each",
        ),
        ({"do": {"answer": 503, "boddy": "x"}}, "boddy is no key of this fault"),
        ({"do": "answer"}, "do.answer: 'true' is no status of an answer; write 200 to 599"),
        ({"do": {"answer": 199}}, "do.answer: '199' is no status of an answer; write 200 to 599"),
        ({"do": {"answer": 600}}, "do.answer: '600' is no status of an answer; write 200 to 599"),
        (
            {"do": {"answer": 503, "body": "php"}},
            f"do.body: 'php' cannot stand here; write {PAGES}",
        ),
        (
            {"do": {"answer": 503, "text": "x"}},
            "do: needs body: text, service or marathon for its text",
        ),
        (
            {"do": {"answer": 503, "retry_after": "1500ms"}},
            "do.retry_after: must be whole seconds: that header knows no parts of them",
        ),
        (
            {"do": {"answer": 503, "retry_after": "1s", "retry_date": "1s"}},
            "do: needs retry_after or retry_date, and not both: they are one header",
        ),
        (
            {"do": {"answer": 302, "location": "/ü"}},
            "do.location: '/ü' cannot stand in a header; write plain ASCII on one line",
        ),
        ({"do": {"headers": {}}}, "do.headers: needs one at least"),
        ({"do": {"headers": "Date"}}, "do.headers: must be a dict"),
        ({"do": {"headers": {"a b": "c"}}}, "do.headers.a b: 'a b' is no name of a header"),
        (
            {"do": {"headers": {"a": "b\r\nc"}}},
            "do.headers.a: 'b\\r\\nc' cannot stand in a header; write plain ASCII on one line",
        ),
        (
            {"do": {"early": 200}},
            "do.early: '200' does not come before an answer; write 100 to 199",
        ),
        ({"do": {"early": 101}}, "do.early: '101' would end HTTP on this connection; take another"),
        (
            {"do": {"reset": "tail"}},
            "do.reset: 'tail' cannot stand here; write 'before', 'head' or 'body'",
        ),
        (
            {"do": "close"},
            "do.close: 'true' cannot stand here; write 'before', 'head' or 'body'",
        ),
        *(
            (
                {"do": {"length": length}},
                f"do.length: {length!r} is no number of bytes with a sign; write +10 or -10",
            )
            for length in ("10", "+0", "+-1", "++1", "+", "-x", "+²", "+99999999")
        ),
        ({"do": {"hang": "5s"}}, "do.hang: '5s' cannot stand here; write 'true'"),
        ({"do": {"hang": False}}, "do.hang: 'false' cannot stand here; write 'true'"),
        *(
            (
                {"do": {key: "61s"}},
                f"do.{key}: must be 60s at most: this is real time, and a client waits meanwhile",
            )
            for key in ("drip", "stall", "refuse")
        ),
        ({"do": {"stall": "0s"}}, "do: changes nothing with a value of 0"),
        ({"do": {"stale": "0s"}}, "do: changes nothing with a value of 0"),
        ({"do": {"clock": "+0s"}}, "do: changes nothing with a value of 0"),
        ({"do": {"clock": "2h"}}, "do.clock: '2h' has no sign; write +2h or -2h"),
        (
            {"do": {"clock": "+-2h"}},
            "do.clock: '-2h' is not a duration; write one like 90s, 1m30s, 2h or 250ms",
        ),
        ({"do": {"hide": " "}}, "do.hide: needs a value"),
        (
            {"do": {"order": "random"}},
            "do.order: 'random' cannot stand here; write 'reversed' or 'shuffled'",
        ),
        (
            {"do": {"strangers": "x", "count": 10_001}},
            "do.count: '10001' is too much: 10000 at most",
        ),
        ({"do": {"strangers": "x", "count": 0}}, "do: changes nothing with a value of 0"),
        ({"do": {"edit": "*"}}, "do: needs something to set or to drop"),
        ({"do": {"edit": "*", "drop": []}}, "do.drop: needs one at least"),
        ({"do": {"edit": "*", "set": "x"}}, "do.set: must be a dict"),
        (
            {"on": "create", "do": {"stale": "1s"}},
            "on: can only be list: this fault changes what a list holds",
        ),
        (
            {"on": "delete", "do": {"edit": "*", "drop": "id"}},
            "on: cannot be delete: its answer shows no backup that could be changed",
        ),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence(said: dict[str, object], expected: str) -> None:
    """With the key that is wrong and what could stand there; nothing is armed."""
    assert sentence(**{"on": "list", "do": "hang", **said}) == expected


def test_two_mistakes_are_told_in_two_sentences() -> None:
    """In one go."""
    assert sentence(on="list", do="explode", times="x") == (
        f"times: 'x' is not a whole number of 0 or more; do: 'explode' is no fault; {ALL_FAULTS}"
    )
    assert sentence(on="list", do="hang", times=0, until="0s") == (
        "until: ends before it begins, so it never strikes; "
        "times: strikes 0 times, so it never does"
    )


def test_a_fault_that_says_nothing_at_all_is_told_what_is_missing() -> None:
    """What it does comes first."""
    assert sentence() == "do is missing"


# --- one model for files and for Python ----------------------------------------------------------


def test_python_says_what_files_say() -> None:
    """The same keys give the same rule."""
    in_file = {
        "on": ["create"],
        "nth": "2",
        "from": "1s",
        "while": {"backup": "*", "status": "STATUS_READY"},
        "do": {"answer": "503", "retry_after": "5s"},
        "commit": "after",
        "optional": "true",
    }
    in_python = {
        "on": "create",
        "nth": 2,
        "from_": "1s",
        "while_": {"backup": "*", "status": "STATUS_READY"},
        "do": {"answer": 503, "retry_after": "5s"},
        "commit": "after",
        "optional": True,
    }
    assert FaultModel.model_validate(in_file).rule("here") == rule_from(in_python, "here")


def test_faults_are_numbered_as_they_are_added() -> None:
    """By which the journal names them."""
    simulation = Simulation()
    uses = [simulation.faults.add(on="list", do="hang") for _ in range(3)]
    assert [use.rule.origin for use in uses] == ["fault 1", "fault 2", "fault 3"]
    assert list(simulation.faults.uses) == uses
