"""The reference shows each check by two conducts: one breaks exactly it, the other one nothing."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import FAMILIES, Check, Severity, breaches
from simulator.harness.checks.conduct import Conduct, Pace

Told = Callable[[str], Conduct]

ALL = tuple(CHECKS.values())

of_every_check = pytest.mark.parametrize("check", ALL, ids=list(CHECKS))


def broken(conduct: Conduct) -> dict[str, str]:
    """Return what all checks find in a conduct, by code."""
    return {breach.check.code: breach.found for breach in breaches(ALL, conduct)}


@of_every_check
def test_the_wrong_conduct_breaks_exactly_its_check(check: Check, told: Told) -> None:
    """Warnings may come with it: they do not fail a scenario."""
    found = broken(told(check.wrong))
    assert check.code in found
    others = [code for code in found if code != check.code]
    assert [code for code in others if CHECKS[code].severity is Severity.ERROR] == []


@of_every_check
def test_the_right_conduct_breaks_nothing(check: Check, told: Told) -> None:
    """Warnings neither."""
    assert broken(told(check.right)) == {}


@pytest.mark.parametrize("pace", Pace)
def test_all_right_conducts_one_after_another_break_nothing(pace: Pace, told: Told) -> None:
    """What one call has left behind is no fault of the next one, whatever the time is."""
    conducts = [told(check.right) for check in ALL]
    whole = replace(
        conducts[0],
        calls=tuple(call for conduct in conducts for call in conduct.calls),
        unasked=tuple(sent for conduct in conducts for sent in conduct.unasked),
        pace=pace,
    )
    assert broken(whole) == {}


@of_every_check
def test_a_conduct_without_requests_and_calls_breaks_nothing(check: Check, told: Told) -> None:
    """And exercises nothing."""
    exercised: set[str] = set()
    assert list(breaches([check], told(""), exercised)) == []
    assert exercised == set()


@of_every_check
def test_what_is_wrong_was_exercised(check: Check, told: Told) -> None:
    """Coverage counts a check as exercised when it looked at anything."""
    exercised: set[str] = set()
    assert list(breaches([check], told(check.wrong), exercised))
    assert exercised == {check.code}


@of_every_check
def test_what_is_found_is_one_clause(check: Check, told: Told) -> None:
    """It stands on a line of a report, behind a rule and a reason that are sentences."""
    (breach,) = breaches([check], told(check.wrong))
    assert breach.found.isprintable()
    assert not breach.found.endswith(".")
    assert re.fullmatch(r"[A-Z].*\.", check.rule)
    assert re.fullmatch(r"[A-Z].*\.", check.why)


@of_every_check
def test_the_two_conducts_differ_in_little(check: Check) -> None:
    """Whoever compares them sees what is meant: they ask for the same."""
    asked = re.compile("^(?:asked|program): .*", re.MULTILINE)
    assert asked.findall(check.wrong) == asked.findall(check.right)
    assert check.wrong != check.right


def test_codes_are_families_with_numbers_without_gaps() -> None:
    """In the order of the catalogue, which is that of the reference."""
    numbers: dict[str, list[int]] = {}
    for code, check in CHECKS.items():
        assert code == check.code
        numbers.setdefault(check.family, []).append(int(code[3:]))
    assert list(numbers) == list(FAMILIES)
    assert all(each == list(range(1, len(each) + 1)) for each in numbers.values())


def test_each_call_that_breaks_a_check_is_told_once(told: Told) -> None:
    """With the requests of the first time."""
    text = "asked: list\n" + "GET /list?label=x → 200\n" * 3
    found = list(breaches([CHECKS["REQ013"]], told(text * 2)))
    assert [breach.requests for breach in found] == [(1,), (4,)]
