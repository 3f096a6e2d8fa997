"""What may be claimed of what happened: the whole table, and how real conducts fall into it."""

from collections.abc import Callable, Mapping
from itertools import product

import pytest

from simulator.harness.checks.conduct import Call, Conduct
from simulator.harness.checks.outcomes import (
    CHANGES,
    OUTCOMES,
    PROGRAM_OUTCOMES,
    PROGRAMS,
    READS,
    Claim,
    Happened,
    Judged,
    Judgement,
    Reached,
    Row,
    claim_of,
    happened,
    judged,
    reached,
)
from simulator.harness.ports import Failed, Indeterminate, Ok

Told = Callable[[str], Conduct]
Tables = pytest.mark.parametrize(
    "table", [OUTCOMES, PROGRAM_OUTCOMES], ids=["operations", "programs"]
)

GOLDEN = """
create   DONE         right          false failure  acceptable
create   UNTOLD       acceptable     acceptable     right
create   REFUSED      false success  right          acceptable
create   UNDONE       false success  right          right
create   UNASKED      false success  right          acceptable
restore  DONE         right          false failure  acceptable
restore  UNTOLD       acceptable     acceptable     right
restore  REFUSED      false success  right          acceptable
restore  UNDONE       false success  right          right
restore  UNASKED      false success  right          acceptable
delete   DONE         right          false failure  acceptable
delete   UNTOLD       acceptable     acceptable     right
delete   REFUSED      false success  right          acceptable
delete   UNDONE       false success  right          right
delete   UNASKED      false success  right          acceptable
list     DONE         right          false failure  acceptable
list     UNTOLD       acceptable     right          right
list     REFUSED      false success  right          acceptable
list     UNDONE       false success  right          right
list     UNASKED      false success  right          acceptable
show     DONE         right          false failure  acceptable
show     UNTOLD       acceptable     right          right
show     REFUSED      false success  right          acceptable
show     UNDONE       false success  right          right
show     UNASKED      false success  right          acceptable
"""
PROGRAM_GOLDEN = """
backup   DONE         right          false failure  acceptable
backup   DONE_UNTOLD  acceptable     acceptable     right
backup   RUNNING      false success  acceptable     acceptable
backup   FAILED       false success  right          acceptable
backup   ABSENT       false success  right          acceptable
restore  DONE         right          false failure  acceptable
restore  DONE_UNTOLD  acceptable     acceptable     right
restore  RUNNING      false success  acceptable     acceptable
restore  FAILED       false success  right          acceptable
restore  ABSENT       false success  right          acceptable
"""

Table = Mapping[Row, Judged]


def written(table: Table) -> str:
    """Write a table: what was asked for and what came of it, then each claim in turn."""
    lines: dict[tuple[str, str], list[str]] = {}
    for (name, came, _), each in table.items():
        lines.setdefault((name, came.name), []).append(each.judgement.value)
    texts = [
        f"{name:<9}{came:<13}" + "".join(f"{each:<15}" for each in row)
        for (name, came), row in lines.items()
    ]
    return "\n" + "".join(f"{text.rstrip()}\n" for text in texts)


# --- the table -----------------------------------------------------------------------------------


def test_operations_are_judged_like_this() -> None:
    """The columns are ok, failed and indeterminate."""
    assert written(OUTCOMES) == GOLDEN


def test_programs_are_judged_like_this() -> None:
    """The columns are exit status 0, another one, and stopped."""
    assert written(PROGRAM_OUTCOMES) == PROGRAM_GOLDEN


def test_the_tables_are_complete() -> None:
    """Every operation and program, whatever came of it and whatever is claimed."""
    assert set(OUTCOMES) == set(product((*CHANGES, *READS), Happened, Claim))
    assert set(PROGRAM_OUTCOMES) == set(product(PROGRAMS, Reached, Claim))


@Tables
def test_whoever_cannot_tell_is_never_wrong(table: Table) -> None:
    """A client may always say that it does not know."""
    honest = {each.judgement for (*_, claim), each in table.items() if claim is Claim.INDETERMINATE}
    assert honest == {Judgement.RIGHT, Judgement.ACCEPTABLE}


@Tables
def test_success_may_be_claimed_only_of_what_is_done(table: Table) -> None:
    """And of what is done, always."""
    done = {Happened.DONE, Happened.UNTOLD, Reached.DONE, Reached.DONE_UNTOLD}
    for (_, came, claim), each in table.items():
        if claim is Claim.OK:
            assert (each.judgement is Judgement.FALSE_SUCCESS) == (came not in done)


@Tables
def test_failure_is_false_only_where_the_client_was_told_of_success(table: Table) -> None:
    """It cannot know otherwise."""
    false = {
        (came.name, claim)
        for (_, came, claim), each in table.items()
        if each.judgement is Judgement.FALSE_FAILURE
    }
    assert false == {("DONE", Claim.FAILED)}


@Tables
def test_something_right_can_be_claimed_of_whatever_happened(table: Table) -> None:
    """Or at least something acceptable: of what runs on, a program can only say that it gave up."""
    for name, came in {(name, came) for name, came, _ in table}:
        row = {table[name, came, claim].judgement for claim in Claim}
        assert row & {Judgement.RIGHT, Judgement.ACCEPTABLE}
        assert Judgement.RIGHT in row or came is Reached.RUNNING


@Tables
def test_what_is_acceptable_has_a_reason_and_nothing_else_has(table: Table) -> None:
    """The reference prints it as a clause."""
    for each in table.values():
        assert bool(each.reason) == (each.judgement is Judgement.ACCEPTABLE)
        assert not each.reason.endswith(".")


def test_a_claim_is_a_kind_of_outcome() -> None:
    """Whatever it holds."""
    outcomes = (Ok([]), Failed("no", 400), Indeterminate("", is_stopped=True))
    assert [claim_of(outcome) for outcome in outcomes] == list(Claim)


# --- what happened -------------------------------------------------------------------------------

POST = 'POST /create {"label": "nightly"}'
RESTORE = 'POST /restore {"id": "nightly-1"}'
DELETE = 'DELETE /delete {"id": "nightly-1"}'
THERE = "there: nightly-1 STATUS_READY\n"
CAME: dict[str, dict[Happened, tuple[str, ...]]] = {
    "asked: create nightly": {
        Happened.DONE: (
            f"{POST} → 200",
            f"{POST} → 504, but done\n{POST} → 200",
            f"{POST} → 400 busy\n{POST} → 200",
            f"{POST} → 200 nightly-2 STATUS_ERROR",
        ),
        Happened.UNTOLD: (
            f"{POST} → 504, but done",
            f"{POST} → nothing, but done",
            f"{POST} → 200 half",
            f"{POST} → 503, but done",
            f"{POST} → nothing, but done\n{POST} → 400 busy",
        ),
        Happened.REFUSED: (
            f"{POST} → 400 busy",
            f"{POST} → 400 Marathon unavailable",
            f"{POST} → 401",
            f"{POST} → 504\n{POST} → 403",
        ),
        Happened.UNDONE: (f"{POST} → 504", f"{POST} → nothing", f"{POST} → 302"),
        Happened.UNASKED: ("", "GET /list → 200", 'GET /create {"label": "nightly"} → 400'),
    },
    "asked: restore nightly-1": {
        Happened.DONE: (f"{RESTORE} → 200", f"{RESTORE} → nothing, but done\n{RESTORE} → 200"),
        Happened.UNTOLD: (f"{RESTORE} → 502, but done", f"{RESTORE} → 200 half"),
        Happened.REFUSED: (
            f"{RESTORE} → 400 not ready",
            f"{RESTORE} → 401",
            'POST /restore {"id": "nightly-2"} → 200\n' + f"{RESTORE} → 400 busy",
        ),
        Happened.UNDONE: (f"{RESTORE} → 502", 'POST /restore {"id": "nightly-2"} → 200'),
        Happened.UNASKED: ("", "GET /list → 200"),
    },
    "asked: delete nightly-1": {
        Happened.DONE: (f"{DELETE} → 200",),
        Happened.UNTOLD: (
            f"{DELETE} → nothing, but done",
            f"{DELETE} → 504, but done\n{DELETE} → 400 unknown",
        ),
        Happened.REFUSED: (f"{DELETE} → 400 in use", f"{DELETE} → 404"),
        Happened.UNDONE: (f"{DELETE} → 503 Retry-After: 5s",),
        Happened.UNASKED: ("", 'POST /delete {"id": "nightly-1"} → 400'),
    },
    "asked: list": {
        Happened.DONE: ("GET /list → 200", "GET /list → 500\nGET /list → 200"),
        Happened.UNTOLD: ("GET /list → 200 []", 'GET /list → 200 [{"id": "other-1"}]'),
        Happened.REFUSED: ("GET /list → 401", "GET /list → 504\nGET /list → 403"),
        Happened.UNDONE: ("GET /list → 502", "GET /list → nothing", "GET /list → 200 half"),
        Happened.UNASKED: ("", "POST /list → 400"),
    },
    "asked: show nightly-1": {
        Happened.DONE: ("GET /list → 200", "GET /list?prefix=nightly-1 → 200"),
        Happened.UNTOLD: ('GET /list → 200 [{"id": "nightly-1"}]',),
        Happened.REFUSED: ("GET /list?prefix=weekly → 200", "GET /list → 401"),
        Happened.UNDONE: ("GET /list → 200 []", "GET /list → 504", "GET /list → 200 half"),
        Happened.UNASKED: ("",),
    },
}
REACHED: dict[str, dict[Reached, tuple[str, ...]]] = {
    "program: backup nightly": {
        Reached.DONE: (
            f"{POST} → 200\nGET /list → 200 nightly-2 STATUS_READY",
            f"{POST} → 200 nightly-2 STATUS_ERROR\n{POST} → 200 nightly-3 STATUS_READY",
        ),
        Reached.DONE_UNTOLD: (
            f"{POST} → 504, but done\nGET /list → 200 nightly-2 STATUS_READY",
            f"{POST} → 200 half\nGET /list → 200 nightly-2 STATUS_READY",
        ),
        Reached.RUNNING: (f"{POST} → 200", f"{POST} → nothing, but done"),
        Reached.FAILED: (
            f"{POST} → 200\nGET /list → 200 nightly-2 STATUS_ERROR",
            f"{POST} → 200 nightly-2 STATUS_READY\n{POST} → 200 nightly-3 STATUS_ERROR",
        ),
        Reached.ABSENT: ("", f"{POST} → 504", f"{POST} → 400 busy", "GET /list → 200"),
    },
    "program: restore nightly-1": {
        Reached.DONE: (f"{RESTORE} → 200\nGET /list → 200 nightly-1 STATUS_READY STATUS_READY",),
        Reached.DONE_UNTOLD: (
            f"{RESTORE} → 504, but done\nGET /list → 200 nightly-1 STATUS_READY STATUS_READY",
        ),
        Reached.RUNNING: (
            f"{RESTORE} → 200",
            f"{RESTORE} → 200\nGET /list → 200 nightly-1 STATUS_READY",
        ),
        Reached.FAILED: (f"{RESTORE} → 200\nGET /list → 200 nightly-1 STATUS_READY STATUS_ERROR",),
        Reached.ABSENT: (
            "",
            f"{RESTORE} → 400 busy",
            f"{RESTORE} → nothing",
            f"{RESTORE} → 200\n{DELETE} → 200",
        ),
    },
}


def call_of(told: Told, asked: str, text: str) -> Call:
    """Return the only call of a text; there is a backup before."""
    (call,) = told(f"{THERE}{asked}\n{text}").calls
    return call


@pytest.mark.parametrize(
    ("asked", "came", "text"),
    [
        pytest.param(asked, came, text, id=f"{asked[7:]}, {came.name}, {text}")
        for asked, all_of_it in CAME.items()
        for came, texts in all_of_it.items()
        for text in texts
    ],
)
def test_what_came_of_an_operation(asked: str, came: Happened, text: str, told: Told) -> None:
    """As the cluster really is, and as the client could know it."""
    call = call_of(told, asked, text)
    assert happened(call) is came
    assert judged(call) == OUTCOMES[call.operation, came, Claim.INDETERMINATE]


@pytest.mark.parametrize(
    ("asked", "came", "text"),
    [
        pytest.param(asked, came, text, id=f"{asked[9:]}, {came.name}, {text}")
        for asked, all_of_it in REACHED.items()
        for came, texts in all_of_it.items()
        for text in texts
    ],
)
def test_what_a_program_has_reached(asked: str, came: Reached, text: str, told: Told) -> None:
    """Of several backups, the last one counts."""
    call = call_of(told, asked, text)
    assert reached(call) is came
    assert judged(call) == PROGRAM_OUTCOMES[call.operation, came, Claim.INDETERMINATE]


def test_every_row_of_the_tables_was_met() -> None:
    """By a conduct above."""
    assert [asked.split()[1] for asked in CAME] == [*CHANGES, *READS]
    assert [asked.split()[1] for asked in REACHED] == [*PROGRAMS]
    assert all(list(all_of_it) == list(Happened) for all_of_it in CAME.values())
    assert all(list(all_of_it) == list(Reached) for all_of_it in REACHED.values())


def test_an_earlier_restore_is_none_of_this_program(told: Told) -> None:
    """Only one that has begun meanwhile counts."""
    text = "there: nightly-1 STATUS_READY STATUS_READY\nprogram: restore nightly-1\n"
    (call,) = told(text + "GET /list → 200\nexit: 0").calls
    assert reached(call) is Reached.ABSENT
    assert judged(call).judgement is Judgement.FALSE_SUCCESS
