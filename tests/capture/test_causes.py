import re

import pytest

from simulator.capture.causes import (
    FOLDER,
    UnknownCauseError,
    cause_named,
    cause_of,
    cause_page,
    cause_table,
    grouped,
    known_causes,
)
from simulator.catalogue import catalogue_folder
from simulator.core.instants import parse_duration
from simulator.core.statuses import Status
from simulator.harness.clients.in_process import start_cluster
from simulator.harness.language.scenario import Scenario
from simulator.harness.staging import first_trouble, play

CAUSES = known_causes()
AN_HOUR = parse_duration("1h")
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


def test_the_folder_has_a_row_for_each() -> None:
    """In the order of the names, and none for what is not there any more."""
    readme = (catalogue_folder() / FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z0-9-]+) \|", readme, re.MULTILINE)
    assert rows == [each.name for each in CAUSES]


def _shown(scenario: Scenario) -> tuple[set[Status], set[Status]]:
    """Return the statuses of backups and of restores where a cause has come to its trouble."""
    until = AN_HOUR if scenario.model.program else None
    with start_cluster(scenario, "0") as cluster:
        play(scenario, cluster, until, steps=first_trouble(scenario))
        backups = tuple(cluster.backups.values())
    return (
        {backup.status for backup in backups},
        {restore.status for backup in backups for restore in backup.restores},
    )


@EACH
def test_a_cause_shows_the_status_that_it_is_listed_under(scenario: Scenario) -> None:
    """Whoever serves it sees what the table promised; of a program's, once it has come to it."""
    title = next(title for title, group in grouped().items() if scenario in group)
    backups, restores = _shown(scenario)
    if title.startswith("A backup ends"):
        assert Status.ERROR in backups
    elif title.startswith("A restore ends"):
        assert (Status.ERROR in restores, Status.ERROR in backups) == (True, False)
    elif title.startswith("A backup or restore stays"):
        assert {Status.BACKING_UP, Status.RESTORING} & (backups | restores)


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


def test_a_name_that_is_near_to_none_has_no_suggestion() -> None:
    """A wild guess would lead astray."""
    with pytest.raises(UnknownCauseError) as told:
        cause_named("xyz")
    assert str(told.value) == "no cause is called 'xyz'; dcos-sim reproduce --list shows all"
