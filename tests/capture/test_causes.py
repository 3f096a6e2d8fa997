import pytest

from simulator.capture.causes import (
    UnknownCauseError,
    cause_named,
    cause_of,
    cause_page,
    cause_table,
    grouped,
    known_causes,
)
from simulator.harness.language.scenario import Scenario

CAUSES = known_causes()
EACH = pytest.mark.parametrize("scenario", CAUSES, ids=[each.name for each in CAUSES])


def test_there_are_twenty_at_least() -> None:
    """Each with a name of its own, in one group."""
    names = [each.name for each in CAUSES]
    assert len(names) == len(set(names)) >= 20
    assert sorted(each.name for group in grouped().values() for each in group) == names


@EACH
def test_a_cause_is_tagged_and_tells_its_evidence(scenario: Scenario) -> None:
    """So that it is found by its tag, and believed by its source."""
    cause = cause_of(scenario)
    assert "status-error" in scenario.model.tags
    assert len(cause.source) > 10
    assert cause.evidence in {"documented", "source", "inferred"}


@EACH
def test_a_cause_is_found_by_its_name(scenario: Scenario) -> None:
    """And stands in the table and on the page."""
    assert cause_named(scenario.name) is scenario
    assert any(line.startswith(f"{scenario.name} ") for line in cause_table(100))
    assert f"### {scenario.name}\n" in cause_page()


def test_most_causes_have_more_than_inferred_evidence() -> None:
    """They are known ones, not imagined ones."""
    strong = [each for each in CAUSES if cause_of(each).evidence != "inferred"]
    assert len(strong) > len(CAUSES) / 2


@pytest.mark.parametrize("width", [50, 80, 200])
def test_the_table_keeps_to_the_width_of_the_terminal(width: int) -> None:
    """As far as there is room for a few words."""
    longest = max(len(line) for line in cause_table(width) if not line.startswith("dcos-sim"))
    assert longest <= max(width, 70)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """And how to see all."""
    with pytest.raises(UnknownCauseError) as told:
        cause_named("disk-ful")
    assert str(told.value) == (
        "no cause is called 'disk-ful'; did you mean disk-full? dcos-sim reproduce --list shows all"
    )
