from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.backups import Backup, Component, Restore
from simulator.core.faults import (
    PER_MILLION,
    AnswerWith,
    Asked,
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
    Faults,
    FaultUse,
    Garbage,
    Goodbye,
    Hang,
    Hide,
    Order,
    Part,
    Refuse,
    Skew,
    Stale,
    Stall,
    Strangers,
    Twice,
    WhileStatus,
    WrongLength,
    excludes,
    fault_problems,
    hidden_rules,
    is_silent,
)
from simulator.core.identifiers import BackupId
from simulator.core.instants import Duration, Instant
from simulator.core.scripts import OperationKind
from simulator.core.statuses import Status

SECOND = Duration(1_000_000_000)
BASE = "/system/v1/backup/v1"
LIST = Asked("list", "GET", f"{BASE}/list")
CREATE = Asked("create", "POST", f"{BASE}/create")
NOWHERE = Asked("", "GET", "/service/marathon/v2/apps")

repeatable = settings(deadline=None, derandomize=True, database=None)


class Dice:
    """Chance that throws what it is told, over and over."""

    def __init__(self, *throws: int) -> None:
        """Take what is thrown: the picked index, from first to last."""
        self._throws = throws
        self.thrown = count()
        self.weights: list[Sequence[int]] = []

    def backup_uuid(self) -> str:
        """Never asked of: faults make no ids."""
        raise AssertionError

    def between(self, shortest: int, longest: int) -> int:
        """Never asked of: faults draw no lengths."""
        raise AssertionError(shortest, longest)

    def pick(self, weights: Sequence[int]) -> int:
        """Return the next throw."""
        self.weights.append(weights)
        return self._throws[next(self.thrown) % len(self._throws)]


def backup(label: str, status: Status, *restores: Status) -> Backup:
    """Return a backup with so many restores."""
    component = Component("marathon", status, status.value, "", "said so", None)
    return Backup(
        id=BackupId(f"{label}-1"),
        label=label,
        timestamp=Instant(0),
        dcos_version="1.13.0",
        status=status,
        shown=status.value,
        components=(component,),
        restores=tuple(
            Restore(
                number=number,
                started=Instant(0),
                status=each,
                shown=each.value,
                components=(component,),
            )
            for number, each in enumerate(restores, 1)
        ),
    )


def hang(
    *,
    on: tuple[str, ...] = ("list",),
    nth: tuple[tuple[int, int | None], ...] = (),
    times: int | None = None,
    also: bool = False,
) -> FaultRule:
    """Return a rule whose fault changes lists only, so that others may strike as well."""
    return FaultRule(fault=Hide("x"), operations=on, nth=nth, times=times, also=also)


class Lab:
    """Rules that are tried on requests."""

    def __init__(
        self, *rules: FaultRule, backups: Sequence[Backup] = (), dice: Dice | None = None
    ) -> None:
        """Arm the rules, in order."""
        self.faults = Faults()
        self.uses = [self.faults.add(rule) for rule in rules]
        self.dice = dice or Dice(0)
        self._backups = list(backups)

    def strike(self, asked: Asked = LIST, at: int = 0) -> list[int]:
        """Return which rules strike a request at so many nanoseconds."""
        struck = self.faults.strike(asked, Duration(at), self._stored, self.dice)
        return [self._index(rule) for rule in struck]

    def _index(self, rule: FaultRule) -> int:
        return next(index for index, use in enumerate(self.uses) if use.rule is rule)

    def _stored(self) -> Iterator[Backup]:
        return iter(self._backups)

    @property
    def counted(self) -> list[tuple[int, int]]:
        """What each rule has seen and struck."""
        return [(use.seen, use.hits) for use in self.uses]


# --- where -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "asked", "fits"),
    [
        (FaultRule(fault=Hang(), operations=("list",)), LIST, True),
        (FaultRule(fault=Hang(), operations=("list",)), CREATE, False),
        (FaultRule(fault=Hang(), operations=("create", "list")), CREATE, True),
        (FaultRule(fault=Hang(), operations=("create", "list")), NOWHERE, False),
        (FaultRule(fault=Hang(), path="*"), NOWHERE, True),
        (FaultRule(fault=Hang(), path="/service/*"), NOWHERE, True),
        (FaultRule(fault=Hang(), path="/service/*"), LIST, False),
        (FaultRule(fault=Hang(), path="/SERVICE/*"), NOWHERE, False),
        (FaultRule(fault=Hang(), path="/service"), NOWHERE, False),
        (FaultRule(fault=Hang(), path=f"{BASE}/[cl]*"), CREATE, True),
        (FaultRule(fault=Hang(), operations=("create",), path="*/list"), LIST, True),
        (FaultRule(fault=Hang(), operations=("list",), methods=("POST",)), LIST, False),
        (FaultRule(fault=Hang(), operations=("list",), methods=("POST", "GET")), LIST, True),
        (FaultRule(fault=Hang(), path="*", methods=("POST",)), NOWHERE, False),
        (FaultRule(fault=Hang()), NOWHERE, False),
    ],
)
def test_a_rule_is_about_operations_or_paths(rule: FaultRule, asked: Asked, *, fits: bool) -> None:
    """Either is enough; methods narrow both."""
    assert rule.is_about(asked) is fits
    assert Lab(rule).strike(asked) == ([0] if fits else [])


def test_a_request_that_a_rule_is_not_about_is_not_counted() -> None:
    """Neither as seen nor as struck."""
    lab = Lab(hang())
    lab.strike(CREATE)
    lab.strike(NOWHERE)
    assert lab.counted == [(0, 0)]


def test_more_kinds_of_requests_than_are_remembered_are_no_matter() -> None:
    """Rules find theirs among a thousand paths, again and again."""
    lab = Lab(FaultRule(fault=Hang(), path="/*7"))
    for _ in range(2):
        for number in range(1000):
            asked = Asked("", "GET", f"/{number}")
            assert lab.strike(asked) == ([0] if number % 10 == 7 else [])
    assert lab.counted == [(200, 200)]


def test_a_rule_that_is_added_later_is_tried_as_well() -> None:
    """Also for requests whose like have come before."""
    lab = Lab()
    assert lab.strike() == []
    lab.uses.append(lab.faults.add(hang()))
    assert lab.strike() == [0]


# --- when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nth", "struck"),
    [
        ((), [1, 2, 3, 4, 5, 6]),
        (((2, 2),), [2]),
        (((2, 4),), [2, 3, 4]),
        (((5, None),), [5, 6]),
        (((1, 1), (3, 3), (6, None)), [1, 3, 6]),
        (((1, 3), (2, 4)), [1, 2, 3, 4]),
        (((9, None),), []),
    ],
)
def test_nth_counts_from_one(nth: tuple[tuple[int, int | None], ...], struck: list[int]) -> None:
    """One, a range, an open range, and a list of them."""
    lab = Lab(hang(nth=nth))
    assert [number for number in range(1, 7) if lab.strike()] == struck
    assert lab.counted == [(6, len(struck))]


@pytest.mark.parametrize(
    ("bounds", "struck"),
    [
        ({}, [3]),
        ({"since": Duration(2)}, [5]),
        ({"until": Duration(3)}, []),
        ({"until": Duration(5)}, [3]),
        ({"since": Duration(2), "until": Duration(6)}, [5]),
        ({"during": WhileStatus(label="*", kind=OperationKind.CREATE, status="none")}, []),
    ],
)
def test_nth_counts_only_while_all_else_holds(bounds: dict[str, Any], struck: list[int]) -> None:
    """One request at each instant from 1 to 9: those outside are not counted."""
    lab = Lab(FaultRule(fault=Hang(), operations=("list",), nth=((4, 4),), **bounds))
    lab.strike(at=0)
    assert [at for at in range(1, 10) if lab.strike(at=at)] == struck
    first, last = bounds.get("since", 0), bounds.get("until", 10)
    seen = 0 if "during" in bounds else len(range(first, last))
    assert lab.counted == [(seen, len(struck))]


def test_times_is_how_often_at_most() -> None:
    """A rule that is spent looks at nothing any more."""
    lab = Lab(hang(times=2, nth=((2, None),)))
    assert [bool(lab.strike()) for _ in range(5)] == [False, True, True, False, False]
    assert lab.counted == [(3, 2)]
    assert lab.uses[0].is_spent


@pytest.mark.parametrize(
    ("at", "strikes"), [(0, False), (9, False), (10, True), (19, True), (20, False), (99, False)]
)
def test_a_rule_holds_from_one_instant_up_to_another(at: int, *, strikes: bool) -> None:
    """The first is in, the last is out; outside nothing is counted."""
    rule = FaultRule(
        fault=Hang(), operations=("list",), since=Duration(10), until=Duration(20), nth=((1, 1),)
    )
    lab = Lab(rule)
    assert lab.strike(at=at) == ([0] if strikes else [])
    assert lab.counted == [(int(strikes), int(strikes))]


def test_chance_is_drawn_for_requests_that_all_else_fits() -> None:
    """With the weights of striking and not striking; certainty draws nothing."""
    rule = FaultRule(fault=Hang(), operations=("list",), chance=250_000, nth=((2, None),))
    lab = Lab(rule, hang(), dice=Dice(1, 0))
    assert [lab.strike() for _ in range(3)] == [[1], [1], [0]]
    assert lab.dice.weights == [(250_000, 750_000)] * 2
    assert lab.counted == [(3, 1), (2, 2)]


READY, ERROR = Status.READY, Status.ERROR


@pytest.mark.parametrize(
    ("kind", "label", "status", "holds"),
    [
        (OperationKind.CREATE, "nightly", READY, True),
        (OperationKind.CREATE, "n*", READY, True),
        (OperationKind.CREATE, "n*", ERROR, False),
        (OperationKind.CREATE, "*", ERROR, True),
        (OperationKind.CREATE, "weekly", READY, False),
        (OperationKind.RESTORE, "nightly", ERROR, True),
        (OperationKind.RESTORE, "nightly", READY, False),
        (OperationKind.RESTORE, "broken", ERROR, False),
        (OperationKind.CREATE, "nobody", READY, False),
    ],
)
def test_a_rule_may_hold_while_a_status_holds(
    kind: OperationKind, label: str, status: Status, *, holds: bool
) -> None:
    """Of any backup with a fitting label, or of its latest restore; else nothing is counted."""
    during = WhileStatus(label=label, kind=kind, status=status.value)
    stored = (backup("nightly", READY, READY, ERROR), backup("broken", ERROR))
    lab = Lab(FaultRule(fault=Hang(), operations=("list",), during=during), backups=stored)
    assert lab.strike() == ([0] if holds else [])
    assert lab.counted == [(int(holds), int(holds))]


@pytest.mark.parametrize("before", [(), (READY,), (READY, READY)])
def test_of_several_restores_the_latest_counts(before: tuple[Status, ...]) -> None:
    """However many there were."""
    during = WhileStatus(label="*", kind=OperationKind.RESTORE, status=ERROR.value)
    rule = FaultRule(fault=Hang(), operations=("list",), during=during)
    assert Lab(rule, backups=[backup("nightly", READY, *before, ERROR)]).strike() == [0]
    assert Lab(rule, backups=[backup("nightly", READY, ERROR, *before, READY)]).strike() == []


# --- several rules -------------------------------------------------------------------------------


def test_the_first_rule_that_strikes_wins() -> None:
    """Those behind it do not even look at the request."""
    lab = Lab(hang(times=1), hang(), hang())
    assert [lab.strike() for _ in range(3)] == [[0], [1], [1]]
    assert lab.counted == [(1, 1), (2, 2), (0, 0)]


def test_a_rule_that_says_also_lets_the_next_strike_too() -> None:
    """In their order; the first that does not say so is the last."""
    lab = Lab(hang(also=True), hang(also=True), hang(), hang())
    assert lab.strike() == [0, 1, 2]
    assert lab.counted == [(1, 1), (1, 1), (1, 1), (0, 0)]


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (Drip(Duration(1)), Hang(), False),
        (Stall(Part.HEAD, SECOND), Cut(Part.BODY, Ending.RESET), False),
        (AnswerWith(status=503), AnswerWith(status=502), False),
        (AnswerWith(status=503), Drip(Duration(1)), True),
        (Hang(), AnswerWith(status=503), True),
        (Early(102), Hang(), True),
        (Claim((("Date", None),)), Claim((("Server", None),)), True),
        (Skew(1), Hide("*"), True),
    ],
)
def test_a_request_has_one_answer_that_goes_one_way(
    first: Fault, second: Fault, *, both: bool
) -> None:
    """A rule that could do nothing any more is passed over, and not counted."""
    rules = [
        FaultRule(fault=each, operations=("list",), also=each is first) for each in (first, second)
    ]
    lab = Lab(*rules)
    assert lab.strike() == ([0, 1] if both else [0])
    assert lab.counted == [(1, 1), (int(both), int(both))]
    assert excludes(first, second) is excludes(second, first) is not both


def test_a_rule_that_is_passed_over_does_not_hide_those_behind_it() -> None:
    """They may still do something."""
    faults = (AnswerWith(status=503), AnswerWith(status=502), Skew(1))
    lab = Lab(*(FaultRule(fault=each, operations=("list",), also=True) for each in faults))
    assert lab.strike() == [0, 2]


rules = st.builds(
    hang,
    on=st.sampled_from([("list",), ("create",), ("create", "list")]),
    nth=st.lists(
        st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(1, 6))), max_size=2
    ).map(tuple),
    times=st.one_of(st.none(), st.integers(1, 3)),
    also=st.booleans(),
)


@repeatable
@given(st.lists(rules, max_size=5), st.lists(st.sampled_from([LIST, CREATE, NOWHERE]), max_size=30))
def test_counting_is_what_a_naive_reader_would_do(
    armed: list[FaultRule], asked: list[Asked]
) -> None:
    """Request by request, rule by rule, with nothing remembered but two numbers."""
    lab = Lab(*armed)
    seen, hits = [0] * len(armed), [0] * len(armed)
    for one in asked:
        expected = []
        for index, rule in enumerate(armed):
            if one.operation not in rule.operations or hits[index] == rule.times:
                continue
            seen[index] += 1
            ranges = [range(first, (last or 99) + 1) for first, last in rule.nth]
            if ranges and not any(seen[index] in each for each in ranges):
                continue
            hits[index] += 1
            expected.append(index)
            if not rule.also:
                break
        struck = lab.faults.strike(one, Duration(0), lambda: iter(()), lab.dice)
        assert [id(rule) for rule in struck] == [id(armed[index]) for index in expected]
    assert lab.counted == list(zip(seen, hits, strict=True))


# --- what it is, in words ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "silent", "words"),
    [
        (AnswerWith(status=503), True, "an answer with 503"),
        (Claim((("Date", None), ("X", "1"))), False, "another Date, X"),
        (Early(102), False, "an answer with 102 before the real one"),
        (Cut(Part.NOTHING, Ending.RESET), True, "the connection reset before the answer"),
        (Cut(Part.HEAD, Ending.CLOSE), False, "the connection closed after the head"),
        (Cut(Part.BODY, Ending.RESET), False, "the connection reset in the middle of the body"),
        (WrongLength(1), False, "Content-Length 1 bytes too long"),
        (WrongLength(9), False, "Content-Length 9 bytes too long"),
        (WrongLength(-9), False, "Content-Length 9 bytes too short"),
        (BrokenChunk(), False, "a broken chunk"),
        (Garbage(), True, "garbage instead of an answer"),
        (Drip(Duration(1_000_000)), False, "the answer byte by byte, 1ms between two"),
        (Stall(Part.BODY, SECOND), False, "1s of silence in the middle of the body"),
        (Hang(), True, "silence until the client leaves"),
        (Goodbye(), False, "the kept connection closed behind the answer"),
        (Goodbye(SECOND), False, "the kept connection closed 1s behind the answer"),
        (Deaf(SECOND), False, "the next connection not read for 1s"),
        (Refuse(SECOND), True, "nobody listening for 1s"),
        (Stale(SECOND), False, "a list as of 1s ago"),
        (Hide("n*"), False, "backups labelled n* left out"),
        (Twice("n*"), False, "backups labelled n* listed twice"),
        (Order.REVERSED, False, "a list reversed"),
        (Order.SHUFFLED, False, "a list shuffled"),
        (Strangers("theirs", 3), False, "3 backups of another cluster"),
        (Edit(put=(("a.b", 1),), drop=("c",)), False, "another a.b, c of backups labelled *"),
        (Skew(SECOND), False, "Date 1s ahead"),
        (Skew(1), False, "Date 1ns ahead"),
        (Skew(-SECOND), False, "Date 1s behind"),
    ],
)
def test_every_fault_says_what_it_is(fault: Fault, words: str, *, silent: bool) -> None:
    """And whether it keeps everything of the cluster's own answer from the client."""
    assert (str(fault), is_silent(fault)) == (words, silent)


# --- rules that cannot be meant ------------------------------------------------------------------


def rule_with(**said: object) -> FaultRule:
    """Return a rule about lists with this."""
    given: dict[str, object] = {"fault": Hang(), "operations": ("list",), **said}
    return FaultRule(**given)  # type: ignore[arg-type] # tests say what they mean


NO_ANSWER = "cannot be before: this fault sends an answer, which must have been made"
LIST_ONLY = "can only be list: this fault changes what a list holds"
NUMBERS = "counts from 1, and a range from its smaller number"
NEVER = "ends before it begins, so it never strikes"
NOTHING = "changes nothing with a value of 0"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"since": SECOND, "until": SECOND}, ("until", NEVER)),
        ({"until": Duration(0)}, ("until", NEVER)),
        ({"times": 0}, ("times", "strikes 0 times, so it never does")),
        ({"chance": 0}, ("chance", "never strikes with a chance of 0%")),
        ({"nth": ((0, 0),)}, ("nth", NUMBERS)),
        ({"nth": ((1, 1), (3, 2))}, ("nth", NUMBERS)),
        ({"operations": ("create",), "fault": Goodbye()}, ("commit", NO_ANSWER)),
        ({"operations": ("list", "delete"), "fault": Early(102)}, ("commit", NO_ANSWER)),
        ({"operations": ("create",), "fault": Stale(SECOND), "commit": Commit.AFTER},
         ("on", LIST_ONLY)),
        ({"path": "*", "fault": Order.REVERSED}, ("on", LIST_ONLY)),
        ({"operations": ("delete",), "fault": Edit(drop=("id",)), "commit": Commit.AFTER},
         ("on", "cannot be delete: its answer shows no backup that could be changed")),
        ({"fault": Stall(Part.BODY, Duration(0))}, ("do", NOTHING)),
        ({"fault": Stale(Duration(0))}, ("do", NOTHING)),
        ({"fault": Skew(0)}, ("do", NOTHING)),
        ({"fault": Strangers("x", 0)}, ("do", NOTHING)),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_found(
    said: dict[str, object], problem: tuple[str, str]
) -> None:
    """With the key that is wrong, and one sentence."""
    assert list(fault_problems(rule_with(**said))) == [problem]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"since": SECOND, "until": Duration(SECOND + 1)},
        {"nth": ((1, 1), (2, 2), (3, None))},
        {"operations": ("create",)},
        {"operations": ("create",), "fault": Goodbye(), "commit": Commit.AFTER},
        {"operations": (), "path": "*", "fault": Goodbye()},
        {"operations": ("create", "restore"), "fault": Edit(drop=("id",)), "commit": Commit.AFTER},
        {"fault": Hide("*")},
        {"fault": Strangers("x", 1)},
    ],
)
def test_a_rule_that_can_be_meant_has_no_problem(said: dict[str, object]) -> None:
    """Nothing is refused for being odd."""
    assert list(fault_problems(rule_with(**said))) == []


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ({}, {}, True),
        ({}, {"nth": ((3, 3),)}, True),
        ({"operations": ("create", "list")}, {}, True),
        ({"path": "/a"}, {"path": "/a"}, True),
        ({"path": "/a"}, {}, True),
        ({"operations": (), "path": "*"}, {}, True),
        ({"operations": (), "path": "*"}, {"path": "/a"}, True),
        ({}, {"methods": ("GET",)}, True),
        ({"methods": ("GET", "PUT")}, {"methods": ("GET",)}, True),
        ({"methods": ("GET",)}, {"methods": ("GET",)}, True),
        ({"also": True}, {}, True),
        ({"also": True}, {"fault": Hide("x")}, False),
        ({"methods": ("GET",)}, {}, False),
        ({"methods": ("GET",)}, {"methods": ("GET", "PUT")}, False),
        ({"operations": ("create",)}, {}, False),
        ({}, {"operations": ("create", "list")}, False),
        ({}, {"path": "/a"}, False),
        ({"operations": (), "path": "/*"}, {}, False),
        ({"times": 3}, {}, False),
        ({"nth": ((1, 1),)}, {}, False),
        ({"since": SECOND}, {}, False),
        ({"until": SECOND}, {}, False),
        ({"chance": PER_MILLION - 1}, {}, False),
        ({"during": WhileStatus(label="*", kind=OperationKind.CREATE, status="X")}, {}, False),
    ],
)
def test_a_rule_that_an_earlier_one_leaves_nothing_is_found(
    first: dict[str, object], second: dict[str, object], *, hidden: bool
) -> None:
    """Only where that is certain."""
    found = list(hidden_rules([rule_with(**first), rule_with(**second)]))
    assert found == ([(1, 0)] if hidden else [])


def test_a_hidden_rule_is_told_once() -> None:
    """With the first that hides it."""
    assert list(hidden_rules([rule_with(), rule_with(), rule_with()])) == [(1, 0), (2, 0)]


def test_what_a_fault_leaves_out_is_the_plainest() -> None:
    """It is to strike; one stranger is enough; Retry-After is in seconds."""
    assert not FaultRule(fault=Hang()).optional
    assert Strangers("theirs") == Strangers("theirs", 1)
    assert AnswerWith(status=503) == AnswerWith(status=503, as_date=False)


def test_a_use_begins_with_nothing_seen() -> None:
    """And with no limit it is never spent."""
    use = FaultUse(rule_with())
    assert (use.seen, use.hits, use.is_spent) == (0, 0, False)


@pytest.mark.parametrize(
    ("fields", "key", "problem"),
    [
        ({"path": "system/v1/*"}, "path", "fits no request: paths begin with a slash"),
        (
            {"path": "/list?prefix=*"},
            "path",
            "fits no request: what stands behind a question mark is no part of a path",
        ),
        (
            {
                "during": WhileStatus(
                    label="*", kind=OperationKind.CREATE, status="STATUS_RESTORING"
                )
            },
            "while",
            "never holds: a backup is never STATUS_RESTORING",
        ),
        (
            {
                "during": WhileStatus(
                    label="*", kind=OperationKind.RESTORE, status="STATUS_BACKING_UP"
                )
            },
            "while",
            "never holds: a restore is never STATUS_BACKING_UP",
        ),
        (
            {"operations": ("delete",), "fault": Cut(Part.BODY, Ending.CLOSE)},
            "do",
            "cannot strike a delete: its answer has no body",
        ),
        (
            {"operations": ("delete",), "fault": WrongLength(-1)},
            "do",
            "cannot strike a delete: its answer has no body",
        ),
    ],
)
def test_what_can_never_strike_is_found(fields: dict[str, Any], key: str, problem: str) -> None:
    """Each with the key that is to blame."""
    rule = FaultRule(**{"fault": Hang(), "commit": Commit.AFTER, **fields})
    assert list(fault_problems(rule)) == [(key, problem)]


@pytest.mark.parametrize(
    "path", ["/a", "*/a", "?a", "[/]a", "/a?b", "/a=b", "/a[?]b=c", "/[?]=b", "/a[?][?]=b"]
)
def test_a_pattern_of_paths_may_begin_with_anything_that_stands_for_a_slash(path: str) -> None:
    """A question mark stands for one character, in brackets for itself."""
    assert list(fault_problems(FaultRule(fault=Hang(), path=path))) == []


@pytest.mark.parametrize("status", ["STATUS_READY", "STATUS_BACKING_UP"])
def test_what_may_hold_is_no_problem(status: str) -> None:
    """A backup can be both."""
    during = WhileStatus(label="*", kind=OperationKind.CREATE, status=status)
    assert list(fault_problems(FaultRule(fault=Hang(), path="/*", during=during))) == []


def test_a_strike_can_be_taken_back() -> None:
    """Of this rule only: there was nothing that it could have changed."""
    faults = Faults()
    idle = faults.add(FaultRule(fault=Hang(), operations=("list",), also=True))
    other = faults.add(FaultRule(fault=Skew(1), operations=("list",)))
    struck = faults.strike(LIST, Duration(0), lambda: iter(()), Dice())
    faults.forgive([rule for rule in struck if rule is idle.rule])
    assert (idle.hits, other.hits) == (0, 1)
