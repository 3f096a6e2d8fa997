"""Every broken client is found, by what is known to find it; the kill matrix is up to date.

``python tests/zoo/zoo.py`` runs all scenarios against all of them, and writes what is read here.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import zoo
from zoo import FAMILIES, Kills, Mutant

from simulator.harness.language.scenario import Scenario

MUTANTS = list(zoo.mutants())

LANGUAGES = ("bash-curl", "dcos-backup", "node-jsonrpc", "python-async", "python-sync")

TRIED_MAX = 3
"""Scenarios that a client is tried against here, of those that are known to find it."""


@cache
def scenarios() -> Mapping[str, Scenario]:
    """Load the bundled scenarios once."""
    return zoo.scenarios()


@cache
def known_kills() -> Mapping[str, Kills]:
    """Load the matrix once."""
    return zoo.known_kills()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # one of them is broken so
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_client_is_found(mutant: Mutant) -> None:
    """By one of the scenarios that are known to find it, at least."""
    known = known_kills()[mutant.name]
    if mutant.survives:
        assert not known, f"{mutant.name} is found: it needs no excuse any more"
        return
    assert known, f"{mutant.name} survives: write a scenario or a check that finds such clients"
    tried = {name: scenarios()[name] for name in quickest(known)}
    assert zoo.kills(mutant, tried, enough=1), f"none of {', '.join(tried)} finds {mutant.name}"


def quickest(known: Kills) -> list[str]:
    """Choose some of the scenarios that find a client: those where nothing hangs."""
    slow = re.compile("silence|nobody|gives-up|stuck|hangs|a-year|month|come-back")
    return sorted(known, key=lambda name: (bool(slow.search(name)), name))[:TRIED_MAX]


def test_the_zoo_is_large_and_mixed() -> None:
    """Each language and each family of mistakes has its share."""
    assert len(MUTANTS) >= 60
    assert {mutant.language for mutant in MUTANTS} == set(LANGUAGES)
    families = Counter(mutant.family for mutant in MUTANTS)
    assert set(families) == set(FAMILIES)
    assert min(families.values()) >= 4


def test_each_client_has_a_name_of_its_own() -> None:
    """By which the matrix knows it."""
    names = Counter(mutant.name for mutant in MUTANTS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_client_differs_in_one_place(mutant: Mutant, tmp_path: Path) -> None:
    """What is replaced stands in its correct client exactly once."""
    profile = mutant.made_in(tmp_path)
    changed = (tmp_path / mutant.into / mutant.file).read_text(encoding="utf-8")
    own = (mutant.folder / mutant.file).read_text(encoding="utf-8")
    assert changed == own.replace(mutant.replace, mutant.by)
    assert changed != own
    assert profile.exists()


def test_the_page_of_the_matrix_is_fresh() -> None:
    """``tests/zoo/zoo.py`` writes both."""
    assert zoo.PAGE.read_text(encoding="utf-8") == zoo.page(known_kills())


def test_the_matrix_knows_scenarios_that_there_are() -> None:
    """One that was renamed is to be run anew."""
    named = {name for kills in known_kills().values() for name in kills}
    assert named - set(scenarios()) == set()
